use crate::model::Moment;
use crate::sources::{SourceError, SourceErrorKind};

/// Whose fault an error is, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Wrong usage, configuration or data.
    Data,
    /// A source could not be reached or refused.
    Unreachable,
    /// The person interrupted it.
    Interrupted,
    /// shiptrace itself.
    Bug,
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum InvestigateError {
    /// Something was not read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No source of metrics was given.
    #[error("no metrics were given")]
    NoMetrics,
    /// No source of deployments was given to `deploys`.
    #[error("no deployments were given")]
    NoDeploys,
    /// The date lies before or after the data.
    #[error("{on} lies outside the data of {metric}, which goes from {from} to {to}")]
    DateOutside {
        /// The metric.
        metric: String,
        /// The date as it was written.
        on: String,
        /// Start of the data.
        from: String,
        /// End of the data.
        to: String,
    },
    /// The date has not come yet.
    #[error("{on} lies in the future: now is {now}")]
    Future {
        /// The date as it was written.
        on: String,
        /// The moment taken as now.
        now: String,
    },
    /// Too little to tell a change from noise.
    #[error("{metric} has {found} buckets with a value before now, and at least {needed} are needed")]
    TooFewBuckets {
        /// The metric.
        metric: String,
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// No metric could be looked at.
    #[error("none of the metrics could be tested{reason}")]
    NothingTested {
        /// Why not the first of them, after a colon; empty where there is none.
        reason: String,
    },
    /// No metric has data in the stretch that was asked for.
    #[error("no metric has data {stretch}: it goes from {from} to {to}")]
    NoneBetween {
        /// The stretch as it was written.
        stretch: String,
        /// Start of the data.
        from: String,
        /// End of the data.
        to: String,
    },
    /// No deployment is of the app.
    #[error("no deployment of an app named {app:?} is recorded")]
    UnknownApp {
        /// The app asked for.
        app: String,
        /// The nearest known apps, nearest first.
        nearest: Vec<String>,
        /// How many apps are known.
        known: usize,
    },
}

impl InvestigateError {
    /// Whose fault it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Source(error) => match error.kind() {
                SourceErrorKind::Data => ErrorKind::Data,
                SourceErrorKind::Unreachable => ErrorKind::Unreachable,
                SourceErrorKind::Interrupted => ErrorKind::Interrupted,
            },
            _ => ErrorKind::Data,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.hint(),
            Self::NoMetrics => Some("give --metrics FILE, or [metrics.NAME] source in shiptrace.toml".to_owned()),
            Self::NoDeploys => Some("give --deploys FILE, or [deploys] source in shiptrace.toml".to_owned()),
            Self::DateOutside { .. } => Some("ask about a date within it, or check --timezone".to_owned()),
            Self::Future { .. } => Some("ask about a date that has come, or check --as-of".to_owned()),
            Self::TooFewBuckets { .. } => Some("give a longer series".to_owned()),
            Self::NothingTested { .. } => Some("shiptrace metrics lists what was read".to_owned()),
            Self::NoneBetween { .. } => Some("check --since, --until and --timezone".to_owned()),
            Self::UnknownApp { nearest, known, .. } if nearest.is_empty() => {
                Some(format!("shiptrace deploys lists the deployments, of {known} apps"))
            }
            Self::UnknownApp { nearest, known, .. } => {
                let quoted: Vec<String> = nearest.iter().map(|app| format!("{app:?}")).collect();
                Some(format!("the nearest of {known} apps: {}", quoted.join(", ")))
            }
        }
    }
}

/// A moment in an error message.
pub(super) fn shown(moment: &Moment) -> String {
    moment.format("%Y-%m-%d %H:%M %Z").to_string()
}
