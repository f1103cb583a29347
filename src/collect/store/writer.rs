//! Writes what several senders said in one transaction, which is on the disk when it returns.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::super::{Item, Kept, Reading};
use super::deploys::Deploys;
use super::rejected::Keep;
use super::row::told;
use super::{Database, StoreError, Summary};

/// What one sender said at once.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The messages.
    pub items: Vec<Item>,
    /// When they came.
    pub received_at: DateTime<Utc>,
}

/// A writer with its statements prepared.
pub struct Writer<'d> {
    connection: &'d Connection,
    file: &'d str,
    deploys: Deploys<'d>,
    keep: Keep<'d>,
}

impl Database {
    /// A writer. Several may exist, and wait for each other.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn writer(&self) -> Result<Writer<'_>, StoreError> {
        let deploys = Deploys::prepare(&self.connection).map_err(|e| self.failed(&e))?;
        let keep = Keep::prepare(&self.connection).map_err(|e| self.failed(&e))?;
        Ok(Writer { connection: &self.connection, file: &self.file, deploys, keep })
    }
}

impl Writer<'_> {
    /// Writes all deliveries or none, and tells what each did. When it returns they are on the disk.
    ///
    /// # Errors
    /// Where the database cannot be written; nothing is then.
    pub fn put(&mut self, deliveries: &[Delivery]) -> Result<Vec<Summary>, StoreError> {
        let failed = |e: rusqlite::Error| StoreError::of(self.file, &e);
        // Dropped without a commit it rolls back.
        let change = Transaction::new_unchecked(self.connection, TransactionBehavior::Immediate).map_err(failed)?;
        let mut summaries = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let received_at = told(delivery.received_at);
            let mut summary = Summary::default();
            for item in &delivery.items {
                take(&mut self.deploys, &mut self.keep, (item, &received_at), &mut summary, self.file)?;
            }
            summaries.push(summary);
        }
        change.commit().map_err(failed)?;
        Ok(summaries)
    }

    /// Reads every kept message again by `read`, and keeps those that still cannot be read, with the new reason.
    ///
    /// Returns what the others did, and how many are still kept.
    ///
    /// # Errors
    /// Where the database cannot be written; then all are kept as they were.
    pub fn retry(
        &mut self,
        now: DateTime<Utc>,
        read: impl Fn(&str, &str) -> Vec<Item>,
    ) -> Result<(Summary, usize), StoreError> {
        let failed = |e: rusqlite::Error| StoreError::of(self.file, &e);
        let change = Transaction::new_unchecked(self.connection, TransactionBehavior::Immediate).map_err(failed)?;
        let (mut summary, mut still, mut from) = (Summary::default(), 0, 0);
        while let Some(kept) = self.keep.next(from).map_err(failed)? {
            from = kept.number + 1;
            let items = if kept.is_whole() { read(&kept.provider, &kept.body) } else { Vec::new() };
            let reason = items.iter().find_map(|item| match &item.reading {
                Reading::Rejected(reason) => Some(reason.as_str()),
                _ => None,
            });
            if items.is_empty() || reason.is_some() {
                self.keep.tried(kept.number, reason.unwrap_or(&kept.reason)).map_err(failed)?;
                still += 1;
                continue;
            }
            for item in &items {
                take(&mut self.deploys, &mut self.keep, (item, &told(now)), &mut summary, self.file)?;
            }
            self.keep.forget(kept.number).map_err(failed)?;
        }
        change.commit().map_err(failed)?;
        Ok((summary, still))
    }
}

fn take(
    deploys: &mut Deploys<'_>,
    keep: &mut Keep<'_>,
    (item, received_at): (&Item, &str),
    summary: &mut Summary,
    file: &str,
) -> Result<(), StoreError> {
    let failed = |e: rusqlite::Error| StoreError::of(file, &e);
    match &item.reading {
        Reading::Event(event) => match deploys.put(event, received_at).map_err(failed)? {
            Kept::New => summary.new += 1,
            Kept::Updated => summary.updated += 1,
            Kept::Unchanged => summary.unchanged += 1,
        },
        Reading::Ignored(reason) => *summary.ignored.entry(reason.clone()).or_default() += 1,
        Reading::Rejected(reason) => {
            if !keep.put(item, reason, received_at).map_err(failed)? {
                return Err(StoreError::TooManyRejected { file: file.to_owned() });
            }
            summary.rejected += 1;
        }
    }
    Ok(())
}
