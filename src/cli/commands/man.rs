use clap::{Args, CommandFactory};

use crate::cli::arguments::Arguments;
use crate::cli::{CliError, Outcome};

use super::print;

/// Print the manual page
#[derive(Debug, Args)]
pub(in crate::cli) struct Man {
    /// Of this command [default: of shiptrace itself]
    command: Option<String>,
}

impl Man {
    pub(in crate::cli) fn run(&self) -> Result<Outcome, CliError> {
        let mut program = Arguments::command();
        program.build();
        let command = match &self.command {
            None => program,
            Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| {
                CliError::option("COMMAND", name, "there is no such command", "shiptrace --help lists them")
            })?,
        };
        let mut page = Vec::new();
        let written = clap_mangen::Man::new(command).render(&mut page);
        written.map_err(|source| CliError::Write { file: "standard output".to_owned(), source })?;
        print(&page).map(|()| Outcome::Answered)
    }
}
