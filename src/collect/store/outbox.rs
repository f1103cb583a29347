//! What is yet to be sent to another table, such as one of BigQuery.
//!
//! Triggers note every change for every target in the transaction that makes it, so that nothing is lost between the two.

use chrono::{DateTime, Utc};
use rusqlite::{Row, Transaction, TransactionBehavior, params};

use super::super::Event;
use super::row::{self, WIDTH, told};
use super::{Database, StoreError};

/// A deployment in a state that a target does not have yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsent {
    /// The deployment.
    pub event: Event,
    /// Counts its changes.
    pub version: i64,
}

/// How much is yet to be sent to a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Depth {
    /// Deployments.
    pub deployments: u64,
    /// Since when the oldest waits.
    pub oldest: Option<DateTime<Utc>>,
    /// Deployments that the target refused.
    pub refused: u64,
}

impl Database {
    /// Makes a table a target: all deployments that are known are sent to it, and every change from now on. Nothing happens where it is one.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn add_target(&self, target: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let failed = |e: rusqlite::Error| self.failed(&e);
        let change = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).map_err(failed)?;
        let added = change.execute("INSERT OR IGNORE INTO targets (name) VALUES (?1)", [target]).map_err(failed)?;
        if added > 0 {
            let all = "INSERT OR IGNORE INTO outbox (target, source, id, version, since)
                       SELECT ?1, source, id, version, ?2 FROM deploys";
            change.execute(all, params![target, told(now)]).map_err(failed)?;
        }
        change.commit().map_err(failed)
    }

    /// Deployments that a target does not have, in the order in which they changed; at most so many.
    ///
    /// Those that were refused come after all others.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn unsent(&self, target: &str, most: usize) -> Result<Vec<Unsent>, StoreError> {
        let columns: Vec<String> = row::COLUMNS.split(", ").map(|name| format!("d.{}", name.trim())).collect();
        let query = format!(
            "SELECT {}, d.version FROM outbox o JOIN deploys d ON d.source = o.source AND d.id = o.id
             WHERE o.target = ?1 ORDER BY o.tries, o.since LIMIT ?2",
            columns.join(", ")
        );
        let read = |row: &Row<'_>| Ok(Unsent { event: row::event(row)?, version: row.get(WIDTH)? });
        let mut statement = self.connection.prepare(&query).map_err(|e| self.failed(&e))?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        statement.query_map(params![target, most], read).and_then(Iterator::collect).map_err(|e| self.failed(&e))
    }

    /// Notes that a target has these, and why it refused others. What changed in the meantime stays in the outbox.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn sent(&self, target: &str, sent: &[&Unsent], refused: &[(&Unsent, String)]) -> Result<(), StoreError> {
        let failed = |e: rusqlite::Error| self.failed(&e);
        let change = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).map_err(failed)?;
        let which = "WHERE target = ?1 AND source = ?2 AND id = ?3 AND version = ?4";
        let mut delete = change.prepare(&format!("DELETE FROM outbox {which}")).map_err(failed)?;
        for unsent in sent {
            let (source, id) = unsent.event.key();
            delete.execute(params![target, source, id, unsent.version]).map_err(failed)?;
        }
        let mut note =
            change.prepare(&format!("UPDATE outbox SET tries = tries + 1, error = ?5 {which}")).map_err(failed)?;
        for (unsent, reason) in refused {
            let (source, id) = unsent.event.key();
            note.execute(params![target, source, id, unsent.version, reason]).map_err(failed)?;
        }
        drop((delete, note));
        change.commit().map_err(failed)
    }

    /// How much is yet to be sent to a target.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn depth(&self, target: &str) -> Result<Depth, StoreError> {
        let query = "SELECT count(*), min(since), count(error) FROM outbox WHERE target = ?1";
        let read = |row: &Row<'_>| {
            let oldest: Option<String> = row.get(1)?;
            let oldest = oldest.and_then(|text| DateTime::parse_from_rfc3339(&text).ok()).map(|time| time.to_utc());
            let count = |n: i64| n.unsigned_abs();
            Ok(Depth { deployments: count(row.get(0)?), oldest, refused: count(row.get(2)?) })
        };
        self.connection.query_row(query, [target], read).map_err(|e| self.failed(&e))
    }
}
