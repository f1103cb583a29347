use clap::Args;

use crate::cli::arguments::{DataArguments, DeployArguments, MethodChoice, OutputArguments, WindowArgument};
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::progress::Progress;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome, when};
use crate::investigate::{self, FdrMethod, ScanRequest};
use crate::model::Answer;

use super::next::{option, or_variable, scanned_again};

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

    /// Share of false ones that is accepted among the metrics found to have changed, such as 0.05 or 5%
    #[arg(long, value_name = "SHARE", default_value = FDR, allow_negative_numbers = true)]
    fdr: String,

    /// How it is kept, by how metrics depend on each other
    #[arg(long, value_name = "METHOD", value_enum, default_value_t)]
    fdr_method: MethodChoice,

    /// Leaves out changes that are smaller than this by estimate, such as 5% or 0.05
    ///
    /// It chooses among the changes that --fdr lets through, and does not make it let through more. Changes whose relative effect is
    /// not defined, because the level before is zero or not told from it, are kept.
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    min_effect: Option<String>,

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
        let fdr = fdr(&self.fdr)?;
        let resolved = Resolved::new(&self.data, &self.output, environment)?;
        let wanted = if self.metric.is_empty() { None } else { Some(self.metric.as_slice()) };
        let [since, until] = when::between(self.since.as_deref(), self.until.as_deref(), resolved.zone)?;
        let setting = resolved.setting(&self.deployments, wanted, since)?;
        if let Some(outcome) = resolved.dry_run(&setting, Some(&self.metric), self.output.format.as_deref()) {
            return outcome;
        }
        let request = ScanRequest {
            metrics: self.metric.clone(),
            window: resolved.window(self.window.window.as_deref())?,
            setting,
            top: self.top,
            since,
            until,
            min_effect: self.min_effect.as_deref().map(min_effect).transpose()?,
            fdr,
            method: match self.fdr_method {
                MethodChoice::Bh => FdrMethod::Bh,
                MethodChoice::By => FdrMethod::By,
            },
        };
        let output = Output::open(&self.output, environment, self.top, resolved.commit_url())?;
        let progress = Progress::new(environment.watched && !self.output.quiet, self.output.ascii);
        let mut scan = investigate::scan(&request, &|done, all| progress.reached(done, all))?;
        drop(progress);
        scan.command =
            scanned_again(self.own_words(environment), &self.deployments, &self.data, (&scan.as_of, environment));
        let changed = self.fail_on_change && !scan.changes.is_empty();
        output.write(&Answer::Scan(Box::new(scan)))?;
        Ok(if changed { Outcome::Changed } else { Outcome::Answered })
    }
}

impl Scan {
    /// The metrics and the options of this command alone, as they were given.
    fn own_words(&self, environment: &Environment) -> Vec<String> {
        let mut words = self.metric.clone();
        let window = or_variable(self.window.window.as_ref(), environment, "WINDOW");
        for (name, value) in [
            ("--since", &self.since),
            ("--until", &self.until),
            ("--min-effect", &self.min_effect),
            ("--window", &window),
        ] {
            option(&mut words, name, value.as_ref());
        }
        option(&mut words, "--fdr", Some(&self.fdr).filter(|fdr| *fdr != FDR));
        if self.fdr_method == MethodChoice::By {
            option(&mut words, "--fdr-method", Some(&"by".to_owned()));
        }
        words
    }
}

/// The share of false changes that is accepted where nothing is said.
const FDR: &str = "0.05";

fn fdr(text: &str) -> Result<f64, CliError> {
    let rate = share("--fdr", text)?;
    if rate > 0.0 && rate < 1.0 {
        return Ok(rate);
    }
    Err(CliError::option("--fdr", text, "not between 0 and 1", "write a share such as 0.05 or 5%"))
}

fn min_effect(text: &str) -> Result<f64, CliError> {
    share("--min-effect", text)
}

/// A share as people write it: `5%` or `0.05`. More than all is only meant where a percent sign says so.
fn share(option: &str, text: &str) -> Result<f64, CliError> {
    let wrong = |problem: &str| CliError::option(option, text, problem, "write a share such as 5% or 0.05");
    let percent = text.trim().strip_suffix('%').map(str::trim_end);
    let number: f64 = percent.unwrap_or(text.trim()).parse().map_err(|_| wrong("not a share"))?;
    let share = if percent.is_some() { number / 100.0 } else { number };
    match share {
        _ if !(0.0..=1e6).contains(&share) => Err(wrong("not a share")),
        _ if percent.is_none() && share > 1.0 => Err(wrong("more than all, and without a percent sign")),
        _ => Ok(share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_least_effect_is_a_share_or_a_percentage() {
        assert_eq!(min_effect("0.05").unwrap().to_bits(), 0.05_f64.to_bits());
        for (text, share) in [("5%", 0.05), (" 5 % ", 0.05), ("0", 0.0), ("1", 1.0), ("250%", 2.5)] {
            assert!((min_effect(text).unwrap() - share).abs() < 1e-12, "{text}");
        }
        for text in ["", "%", "five", "-5%", "-0.05", "5", "NaN", "inf", "inf%", "5%%", "5 percent"] {
            assert!(min_effect(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_of_false_ones_is_a_share_that_is_neither_none_nor_all() {
        for (text, share) in [("0.05", 0.05), ("5%", 0.05), ("10 %", 0.1)] {
            assert!((fdr(text).unwrap() - share).abs() < 1e-12, "{text}");
        }
        for text in ["0", "1", "100%", "-0.1", "5", "half"] {
            assert!(fdr(text).is_err(), "{text}");
        }
    }
}
