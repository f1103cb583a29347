use std::collections::BTreeMap;
use std::env;
use std::io::IsTerminal;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

/// What the process finds around it, read once.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    variables: BTreeMap<String, String>,
    /// Where paths are relative to.
    pub(super) folder: PathBuf,
    /// The clock.
    pub(super) now: DateTime<Utc>,
    /// Columns of the terminal that standard output is; none where it is none.
    pub(super) terminal: Option<usize>,
    /// Whether standard error is a terminal on which a line can be drawn over.
    pub(super) watched: bool,
}

/// Columns of a terminal that does not tell.
const COLUMNS: usize = 100;

impl Environment {
    /// That of this process.
    pub(super) fn of_process() -> Self {
        let variables = env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        let size = || terminal_size::terminal_size().map_or(COLUMNS, |(width, _)| usize::from(width.0));
        let variables: BTreeMap<String, String> = variables.collect();
        let plain = variables.get("TERM").is_some_and(|term| term == "dumb");
        Self {
            watched: std::io::stderr().is_terminal() && !plain,
            variables,
            folder: env::current_dir().unwrap_or_default(),
            now: Utc::now(),
            terminal: std::io::stdout().is_terminal().then(size),
        }
    }

    /// A variable; an empty one counts as not set.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All variables.
    pub(super) fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// What stands for an option that was not given: `SHIPTRACE_` and its name.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.get(&format!("SHIPTRACE_{name}"))
    }
}
