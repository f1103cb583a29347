use rusqlite::ErrorCode;

/// Why the store could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or made.
    #[error("{file}: cannot be opened: {reason}")]
    Open {
        /// The file.
        file: String,
        /// What SQLite or the system says.
        reason: String,
    },
    /// The file is a database of another program, or none.
    #[error("{file}: is not a database of shiptrace collect: {reason}")]
    Foreign {
        /// The file.
        file: String,
        /// How it differs.
        reason: String,
    },
    /// A newer shiptrace wrote the file.
    #[error("{file}: has schema version {found}, and this version of shiptrace knows {known}")]
    Newer {
        /// The file.
        file: String,
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// SQLite found that the file is damaged.
    #[error("{file}: the database is damaged: {reason}")]
    Damaged {
        /// The file.
        file: String,
        /// What SQLite says.
        reason: String,
    },
    /// The disk, or what was allowed of it, is full.
    #[error("{file}: the disk is full")]
    Full {
        /// The file.
        file: String,
    },
    /// Another process holds the file for longer than was waited.
    #[error("{file}: another process is writing to it")]
    Busy {
        /// The file.
        file: String,
    },
    /// Anything else that SQLite says.
    #[error("{file}: {reason}")]
    Sqlite {
        /// The file.
        file: String,
        /// What SQLite says.
        reason: String,
    },
    /// As many rejected messages are kept as may be.
    #[error("{file}: there is no room for more rejected messages")]
    TooManyRejected {
        /// The file.
        file: String,
    },
}

impl StoreError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open { .. } => "name a file ending in .db in a folder that exists and may be written to",
            Self::Foreign { .. } => "give another --into, or move that file away",
            Self::Newer { .. } => "use the newer shiptrace",
            Self::Damaged { .. } => "put a backup in its place, or save what can be read: sqlite3 FILE .recover",
            Self::Full { .. } => "make room on the disk; nothing that was acknowledged is lost",
            Self::Busy { .. } => "wait until the other process is done, or stop it",
            Self::TooManyRejected { .. } => {
                "look at them with shiptrace collect rejected, then --retry or --discard them"
            }
            Self::Sqlite { .. } => return None,
        };
        Some(hint.to_owned())
    }

    /// What an error of SQLite about this file means.
    pub(super) fn of(file: &str, error: &rusqlite::Error) -> Self {
        let (file, reason) = (file.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { file },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { file },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::Open { file, reason },
            Some(ErrorCode::NotADatabase) => Self::Foreign { file, reason },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { file, reason },
            _ => Self::Sqlite { file, reason },
        }
    }
}
