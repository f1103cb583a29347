//! Reads deploy events and metrics from files and from BigQuery into the model. Data frames end here.

use std::collections::BTreeMap;

use crate::model::{Caveat, Step, timestamp};

mod bigquery;
pub mod definition;
mod deploys;
mod diagnose;
mod error;
mod events;
mod gathered;
mod locator;
mod metrics;
mod number;
mod plan;
mod points;
mod shape;
mod slices;
mod table;
mod text;

use definition::Definition;

pub use crate::model::timestamp::parse_moment;
pub use bigquery::{BigQuerySource, Place, Planned, Session};

pub use deploys::read_deploys;
pub use error::{HalfRatio, SourceError, SourceErrorKind};
pub use events::total_of;
pub use locator::{Locator, check_readable};
pub(crate) use metrics::condensed;
pub use metrics::{read_metric, read_metrics};
pub use plan::{plan_deploys, plan_metrics};

/// A table of deploy events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploySource {
    /// Where it lies.
    pub locator: Locator,
    /// Known column name to the name it has in this source, where they differ.
    pub columns: BTreeMap<String, String>,
}

/// A table of metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSource {
    /// Where it lies.
    pub locator: Locator,
    /// `timestamp`, `metric` or `value` to the name it has in this source, where they differ.
    pub columns: BTreeMap<String, String>,
    /// The one metric that this source defines; none where it defines all that it holds.
    pub name: Option<String>,
    /// The parts of that metric, where it is a ratio whose parts are not called after it.
    pub ratio: Option<Ratio>,
    /// Length of the buckets, where it was said; else it is found from the data, and of raw events a day.
    pub every: Option<Step>,
    /// What that metric is of the raw events that the table holds; none where it holds series.
    pub definition: Option<Definition>,
}

impl MetricSource {
    /// Whether the source defines the metric of this name, or the metric of which this name is a part by its dimensions.
    #[must_use]
    pub fn defines(&self, name: &str) -> bool {
        let split = self.definition.as_ref().is_some_and(|definition| !definition.by.is_empty());
        self.name.as_deref().is_some_and(|own| own == name || (split && total_of(name) == Some(own)))
    }
}

/// The names of two columns, or of two metrics of a long table, that make a ratio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ratio {
    /// What is divided.
    pub numerator: String,
    /// What it is divided by.
    pub denominator: String,
}

/// What was read, with what a reader should know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded<T> {
    /// What was read.
    pub value: T,
    /// What was seen and done on the way.
    pub caveats: Vec<Caveat>,
}
