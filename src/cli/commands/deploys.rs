use clap::Args;

use crate::cli::arguments::{DataArguments, DeployArguments, OutputArguments};
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome, when};
use crate::investigate::{self, DeploysRequest};
use crate::model::Answer;

/// What was deployed?
///
/// Lists the deployments in the order of time, failed ones too.
#[derive(Debug, Args)]
pub(in crate::cli) struct Deploys {
    /// Only what lies at or after this date or time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Only what lies before the end of this date, or before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    #[command(flatten)]
    deployments: DeployArguments,

    #[command(flatten)]
    data: DataArguments,

    #[command(flatten)]
    output: OutputArguments,

    /// Draw how many there were, by app and day, instead of listing them
    #[arg(long, help_heading = "Output", conflicts_with = "no_chart")]
    chart: bool,
}

impl Deploys {
    pub(in crate::cli) fn run(&self, environment: &Environment) -> Result<Outcome, CliError> {
        let resolved = Resolved::new(&self.data, &self.output, environment)?;
        let [since, until] = when::between(self.since.as_deref(), self.until.as_deref(), resolved.zone)?;
        let setting = resolved.setting(&self.deployments, Some(&[]), since)?;
        if let Some(outcome) = resolved.dry_run(&setting, None, self.output.format.as_deref()) {
            return outcome;
        }
        let request = DeploysRequest { setting, since, until };
        let output = Output::open(&self.output, environment, 0, resolved.commit_url())?;
        let output = output.charted(self.chart);
        output.write(&Answer::Deploys(investigate::deploys(&request)?))?;
        Ok(Outcome::Answered)
    }
}
