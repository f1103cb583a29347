//! All steps and changes of slope of a series at once, each from the one that begins an observation later.
#![allow(clippy::doc_markdown, reason = "formulas")]

use std::ops::Range;

use super::{EventRegression, Score, dot, once};

impl EventRegression {
    /// What a change of slope explains at each observation: the regressor of entry k is 1 at observation k and grows by 1 a bucket.
    ///
    /// O(n p) for all of them: with s the step after k, f(k) = f(k + 1) + gap · s(k + 1) + e(k).
    #[must_use]
    pub fn kinks(&self) -> &Sweep {
        once(&self.kinks, || self.sweep())
    }

    fn sweep(&self) -> Sweep {
        let n = self.len();
        let (q, sums) = (&self.precision, self.suffixes());
        let mut kink = Running { cross: 0.0, square: 0.0, projection: vec![0.0; self.design.columns()] };
        let mut both = 0.0;
        let mut sweep = Sweep { scores: vec![Score { cross: 0.0, size: 0.0 }; n], correlations: vec![0.0; n] };
        for k in (0..n).rev() {
            let (own, step) = (self.projected_of(k), sums.projection_from(k + 1));
            let (gap, off) = if k + 1 < n { (q.gaps()[k] as f64, q.off[k]) } else { (0.0, 0.0) };
            let last = kink.size();
            let mut with_last = kink.square + gap * both + off;
            for ((total, own), step) in kink.projection.iter_mut().zip(own).zip(step) {
                let now = *total + gap * step + own;
                with_last -= *total * now;
                *total = now;
            }
            kink.square += 2.0 * gap * both + gap * gap * sums.square[k + 1] + 2.0 * off * (1.0 + gap) + q.diagonal[k];
            both += gap * sums.square[k + 1] + off * (2.0 + gap) + q.diagonal[k];
            kink.cross += gap * sums.cross[k + 1] + self.weighted_residuals[k];
            sweep.scores[k] = Score { cross: kink.cross, size: kink.size() };
            sweep.correlations[k] = correlation(with_last, last, kink.size());
        }
        sweep
    }

    /// Scores of all steps, by suffix sums: a step is the one after it and one observation more.
    #[must_use]
    pub fn steps(&self) -> Steps<'_> {
        Steps { regression: self, sums: self.suffixes() }
    }

    /// The suffix sums, worked out when they are asked for the first time, in O(n p).
    pub(super) fn suffixes(&self) -> &Suffixes {
        once(&self.suffixes, || {
            let (n, p) = (self.len(), self.design.columns());
            let q = &self.precision;
            let mut sums =
                Suffixes { cross: vec![0.0; n + 1], square: vec![0.0; n + 1], projection: vec![0.0; (n + 1) * p], p };
            for j in (0..n).rev() {
                sums.cross[j] = sums.cross[j + 1] + self.weighted_residuals[j];
                let link = if j + 1 < n { 2.0 * q.off[j] } else { 0.0 };
                sums.square[j] = sums.square[j + 1] + q.diagonal[j] + link;
                let (before, after) = sums.projection.split_at_mut((j + 1) * p);
                let own = self.projected_of(j);
                for ((sum, later), own) in before[j * p..].iter_mut().zip(after).zip(own) {
                    *sum = *later + own;
                }
            }
            sums
        })
    }
}

/// Sums from each observation to the last: what the step that begins there explains.
#[derive(Debug, Clone)]
pub(super) struct Suffixes {
    pub(super) cross: Vec<f64>,
    /// fᵀQf.
    square: Vec<f64>,
    /// L⁻¹XᵀQf, one after the other.
    projection: Vec<f64>,
    /// Length of each.
    p: usize,
}

impl Suffixes {
    pub(super) fn projection_from(&self, k: usize) -> &[f64] {
        &self.projection[k * self.p..(k + 1) * self.p]
    }
}

/// Scores of all steps of an [`EventRegression`].
#[derive(Debug, Clone, Copy)]
pub struct Steps<'a> {
    regression: &'a EventRegression,
    sums: &'a Suffixes,
}

impl Steps<'_> {
    /// Correlations between the statistics of steps that begin at the start and in the middle of each of the observations, in turn.
    ///
    /// With c the step at the observation after, and e the observation alone, the two are c + e and c + e/2.
    #[must_use]
    pub fn correlations(&self, range: Range<usize>) -> Vec<f64> {
        let r = self.regression;
        let mut out = Vec::with_capacity(2 * range.len());
        for k in range {
            let (later, own) = (self.sums.projection_from(k + 1), r.projected_of(k));
            let off = if k + 1 < r.len() { r.precision.off[k] } else { 0.0 };
            let cc = self.sums.square[k + 1] - dot(later, later);
            let ce = off - dot(later, own);
            let ee = r.precision.diagonal[k] - dot(own, own);
            let (whole, half) = (cc + 2.0 * ce + ee, cc + ce + 0.25 * ee);
            out.push(correlation(cc + 1.5 * ce + 0.5 * ee, whole, half));
            out.push(correlation(cc + 0.5 * ce, half, cc));
        }
        out
    }

    /// The score of the regressor that is 0 before observation `k`, `share` at it and 1 after it.
    #[must_use]
    pub fn score(&self, k: usize, share: f64) -> Score {
        let r = self.regression;
        let n = r.len();
        if k >= n {
            return Score { cross: 0.0, size: 0.0 };
        }
        let cross = self.sums.cross[k + 1] + share * r.weighted_residuals[k];
        let link = if k + 1 < n { 2.0 * share * r.precision.off[k] } else { 0.0 };
        let size = self.sums.square[k + 1] + link + share * share * r.precision.diagonal[k];
        let (later, own) = (self.sums.projection_from(k + 1), r.projected_of(k));
        let projected: f64 = later.iter().zip(own).map(|(a, b)| (a + share * b).powi(2)).sum();
        Score { cross, size: (size - projected).max(0.0) }
    }
}

/// Correlation from an inner product and two squares; 1 where one of them is too small to tell.
fn correlation(inner: f64, a: f64, b: f64) -> f64 {
    let tell = a > Score::TOO_SMALL && b > Score::TOO_SMALL;
    if tell { (inner / (a * b).sqrt()).clamp(-1.0, 1.0) } else { 1.0 }
}

/// What an event explains at each observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// One for each observation at which it may start.
    pub scores: Vec<Score>,
    /// Correlation of the statistic at each observation with that at the next.
    pub correlations: Vec<f64>,
}

/// A regressor that is built up from the last observation to the first.
struct Running {
    cross: f64,
    /// fᵀQf.
    square: f64,
    projection: Vec<f64>,
}

impl Running {
    /// fᵀMf.
    fn size(&self) -> f64 {
        (self.square - dot(&self.projection, &self.projection)).max(0.0)
    }
}
