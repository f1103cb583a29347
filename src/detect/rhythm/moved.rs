//! Changes of level beside which rhythms are told: in a few periods they would be a part of them.

use super::Adjusted;

/// A change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved {
    /// The first bucket that moved.
    pub bucket: usize,
    /// By how much, in the metric's unit.
    pub by: f64,
    /// To how many times the level before, where both are positive.
    pub times: Option<f64>,
    /// Whether nothing came from then on, until the next change: what does not come has no rhythm.
    pub ends: bool,
}

impl Moved {
    /// In how many of so many buckets nothing comes since one of these changes.
    pub(in crate::detect) fn ended(known: &[Self], buckets: usize) -> usize {
        Moves::new(buckets, known).has_ended.into_iter().filter(|has_ended| *has_ended).count()
    }
}

/// How far the level of each bucket has moved since the begin of a series, as a difference and as a factor.
pub(super) struct Moves {
    pub(super) by: Vec<f64>,
    pub(super) times: Vec<f64>,
    /// Whether nothing comes in a bucket since a change.
    pub(super) has_ended: Vec<bool>,
}

impl Moves {
    pub(super) fn new(buckets: usize, known: &[Moved]) -> Self {
        let (mut by, mut times, mut has_ended) = (vec![0.0; buckets], vec![1.0; buckets], vec![false; buckets]);
        for moved in known {
            has_ended[moved.bucket..].fill(moved.ends);
            by[moved.bucket..].iter_mut().for_each(|by| *by += moved.by);
            times[moved.bucket..].iter_mut().for_each(|times| *times *= moved.times.unwrap_or(1.0));
        }
        Self { by, times, has_ended }
    }

    pub(super) fn added_to(&self, values: &[f64]) -> Vec<f64> {
        values.iter().zip(&self.by).map(|(v, by)| v + by).collect()
    }

    /// What is left of a metric as it is, beside whose moves the rhythms were told.
    pub(super) fn put_back(&self, adjusted: Adjusted, values: &[f64]) -> Adjusted {
        let mut logs = adjusted.logs;
        logs.iter_mut().flatten().zip(&self.times).for_each(|(v, times)| *v += times.ln());
        let divided = adjusted.divided.map(|divided| divided.of(values));
        Adjusted { rest: self.added_to(&adjusted.rest), logs, divided, ..adjusted }
    }
}
