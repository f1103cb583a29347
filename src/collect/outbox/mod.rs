//! Sends what the store has noted to a table of BigQuery, again and again until it is there.
//!
//! A row is sent for each state of a deployment, with `changed_at` and `version`: whoever reads takes the latest of each (source, id), so
//! that a row which is sent twice changes nothing.

mod row;
mod sender;

use chrono::Utc;

use crate::bigquery::{BigQueryError, TableName, Warehouse};

use super::store::{Database, StoreError, Unsent};

pub use sender::{Sender, Tell};

/// Rows that are sent at once.
const BATCH: usize = 500;

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The table could not be reached, or refused.
    #[error(transparent)]
    BigQuery(#[from] BigQueryError),
    /// The table lacks a column that tells one deployment and its states from others.
    #[error("bigquery:{table}: there is no column {column:?}")]
    MissingColumn {
        /// The table.
        table: String,
        /// The column.
        column: &'static str,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OutboxError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::BigQuery(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::MissingColumn { .. } => Some("make the table as docs/collect/receiver.md says".to_owned()),
        }
    }
}

/// The outbox of one table.
pub struct Outbox {
    database: Database,
    warehouse: Box<dyn Warehouse>,
    table: TableName,
    /// The columns of the table that we know, once it was asked.
    columns: Option<Vec<String>>,
}

/// What a round of sending did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Deployments that the table has now.
    pub sent: usize,
    /// Deployments that it refused, which stay in the outbox.
    pub refused: usize,
    /// Why it refused the first of them.
    pub reason: Option<String>,
}

impl Outbox {
    /// The outbox of a table, to which all that the database holds is sent.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn new(database: Database, warehouse: Box<dyn Warehouse>, table: TableName) -> Result<Self, StoreError> {
        database.add_target(&table.to_string(), Utc::now())?;
        Ok(Self { database, warehouse, table, columns: None })
    }

    /// Sends one batch. Nothing was left to send where it did nothing.
    ///
    /// # Errors
    /// Where the table could not be reached or the store fails: all stays in the outbox.
    pub fn send_some(&mut self) -> Result<Sent, OutboxError> {
        let target = self.table.to_string();
        let unsent = self.database.unsent(&target, BATCH)?;
        if unsent.is_empty() {
            return Ok(Sent::default());
        }
        let columns = self.columns()?;
        let rows: Vec<_> = unsent.iter().map(|unsent| (row::insert_id(unsent), row::of(unsent, &columns))).collect();
        let errors = self.warehouse.insert(&self.table, &rows)?;
        let refused: Vec<(&Unsent, String)> =
            errors.iter().filter_map(|error| Some((unsent.get(error.row)?, error.reason.clone()))).collect();
        let is_refused = |i: usize| errors.iter().any(|error| error.row == i);
        let sent: Vec<&Unsent> = unsent.iter().enumerate().filter(|(i, _)| !is_refused(*i)).map(|(_, u)| u).collect();
        self.database.sent(&target, &sent, &refused)?;
        if !refused.is_empty() {
            // The table may have been changed.
            self.columns = None;
        }
        let reason = refused.first().map(|(_, reason)| reason.clone());
        Ok(Sent { sent: sent.len(), refused: refused.len(), reason })
    }

    /// Sends until nothing is left but what the table refuses.
    ///
    /// # Errors
    /// As [`Outbox::send_some`]: what was not sent stays in the outbox.
    pub fn send_all(&mut self) -> Result<Sent, OutboxError> {
        let mut all = Sent::default();
        loop {
            let sent = self.send_some()?;
            all.sent += sent.sent;
            if sent.sent == 0 {
                return Ok(Sent { refused: sent.refused, reason: sent.reason, ..all });
            }
        }
    }

    fn columns(&mut self) -> Result<Vec<String>, OutboxError> {
        if let Some(columns) = &self.columns {
            return Ok(columns.clone());
        }
        let table = self.warehouse.table(&self.table)?;
        for column in row::REQUIRED {
            if table.column(column).is_none() {
                return Err(OutboxError::MissingColumn { table: self.table.to_string(), column });
            }
        }
        let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        self.columns = Some(columns.clone());
        Ok(columns)
    }
}
