#![allow(clippy::doc_markdown, reason = "the doc comments are the help, where backticks would be shown")]

use clap::Args;

use super::IntoArguments;
use super::open::Open;
use super::told::say;
use crate::cli::environment::Environment;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome};
use crate::collect::git::{Filled, Repository};
use crate::collect::store::Store;

/// Fill missing commit messages and authors in a store from a clone
///
/// Looks up the commit of every deployment in the clone, and adds its message and author where they are missing, and in the columns commits
/// and commit_messages how many commits the deployment brought since the one before of its app and environment, and the first line of each
/// (up to 50). What is there is never overwritten. It needs no network: fetch before.
#[derive(Debug, Args)]
pub(super) struct Fill {
    /// The clone
    #[arg(long, value_name = "PATH")]
    repo: String,

    #[command(flatten)]
    into: IntoArguments,
}

impl Fill {
    pub(super) fn run(&self, environment: &Environment) -> Result<Outcome, CliError> {
        let data = self.into.data();
        let resolved = Resolved::new(&data, &self.into.output, environment)?;
        let repository = open(&self.repo)?;
        let mut open = Open::new(&self.into, &resolved, environment)?;
        fill(&repository, open.store.as_mut(), self.into.output.quiet)?;
        open.finish()
    }
}

pub(super) fn open(path: &str) -> Result<Repository, CliError> {
    Ok(Repository::open(path.as_ref())?)
}

/// Fills what is missing in a store, and says what was.
pub(super) fn fill(repository: &Repository, store: &mut dyn Store, quiet: bool) -> Result<(), CliError> {
    let (events, filled) = repository.fill(store.events()?);
    store.put_events(&events)?;
    if !quiet {
        say(&lines(&filled));
    }
    Ok(())
}

fn lines(filled: &Filled) -> Vec<String> {
    let Filled { commits, messages, authors, counts, unknown, cut_off } = filled;
    let mut lines = vec![format!(
        "filled from the clone: {commits} commits by tag, {messages} messages, {authors} authors, {counts} times what came since the deployment before"
    )];
    if *unknown > 0 {
        lines.push(format!(
            "{unknown} deployments are of a commit that the clone does not have; git fetch may bring it"
        ));
    }
    if *cut_off > 0 {
        lines.push(format!(
            "{cut_off} deployments reach beyond what the clone has; git fetch --unshallow brings the rest"
        ));
    }
    lines
}
