use std::collections::BTreeMap;

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

/// How questions of the past ended: how many of them with each answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PastQuestions {
    /// A deployment had done it.
    pub deployment: u32,
    /// Something else had.
    pub something_else: u32,
    /// Nothing had happened.
    pub nothing: u32,
}

impl PastQuestions {
    /// All of them.
    #[must_use]
    pub fn count(self) -> u64 {
        self.happened() + u64::from(self.nothing)
    }

    /// Those where something had happened.
    #[must_use]
    pub fn happened(self) -> u64 {
        u64::from(self.deployment) + u64::from(self.something_else)
    }
}

/// What is believed before the metric is looked at, where the configuration says so: `[priors]` and `[apps.NAME]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beliefs {
    /// How questions of the past ended, by which the first two of these are learned where they are not said.
    pub past_questions: Option<PastQuestions>,
    /// That nothing happened, though a person asks.
    pub nothing_happened: Option<f64>,
    /// That a lasting change is not from a deployment.
    pub not_a_deployment: Option<f64>,
    /// That a spike is not from a deployment.
    pub spike_not_a_deployment: Option<f64>,
    /// How many days after a change had begun earlier questions named as its date (negative: before), and how many of them did.
    pub days_late: BTreeMap<i64, u32>,
    /// The mean time from a deployment of an app to its effect, in seconds.
    pub lags: BTreeMap<String, f64>,
    /// The same of all other apps, and of what was not recorded.
    pub lag: Option<f64>,
}

/// A stretch of time, `from` included, `to` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First moment.
    pub from: DateTime<Utc>,
    /// First moment after.
    pub to: DateTime<Utc>,
}
