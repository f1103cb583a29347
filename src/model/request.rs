use chrono::{DateTime, Utc};
use serde::Serialize;

/// Which direction of a metric is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// More is better, as for sign-ups.
    Up,
    /// Less is better, as for errors.
    Down,
}

/// What is known of a metric beyond its numbers: `[metrics.NAME]` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MetricSettings {
    /// The only apps that can move the metric; empty where nothing was said.
    pub apps: Vec<String>,
    /// Which direction is good news.
    pub better: Option<Better>,
    /// Unit for people, such as `EUR`.
    pub unit: Option<String>,
}

/// A stretch of time, `from` included, `to` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First moment.
    pub from: DateTime<Utc>,
    /// First moment after.
    pub to: DateTime<Utc>,
}
