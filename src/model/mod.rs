//! What everything else talks about: series of buckets, deployments, changes, answers.

mod answer;
mod buckets;
mod caveat;
mod deploy;
mod grid;
mod group;
mod names;
mod picture;
mod reckoning;
mod request;
mod series;
mod step;
pub mod timestamp;

pub use answer::{
    Answer, Change, ChangeKind, DeployList, Direction, Evidence, Excluded, Interval, MetricChange, MetricList,
    MetricSummary, MomentInterval, NextStep, NoneParts, PValueScope, Question, Scan, ScanQuestion, SeriesSummary,
    Suspect, Verdict, WhyAnswer, WithMetric,
};
pub use buckets::Buckets;
pub use caveat::{Caveat, counted};
pub use deploy::{Deploy, EventKind};
pub use grid::{Grid, GridError, moment_at};
pub use group::{grouped, together};
pub use names::nearest_names;
pub use picture::{Curve, Picture};
pub use reckoning::{BaseRate, Given, Placebo, PriorPart, Reckoned, Reckoning};
pub use request::{Beliefs, Better, MetricSettings, PastQuestions, Span};
pub use series::{Series, SeriesError};
pub use step::Step;

/// A moment with the time zone in which people read it.
pub type Moment = chrono::DateTime<chrono_tz::Tz>;
