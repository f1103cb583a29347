//! Bring deploy events in.

mod listen;
mod rejected;
mod store;

use clap::{Args, Subcommand};

use crate::cli::environment::Environment;
use crate::cli::{CliError, Outcome};
use crate::collect::Mapping;

/// Bring deploy events in, from messages of CI systems
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct Collect {
    #[command(subcommand)]
    command: Option<CollectCommand>,

    #[command(flatten)]
    listen: listen::Listen,

    #[command(flatten)]
    store: store::StoreArguments,
}

#[derive(Debug, Subcommand)]
enum CollectCommand {
    Rejected(rejected::Rejected),
}

impl Collect {
    pub(in crate::cli) fn run(&self, environment: &Environment) -> Result<Outcome, CliError> {
        let mapping = Mapping::default();
        match &self.command {
            Some(CollectCommand::Rejected(rejected)) => rejected.run(&rejected.store.name(environment)?, &mapping),
            None => {
                let address = self.listen.listen.as_deref().ok_or_else(|| {
                    CliError::option("collect", "", "what to collect was not said", "shiptrace collect --help")
                })?;
                self.listen.run((address, &self.store.name(environment)?), environment, mapping)
            }
        }
    }
}
