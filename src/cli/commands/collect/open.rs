//! The store that is meant.

use std::io::{self, Write};

use crate::cli::commands::collect::IntoArguments;
use crate::cli::environment::Environment;
use crate::cli::output::Output;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome};
use crate::collect::outbox::Outbox;
use crate::collect::store::{Memory, Store};
use crate::model::{Answer, Deploy, DeployList};
use crate::report::visible;

use super::store::StoreName;

/// A store that is open, and what is written in the end.
pub(super) struct Open<'a> {
    pub(super) store: Box<dyn Store>,
    /// Its name, for messages; none where nothing is kept.
    pub(super) name: Option<String>,
    outbox: Option<Outbox>,
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
            return Ok(Self {
                store: Box::new(Memory::default()),
                name: None,
                outbox: None,
                dry: Some((output, resolved)),
            });
        }
        if let Some(file) = &into.output.output {
            let hint = "name the store with --into, or write the deployments with --dry-run";
            return Err(CliError::option("--output", file, "without --dry-run nothing is written", hint));
        }
        let name = StoreName::new((into.into.as_deref(), into.outbox.as_deref()), resolved, environment)?;
        let database = name.open()?;
        let outbox = name.outbox(&database, resolved)?;
        Ok(Self { store: Box::new(database), name: Some(name.shown()), outbox, dry: None })
    }

    /// Writes the deployments, where that was asked for.
    pub(super) fn finish(self) -> Result<Outcome, CliError> {
        if let Some(outbox) = self.outbox {
            send(outbox)?;
        }
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

/// Sends what is in the outbox. What cannot be sent stays there, and goes with the next run.
fn send(mut outbox: Outbox) -> Result<(), CliError> {
    let sent = outbox.send_all().map_err(Box::new)?;
    if sent.refused > 0 {
        let reason = sent.reason.unwrap_or_default();
        let text =
            format!("warning: BigQuery refused {} deployments, which stay in the outbox: {reason}", sent.refused);
        let _ = writeln!(io::stderr(), "{}", visible(&text));
    }
    Ok(())
}
