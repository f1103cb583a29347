use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::model::{Beliefs, MetricSettings, Span};
use crate::sources::{DeploySource, MetricSource, total_of};
use crate::stats::FdrMethod;

/// What every command needs to know: where the data lies and how to read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The deploy events.
    pub deploys: Vec<DeploySource>,
    /// The metrics.
    pub metrics: Vec<MetricSource>,
    /// What the configuration says of metrics, by name.
    pub settings: BTreeMap<String, MetricSettings>,
    /// What the configuration says is to be believed beforehand, and the file that says so.
    pub beliefs: Beliefs,
    /// The configuration file.
    pub config: String,
    /// Zone of local days, of times without an offset and of all times in the answer.
    pub zone: Tz,
    /// The moment taken as now.
    pub as_of: DateTime<Utc>,
    /// Environments whose deployments count; none means production under its usual names.
    pub environments: Option<Vec<String>>,
    /// Only deployments of these apps; `None` where `--app` was not given, empty for `--app '*'`.
    pub apps: Option<Vec<String>>,
}

impl Setting {
    /// What the configuration says of a metric; of a part by dimensions what it says of the whole.
    #[must_use]
    pub fn known(&self, metric: &str) -> MetricSettings {
        let own = self.settings.get(metric).or_else(|| self.settings.get(total_of(metric)?));
        own.cloned().unwrap_or_default()
    }
}

/// The date or the range that a person asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    /// As it was written.
    pub text: String,
    /// What it means in the zone: a whole local day, a moment (of no length) or a range.
    pub span: Span,
}

/// *Why did this metric change on that day?*
#[derive(Debug, Clone, PartialEq)]
pub struct WhyRequest {
    /// Where the data lies and how to read it.
    pub setting: Setting,
    /// The metric's name.
    pub metric: String,
    /// Further metrics that are weighed together with it.
    pub with: Vec<String>,
    /// When it changed, as the person saw it.
    pub on: On,
    /// How long before the change deployments are looked for; positive.
    pub window: TimeDelta,
}

/// *What changed at all?*
#[derive(Debug, Clone, PartialEq)]
pub struct ScanRequest {
    /// Where the data lies and how to read it.
    pub setting: Setting,
    /// Only these metrics; empty means all.
    pub metrics: Vec<String>,
    /// How long before a change deployments are looked for; positive.
    pub window: TimeDelta,
    /// How many suspects are listed for each change.
    pub top: usize,
    /// Only changes at or after this moment; all are tested.
    pub since: Option<DateTime<Utc>>,
    /// Only changes before this moment; all are tested.
    pub until: Option<DateTime<Utc>>,
    /// Only changes whose relative effect is at least this in size, as estimated; those without one are kept. It chooses among the
    /// changes that the rate lets through.
    pub min_effect: Option<f64>,
    /// The false discovery rate over metrics, and the level that the rate leaves within each; between 0 and 1.
    pub fdr: f64,
    /// What is assumed of how metrics depend on each other.
    pub method: FdrMethod,
}

/// *What was deployed?*
#[derive(Debug, Clone, PartialEq)]
pub struct DeploysRequest {
    /// Where the data lies and how to read it.
    pub setting: Setting,
    /// Only deployments at or after this moment.
    pub since: Option<DateTime<Utc>>,
    /// Only deployments before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// *What can be asked about?*
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsRequest {
    /// Where the data lies and how to read it.
    pub setting: Setting,
}
