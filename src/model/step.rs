use std::fmt;

use serde::{Serialize, Serializer};

/// The length of a bucket. Days and months follow the calendar of a time zone, so their length in hours varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// So many minutes of elapsed time, below an hour: a divisor of 60.
    Minutes(u32),
    /// So many hours of elapsed time, below a day: a divisor of 24.
    Hours(u32),
    /// A local day.
    Day,
    /// Seven local days.
    Week,
    /// A calendar month; three of them are a quarter, twelve a year.
    Months(u32),
}

impl Step {
    /// Length in seconds; nominal for days and months (30.436875 days).
    #[must_use]
    pub fn seconds(self) -> f64 {
        match self {
            Self::Minutes(n) => 60.0 * f64::from(n),
            Self::Hours(n) => 3600.0 * f64::from(n),
            Self::Day => 86_400.0,
            Self::Week => 604_800.0,
            Self::Months(n) => 2_629_746.0 * f64::from(n),
        }
    }

    /// Buckets in a day, where a day has at least one.
    #[must_use]
    pub fn per_day(self) -> Option<u32> {
        match self {
            Self::Minutes(n) => Some(1440 / n),
            Self::Hours(n) => Some(24 / n),
            Self::Day => Some(1),
            Self::Week | Self::Months(_) => None,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Minutes(1) => write!(f, "minute"),
            Self::Minutes(n) => write!(f, "{n} minutes"),
            Self::Hours(1) => write!(f, "hour"),
            Self::Hours(n) => write!(f, "{n} hours"),
            Self::Day => write!(f, "day"),
            Self::Week => write!(f, "week"),
            Self::Months(1) => write!(f, "month"),
            Self::Months(3) => write!(f, "quarter"),
            Self::Months(12) => write!(f, "year"),
            Self::Months(n) => write!(f, "{n} months"),
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
