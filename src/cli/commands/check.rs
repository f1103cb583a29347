use clap::Args;
use serde_json::json;

use crate::bigquery::shown_bytes;
use crate::cli::arguments::{DataArguments, DeployArguments, OutputArguments};
use crate::cli::environment::Environment;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome};
use crate::investigate::{self, DeploysRequest, MetricsRequest, Setting};
use crate::model::{Deploy, MetricSummary};
use crate::report::{stretch, visible};
use crate::sources::{Locator, Planned};

use super::print;

/// What would be used, what is missing, and what a question would scan
///
/// Names the configuration, the credentials and the project (never a secret), reads the deploy events and the metrics as a question
/// would, and says of each how much there is. Where something is missing it says the command to run. Ends with the exit code that a question
/// would have. With --dry-run nothing is read from BigQuery.
#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    #[command(flatten)]
    data: DataArguments,

    /// The format
    #[arg(long, value_name = "FORMAT", value_parser = ["table", "json"], default_value = "table", help_heading = "Output")]
    format: String,

    /// Write no prices and no progress to standard error
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
}

/// Metrics that are told one by one.
const TOLD: usize = 20;

/// What was looked at, what was found, and what was wrong with it.
#[derive(Default)]
struct Findings {
    lines: Vec<(&'static str, String)>,
    problems: Vec<CliError>,
    /// Whether a metric cannot be asked about.
    skipped: bool,
}

impl Check {
    pub(in crate::cli) fn run(&self, environment: &Environment) -> Result<Outcome, CliError> {
        let output = OutputArguments { quiet: self.quiet, ..OutputArguments::default() };
        let resolved = Resolved::new(&self.data, &output, environment)?;
        let mut found = Findings::default();
        found.tell("configuration", resolved.described());
        match resolved.setting(&DeployArguments::default(), None, None) {
            Ok(setting) => {
                let asks = uses_bigquery(&setting);
                if asks {
                    found.look_at_bigquery(&resolved, &setting);
                }
                if asks {
                    self.plan(&output, environment, &mut found);
                }
                if !(asks && self.data.bigquery.dry_run) && found.problems.is_empty() {
                    found.read(&setting);
                }
            }
            Err(error) => found.problems.push(error),
        }
        let text = if self.format == "json" { found.as_json() } else { found.as_text() };
        print(text.as_bytes())?;
        // The worst problem decides, and has been told already.
        match found.problems.iter().map(CliError::exit_code).max() {
            None => Ok(Outcome::Answered),
            Some(code) => Ok(Outcome::Problem(code)),
        }
    }

    /// What a question about all metrics would scan.
    fn plan(&self, output: &OutputArguments, environment: &Environment, found: &mut Findings) {
        let mut data = self.data.clone();
        data.bigquery.dry_run = true;
        let planned = || -> Result<Vec<Planned>, CliError> {
            let resolved = Resolved::new(&data, output, environment)?;
            let setting = resolved.setting(&DeployArguments::default(), None, None)?;
            investigate::plan(&setting, Some(&[]))?;
            Ok(resolved.planned())
        };
        match planned() {
            Ok(planned) => found.tell_price(&planned),
            Err(error) => found.wrong(error),
        }
    }
}

fn uses_bigquery(setting: &Setting) -> bool {
    let mut locators = setting.deploys.iter().map(|s| &s.locator).chain(setting.metrics.iter().map(|s| &s.locator));
    locators.any(|locator| matches!(locator, Locator::BigQuery(_)))
}

impl Findings {
    fn tell(&mut self, what: &'static str, text: String) {
        self.lines.push((what, text));
    }

    fn look_at_bigquery(&mut self, resolved: &Resolved<'_>, setting: &Setting) {
        let locators = setting.metrics.iter().map(|s| &s.locator).chain(setting.deploys.iter().map(|s| &s.locator));
        let mut tables = locators.filter_map(Locator::table);
        match resolved.identity(tables.next()) {
            Ok((identity, project)) => {
                self.tell("credentials", identity);
                self.tell("project", project);
            }
            Err(error) => self.wrong(error),
        }
    }

    /// Notes a problem, once.
    fn wrong(&mut self, error: CliError) {
        if !self.problems.iter().any(|known| known.to_string() == error.to_string()) {
            self.problems.push(error);
        }
    }

    fn tell_price(&mut self, planned: &[Planned]) {
        for Planned { query, priced } in planned {
            let text = format!(
                "{}, about {:.4} USD: {} of {}",
                shown_bytes(priced.bytes),
                priced.cost,
                query.purpose,
                query.place
            );
            self.tell("scans", text);
        }
        let (bytes, cost) = planned.iter().fold((0, 0.0), |(b, c), p| (b + p.priced.bytes, c + p.priced.cost));
        self.tell("a question", format!("scans at most {}, about {cost:.4} USD", shown_bytes(bytes)));
    }

    fn read(&mut self, setting: &Setting) {
        let deploys = DeploysRequest { setting: setting.clone(), since: None, until: None };
        match investigate::deploys(&deploys) {
            Ok(list) => self.tell("deploys", shown_deploys(&list.deploys)),
            Err(error) => self.problems.push(error.into()),
        }
        match investigate::metrics(&MetricsRequest { setting: setting.clone() }) {
            Ok(list) => {
                list.metrics.iter().take(TOLD).for_each(|metric| self.tell("metric", shown_metric(metric)));
                if list.metrics.len() > TOLD {
                    self.tell("metric", format!("and {} more", list.metrics.len() - TOLD));
                }
                self.skipped = list.caveats.iter().any(|caveat| caveat.code == "skipped_metric");
                list.caveats.iter().for_each(|caveat| self.tell("note", caveat.text.clone()));
            }
            Err(error) => self.problems.push(error.into()),
        }
    }

    fn as_text(&self) -> String {
        let mut lines: Vec<String> = self.lines.iter().map(|(what, text)| format!("{what:<14} {text}")).collect();
        for problem in &self.problems {
            lines.push(format!("{:<14} {problem}", "problem"));
            lines.extend(problem.hint().map(|hint| format!("{:<14} {hint}", "to do")));
        }
        if self.problems.is_empty() {
            let skipped = if self.skipped { ", but for what was skipped" } else { "" };
            lines.push(format!("All is well{skipped}."));
        }
        lines.iter().map(|line| visible(line) + "\n").collect()
    }

    fn as_json(&self) -> String {
        let found: Vec<_> = self.lines.iter().map(|(what, text)| json!({"what": what, "text": text})).collect();
        let problem =
            |error: &CliError| json!({"text": error.to_string(), "hint": error.hint(), "exit_code": error.exit_code()});
        let problems: Vec<_> = self.problems.iter().map(problem).collect();
        format!("{:#}\n", json!({"schema": "shiptrace/check/1", "found": found, "problems": problems}))
    }
}

fn shown_deploys(deploys: &[Deploy]) -> String {
    let day =
        |deploy: Option<&Deploy>| deploy.map_or_else(String::new, |d| d.deployed_at.format("%Y-%m-%d").to_string());
    match deploys {
        [] => "none in this stretch of time".to_owned(),
        some => format!("{}, from {} to {}", some.len(), day(some.first()), day(some.last())),
    }
}

fn shown_metric(metric: &MetricSummary) -> String {
    let missing = if metric.missing > 0 { format!(", {} without a value", metric.missing) } else { String::new() };
    let span = stretch(&metric.from, &metric.to);
    format!("{}: {} buckets ({}), {span}{missing}", metric.metric, metric.buckets, metric.granularity)
}
