//! What an event may look like.

use std::ops::Range;

use crate::model::ChangeKind;

/// What an event does to the metric from its moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The level moves and stays.
    Step,
    /// The slope changes.
    Kink,
    /// So many buckets stand out, then all is as before.
    Pulse(usize),
}

impl Shape {
    /// All shapes that are compared.
    pub const ALL: [Self; 5] = [Self::Step, Self::Kink, Self::Pulse(1), Self::Pulse(2), Self::Pulse(3)];
    /// Those that last.
    pub const LASTING: [Self; 2] = [Self::Step, Self::Kink];
    /// The pulses among them.
    pub const PULSES: [Self; 3] = [Self::Pulse(1), Self::Pulse(2), Self::Pulse(3)];

    /// Buckets that a kink takes to reach the size that a step has at once: four weeks of days.
    pub(super) const KINK_SCALE: f64 = 28.0;

    /// The kind of change that people call it.
    #[must_use]
    pub fn kind(self) -> ChangeKind {
        match self {
            Self::Step => ChangeKind::Level,
            Self::Kink => ChangeKind::Trend,
            Self::Pulse(_) => ChangeKind::Spike,
        }
    }

    /// Prior share of the shape among changes: an assumption, shared evenly by the pulses. It also weighs the search over shapes
    /// (weighted Bonferroni, Holm 1979), so that a step pays little for the other shapes having been tried.
    #[must_use]
    pub fn prior(self) -> f64 {
        match self {
            Self::Step => 0.75,
            Self::Kink => 0.05,
            Self::Pulse(_) => 0.2 / 3.0,
        }
    }

    /// The regressor of an event that starts at observation `k`, of whose bucket the given share is touched.
    ///
    /// `places` are the buckets of the observations.
    #[must_use]
    pub fn regressor(self, places: &[usize], k: usize, share: f64) -> Vec<f64> {
        let start = places.get(k).copied().unwrap_or(usize::MAX);
        let value = |(j, &place): (usize, &usize)| match self {
            _ if j < k => 0.0,
            Self::Step if j == k => share,
            Self::Step => 1.0,
            Self::Kink => ((place - start) as f64 + share) / Self::KINK_SCALE,
            Self::Pulse(length) => f64::from(u8::from(place < start + length)),
        };
        places.iter().enumerate().map(value).collect()
    }

    /// Whether enough of `n` observations was made after the event that touches `touched` to tell it from a step.
    pub(super) fn is_over(self, touched: &Range<usize>, n: usize) -> bool {
        match self {
            Self::Step => true,
            Self::Kink => n - touched.start >= 5,
            Self::Pulse(_) => touched.end < n,
        }
    }

    /// The observations that an event touches which starts at observation `k`.
    pub(super) fn touched(self, places: &[usize], k: usize) -> Range<usize> {
        match self {
            Self::Pulse(length) => k..k + places[k..].partition_point(|p| *p < places[k] + length),
            Self::Step | Self::Kink => k..places.len(),
        }
    }
}
