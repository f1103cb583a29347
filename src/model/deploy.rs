use std::collections::BTreeMap;

use serde::Serialize;

use super::Moment;

/// One deployment: something that reached an environment at a moment.
///
/// Texts are kept exactly as they were read; a report makes them harmless for its medium.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deploy {
    /// Identifier in the system that deployed. Rows with one `id` are one deployment.
    pub id: Option<String>,
    /// When it went out.
    pub deployed_at: Moment,
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
    /// A deployment of which only the moment is known.
    #[must_use]
    pub fn at(deployed_at: Moment) -> Self {
        Self {
            id: None,
            deployed_at,
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

    /// The moment as Unix time in seconds.
    #[must_use]
    pub fn unix(&self) -> f64 {
        self.deployed_at.timestamp_micros() as f64 / 1e6
    }
}
