#![allow(clippy::doc_markdown, reason = "the doc comments are the help, where backticks would be shown")]

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::commands::{check, collect, completions, deploys, man, metrics, scan, why};

/// Why did a metric change on that day - did we ship something?
#[derive(Debug, Parser)]
#[command(name = "shiptrace", version, propagate_version = true, max_term_width = 100, after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  shiptrace why signups --on 2024-03-05 --metrics metrics.csv --deploys deploys.csv
  shiptrace why signups --on 2024-03-05 --app web -o answer.md
  shiptrace scan --since 2024-03-01 --format json

Environment:
  SHIPTRACE_METRICS, SHIPTRACE_DEPLOYS, SHIPTRACE_CONFIG, SHIPTRACE_TIMEZONE, SHIPTRACE_WINDOW
  and SHIPTRACE_AS_OF stand for the options of these names. Options win over the environment,
  which wins over shiptrace.toml.

Exit codes:
  0  the question was answered, also where nothing changed
  1  a change was found, with --fail-on-change
  2  wrong usage, configuration or data
  3  a source could not be reached or refused
  70 a bug
  130 interrupted by Ctrl-C";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Why(why::Why),
    Scan(scan::Scan),
    Deploys(deploys::Deploys),
    Metrics(metrics::Metrics),
    Collect(Box<collect::Collect>),
    Check(check::Check),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Where the data lies and how to read it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Data")]
pub(super) struct DataArguments {
    /// Deploy events: a path, a glob, - for CSV on standard input, or bigquery:project.dataset.table
    ///
    /// Replaces the configured ones. Read are .csv, .csv.gz, .csv.zst, .parquet, .ndjson and .jsonl.
    #[arg(long, value_name = "LOCATOR")]
    pub(super) deploys: Vec<String>,

    /// Metrics: a path, a glob, - for CSV on standard input, or bigquery:project.dataset.table
    ///
    /// Replaces the configured ones. Read are .csv, .csv.gz, .csv.zst, .parquet, .ndjson and .jsonl.
    #[arg(long, value_name = "LOCATOR")]
    pub(super) metrics: Vec<String>,

    /// The configuration, instead of shiptrace.toml in the working folder or its parents
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(super) config: Option<String>,

    /// Use no configuration
    #[arg(long)]
    pub(super) no_config: bool,

    /// Zone of local days, of times without an offset and of the times in the answer [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(super) timezone: Option<String>,

    /// What is taken as now [default: the clock]
    ///
    /// A bucket that is not over by then is shown and not tested, and later deployments are left out.
    #[arg(long, value_name = "TIME")]
    pub(super) as_of: Option<String>,

    #[command(flatten)]
    pub(super) bigquery: BigQueryArguments,
}

/// How BigQuery is asked.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "BigQuery")]
pub(super) struct BigQueryArguments {
    /// The project that runs the queries and pays [default: GOOGLE_CLOUD_PROJECT, that of the credentials, that of the table]
    #[arg(long, value_name = "PROJECT")]
    pub(super) project: Option<String>,

    /// Where the datasets lie, such as EU [default: found by the tables]
    #[arg(long, value_name = "LOCATION")]
    pub(super) location: Option<String>,

    /// How long before the date asked about (or now) data is read, such as 90d or 2y [default: 400d]
    #[arg(long, value_name = "DURATION")]
    pub(super) history: Option<String>,

    /// A query that would be billed for more is not run [default: 10GiB]
    #[arg(long, value_name = "BYTES")]
    pub(super) max_bytes_billed: Option<String>,

    /// A result with more rows is not read [default: 5000000]
    #[arg(long, value_name = "N")]
    pub(super) max_rows: Option<u64>,

    /// How long a query may take, retries and all; then it is cancelled [default: 5m]
    #[arg(long, value_name = "DURATION")]
    pub(super) timeout: Option<String>,

    /// Show the queries, with parameters, bytes and cost, and run none
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Use no results of earlier runs, and keep none
    #[arg(long)]
    pub(super) no_cache: bool,
}

/// Which deployments count.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Deployments")]
pub(super) struct DeployArguments {
    /// Only deployments of this app; repeatable. '*' lifts the apps that the configuration names
    #[arg(long, value_name = "APP")]
    pub(super) app: Vec<String>,

    /// Only deployments to this environment; repeatable [default: prod, production, live or none]
    #[arg(long, value_name = "NAME")]
    pub(super) environment: Vec<String>,
}

/// How long before a change deployments are looked for.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Deployments")]
pub(super) struct WindowArgument {
    /// How long before the change deployments are looked for, such as 3d, 36h or 90m [default: 3d]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub(super) window: Option<String>,
}

/// How the rate of false changes is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MethodChoice {
    /// Benjamini-Hochberg: metrics are independent, or move together
    #[default]
    Bh,
    /// Benjamini-Yekutieli: whatever the dependence, and finds less
    By,
}

/// How the answer is written.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct OutputArguments {
    /// The format [default: by the ending of --output, else table]
    #[arg(long, value_name = "FORMAT", value_parser = ["table", "json", "csv", "markdown", "html", "svg"])]
    pub(super) format: Option<String>,

    /// Write to this file instead of standard output; .html, .svg, .md, .json, .csv and .txt choose the format
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<String>,

    /// Markdown: write the chart as an SVG beside the document, and show it in it; needs --output
    #[arg(long)]
    pub(super) with_chart: bool,

    /// Further columns of the deployments to show, by name; repeatable, or with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) columns: Vec<String>,

    /// Write CSV cells as they are, also those that a spreadsheet would run as a formula
    #[arg(long)]
    pub(super) raw: bool,

    /// Draw no chart and no sparklines. They are drawn on a terminal only
    #[arg(long)]
    pub(super) no_chart: bool,

    /// Draw with ASCII only
    #[arg(long)]
    pub(super) ascii: bool,

    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub(super) color: ColorChoice,

    /// Write no warnings and no progress to standard error
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
