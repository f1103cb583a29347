use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::bigquery::TableName;
use crate::sources::SourceError;

use super::Session;

/// What is asked of BigQuery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A table or view, read by a statement of ours.
    Table(TableName),
    /// A file with a statement of the user's own.
    File(PathBuf),
}

/// Something in BigQuery, and the session in which it is read.
#[derive(Debug, Clone)]
pub struct BigQuerySource {
    /// What is read.
    pub place: Place,
    session: Option<Arc<Session>>,
}

impl BigQuerySource {
    /// A source that is not connected yet.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self { place, session: None }
    }

    /// The same, read in this session.
    #[must_use]
    pub fn connected(self, session: Arc<Session>) -> Self {
        Self { session: Some(session), ..self }
    }

    /// The session in which it is read.
    pub(in crate::sources) fn session(&self) -> Result<Arc<Session>, SourceError> {
        let what = "BigQuery without a connection";
        self.session.clone().ok_or_else(|| SourceError::NotSupported { locator: self.to_string(), what })
    }
}

/// Two sources are one where they name the same place.
impl PartialEq for BigQuerySource {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for BigQuerySource {}

impl fmt::Display for BigQuerySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Table(name) => write!(f, "bigquery:{name}"),
            Place::File(path) => write!(f, "{}", path.display()),
        }
    }
}
