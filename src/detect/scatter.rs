//! How much a metric scatters from bucket to bucket, by what its rhythms bring: a night is noisier than a day on one scale, and quieter on another.

use crate::stats::{mad_sd, median, resolution};

/// Buckets that tell the scatter where rhythms bring alike.
const ALIKE: usize = 48;
/// Groups that tell how scatter depends on what the rhythms bring.
const MOST_GROUPS: usize = 24;
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

/// The standard deviation of each value's noise relative to that of the others (geometric mean 1), from `values` without rhythms and what the
/// rhythms bring (`usual`, missing where the value is); none where all scatter alike. No value scatters less than by its `rounding`, a standard
/// deviation.
///
/// Values of which the rhythms bring alike are one group. Its scatter is told by what the values leave of the mean of both neighbours, by its
/// median absolute deviation; the logarithms are drawn to their mean by as much as they scatter by chance (empirical Bayes, Efron & Morris 1975).
#[must_use]
pub(super) fn relative_scatter(values: &[f64], usual: &[f64], rounding: &[f64]) -> Option<Vec<f64>> {
    let beside = |i: usize| values[i] - f64::midpoint(values[i - 1], values[i + 1]);
    let is_told = |i: &usize| !beside(*i).is_nan() && !usual[*i].is_nan();
    let told: Vec<usize> = (1..values.len().saturating_sub(1)).filter(is_told).collect();
    let count = (told.len() / ALIKE).min(MOST_GROUPS);
    if count < 2 {
        return None;
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
        return None;
    }
    let logs: Vec<f64> = sizes.iter().map(|s| s.max(least).ln()).collect();
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let seen = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    let by_chance = |group: usize| VARIANCE_OF_LOG / left[group].len().max(1) as f64;
    let real = seen - (0..left.len()).map(by_chance).sum::<f64>() / n;
    let of_group: Vec<f64> = (0..left.len()).map(|g| ((logs[g] - mean) * real / (real + by_chance(g))).exp()).collect();
    let (low, high) = of_group.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), s| (a.min(*s), b.max(*s)));
    let differs = real > 0.0 && high > LEAST_RATIO * low;
    let of = |usual: &f64| if usual.is_nan() { 1.0 } else { of_group[group(*usual)] };
    differs.then(|| usual.iter().map(of).collect())
}

/// Standard deviation of the noise from bucket to bucket, by the median size of first differences, which a spike and a level shift touch in few
/// places; of values that scatter by these relative standard deviations.
#[must_use]
pub(super) fn difference_scale(values: &[f64], relative: &[f64]) -> f64 {
    let difference = |i: usize| (values[i] - values[i - 1]).abs() / of_difference(relative[i - 1], relative[i]);
    let differences: Vec<f64> = (1..values.len()).map(difference).collect();
    1.4826 * median(&differences)
}

/// The standard deviation of the difference of two values, relative to that of two of which both have a relative one of 1.
#[must_use]
pub(super) fn of_difference(a: f64, b: f64) -> f64 {
    f64::midpoint(a * a, b * b).sqrt()
}
