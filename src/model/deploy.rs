use std::collections::BTreeMap;

use serde::Serialize;

use super::Moment;

/// What sort of event a row of the deploy table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// New code or configuration went out.
    Deploy,
    /// A feature flag was switched.
    Flag,
    /// A campaign began: a mailing, an advertisement, a post.
    Campaign,
    /// Something broke, here or at a supplier.
    Incident,
    /// An experiment began or ended.
    Experiment,
}

impl EventKind {
    /// All kinds, with the name that a row has for it.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("deploy", Self::Deploy),
        ("flag", Self::Flag),
        ("campaign", Self::Campaign),
        ("incident", Self::Incident),
        ("experiment", Self::Experiment),
    ];

    /// The kind of this name, in any case; none where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let same = |(known, _): &&(&str, Self)| known.eq_ignore_ascii_case(name.trim());
        Self::NAMES.iter().find(same).map(|(_, kind)| *kind)
    }
}

/// One deployment: something that reached an environment at a moment. Other events that may move a metric are rows of the same table.
///
/// Texts are kept exactly as they were read; a report makes them harmless for its medium.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Deploy {
    /// Identifier in the system that deployed. Rows with one `id` are one deployment.
    pub id: Option<String>,
    /// When it went out.
    pub deployed_at: Moment,
    /// What sort of event it is, as it was written, such as `campaign`; none is a deployment.
    pub kind: Option<String>,
    /// The application (service, site) that was deployed.
    pub app: Option<String>,
    /// Where to, such as `production`.
    pub environment: Option<String>,
    /// Repository, such as `acme/web`.
    pub repo: Option<String>,
    /// Commit hash.
    pub commit: Option<String>,
    /// Branch or tag.
    pub branch: Option<String>,
    /// Commit message, possibly of many lines.
    pub message: Option<String>,
    /// Who wrote or released it.
    pub author: Option<String>,
    /// Outcome, such as `success` or `failure`.
    pub status: Option<String>,
    /// Link to the build or the deployment.
    pub url: Option<String>,
    /// System the row came from.
    pub source: Option<String>,
    /// Columns that shiptrace does not know, by their name in the file.
    pub extra: BTreeMap<String, String>,
}

impl Deploy {
    /// The columns of deploy events that are known, in the order in which they are written; all others are kept in `extra`.
    pub const COLUMNS: [&'static str; 13] = [
        "deployed_at",
        "app",
        "environment",
        "repo",
        "commit",
        "branch",
        "message",
        "author",
        "status",
        "url",
        "id",
        "source",
        "kind",
    ];

    /// A deployment of which only the moment is known.
    #[must_use]
    pub fn at(deployed_at: Moment) -> Self {
        Self {
            id: None,
            deployed_at,
            kind: None,
            app: None,
            environment: None,
            repo: None,
            commit: None,
            branch: None,
            message: None,
            author: None,
            status: None,
            url: None,
            source: None,
            extra: BTreeMap::new(),
        }
    }

    /// What sort of event it is; one of an unknown kind is taken for a deployment.
    #[must_use]
    pub fn event(&self) -> EventKind {
        self.kind.as_deref().and_then(EventKind::named).unwrap_or(EventKind::Deploy)
    }

    /// The first line of each commit that it brought since the deployment before, where that is known; the newest first, of many the newest.
    pub fn brought(&self) -> impl Iterator<Item = &str> {
        let lines = self.extra.get("commit_messages").map_or("", String::as_str).lines();
        lines.map(str::trim).filter(|line| !line.is_empty())
    }

    /// Where it went: the app and, in lower case, the environment; empty where they are not known.
    #[must_use]
    pub fn place(&self) -> (&str, String) {
        (self.app.as_deref().unwrap_or(""), self.environment.as_deref().unwrap_or("").to_lowercase())
    }

    /// How many commits it brought since the deployment before, where that is known.
    #[must_use]
    pub fn commits(&self) -> Option<usize> {
        self.extra.get("commits")?.trim().parse().ok()
    }

    /// The moment as Unix time in seconds.
    #[must_use]
    pub fn unix(&self) -> f64 {
        self.deployed_at.timestamp_micros() as f64 / 1e6
    }
}
