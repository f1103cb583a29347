//! What each day brings by itself: noise that all hours of a day share.

mod between;
mod half;
mod within;

use std::ops::Range;

use super::Rhythm;
use super::rhythm::clocks;
use crate::model::{Series, Step};
use crate::stats::{long_run_freedom, mad_sd};
use between::{Believed, Between};
use half::{half_day, of_half_days};
use within::{Mean, Within};

/// Noise that the buckets of a local day share: a random effect of each day, autocorrelated from day to day (variance components, Searle,
/// Casella & `McCulloch` 1992).
///
/// A day is a good or a bad one as a whole, by the weather, the news or a campaign: by what scatters from hour to hour each would be a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Days {
    /// For each bucket the knot before it, which is its day or half of one, and the share of the next knot in what both bring to it.
    knots: Vec<(usize, f64)>,
    /// Whether one day goes over into the next, and does not give way to it by midnight.
    is_smooth: bool,
    /// What knots bring, in units of the stationary variance of the noise of a bucket.
    brought: Believed,
    /// Degrees of freedom with which the variance is known.
    freedom: f64,
    /// Buckets from knot to knot.
    per_knot: f64,
}

/// Where a bucket begins.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The local day, counted from the first.
    day: usize,
    /// The share of the day that has passed.
    share: f64,
}

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Days of a week.
pub(super) const WEEKDAYS: usize = 7;
/// Fewest buckets of a day that tell what they share.
const LEAST_PER_DAY: u32 = 4;
/// Fewest days beside another one: those of two weeks less two shifts of the level.
const FEWEST: usize = 11;
/// What differs by more than so many standard deviations of what others do differs by a shift of the level.
const FAR: f64 = 3.0;
/// From so many days on it is known what each day of the week brings.
const MANY_DAYS: usize = 16 * 7;
/// The variance of the logarithm of the variance of n days, times n: 2 by the law of χ², and more as each is told beside others.
const VARIANCE_OF_LOG: f64 = 3.5;

impl Days {
    /// What days bring to `values` without `rhythms`, of which those `set_aside` (ascending) do not count; `weights` are the inverse of their variance, up to a factor.
    /// None where days are likelier alike, of what has no hours, and of few days.
    pub(super) fn told(
        series: &Series,
        rhythms: &[Rhythm],
        values: &[f64],
        weights: Option<&[f64]>,
        set_aside: &[usize],
    ) -> Option<Self> {
        let Step::Hours(_) = series.step() else { return None };
        let per_day = series.step().per_day().filter(|n| *n >= LEAST_PER_DAY)?;
        let place = places_of(series);
        let within = Within::told(&place, values, weights, |i| set_aside.binary_search(&i).is_err())?;
        let means = within.means(per_day.div_ceil(2) as usize);
        let (levels, days) = levels_of(&means);
        if days < FEWEST {
            return None;
        }
        let has_weekdays = means.len() < MANY_DAYS && rhythms.iter().any(|r| r.name == "week");
        let of_means = Between::new(&means, has_weekdays).believed(levels)?;
        // If days gave way to each other by midnight, hours would differ then by as much as they do; half of that decides.
        let by_midnight = of_means.variance * (1.0 - of_means.phi);
        let is_smooth = within.break_by_midnight().is_some_and(|more| more < 0.5 * by_midnight);
        let brought = if is_smooth { of_half_days(of_means) } else { of_means };
        let knot = |place: &Place| if is_smooth { half_day(place) } else { (place.day, 0.0) };
        Some(Self {
            knots: place.iter().map(knot).collect(),
            is_smooth,
            brought: Believed { variance: brought.variance / within.noise(), ..brought },
            freedom: 2.0 / VARIANCE_OF_LOG * long_run_freedom(2 * days, of_means.phi),
            per_knot: f64::from(per_day) / if is_smooth { 2.0 } else { 1.0 },
        })
    }

    /// The knots that these buckets (ascending) reach over: a column of a design for each.
    pub(super) fn reached(&self, places: &[usize]) -> Range<usize> {
        let ends = places.first().zip(places.last());
        ends.map_or(0..0, |(first, last)| self.knots[*first].0..self.knots[*last].0 + 1 + usize::from(self.is_smooth))
    }

    /// What the knots from `first` on bring to a bucket: the place of each among them, and its share.
    pub(super) fn row(&self, bucket: usize, first: usize) -> impl Iterator<Item = (usize, f64)> {
        let (knot, next) = self.knots[bucket];
        [(knot - first, 1.0 - next), (knot + 1 - first, next)].into_iter().filter(|(_, share)| *share > 0.0)
    }

    /// The prior precision of so many knots in a row, in units of the variance of the noise of a bucket: that of a first-order autoregression, by its diagonal
    /// and by what is beside that.
    pub(super) fn prior(&self, knots: usize) -> (Vec<f64>, Vec<(usize, f64)>) {
        let square = self.brought.phi * self.brought.phi;
        let scale = 1.0 / (self.brought.variance * (1.0 - square));
        let neighbours = |k: usize| usize::from(k > 0) + usize::from(k + 1 < knots);
        let diagonal = |k: usize| match neighbours(k) {
            0 => 1.0 / self.brought.variance,
            1 => scale,
            _ => scale * (1.0 + square),
        };
        let ties = (0..knots.saturating_sub(1)).map(|k| (k, -scale * self.brought.phi));
        ((0..knots).map(diagonal).collect(), ties.collect())
    }

    /// Degrees of freedom with which it is known how much a mean scatters in the long run, of noise that is known with so many without what days bring, and remembers
    /// `phi` (Satterthwaite 1946).
    pub(super) fn freedom_beside(&self, freedom: f64, phi: f64) -> f64 {
        let long_run = |variance: f64, phi: f64| variance * (1.0 + phi) / (1.0 - phi);
        let of_days = self.per_knot * long_run(self.brought.variance, self.brought.phi);
        let share = of_days / (of_days + long_run(1.0, phi));
        1.0 / (share * share / self.freedom + (1.0 - share).powi(2) / freedom)
    }
}

/// The days between which the level shifts by so much that it is clear, and how many days are beside another one of their level.
fn levels_of(means: &[Option<Mean>]) -> (Vec<Range<usize>>, usize) {
    let step = |pair: &[Option<Mean>]| Some(pair[1]?.value - pair[0]?.value);
    let steps: Vec<Option<f64>> = means.windows(2).map(step).collect();
    let far = FAR * mad_sd(&steps.iter().flatten().copied().collect::<Vec<f64>>(), 0.0);
    let shifts: Vec<usize> = (1..means.len()).filter(|&d| steps[d - 1].is_some_and(|step| step.abs() > far)).collect();
    let days = steps.iter().flatten().count() - shifts.len();
    let edges: Vec<usize> = std::iter::once(0).chain(shifts).chain([means.len()]).collect();
    (edges.windows(2).map(|w| w[0]..w[1]).collect(), days)
}

fn places_of(series: &Series) -> Vec<Place> {
    let clocks = clocks(series);
    let first = clocks.first().map_or(0, |at| at.div_euclid(DAY));
    let of = |at: &i64| Place {
        day: usize::try_from(at.div_euclid(DAY) - first).unwrap_or(0),
        share: at.rem_euclid(DAY) as f64 / DAY as f64,
    };
    clocks.iter().map(of).collect()
}
