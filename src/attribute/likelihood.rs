//! How well the data is explained by an effect that starts at each moment.

use crate::detect::Neighbourhood;
use crate::model::ChangeKind;
use crate::stats::log_sum_exp;

use super::priors::KINDS;

/// log likelihoods of a change of each kind that starts at each moment, relative to *nothing happened*; with the kinds' own priors, and
/// with how well the moment fits the date that was asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Likelihood {
    /// Unix seconds, ascending.
    moments: Vec<f64>,
    /// For each of the kinds, at each moment.
    by_kind: Vec<Vec<f64>>,
}

impl Likelihood {
    /// Of the neighbourhood of a date. `power` is what the data is believed: see [`Priors::power`](super::Priors::power).
    ///
    /// The date counts as a density over the moments: log wᵢ − log (Σ w / n), so that it favours moments and not that something happened.
    #[must_use]
    pub fn new(near: &Neighbourhood, power: f64) -> Self {
        let mean = log_sum_exp(&near.log_weights) - (near.moments.len().max(1) as f64).ln();
        let of = |kind: &ChangeKind| {
            let bayes = near.scores.log_bayes_of(*kind);
            bayes.iter().zip(&near.log_weights).map(|(log, date)| power * log + date - mean).collect()
        };
        Self { moments: near.moments.unix.clone(), by_kind: KINDS.iter().map(of).collect() }
    }

    /// The moments, Unix seconds.
    pub(super) fn moments(&self) -> &[f64] {
        &self.moments
    }

    /// Of all kinds, each weighed by a factor.
    pub(super) fn mixed(&self, weight: impl Fn(ChangeKind) -> f64) -> Vec<f64> {
        let logs: Vec<f64> = KINDS.iter().map(|kind| weight(*kind).ln()).collect();
        let at = |i: usize| log_sum_exp(&logs.iter().zip(&self.by_kind).map(|(w, l)| w + l[i]).collect::<Vec<_>>());
        (0..self.moments.len()).map(at).collect()
    }
}

/// log of the mean of what is known by its logarithms; minus infinity for nothing.
pub(super) fn log_mean(logs: &[f64]) -> f64 {
    log_sum_exp(logs) - (logs.len().max(1) as f64).ln()
}
