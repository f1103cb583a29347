use clap::Args;

use crate::cli::arguments::{DataArguments, DeployArguments, OutputArguments, WindowArgument};
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome, when};
use crate::investigate::{self, WhyRequest};
use crate::model::Answer;

use super::next::{again, next_steps};

/// Why did this metric change around this date?
///
/// Finds the change that is meant, and lists the deployments before it, likeliest first, each with the probability that it did it,
/// and the probability that none of them did.
///
/// Weighed are the moment at which the metric moved and the time that deployments of the app take to act ([apps.NAME] lag), what is
/// believed beforehand ([priors]), reverts and rollbacks (does the metric move back with them?), whether it is by a bot or about documentation
/// alone, words that message and metric share, and gaps in the deploy events. Rows of kind flag, campaign, incident or experiment are suspects
/// like deployments; those of one commit, or of one app within minutes, are shown together. --explain shows the arithmetic.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Why {
    /// The metric
    pub(super) metric: String,

    /// When it changed, as you saw it: a date, a time, or FROM..TO
    #[arg(long, value_name = "DATE|TIME")]
    pub(super) on: String,

    /// Weigh this metric together with it: what moved at the same moment, and what did not; repeatable
    ///
    /// Give metrics that count different things. Of what two metrics share in their noise no more is made than of one.
    #[arg(long, value_name = "METRIC")]
    pub(super) with: Vec<String>,

    #[command(flatten)]
    pub(super) deployments: DeployArguments,

    #[command(flatten)]
    pub(super) window: WindowArgument,

    #[command(flatten)]
    pub(super) data: DataArguments,

    #[command(flatten)]
    output: OutputArguments,

    /// Deployments shown in tables and Markdown; JSON and CSV hold all
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    top: usize,

    /// Show the arithmetic: prior, log likelihood ratio and posterior of each hypothesis (table and Markdown; JSON holds it always)
    #[arg(long, help_heading = "Output")]
    explain: bool,

    /// End with exit code 1 where a change was found
    #[arg(long, help_heading = "Output")]
    fail_on_change: bool,
}

const EXAMPLES: &str = "\
Examples:
  shiptrace why signups --on 2024-03-05
  shiptrace why signups --on 2024-03-05T14:00 --window 12h --app web --app api
  shiptrace why signups --on 2024-03-05 --with orders --with page_views --explain
  shiptrace why signups --on 2024-03-01..2024-03-05 -o answer.md
  shiptrace why signups --on 2024-03-05 -o report.html";

impl Why {
    pub(in crate::cli) fn run(&self, environment: &Environment) -> Result<Outcome, CliError> {
        let resolved = Resolved::new(&self.data, &self.output, environment)?;
        let with = self.with()?;
        let wanted = [std::slice::from_ref(&self.metric), &with].concat();
        let on = when::on(&self.on, resolved.zone)?;
        let setting = resolved.setting(&self.deployments, Some(&wanted), Some(on.span.from))?;
        if let Some(outcome) = resolved.dry_run(&setting, Some(&wanted), self.output.format.as_deref()) {
            return outcome;
        }
        let request = WhyRequest {
            on,
            window: resolved.window(self.window.window.as_deref())?,
            setting,
            metric: self.metric.clone(),
            with,
        };
        let output = Output::open(&self.output, environment, self.top, resolved.commit_url())?;
        let output = output.explained(self.explain);
        let mut answer = investigate::why(&request)?;
        answer.next = next_steps(self, &answer);
        answer.command = again(self, &answer, environment);
        let changed = self.fail_on_change && answer.change.is_some();
        output.write(&Answer::Why(Box::new(answer)))?;
        Ok(if changed { Outcome::Changed } else { Outcome::Answered })
    }

    /// The further metrics, each once.
    fn with(&self) -> Result<Vec<String>, CliError> {
        let mut with: Vec<String> = Vec::new();
        for metric in &self.with {
            if *metric == self.metric {
                let problem = "that is the metric asked about";
                return Err(CliError::option("--with", metric, problem, "name another metric"));
            }
            if !with.contains(metric) {
                with.push(metric.clone());
            }
        }
        Ok(with)
    }
}
