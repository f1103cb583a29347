use clap::Args;

use crate::cli::arguments::{DataArguments, DeployArguments, MethodChoice, OutputArguments, WindowArgument};
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome, when};
use crate::investigate::{self, FdrMethod, ScanRequest};
use crate::model::Answer;

use super::warn_left_out;

/// Every change of every metric, each with its likeliest deployments
///
/// Works without deployments too. A change is told where its p-value survives the search over all moments and metrics: few metrics are
/// named that never changed (--fdr), and the more metrics are silent, the stronger a change must be (Benjamini & Bogomolov 2014).
#[derive(Debug, Args)]
pub(in crate::cli) struct Scan {
    /// Only these metrics [default: all]
    metric: Vec<String>,

    /// Only changes at or after this date or time. All are tested, so q-values stay as they are
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Only changes before the end of this date, or before this time. All are tested
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// Share of false ones that is accepted among the metrics found to have changed
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    fdr: f64,

    /// How it is kept, by how metrics depend on each other
    #[arg(long, value_name = "METHOD", value_enum, default_value_t)]
    fdr_method: MethodChoice,

    #[command(flatten)]
    deployments: DeployArguments,

    #[command(flatten)]
    window: WindowArgument,

    #[command(flatten)]
    data: DataArguments,

    #[command(flatten)]
    output: OutputArguments,

    /// Deployments told for each change
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Output")]
    top: usize,

    /// End with exit code 1 where a change was found
    #[arg(long, help_heading = "Output")]
    fail_on_change: bool,
}

impl Scan {
    pub(in crate::cli) fn run(&self, environment: &Environment) -> Result<Outcome, CliError> {
        if !(self.fdr > 0.0 && self.fdr < 1.0) {
            return Err(CliError::option(
                "--fdr",
                &self.fdr.to_string(),
                "not between 0 and 1",
                "write a share such as 0.05",
            ));
        }
        let resolved = Resolved::new(&self.data, environment)?;
        let wanted = if self.metric.is_empty() { None } else { Some(self.metric.as_slice()) };
        let request = ScanRequest {
            metrics: self.metric.clone(),
            window: resolved.window(self.window.window.as_deref())?,
            setting: resolved.setting(&self.deployments, wanted)?,
            top: self.top,
            since: self.since.as_deref().map(|t| when::since(t, resolved.zone)).transpose()?,
            until: self.until.as_deref().map(|t| when::until(t, resolved.zone)).transpose()?,
            fdr: self.fdr,
            method: match self.fdr_method {
                MethodChoice::Bh => FdrMethod::Bh,
                MethodChoice::By => FdrMethod::By,
            },
        };
        let output = Output::open(&self.output, environment, self.top, resolved.commit_url())?;
        if wanted.is_none() {
            warn_left_out(&resolved, self.output.quiet);
        }
        let scan = investigate::scan(&request)?;
        let changed = self.fail_on_change && !scan.changes.is_empty();
        output.write(&Answer::Scan(scan))?;
        Ok(if changed { Outcome::Changed } else { Outcome::Answered })
    }
}
