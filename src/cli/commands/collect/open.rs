//! The store that is meant.

use std::path::Path;

use crate::cli::commands::collect::IntoArguments;
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome};
use crate::collect::store::{Database, Memory, Store};
use crate::model::{Answer, Deploy, DeployList};

/// The store, where nothing else was said.
const DEFAULT: &str = "deploys.db";

/// A store that is open, and what is written in the end.
pub(super) struct Open<'a> {
    pub(super) store: Box<dyn Store>,
    /// Its name, for messages; none where nothing is kept.
    pub(super) name: Option<String>,
    dry: Option<(Output, &'a Resolved<'a>)>,
}

impl<'a> Open<'a> {
    /// Opens the store of `--into`, of the environment or of the configuration; with `--dry-run` one that is gone in the end.
    pub(super) fn new(
        into: &IntoArguments,
        resolved: &'a Resolved<'a>,
        environment: &Environment,
    ) -> Result<Self, CliError> {
        if into.dry_run {
            let output = Output::open(&into.output, environment, 0, resolved.commit_url())?;
            return Ok(Self { store: Box::new(Memory::default()), name: None, dry: Some((output, resolved)) });
        }
        if let Some(file) = &into.output.output {
            let hint = "name the store with --into, or write the deployments with --dry-run";
            return Err(CliError::option("--output", file, "without --dry-run nothing is written", hint));
        }
        let name = match (&into.into, environment.option("INTO")) {
            (Some(given), _) => given.clone(),
            (None, Some(given)) => given.to_owned(),
            (None, None) => resolved.into().unwrap_or_else(|| DEFAULT.to_owned()),
        };
        if !name.to_ascii_lowercase().ends_with(".db") {
            return Err(CliError::option(
                "--into",
                &name,
                "is no store that this version writes",
                "name a file ending in .db",
            ));
        }
        let store = Box::new(Database::open(Path::new(&name))?);
        Ok(Self { store, name: Some(name), dry: None })
    }

    /// Writes the deployments, where that was asked for.
    pub(super) fn finish(self) -> Result<Outcome, CliError> {
        let Some((output, resolved)) = self.dry else { return Ok(Outcome::Answered) };
        let in_zone = |mut deploy: Deploy| {
            deploy.deployed_at = deploy.deployed_at.with_timezone(&resolved.zone);
            deploy
        };
        let deploys = self.store.events()?.into_iter().map(|event| in_zone(event.deploy)).collect();
        let list = DeployList {
            schema: "shiptrace/deploys/1",
            timezone: resolved.zone.name().to_owned(),
            deploys,
            caveats: Vec::new(),
        };
        output.write(&Answer::Deploys(list))?;
        Ok(Outcome::Answered)
    }
}
