//! The tables of the database, and how an older database becomes a newer one.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::StoreError;

/// Tells our databases from those of other programs (`PRAGMA application_id`): "STRC".
const APPLICATION: i64 = 0x5354_5243;

/// One step for each schema version (`PRAGMA user_version`), the first from an empty file. Steps that were released never change.
const MIGRATIONS: [&str; 1] = [VERSION_1];

/// `deploys` holds the latest state of each deployment. Times are UTC texts of one width, so that they sort as they are.
///
/// `state` is the digest of the message that the state is from, `ties` holds those of other messages of the same moment. `version`
/// counts the changes of a row. The triggers note every change for every target, in the transaction that makes it.
const VERSION_1: &str = "
CREATE TABLE deploys (
    source TEXT NOT NULL, id TEXT NOT NULL,
    deployed_at TEXT NOT NULL, app TEXT, environment TEXT, repo TEXT, \"commit\" TEXT, branch TEXT, message TEXT, author TEXT,
    status TEXT, url TEXT, kind TEXT, extra TEXT NOT NULL,
    changed_at TEXT NOT NULL, received_at TEXT NOT NULL, state BLOB NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) STRICT;
CREATE INDEX deploys_of_app ON deploys (app, deployed_at);
CREATE TABLE ties (
    source TEXT NOT NULL, id TEXT NOT NULL, state BLOB NOT NULL,
    PRIMARY KEY (source, id, state)
) STRICT, WITHOUT ROWID;
CREATE TABLE rejected (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE, provider TEXT NOT NULL, received_at TEXT NOT NULL, reason TEXT NOT NULL,
    body TEXT NOT NULL, bytes INTEGER NOT NULL, tries INTEGER NOT NULL
) STRICT;
CREATE TABLE targets (name TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    target TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    since TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, error TEXT,
    PRIMARY KEY (target, source, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER deploys_new AFTER INSERT ON deploys BEGIN
    INSERT INTO outbox (target, source, id, version, since)
    SELECT name, NEW.source, NEW.id, NEW.version, NEW.received_at FROM targets WHERE true
    ON CONFLICT (target, source, id) DO UPDATE SET version = excluded.version, tries = 0, error = NULL;
END;
CREATE TRIGGER deploys_changed AFTER UPDATE OF version ON deploys BEGIN
    INSERT INTO outbox (target, source, id, version, since)
    SELECT name, NEW.source, NEW.id, NEW.version, NEW.received_at FROM targets WHERE true
    ON CONFLICT (target, source, id) DO UPDATE SET version = excluded.version, tries = 0, error = NULL;
END;
";

/// Brings a database to the newest schema; one that is empty gets it.
///
/// # Errors
/// Where the database is another program's or a newer shiptrace's, or cannot be written.
pub(super) fn migrate(connection: &Connection, file: &str) -> Result<(), StoreError> {
    if check_ours(connection, file)? == newest() {
        return Ok(());
    }
    let failed = |e: rusqlite::Error| StoreError::of(file, &e);
    let change = Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have done it while we waited for the lock.
    let version = check_ours(&change, file)?;
    let done = usize::try_from(version).unwrap_or_default();
    for step in MIGRATIONS.iter().skip(done) {
        change.execute_batch(step).map_err(failed)?;
    }
    change.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
    change.pragma_update(None, "user_version", newest()).map_err(failed)?;
    change.commit().map_err(failed)
}

/// The schema version of a database of ours; 0 of an empty one.
///
/// # Errors
/// Where it is another program's, or of a newer version.
pub(super) fn check_ours(connection: &Connection, file: &str) -> Result<i64, StoreError> {
    let number =
        |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0)).map_err(|e| StoreError::of(file, &e));
    let foreign = |reason: &str| Err(StoreError::Foreign { file: file.to_owned(), reason: reason.to_owned() });
    let version = number("PRAGMA user_version")?;
    match number("PRAGMA application_id")? {
        APPLICATION if version > newest() => {
            Err(StoreError::Newer { file: file.to_owned(), found: version, known: newest() })
        }
        APPLICATION => Ok(version),
        0 if number("SELECT count(*) FROM sqlite_schema")? == 0 => Ok(0),
        0 => foreign("it holds other tables"),
        _ => foreign("another program made it"),
    }
}

/// The newest schema version.
fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}
