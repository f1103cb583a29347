//! Deploy events in a file: SQLite, committed to disk before a sender hears that they were taken.

mod database;
mod deploys;
mod error;
mod memory;
mod outbox;
mod read;
mod rejected;
mod row;
mod schema;
mod writer;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Event, Item, Provider, Reading};

pub use database::Database;
pub use error::StoreError;
pub use memory::Memory;
pub use outbox::{Depth, Unsent};
pub use read::events_of;
pub use rejected::Rejected;
pub use writer::{Delivery, Writer};

/// A place where deployments are kept, one for each (source, id), and messages that cannot be read beside them.
pub trait Store {
    /// Keeps what items say: events as [`Event::onto`] says, rejected ones with their reason. When it returns, all of it is safe.
    ///
    /// # Errors
    /// Where the store cannot be written; then nothing of these items is kept.
    fn put(&mut self, items: &[Item]) -> Result<Summary, StoreError>;

    /// The commit of the last successful deployment of an app to an environment before a moment; none where none is known.
    ///
    /// # Errors
    /// Where the store cannot be read.
    fn commit_before(
        &self,
        app: &str,
        environment: Option<&str>,
        before: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError>;

    /// The events of deployments, in the order of time.
    ///
    /// # Errors
    /// Where the store cannot be read.
    fn events(&self) -> Result<Vec<Event>, StoreError>;

    /// Keeps events that no message told.
    ///
    /// # Errors
    /// As [`Store::put`].
    fn put_events(&mut self, events: &[Event]) -> Result<Summary, StoreError> {
        let item = |event: &Event| Item {
            provider: Provider::Auto,
            place: String::new(),
            raw: String::new(),
            reading: Reading::Event(Box::new(event.clone())),
        };
        self.put(&events.iter().map(item).collect::<Vec<_>>())
    }
}

/// What was kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Deployments that were not known.
    pub new: usize,
    /// Deployments that changed.
    pub updated: usize,
    /// Events that said nothing new.
    pub unchanged: usize,
    /// Messages that are no event, by the reason.
    pub ignored: BTreeMap<String, usize>,
    /// Messages that cannot be read.
    pub rejected: usize,
}

impl Summary {
    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        self.new += other.new;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
        for (reason, count) in &other.ignored {
            *self.ignored.entry(reason.clone()).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests;
