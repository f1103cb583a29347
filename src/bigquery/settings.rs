use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::cache::CacheSettings;

/// How BigQuery is asked.
#[derive(Clone, PartialEq)]
pub struct Settings {
    /// The project that runs the queries and pays for them; else that of the credentials, else that of the table.
    pub project: Option<String>,
    /// Another address of the service, such as that of a private connection.
    pub endpoint: Option<String>,
    /// Where the datasets lie, such as `EU`; else it is found by the tables.
    pub location: Option<String>,
    /// A query that would be billed for more bytes is not run.
    pub max_bytes_billed: u64,
    /// A result with more rows is not read.
    pub max_rows: u64,
    /// How long a query may take, waiting, retries and pages included.
    pub timeout: Duration,
    /// The price of a TiB, in US dollars.
    pub price_per_tib: f64,
    /// Where results are kept; none where they are not.
    pub cache: Option<CacheSettings>,
    /// The environment of the process, in which credentials are looked for.
    pub variables: BTreeMap<String, String>,
}

impl Settings {
    /// The bytes that may be billed where nothing was said: 10 GiB.
    pub const MAX_BYTES_BILLED: u64 = 10 << 30;
    /// The rows that are read where nothing was said.
    pub const MAX_ROWS: u64 = 5_000_000;
    /// The time that a query may take where nothing was said.
    pub const TIMEOUT: Duration = Duration::from_mins(5);
    /// The list price of a TiB scanned, in US dollars.
    pub const PRICE_PER_TIB: f64 = 6.25;

    /// The settings where nothing was said, without a cache.
    #[must_use]
    pub fn new(variables: BTreeMap<String, String>) -> Self {
        Self {
            project: None,
            endpoint: None,
            location: None,
            max_bytes_billed: Self::MAX_BYTES_BILLED,
            max_rows: Self::MAX_ROWS,
            timeout: Self::TIMEOUT,
            price_per_tib: Self::PRICE_PER_TIB,
            cache: None,
            variables,
        }
    }

    /// A variable of the environment; an empty one counts as not set.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Settings {
    /// Without the environment, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("project", &self.project)
            .field("endpoint", &self.endpoint)
            .field("location", &self.location)
            .field("max_bytes_billed", &self.max_bytes_billed)
            .field("max_rows", &self.max_rows)
            .field("timeout", &self.timeout)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}
