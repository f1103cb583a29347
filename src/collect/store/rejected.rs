//! Messages that cannot be read: kept with the reason, and read again when something was mended.

use rusqlite::{Connection, OptionalExtension, Row, Statement, params};
use sha2::{Digest, Sha256};

use super::super::Item;
use super::{Database, StoreError};

/// Longer messages are cut before they are kept, and cannot be read again.
const MOST_BYTES: usize = 1 << 20;

/// More are not kept: whoever sends them is told so, and sends again.
const MOST_KEPT: i64 = 100_000;

/// A message that was kept because it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its number, which stays as it is.
    pub number: i64,
    /// Whose message it seemed to be.
    pub provider: String,
    /// When it came, RFC 3339 in UTC.
    pub received_at: String,
    /// Why it cannot be read.
    pub reason: String,
    /// The message, of which the end is cut where `bytes` says more.
    pub body: String,
    /// How long the message was.
    pub bytes: u64,
    /// How often it was read since, in vain.
    pub tries: u32,
}

impl Rejected {
    /// Whether the whole message was kept.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        u64::try_from(self.body.len()).is_ok_and(|length| length == self.bytes)
    }
}

/// The statement that keeps messages, prepared once.
pub(super) struct Keep<'c> {
    insert: Statement<'c>,
    count: Statement<'c>,
    next: Statement<'c>,
    tried: Statement<'c>,
    forget: Statement<'c>,
}

const COLUMNS: &str = "number, provider, received_at, reason, body, bytes, tries";

impl<'c> Keep<'c> {
    pub(super) fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            insert: connection.prepare(
                "INSERT INTO rejected (digest, provider, received_at, reason, body, bytes, tries)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0) ON CONFLICT (digest) DO UPDATE SET reason = excluded.reason",
            )?,
            count: connection.prepare("SELECT count(*) FROM rejected")?,
            next: connection
                .prepare(&format!("SELECT {COLUMNS} FROM rejected WHERE number >= ?1 ORDER BY number LIMIT 1"))?,
            tried: connection.prepare("UPDATE rejected SET tries = tries + 1, reason = ?2 WHERE number = ?1")?,
            forget: connection.prepare("DELETE FROM rejected WHERE number = ?1")?,
        })
    }

    /// Keeps a message; one that is kept already only gets the newest reason. False where there is no more room.
    pub(super) fn put(&mut self, item: &Item, reason: &str, received_at: &str) -> rusqlite::Result<bool> {
        if self.count.query_row([], |row| row.get::<_, i64>(0))? >= MOST_KEPT {
            return Ok(false);
        }
        let whole = format!("{}\n{}", item.provider.name(), item.raw);
        let digest = Sha256::digest(whole.as_bytes()).to_vec();
        let body = beginning(&item.raw, MOST_BYTES);
        let bytes = i64::try_from(item.raw.len()).unwrap_or(i64::MAX);
        self.insert.execute(params![digest, item.provider.name(), received_at, reason, body, bytes])?;
        Ok(true)
    }

    /// The first kept message from a number on.
    pub(super) fn next(&mut self, from: i64) -> rusqlite::Result<Option<Rejected>> {
        self.next.query_row([from], rejected).optional()
    }

    /// Notes that a message was read again in vain.
    pub(super) fn tried(&mut self, number: i64, reason: &str) -> rusqlite::Result<()> {
        self.tried.execute(params![number, reason]).map(drop)
    }

    /// Forgets a message.
    pub(super) fn forget(&mut self, number: i64) -> rusqlite::Result<()> {
        self.forget.execute([number]).map(drop)
    }
}

/// As much of a text as goes into so many bytes.
fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

impl Database {
    /// The messages that are kept because they cannot be read, the oldest first, from a number on; at most so many.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn rejected(&self, from: i64, most: u32) -> Result<Vec<Rejected>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM rejected WHERE number >= ?1 ORDER BY number LIMIT ?2");
        let mut statement = self.connection.prepare(&query).map_err(|e| self.failed(&e))?;
        let rows = statement.query_map(params![from, most], rejected).and_then(Iterator::collect);
        rows.map_err(|e| self.failed(&e))
    }

    /// How many of them there are.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn rejected_count(&self) -> Result<u64, StoreError> {
        self.number("SELECT count(*) FROM rejected").map(|count| u64::try_from(count).unwrap_or_default())
    }

    /// Forgets a kept message; false where there is none of this number.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn discard(&self, number: i64) -> Result<bool, StoreError> {
        let done = self.connection.execute("DELETE FROM rejected WHERE number = ?1", [number]);
        done.map(|rows| rows > 0).map_err(|e| self.failed(&e))
    }
}

fn rejected(row: &Row<'_>) -> rusqlite::Result<Rejected> {
    Ok(Rejected {
        number: row.get(0)?,
        provider: row.get(1)?,
        received_at: row.get(2)?,
        reason: row.get(3)?,
        body: row.get(4)?,
        bytes: row.get::<_, i64>(5)?.unsigned_abs(),
        tries: row.get(6)?,
    })
}
