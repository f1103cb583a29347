//! When, inside of its first bucket, a spike can have begun.

use statrs::distribution::{ContinuousCDF, Normal};

use super::{FINE_BELOW, ShapeScores};
use crate::detect::{Local, Moments, Shape};
use crate::stats::log_mean;

impl ShapeScores {
    /// Rules out, of a fall, the moments inside of its first bucket that come too late for it.
    ///
    /// What cannot fall below zero and lost a share of a bucket was away for at least as much of its time, so the fall began while as much of it was left. How likely it
    /// began in the bucket at all is not touched.
    pub(super) fn while_enough_is_left(mut self, local: &Local, moments: &Moments) -> Self {
        if !local.is_never_negative() {
            return self;
        }
        let best = self.log_bayes.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        for shape in Shape::PULSES {
            let mut start = 0;
            for same in moments.observation.chunk_by(|a, b| a == b) {
                let inside = start..start + same.len();
                start = inside.end;
                let logs = &self.log_bayes[Self::index(shape)];
                if same.len() == 1 || same[0] >= local.places().len() || logs[inside.start] < best - FINE_BELOW {
                    continue;
                }
                let Some((lost, error)) = self.lost(local, shape, inside.start, same[0]) else { continue };
                let left = |i: usize| local.share_of_bucket(moments.share[i]);
                let weight = |i: usize| Normal::standard().cdf((left(i) - lost) / error).max(f64::MIN_POSITIVE).ln();
                let weights: Vec<f64> = inside.clone().map(weight).collect();
                let mean = log_mean(&weights);
                let logs = &mut self.log_bayes[Self::index(shape)];
                inside.zip(weights).for_each(|(i, weight)| logs[i] += weight - mean);
            }
        }
        self
    }

    /// The share of what was expected that an observation lost to a pulse that begins with it, and its standard error; none where it lost nothing.
    fn lost(&self, local: &Local, shape: Shape, moment: usize, observation: usize) -> Option<(f64, f64)> {
        let fit = local.fit(local.regression(), self.score(shape, moment)).filter(|fit| fit.effect < 0.0)?;
        let Shape::Pulse(length) = shape else { return None };
        let f = shape.regressor(local.places(), observation, 1.0);
        let (expected, observed) = (local.baseline(&f, fit.effect)[observation], local.observation(observation));
        // Of one bucket less is known than of the mean of several.
        let error = fit.standard_error * (length as f64).sqrt();
        let (lost, error) = if local.is_log() {
            let left = (observed - expected).exp();
            (1.0 - left, left * error)
        } else {
            (1.0 - observed / expected, error / expected)
        };
        (lost > 0.0 && error > 0.0 && error.is_finite()).then_some((lost.min(1.0), error))
    }
}
