//! How well the data is explained by an effect that starts at each moment.

use std::ops::Range;

use crate::detect::{Neighbourhood, Scanned, ShapeScores};
use crate::model::{ChangeKind, Series};
use crate::stats::{log_mean, log_sum_exp};

use super::companion::Seen;
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
    /// The moments, by their place, at which a candidate may have gone out: what else may have happened is thought to be as near.
    inside: Range<usize>,
}

impl Likelihood {
    /// Of the neighbourhood of a date, where candidates went out within a window (Unix seconds). `power` is what the data is believed: see
    /// [`Priors::power`](super::Priors::power).
    #[must_use]
    pub fn new((series, near): Seen<'_>, window: &Range<f64>, power: f64) -> Self {
        let moments = near.moments.unix.clone();
        let place = |at: f64| moments.partition_point(|m| *m < at);
        let inside = place(window.start)..place(window.end);
        let inside = if inside.is_empty() { 0..moments.len() } else { inside };
        let scores = believed((series, near), power);
        let by_kind = KINDS.iter().map(|kind| dated(near, &inside, &scores.log_bayes_of(*kind))).collect();
        Self { moments, by_kind, own: Vec::new(), inside }
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
        let weighed = weigh((near, series), scanned, ends, power);
        let dated = |log_bayes: &[f64]| dated(near, &self.inside, log_bayes);
        let by_chance = dated(&weighed.by_chance);
        let of = |(kind, old)| if kind == ChangeKind::Level { by_chance.clone() } else { old };
        let by_kind = KINDS.into_iter().zip(self.by_kind).map(of).collect();
        let own = weighed.own.into_iter().map(|(candidate, level)| (candidate, dated(&level))).collect();
        Self { by_kind, own, ..self }
    }

    /// The moments, Unix seconds.
    pub(super) fn moments(&self) -> &[f64] {
        &self.moments
    }

    /// Those of a likelihood at each moment at which a candidate may have gone out.
    pub(super) fn inside<'a>(&self, logs: &'a [f64]) -> &'a [f64] {
        &logs[self.inside.clone()]
    }

    /// With so much more at each moment, whatever the kind.
    pub(super) fn plus(self, said: &[f64]) -> Self {
        let add = |logs: Vec<f64>| logs.iter().zip(said).map(|(l, s)| l + s).collect::<Vec<f64>>();
        Self {
            moments: self.moments,
            by_kind: self.by_kind.into_iter().map(add).collect(),
            own: self.own.into_iter().map(|(candidate, logs)| (candidate, add(logs))).collect(),
            inside: self.inside,
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

/// The Bayes factors of the shapes as a cause is sought by them: effects may be slow, and the data counts to a power.
///
/// Where a change is only described they are not: of an effect that was there at once a slow one that began before tells no less.
pub(super) fn believed((series, near): Seen<'_>, power: f64) -> ShapeScores {
    let local = near.for_causes();
    let scores = near.remembering.as_ref().map_or_else(|| near.scores.clone(), |l| ShapeScores::new(l, &near.moments));
    scores.with_ramps(local, series, &near.moments).tempered(power)
}

/// log Bayes factors, each with how well its moment fits the date.
///
/// The date counts as a density over the moments inside: log wᵢ − log (Σ w / n), so that it favours moments and not that something happened.
fn dated(near: &Neighbourhood, inside: &Range<usize>, log_bayes: &[f64]) -> Vec<f64> {
    let mean = log_mean(&near.log_weights[inside.clone()]);
    log_bayes.iter().zip(&near.log_weights).map(|(log, date)| log + date - mean).collect()
}
