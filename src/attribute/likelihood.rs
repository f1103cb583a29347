//! How well the data is explained by an effect that starts at each moment.

use crate::detect::{Neighbourhood, Scanned};
use crate::model::{ChangeKind, Series};
use crate::stats::log_sum_exp;

use super::priors::KINDS;
use super::undone::{OtherEnd, weigh};

/// log likelihoods of a change of each kind that starts at each moment, relative to *nothing happened*; with the kinds' own priors, and
/// with how well the moment fits the date that was asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Likelihood {
    /// Unix seconds, ascending.
    moments: Vec<f64>,
    /// For each of the kinds, at each moment.
    by_kind: Vec<Vec<f64>>,
    /// Of a level, for the candidates whose effect has another end, by their place.
    own: Vec<(usize, Vec<f64>)>,
}

impl Likelihood {
    /// Of the neighbourhood of a date. `power` is what the data is believed: see [`Priors::power`](super::Priors::power).
    #[must_use]
    pub fn new(near: &Neighbourhood, power: f64) -> Self {
        let by_kind = KINDS.iter().map(|kind| dated(near, power, &near.scores.log_bayes_of(*kind))).collect();
        Self { moments: near.moments.unix.clone(), by_kind, own: Vec::new() }
    }

    /// The same, with candidates whose effect has another end: those that were reverted, and those that revert another.
    #[must_use]
    pub fn with_ends(
        self,
        near: &Neighbourhood,
        series: &Series,
        scanned: &Scanned,
        ends: &[OtherEnd],
        power: f64,
    ) -> Self {
        if ends.is_empty() {
            return self;
        }
        let weighed = weigh(near, series, scanned, ends, &near.scores.log_bayes_of(ChangeKind::Level));
        let by_chance = dated(near, power, &weighed.by_chance);
        let of = |(kind, old)| if kind == ChangeKind::Level { by_chance.clone() } else { old };
        let by_kind = KINDS.into_iter().zip(self.by_kind).map(of).collect();
        let own = weighed.own.into_iter().map(|(candidate, level)| (candidate, dated(near, power, &level))).collect();
        Self { by_kind, own, ..self }
    }

    /// The moments, Unix seconds.
    pub(super) fn moments(&self) -> &[f64] {
        &self.moments
    }

    /// With so much more at each moment, whatever the kind.
    pub(super) fn plus(self, said: &[f64]) -> Self {
        let add = |logs: Vec<f64>| logs.iter().zip(said).map(|(l, s)| l + s).collect::<Vec<f64>>();
        Self {
            moments: self.moments,
            by_kind: self.by_kind.into_iter().map(add).collect(),
            own: self.own.into_iter().map(|(candidate, logs)| (candidate, add(logs))).collect(),
        }
    }

    /// Of all kinds, each weighed by a factor (in the order of the kinds).
    pub(super) fn mixed(&self, weights: &[f64]) -> Vec<f64> {
        self.mix(weights, &self.by_kind.iter().collect::<Vec<_>>())
    }

    /// The same for a candidate whose effect has another end; none for all others.
    pub(super) fn of_candidate(&self, candidate: usize, weights: &[f64]) -> Option<Vec<f64>> {
        let (_, level) = self.own.iter().find(|(c, _)| *c == candidate)?;
        let of = |(kind, all)| if kind == ChangeKind::Level { level } else { all };
        Some(self.mix(weights, &KINDS.into_iter().zip(&self.by_kind).map(of).collect::<Vec<_>>()))
    }

    fn mix(&self, weights: &[f64], by_kind: &[&Vec<f64>]) -> Vec<f64> {
        let logs: Vec<f64> = weights.iter().map(|weight| weight.ln()).collect();
        let at = |i: usize| log_sum_exp(&logs.iter().zip(by_kind).map(|(w, l)| w + l[i]).collect::<Vec<_>>());
        (0..self.moments.len()).map(at).collect()
    }
}

/// log Bayes factors as they count, each with how well its moment fits the date.
///
/// The date counts as a density over the moments: log wᵢ − log (Σ w / n), so that it favours moments and not that something happened.
fn dated(near: &Neighbourhood, power: f64, log_bayes: &[f64]) -> Vec<f64> {
    let mean = log_mean(&near.log_weights);
    log_bayes.iter().zip(&near.log_weights).map(|(log, date)| power * log + date - mean).collect()
}

/// log of the mean of what is known by its logarithms; minus infinity for nothing.
pub(super) fn log_mean(logs: &[f64]) -> f64 {
    log_sum_exp(logs) - (logs.len().max(1) as f64).ln()
}
