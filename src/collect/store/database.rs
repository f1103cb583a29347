//! The file itself: opened, checked, and brought to the newest schema.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, schema};

/// How long one process waits for another that is writing.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A database of deploy events. Several processes may have it open at once; one writes at a time.
#[derive(Debug)]
pub struct Database {
    pub(super) connection: Connection,
    pub(super) file: String,
}

impl Database {
    /// Opens a database, which is made where there is none, checks it and brings it to the newest schema.
    ///
    /// # Errors
    /// Where the file cannot be opened or made, is damaged, or is a database of something else.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let database = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let failed = |e: rusqlite::Error| StoreError::of(&database.file, &e);
        let check = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let said = database.connection.query_row("PRAGMA quick_check(1)", [], check).map_err(failed)?;
        if said != "ok" {
            return Err(StoreError::Damaged { file: database.file, reason: said });
        }
        Ok(database)
    }

    /// Opens a database that must be there.
    ///
    /// # Errors
    /// As [`Database::open`], and where there is no such file.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let failed =
            |e: std::io::Error| StoreError::Open { file: path.display().to_string(), reason: super::read::reason(&e) };
        std::fs::File::open(path).map_err(failed)?;
        Self::open(path)
    }

    /// A further connection to a database that is open, for another thread.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn again(&self) -> Result<Self, StoreError> {
        Self::connect(Path::new(&self.file), OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let file = path.display().to_string();
        let failed = |e: rusqlite::Error| StoreError::of(&file, &e);
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        // Before anything of another program's database is changed.
        schema::check_ours(&connection, &file)?;
        set_up(&connection).map_err(failed)?;
        schema::migrate(&connection, &file)?;
        Ok(Self { connection, file })
    }

    /// The file, for messages.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Keeps the database from growing beyond so many bytes: it then counts as a full disk.
    ///
    /// # Errors
    /// Where SQLite refuses.
    pub fn limit_bytes(&self, bytes: u64) -> Result<(), StoreError> {
        let size = self.number("PRAGMA page_size")?.unsigned_abs().max(1);
        let set = self.connection.query_row(&format!("PRAGMA max_page_count = {}", bytes / size), [], |_| Ok(()));
        set.map_err(|e| self.failed(&e))
    }

    /// How many deployments there are.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn deployments(&self) -> Result<u64, StoreError> {
        self.number("SELECT count(*) FROM deploys").map(i64::unsigned_abs)
    }

    pub(super) fn number(&self, query: &str) -> Result<i64, StoreError> {
        self.connection.query_row(query, [], |row| row.get(0)).map_err(|e| self.failed(&e))
    }

    pub(super) fn failed(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::of(&self.file, error)
    }
}

/// What is committed is on the disk, and readers are not held up by a writer.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What a long run leaves in the log beside the file is given back to the disk.
    connection.query_row("PRAGMA journal_size_limit = 16777216", [], |_| Ok(()))?;
    connection.pragma_update(None, "trusted_schema", false)
}
