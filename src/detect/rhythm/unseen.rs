//! The time of a day or of a year in what is too short to show it: a part of a curve of which nothing is known but that it is smooth.

use super::{DAYS_OF_YEAR, LEAST_PERIODS, Rhythm, WAVES as WAVES_OF_YEAR, WEEKS};
use crate::model::{Series, Step};

/// Waves that make up a part of a day.
const WAVES_OF_DAY: usize = 8;
/// Fewest buckets for each wave.
const PER_WAVE: usize = 20;
/// How likely a metric moves with the year, relative to that it does not, before anything is seen of it. Once a part of it does it is as likely as it was not.
const ODDS_OF_YEAR: f64 = 0.2;
/// A wave that is k times as short is thought to be as many times smaller, to this power: between a random walk (1) and the curve of a smoothing spline
/// (2, Wahba 1990).
const SMOOTH: f64 = 1.5;

impl Rhythm {
    /// The name of the time of day where it was not seen twice.
    pub const PART_OF_DAY: &'static str = "part of a day";
    /// The name of the time of the year where it was not seen twice.
    pub const PART_OF_YEAR: &'static str = "part of a year";

    /// The rhythm that a series is too short to show: the day of buckets below an hour, the year of days and weeks. A day is thought to be there for sure; a year may be, and
    /// is as likely as it was not where a part of the series `moves_with_it`. None where the series is too short to bend.
    pub(in crate::detect) fn unseen(series: &Series, found: &[Self], moves_with_it: bool) -> Option<Self> {
        let (name, period) = match series.step() {
            Step::Minutes(_) if found.is_empty() => (Self::PART_OF_DAY, series.step().per_day()? as usize),
            Step::Day => (Self::PART_OF_YEAR, DAYS_OF_YEAR),
            Step::Week => (Self::PART_OF_YEAR, WEEKS),
            _ => return None,
        };
        let n = series.len();
        let (waves, odds) = if name == Self::PART_OF_DAY {
            (WAVES_OF_DAY.min(n / PER_WAVE), None)
        } else {
            let waves = if n >= WAVES_OF_YEAR * PER_WAVE { WAVES_OF_YEAR } else { 0 };
            (waves, Some(if moves_with_it { 1.0 / ODDS_OF_YEAR } else { ODDS_OF_YEAR }))
        };
        let is_unseen = n < LEAST_PERIODS * period && waves > 0;
        is_unseen.then(|| Self { name, period, phases: Vec::new(), count: 0, known: None, waves, odds })
    }

    /// Whether it is likelier than not that it is there.
    pub(crate) fn is_likely(&self) -> bool {
        self.odds.is_none_or(|odds| odds > 1.0)
    }

    /// Whether it was seen more than once.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        ![Self::PART_OF_DAY, Self::PART_OF_YEAR].contains(&self.name)
    }

    /// How large the wave of an order is thought to be, relative to the first.
    pub(super) fn size_of_wave(&self, order: usize) -> f64 {
        if self.is_seen() { 1.0 } else { (order as f64).powf(-SMOOTH) }
    }
}
