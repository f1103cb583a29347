//! From the command line to an answer and its exit code.

mod arguments;
mod bigquery;
mod commands;
mod config;
mod environment;
mod error;
mod output;
mod progress;
mod resolve;
mod when;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use environment::Environment;
pub use error::CliError;

/// How a run that answered its question ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The question was answered.
    Answered,
    /// `--fail-on-change` was given, and a change was found.
    Changed,
    /// `check` found a problem and told it; a question would end with this code.
    Problem(u8),
}

/// Runs the program with the arguments, the name of the program first, and tells its exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(message) => {
            // Help and version are answers, all else is wrong usage; clap knows which stream and code.
            let code = if message.use_stderr() { 2 } else { 0 };
            return match message.print() {
                Ok(()) => ExitCode::from(code),
                Err(_) => ExitCode::SUCCESS,
            };
        }
    };
    match dispatch(arguments, &Environment::of_process()) {
        Ok(Outcome::Answered) => ExitCode::SUCCESS,
        Ok(Outcome::Changed) => ExitCode::from(1),
        Ok(Outcome::Problem(code)) => ExitCode::from(code),
        // A reader that left has what it wanted.
        Err(CliError::Write { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{}", error.shown());
            ExitCode::from(error.exit_code())
        }
    }
}

fn dispatch(arguments: Arguments, environment: &Environment) -> Result<Outcome, CliError> {
    match arguments.command {
        Command::Why(why) => why.run(environment),
        Command::Scan(scan) => scan.run(environment),
        Command::Deploys(deploys) => deploys.run(environment),
        Command::Metrics(metrics) => metrics.run(environment),
        Command::Collect(collect) => collect.run(environment),
        Command::Check(check) => check.run(environment),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    }
}
