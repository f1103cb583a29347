//! How much a metric scatters from bucket to bucket, by what its rhythms bring: a night is noisier than a day on one scale, and quieter on another.

use super::Rhythm;
use crate::stats::{MAD_TO_SD, constant_unit, mad_sd, median, resolution, shrunk_to_mean, spread};

/// Buckets that tell the scatter where rhythms bring alike.
pub(super) const ALIKE: usize = 48;
/// Groups that tell how scatter depends on what the rhythms bring.
pub(super) const MOST_GROUPS: usize = 24;
/// So many values of a long series tell what all are like.
const SAMPLE: usize = 5_000;
/// Where the scatter differs by less than this factor it hardly matters.
const LEAST_RATIO: f64 = 1.3;
/// No noise is thought to be smaller than this share of that of most.
const LEAST: f64 = 0.3;
/// The variance of the logarithm of a median absolute deviation of n values, times n (Huber & Ronchetti 2009, for Gaussian noise).
const VARIANCE_OF_LOG: f64 = 1.36;

/// The standard deviation of what each value lost by rounding: that of a uniform law. Of a ratio its numerators were rounded.
pub(super) fn rounding(values: &[f64], denominators: Option<Vec<f64>>) -> Vec<f64> {
    let sd = |values: &[f64]| {
        let sample: Vec<f64> = values.iter().step_by(values.len().div_ceil(SAMPLE).max(1)).copied().collect();
        resolution(&sample) / 12.0_f64.sqrt()
    };
    denominators.map_or_else(
        || vec![sd(values); values.len()],
        |all| {
            let numerators: Vec<f64> = values.iter().zip(&all).map(|(v, n)| v * n).collect();
            let sd = sd(&numerators);
            all.iter().map(|n| sd / n).collect()
        },
    )
}

/// How much each value of a metric scatters from bucket to bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// Standard deviation of the noise of each relative to that of the others, whose geometric mean is 1; none where all scatter alike.
    relative: Option<Vec<f64>>,
    /// Standard deviation of first differences of values whose relative one is 1.
    scale: f64,
}

impl Scatter {
    /// Of `values` that all scatter alike.
    #[must_use]
    pub fn even(values: &[f64]) -> Self {
        Self::new(values, None)
    }

    /// The scale is the median size of first differences, which a spike and a level shift touch in few places. Those that are zero tell only how often a
    /// value repeats the last one, as long as most do not.
    fn new(values: &[f64], relative: Option<Vec<f64>>) -> Self {
        let mut scatter = Self { relative, scale: 1.0 };
        let difference = |i: usize| (values[i] - values[i - 1]).abs() / scatter.of_difference(i - 1, i);
        let mut differences: Vec<f64> = spread(values.len().saturating_sub(1)).map(|i| difference(i + 1)).collect();
        if median(&differences) > 0.0 {
            differences.retain(|size| *size != 0.0);
        }
        scatter.scale = MAD_TO_SD * median(&differences);
        scatter
    }

    /// The same, and where the values are constant but for a few events the noise that they lost by rounding.
    #[must_use]
    pub(super) fn of_constant(self, values: &[f64]) -> Self {
        // A difference has twice the variance of a value.
        let of_unit = |unit: f64| (2.0_f64 / 12.0).sqrt() * unit;
        let scale = if self.is_known() { self.scale } else { constant_unit(values).map_or(0.0, of_unit) };
        Self { scale, ..self }
    }

    /// From `values` without rhythms and what the rhythms bring (`usual`, missing where the value is). No value scatters less than by its
    /// `rounding`, a standard deviation.
    ///
    /// Values of which the rhythms bring alike are one group. Its scatter is told by what the values leave of the mean of both neighbours, by its
    /// median absolute deviation; the logarithms are drawn to their mean by as much as they scatter by chance.
    #[must_use]
    pub(super) fn told(values: &[f64], usual: &[f64], rounding: &[f64]) -> Self {
        let beside = |i: usize| values[i] - f64::midpoint(values[i - 1], values[i + 1]);
        let is_told = |i: &usize| !beside(*i).is_nan() && !usual[*i].is_nan();
        let told: Vec<usize> = (1..values.len().saturating_sub(1)).filter(is_told).collect();
        let count = (told.len() / ALIKE).min(MOST_GROUPS);
        if count < 2 {
            return Self::even(values);
        }
        // What parts the groups; what the rhythms bring alike is not parted.
        let mut edges: Vec<f64> = told.iter().step_by(told.len().div_ceil(SAMPLE)).map(|&i| usual[i]).collect();
        edges.sort_unstable_by(f64::total_cmp);
        edges = (1..count).map(|k| edges[k * edges.len() / count]).collect();
        edges.dedup();
        let group = |usual: f64| edges.partition_point(|edge| *edge <= usual);
        let (mut left, mut rounded) = (vec![Vec::new(); edges.len() + 1], vec![0.0; edges.len() + 1]);
        for &i in &told {
            left[group(usual[i])].push(beside(i));
            rounded[group(usual[i])] += rounding[i];
        }
        // What is beside the mean of two others has half as much variance again.
        let size = |(e, rounded): (&Vec<f64>, &f64)| (mad_sd(e, 0.0) / 1.5_f64.sqrt()).max(rounded / e.len() as f64);
        let sizes: Vec<f64> = left.iter().zip(&rounded).map(size).collect();
        // Where most are the same, as in nights at zero, nothing is known but that the noise is small.
        let least = LEAST * median(&sizes.iter().copied().filter(|s| *s > 0.0).collect::<Vec<_>>());
        if least.is_nan() {
            return Self::even(values);
        }
        let logs: Vec<f64> = sizes.iter().map(|s| s.max(least).ln()).collect();
        let by_chance: Vec<f64> = left.iter().map(|e| VARIANCE_OF_LOG / e.len().max(1) as f64).collect();
        let of_group: Vec<f64> = shrunk_to_mean(&logs, &by_chance).iter().map(|log| log.exp()).collect();
        let (low, high) = of_group.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), s| (a.min(*s), b.max(*s)));
        let differs = high > LEAST_RATIO * low;
        let of = |usual: &f64| if usual.is_nan() { 1.0 } else { of_group[group(*usual)] };
        Self::new(values, differs.then(|| usual.iter().map(of).collect()))
    }

    /// Standard deviation of the noise in each phase of a rhythm, relative to that of the others.
    #[must_use]
    pub(super) fn by_phase(&self, rhythm: &Rhythm) -> Vec<f64> {
        let Some(relative) = &self.relative else { return vec![1.0; rhythm.count] };
        let logs: Vec<f64> = relative.iter().map(|sd| sd.ln()).collect();
        let of_mean = |log: f64| if log.is_nan() { 1.0 } else { log.exp() };
        rhythm.means(&logs, None).into_iter().map(of_mean).collect()
    }

    /// Whether it is known how much values scatter: more than half of them do not repeat the one before, or they are a constant.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.scale > 0.0
    }

    /// Standard deviation of first differences, if all scattered as this value does.
    #[must_use]
    pub fn at(&self, i: usize) -> f64 {
        self.scale * self.relative.as_ref().map_or(1.0, |relative| relative[i])
    }

    /// Standard deviation of the difference of two values.
    #[must_use]
    pub fn of_difference(&self, i: usize, j: usize) -> f64 {
        let of = |relative: &Vec<f64>| f64::midpoint(relative[i].powi(2), relative[j].powi(2)).sqrt();
        self.scale * self.relative.as_ref().map_or(1.0, of)
    }

    /// What a square of each value counts in a weighted fit, the inverse of its variance; none where all count alike.
    #[must_use]
    pub fn weights(&self) -> Option<Vec<f64>> {
        self.relative.as_ref().map(|relative| relative.iter().map(|s| 1.0 / (s * s)).collect())
    }
}
