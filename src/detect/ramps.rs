//! Steps that take their time: a gradual rollout, a cache that runs out, an update that people install.

use crate::model::Series;
use crate::stats::log_sum_exp;

use super::event::Judge;
use super::{Local, Moments, Shape, ShapeScores};

/// How long a step may take, in seconds, each with its share among steps; all others are there at once. An assumption: rollouts of some hours
/// and of most of a day are common, and what takes longer is a trend.
const RAMPS: [(f64, f64); 2] = [(0.2, 4.0 * 3600.0), (0.2, 16.0 * 3600.0)];
/// Moments are judged so many times in the length of a ramp; between them its Bayes factor hardly bends.
const JUDGED_IN_LENGTH: f64 = 4.0;

impl ShapeScores {
    /// The same, where a step may also grow in a straight line over some hours: its Bayes factor becomes the mean over how long it takes.
    #[must_use]
    pub fn with_ramps(mut self, local: &Local, series: &Series, moments: &Moments) -> Self {
        let judge = Judge::new(local);
        let buckets: Vec<(f64, f64)> =
            local.places().iter().map(|&p| (series.edges()[p] as f64, series.edges()[p + 1] as f64)).collect();
        let ramp = |length: f64| {
            let log_bayes = |i: usize| {
                let f: Vec<f64> = buckets
                    .iter()
                    .map(|&bucket| local.share_on_scale(grown(bucket, moments.unix[i], length)))
                    .collect();
                judge.log_bayes_of(&f)
            };
            between(&moments.unix, length / JUDGED_IN_LENGTH, log_bayes)
        };
        let ramps = RAMPS.map(|(share, length)| (share, ramp(length)));
        let at_once = 1.0 - RAMPS.iter().map(|(share, _)| share).sum::<f64>();
        for (i, step) in self.of_mut(Shape::Step).iter_mut().enumerate() {
            let slow = ramps.iter().map(|(share, of)| share.ln() + of[i]);
            *step = log_sum_exp(&[at_once.ln() + *step].into_iter().chain(slow).collect::<Vec<_>>());
        }
        self
    }
}

/// The mean share of the effect in a bucket, of a step that starts at a moment and takes so long.
fn grown((start, end): (f64, f64), from: f64, length: f64) -> f64 {
    // The share of the effect up to a moment, summed over the time before it.
    let sum = |t: f64| {
        let x = (t - from).max(0.0);
        if x < length { x * x / (2.0 * length) } else { x - 0.5 * length }
    };
    (sum(end) - sum(start)) / (end - start)
}

/// A function of places on an ascending grid, worked out at places at least `apart` from each other and at the last, and in straight lines
/// between them.
fn between(grid: &[f64], apart: f64, value: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut known: Vec<(usize, f64)> = Vec::new();
    for (i, at) in grid.iter().enumerate() {
        if i + 1 == grid.len() || known.last().is_none_or(|(last, _)| at - grid[*last] >= apart) {
            known.push((i, value(i)));
        }
    }
    let mut out = Vec::with_capacity(grid.len());
    for pair in known.windows(2) {
        let ((a, from), (b, to)) = (pair[0], pair[1]);
        out.extend((a..b).map(|i| from + (to - from) * (grid[i] - grid[a]) / (grid[b] - grid[a])));
    }
    out.extend(known.last().map(|(_, last)| last));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_has_grown_by_half_in_its_own_time_and_wholly_after_it() {
        assert!((grown((0.0, 10.0), 0.0, 10.0) - 0.5).abs() < 1e-12);
        assert!((grown((10.0, 20.0), 0.0, 10.0) - 1.0).abs() < 1e-12);
        assert!((grown((0.0, 10.0), 5.0, 10.0) - 0.125).abs() < 1e-12);
        assert!(grown((0.0, 10.0), 10.0, 10.0).abs() < 1e-12);
    }

    #[test]
    fn between_known_places_lie_straight_lines() {
        let grid: Vec<f64> = (0..8).map(f64::from).collect();
        assert_eq!(between(&grid, 3.0, |i| grid[i]), grid);
        assert_eq!(between(&[2.0], 3.0, |_| 5.0), [5.0]);
        assert!(between(&[], 3.0, |_| 5.0).is_empty());
    }
}
