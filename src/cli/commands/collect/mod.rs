//! Brings deploy events in.

mod fill;
mod git;
mod listen;
mod messages;
mod open;
mod rejected;
mod store;
mod told;

use clap::{Args, Subcommand};

use crate::cli::arguments::{DataArguments, OutputArguments};
use crate::cli::environment::Environment;
use crate::cli::{CliError, Outcome};
use crate::collect::Provider;

/// Bring deploy events in, from messages of CI systems or from git
///
/// Reads messages of PROVIDER from files (or standard input) into STORE: a JSON object, an array, one message a line, in Pub/Sub envelopes or
/// not; also .gz and .zst. A deployment is kept once, in its latest state; messages about deployments in progress are ignored, and those
/// that cannot be read are kept aside with the reason. [[collect.apps]] in shiptrace.toml says which app a message is about.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, after_help = EXAMPLES)]
pub(in crate::cli) struct Collect {
    #[command(subcommand)]
    command: Option<Further>,

    /// Who sent them: cloud-build, github, gitlab, circleci, azure-devops, argocd, cdevents, vercel, netlify,
    /// generic (where [collect.generic] says), or auto (each by its look)
    #[arg(value_name = "PROVIDER", required_unless_present = "listen")]
    provider: Option<Provider>,

    /// Files with messages; - or none for standard input
    #[arg(value_name = "FILE", conflicts_with = "listen")]
    files: Vec<String>,

    /// Fill missing commit messages and authors from this clone, and what each deployment brought since the one before
    #[arg(long, value_name = "PATH")]
    repo: Option<String>,

    #[command(flatten)]
    into: IntoArguments,

    #[command(flatten)]
    receiver: listen::ReceiverArguments,
}

const EXAMPLES: &str = "\
Examples:
  shiptrace collect cloud-build builds.ndjson --into deploys.db
  gh api repos/acme/web/hooks/7/deliveries/12 | shiptrace collect github --dry-run
  shiptrace collect auto messages/*.json --repo ../web
  shiptrace collect git --repo ../web --app web --tags 'v*'
  shiptrace collect --listen 127.0.0.1:8080 --secret-file github=/run/secrets/github
  shiptrace why signups --on 2024-03-05 --deploys deploys.db";

#[derive(Debug, Subcommand)]
enum Further {
    Git(git::Git),
    Fill(fill::Fill),
    Rejected(rejected::Rejected),
}

/// Where deployments go, and what is said about it.
#[derive(Debug, Clone, Default, Args)]
struct IntoArguments {
    /// Where deployments are kept: FILE.db, or bigquery:PROJECT.DATASET.TABLE [default: into in [collect], else deploys.db]
    ///
    /// What is for BigQuery is kept in a database too (--outbox), from which it is sent as soon as BigQuery can be reached.
    #[arg(long, value_name = "STORE")]
    into: Option<String>,

    /// The database through which deployments go to BigQuery [default: deploys.db]
    #[arg(long, value_name = "FILE")]
    outbox: Option<String>,

    /// Keep nothing: write the deployments that would be kept
    #[arg(long, conflicts_with = "into")]
    dry_run: bool,

    /// The configuration, instead of shiptrace.toml in the working folder or its parents
    #[arg(long, value_name = "FILE", conflicts_with = "no_config", help_heading = "Data")]
    config: Option<String>,

    /// Use no configuration
    #[arg(long, help_heading = "Data")]
    no_config: bool,

    /// Zone of times without an offset, and of the times that --dry-run shows [default: UTC]
    #[arg(long, value_name = "ZONE", help_heading = "Data")]
    timezone: Option<String>,

    #[command(flatten)]
    output: OutputArguments,
}

impl IntoArguments {
    /// The arguments by which the configuration is found.
    fn data(&self) -> DataArguments {
        DataArguments {
            config: self.config.clone(),
            no_config: self.no_config,
            timezone: self.timezone.clone(),
            ..DataArguments::default()
        }
    }
}

impl Collect {
    pub(in crate::cli) fn run(&self, environment: &Environment) -> Result<Outcome, CliError> {
        match (&self.command, self.provider) {
            (Some(Further::Git(git)), _) => git.run(environment),
            (Some(Further::Fill(fill)), _) => fill.run(environment),
            (Some(Further::Rejected(rejected)), _) => rejected.run(environment),
            (None, provider) if self.receiver.listen.is_some() => self.receiver.run(provider, &self.into, environment),
            (None, Some(provider)) => messages::run(self, provider, environment),
            // clap asks for one of them.
            (None, None) => Ok(Outcome::Answered),
        }
    }
}
