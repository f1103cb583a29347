//! Where deployments go: `--into`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::bigquery::{self, Client, Event, Listener, TableName};
use crate::cli::CliError;
use crate::cli::environment::Environment;
use crate::cli::resolve::Resolved;
use crate::collect::outbox::{Outbox, OutboxError};
use crate::collect::store::Database;

/// The database where nothing was said.
const DEFAULT: &str = "deploys.db";

/// How long BigQuery may take for a batch, retries included; the outbox tries again after that.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store, by its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoreName {
    /// The database.
    pub(super) file: PathBuf,
    /// The table to which it is sent.
    pub(super) table: Option<TableName>,
}

impl StoreName {
    /// What was meant: the flag, else `SHIPTRACE_INTO`, else what the configuration says, else the default.
    pub(super) fn new(
        (into, outbox): (Option<&str>, Option<&str>),
        resolved: &Resolved<'_>,
        environment: &Environment,
    ) -> Result<Self, CliError> {
        let configured = resolved.into();
        let into = into.or_else(|| environment.option("INTO")).or(configured.as_deref()).unwrap_or(DEFAULT);
        let outbox = outbox.or_else(|| environment.option("OUTBOX"));
        if let Some(table) = into.strip_prefix("bigquery:") {
            let wrong = |e: bigquery::NameError| CliError::option("--into", into, e.to_string(), &e.hint());
            let table = Some(TableName::parse(table).map_err(wrong)?);
            return Ok(Self { file: database("--outbox", outbox.unwrap_or(DEFAULT))?, table });
        }
        if let Some(outbox) = outbox {
            let hint = "leave it out, or say --into bigquery:PROJECT.DATASET.TABLE";
            return Err(CliError::option("--outbox", outbox, "only what goes to BigQuery has an outbox", hint));
        }
        Ok(Self { file: database("--into", into)?, table: None })
    }

    /// The name as it is shown.
    pub(super) fn shown(&self) -> String {
        match &self.table {
            Some(table) => format!("bigquery:{table}, by way of {}", self.file.display()),
            None => self.file.display().to_string(),
        }
    }
}

fn database(option: &str, text: &str) -> Result<PathBuf, CliError> {
    if text.to_ascii_lowercase().ends_with(".db") {
        return Ok(Path::new(text).to_path_buf());
    }
    let hint = "write FILE.db or bigquery:PROJECT.DATASET.TABLE";
    Err(CliError::option(option, text, "is no store: the name must end in .db", hint))
}

impl StoreName {
    /// Opens the database.
    pub(super) fn open(&self) -> Result<Database, CliError> {
        Ok(Database::open(&self.file)?)
    }

    /// The outbox of the table, where there is one.
    pub(super) fn outbox(&self, database: &Database, resolved: &Resolved<'_>) -> Result<Option<Outbox>, CliError> {
        let Some(table) = &self.table else { return Ok(None) };
        let settings = bigquery::Settings { timeout: PATIENCE, ..resolved.bigquery()? };
        let client = Client::new(settings, Arc::new(Silent)).map_err(|e| Box::new(OutboxError::from(e)))?;
        Ok(Some(Outbox::new(database.again()?, Box::new(client), table.clone())?))
    }
}

/// The outbox tells by itself what goes wrong.
#[derive(Debug)]
struct Silent;

impl Listener for Silent {
    fn hear(&self, _: &Event<'_>) {}
}
