//! Commands that carry on from an answer.

use chrono::SecondsFormat;

use crate::cli::arguments::{BigQueryArguments, DataArguments, DeployArguments};
use crate::cli::environment::Environment;
use crate::model::{Moment, NextStep, WhyAnswer};

use super::why::Why;

const DAY: i64 = 86_400;
/// A window that is called wide.
const WIDE: i64 = 7 * DAY;

/// What to run next, as commands that repeat what the person said.
pub(super) fn next_steps(asked: &Why, answer: &WhyAnswer) -> Vec<NextStep> {
    let window = (2 * answer.question.window_seconds).max(WIDE) / DAY;
    let why = |window: Option<String>, apps: &[String]| {
        let mut words = vec!["shiptrace".to_owned(), "why".to_owned(), asked.metric.clone()];
        option(&mut words, "--on", Some(&asked.on));
        for metric in &asked.with {
            option(&mut words, "--with", Some(metric));
        }
        for app in apps {
            option(&mut words, "--app", Some(app));
        }
        option(&mut words, "--window", window.as_ref().or(asked.window.window.as_ref()));
        words.extend(data(&asked.data, &asked.deployments));
        words
    };
    let mut steps = vec![step("look further back", &why(Some(format!("{window}d")), &asked.deployments.app))];
    let app = answer.suspects.first().and_then(|s| s.deploy.app.clone());
    if let Some(app) = app.filter(|app| answer.question.apps != [app.clone()]) {
        let purpose = "only the app of the likeliest";
        steps.push(step(purpose, &why(None, &[app])));
    }
    let mut export = why(None, &asked.deployments.app);
    option(&mut export, "-o", Some(&file_name(&asked.metric, &asked.on)));
    steps.push(step("a document to share", &export));
    let mut scan = vec!["shiptrace".to_owned(), "scan".to_owned(), asked.metric.clone()];
    scan.extend(data(&asked.data, &asked.deployments));
    steps.push(step("every change of the metric", &scan));
    steps
}

/// The command that gives the answer again, as of the same moment and also where the environment says something else.
pub(super) fn again(asked: &Why, answer: &WhyAnswer, environment: &Environment) -> String {
    let mut words = vec!["shiptrace".to_owned(), "why".to_owned(), asked.metric.clone()];
    option(&mut words, "--on", Some(&asked.on));
    for metric in &asked.with {
        option(&mut words, "--with", Some(metric));
    }
    for app in &asked.deployments.app {
        option(&mut words, "--app", Some(app));
    }
    option(&mut words, "--window", or_variable(asked.window.window.as_ref(), environment, "WINDOW").as_ref());
    let given = with_variables(&asked.data, environment);
    words.extend(data(&given, &asked.deployments));
    as_of(&mut words, &given, &answer.as_of);
    joined(&words)
}

/// The command that gives the scan again, as of the same moment. `own` are the metrics and options that only `scan` has.
pub(super) fn scanned_again(
    own: Vec<String>,
    deployments: &DeployArguments,
    given: &DataArguments,
    (now, environment): (&Moment, &Environment),
) -> String {
    let given = with_variables(given, environment);
    let mut words = vec!["shiptrace".to_owned(), "scan".to_owned()];
    words.extend(own);
    for app in &deployments.app {
        option(&mut words, "--app", Some(app));
    }
    words.extend(data(&given, deployments));
    as_of(&mut words, &given, now);
    joined(&words)
}

/// What was given, and where nothing was, what a variable of the environment says in its place.
pub(super) fn or_variable(given: Option<&String>, environment: &Environment, name: &str) -> Option<String> {
    given.cloned().or_else(|| environment.option(name).map(str::to_owned))
}

/// The options with what variables of the environment say in the place of those that were not given.
fn with_variables(given: &DataArguments, environment: &Environment) -> DataArguments {
    let or = |given: &Option<String>, name| or_variable(given.as_ref(), environment, name);
    let locators = |given: &Vec<String>, name| match &given[..] {
        [] => environment.option(name).map(str::to_owned).into_iter().collect(),
        _ => given.clone(),
    };
    let bigquery = &given.bigquery;
    DataArguments {
        deploys: locators(&given.deploys, "DEPLOYS"),
        metrics: locators(&given.metrics, "METRICS"),
        config: if given.no_config { None } else { or(&given.config, "CONFIG") },
        no_config: given.no_config,
        timezone: or(&given.timezone, "TIMEZONE"),
        as_of: or(&given.as_of, "AS_OF"),
        bigquery: BigQueryArguments {
            project: or(&bigquery.project, "PROJECT"),
            location: or(&bigquery.location, "LOCATION"),
            history: or(&bigquery.history, "HISTORY"),
            max_bytes_billed: or(&bigquery.max_bytes_billed, "MAX_BYTES_BILLED"),
            ..bigquery.clone()
        },
    }
}

/// Says what was taken as now, where the clock said it.
fn as_of(words: &mut Vec<String>, given: &DataArguments, now: &Moment) {
    if given.as_of.is_none() {
        option(words, "--as-of", Some(&now.to_rfc3339_opts(SecondsFormat::Secs, true)));
    }
}

fn joined(words: &[String]) -> String {
    // A word with a zero byte could not have come from a command line.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

fn step(purpose: &str, words: &[String]) -> NextStep {
    NextStep { purpose: purpose.to_owned(), command: joined(words) }
}

pub(super) fn option(words: &mut Vec<String>, name: &str, value: Option<&String>) {
    let Some(value) = value else { return };
    if value.starts_with('-') {
        words.push(format!("{name}={value}"));
    } else {
        words.extend([name.to_owned(), value.clone()]);
    }
}

/// The options that say where the data lies and how to read it, as they were given.
fn data(given: &DataArguments, deployments: &DeployArguments) -> Vec<String> {
    let mut words = Vec::new();
    for value in &deployments.environment {
        option(&mut words, "--environment", Some(value));
    }
    for value in &given.metrics {
        option(&mut words, "--metrics", Some(value));
    }
    for value in &given.deploys {
        option(&mut words, "--deploys", Some(value));
    }
    option(&mut words, "--config", given.config.as_ref());
    if given.no_config {
        words.push("--no-config".to_owned());
    }
    option(&mut words, "--timezone", given.timezone.as_ref());
    option(&mut words, "--as-of", given.as_of.as_ref());
    let bigquery = &given.bigquery;
    option(&mut words, "--project", bigquery.project.as_ref());
    option(&mut words, "--location", bigquery.location.as_ref());
    option(&mut words, "--history", bigquery.history.as_ref());
    option(&mut words, "--max-bytes-billed", bigquery.max_bytes_billed.as_ref());
    option(&mut words, "--max-rows", bigquery.max_rows.map(|n| n.to_string()).as_ref());
    words
}

/// A file name made of the metric and the date.
fn file_name(metric: &str, on: &str) -> String {
    let clean =
        |text: &str| text.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect::<String>();
    format!("{}-{}.md", clean(metric).trim_start_matches('-'), clean(on))
}
