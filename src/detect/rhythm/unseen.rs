//! The time of day in what is shorter than two days: a part of a curve of which nothing is known but that it is smooth.

use super::Rhythm;
use crate::model::{Series, Step};

/// Waves that make up a part of a day.
const WAVES: usize = 8;
/// Fewest buckets for each wave.
const PER_WAVE: usize = 20;
/// A wave that is k times as short is thought to be as many times smaller, to this power: between a random walk (1) and the curve of a smoothing spline
/// (2, Wahba 1990).
const SMOOTH: f64 = 1.5;

impl Rhythm {
    /// The name of the time of day where it was not seen twice.
    pub const PART_OF_DAY: &'static str = "part of a day";

    /// The time of day of buckets below an hour that are fewer than two days, which is no rhythm yet; none where there is one.
    pub(in crate::detect) fn part_of_day(series: &Series, found: &[Self]) -> Option<Self> {
        let per_day = series.step().per_day()? as usize;
        let is_unseen = series.step() < Step::Hours(1) && series.len() < 2 * per_day && found.is_empty();
        let waves = WAVES.min(series.len() / PER_WAVE);
        (is_unseen && waves > 0).then(|| Self {
            name: Self::PART_OF_DAY,
            period: per_day,
            phases: (0..series.len()).map(|i| i % per_day).collect(),
            count: per_day,
            known: None,
            waves,
        })
    }

    /// Whether it was seen more than once.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.name != Self::PART_OF_DAY
    }

    /// How large the wave of an order is thought to be, relative to the first.
    pub(super) fn size_of_wave(&self, order: usize) -> f64 {
        if self.is_seen() { 1.0 } else { (order as f64).powf(-SMOOTH) }
    }
}
