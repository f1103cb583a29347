use clap::Args;

use crate::cli::arguments::{DataArguments, DeployArguments, OutputArguments};
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome};
use crate::investigate::{self, MetricsRequest};
use crate::model::Answer;

/// Which metrics can be asked about?
#[derive(Debug, Args)]
pub(in crate::cli) struct Metrics {
    #[command(flatten)]
    data: DataArguments,

    #[command(flatten)]
    output: OutputArguments,
}

impl Metrics {
    pub(in crate::cli) fn run(&self, environment: &Environment) -> Result<Outcome, CliError> {
        let resolved = Resolved::new(&self.data, &self.output, environment)?;
        let mut setting = resolved.setting(&DeployArguments::default(), None, None)?;
        setting.deploys.clear();
        if let Some(outcome) = resolved.dry_run(&setting, Some(&[]), self.output.format.as_deref()) {
            return outcome;
        }
        let request = MetricsRequest { setting };
        let output = Output::open(&self.output, environment, 0, None)?;
        output.write(&Answer::Metrics(investigate::metrics(&request)?))?;
        Ok(Outcome::Answered)
    }
}
