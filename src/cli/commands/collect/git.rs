#![allow(clippy::doc_markdown, reason = "the doc comments are the help, where backticks would be shown")]

use clap::Args;

use super::IntoArguments;
use super::fill::open;
use super::open::Open;
use super::told::{Account, say};
use crate::cli::environment::Environment;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome};
use crate::collect::git::{Backfill, Which};

/// Deployments from the history of a clone: its tags, or the merges of a branch
///
/// For whoever has only git: each tag of a release, or each merge into the branch that goes out by itself, is taken for a deployment at the
/// moment of the tag or the merge. The columns commits and commit_messages tell what each brought that no earlier one had. It needs no
/// network, and reads bare repositories too.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Git {
    /// The clone
    #[arg(long, value_name = "PATH", default_value = ".")]
    repo: String,

    /// The app that is deployed from it
    #[arg(long, value_name = "NAME")]
    app: String,

    /// Tags that are releases, such as 'v*' [default: all tags, where no --branch is given]
    #[arg(long, value_name = "GLOB", conflicts_with = "branch")]
    tags: Option<String>,

    /// The branch that is deployed: every commit on its first-parent line
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,

    /// Of the branch only the merges
    #[arg(long, requires = "branch")]
    merges: bool,

    /// The environment that they went to
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,

    #[command(flatten)]
    into: IntoArguments,
}

const EXAMPLES: &str = "\
Examples:
  shiptrace collect git --app web --tags 'v*'
  shiptrace collect git --repo ../api --app api --branch main --merges --into deploys.db
  shiptrace collect git --app web --dry-run --columns commits,commit_messages";

/// Deployments that are kept at once.
const AT_ONCE: usize = 1000;

impl Git {
    pub(super) fn run(&self, environment: &Environment) -> Result<Outcome, CliError> {
        let data = self.into.data();
        let resolved = Resolved::new(&data, &self.into.output, environment)?;
        let repository = open(&self.repo)?;
        let which = match &self.branch {
            Some(branch) => Which::Branch { name: branch.clone(), merges: self.merges },
            None => Which::Tags(pattern(self.tags.as_deref().unwrap_or("*"))?),
        };
        let backfill = Backfill { which, app: self.app.clone(), environment: self.environment.clone() };
        let mut open = Open::new(&self.into, &resolved, environment)?;
        let mut account = Account::default();
        let mut waiting = Vec::new();
        let history = repository.backfill(&backfill, |event| {
            waiting.push(event);
            if waiting.len() >= AT_ONCE {
                account.summary.add(&open.store.put_events(&waiting)?);
                waiting.clear();
            }
            Ok::<(), CliError>(())
        })?;
        account.summary.add(&open.store.put_events(&waiting)?);
        if !self.into.output.quiet {
            let mut lines = account.lines(open.name.as_deref());
            if history.cut_off > 0 {
                let text = "deployments reach beyond what the clone has, and do not tell what they brought; git fetch --unshallow brings the rest";
                lines.push(format!("warning: {} {text}", history.cut_off));
            }
            if history.skipped > 0 {
                lines.push(format!(
                    "warning: {} tags or commits are of a time that cannot be, or of no commit, and were left out",
                    history.skipped
                ));
            }
            say(&lines);
        }
        open.finish()
    }
}

fn pattern(text: &str) -> Result<glob::Pattern, CliError> {
    glob::Pattern::new(text).map_err(|e| {
        CliError::option(
            "--tags",
            text,
            format!("is no pattern: {}", e.msg),
            "write it as 'v*', in quotes so that the shell leaves it",
        )
    })
}
