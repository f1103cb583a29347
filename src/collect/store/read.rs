//! Reads deployments out of a database, also while another process writes to it.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags, params};

use super::super::{Event, Item};
use super::row::{self, told};
use super::writer::Delivery;
use super::{Database, Store, StoreError, Summary, schema};

/// The statuses of deployments that went out, and of those of which nothing is said.
const WENT_OUT: &str = "(status IS NULL OR lower(status) IN ('success', 'succeeded', 'successful', 'ok', 'ready', 'deployed', 'completed'))";

impl Store for Database {
    fn put(&mut self, items: &[Item]) -> Result<Summary, StoreError> {
        let delivery = Delivery { items: items.to_vec(), received_at: Utc::now() };
        let summaries = self.writer()?.put(&[delivery])?;
        Ok(summaries.into_iter().next().unwrap_or_default())
    }

    fn commit_before(
        &self,
        app: &str,
        environment: Option<&str>,
        before: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let query = format!(
            "SELECT \"commit\" FROM deploys WHERE app = ?1 AND environment IS ?2 AND deployed_at < ?3
             AND \"commit\" IS NOT NULL AND {WENT_OUT} ORDER BY deployed_at DESC LIMIT 1"
        );
        let found = self.connection.query_row(&query, params![app, environment, told(before)], |row| row.get(0));
        match found {
            Ok(commit) => Ok(Some(commit)),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn events(&self) -> Result<Vec<Event>, StoreError> {
        events(&self.connection).map_err(|e| self.failed(&e))
    }
}

/// The events of a database in the order of time. Nothing of it is changed, and whoever writes to it is not held up.
///
/// # Errors
/// Where the file does not exist, may not be read, or is no database of ours.
pub fn events_of(path: &Path) -> Result<Vec<Event>, StoreError> {
    let file = path.display().to_string();
    let failed = |e: rusqlite::Error| StoreError::of(&file, &e);
    std::fs::File::open(path).map_err(|e| StoreError::Open { file: file.clone(), reason: reason(&e) })?;
    let connection = open(path).map_err(failed)?;
    if schema::check_ours(&connection, &file)? == 0 {
        return Ok(Vec::new());
    }
    events(&connection).map_err(failed)
}

/// Opens a database for reading only.
///
/// Beside one that nobody has open SQLite needs to make two files. Where the folder does not allow that, there is no writer either, and
/// the file is read as it is.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, read_only)?;
    connection.busy_timeout(super::database::PATIENCE)?;
    let readable = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    let mut log = PathBuf::from(path).into_os_string();
    log.push("-wal");
    if readable.as_ref().err().and_then(rusqlite::Error::sqlite_error_code) != Some(rusqlite::ErrorCode::CannotOpen)
        || Path::new(&log).exists()
    {
        return Ok(connection);
    }
    Connection::open_with_flags(immutable(path), read_only | OpenFlags::SQLITE_OPEN_URI)
}

/// The URI of a file that nobody changes.
fn immutable(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            _ => uri.extend(["%", hex::encode_upper([*byte]).as_str()]),
        }
    }
    uri + "?immutable=1"
}

fn events(connection: &Connection) -> rusqlite::Result<Vec<Event>> {
    let mut statement =
        connection.prepare(&format!("SELECT {} FROM deploys ORDER BY deployed_at, source, id", row::COLUMNS))?;
    statement.query_map([], row::event)?.collect()
}

/// What the system says, without its number.
pub(super) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
