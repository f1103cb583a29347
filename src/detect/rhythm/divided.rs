//! What rhythms multiply, of a metric that has zeros and so no logarithms; and how likely values are on one scale or another.

use super::{OUTLYING, Rhythm, curve, is_curve, running_mean};
use crate::stats::{median, usual_value};

/// A series divided by what its rhythms multiply.
#[derive(Debug, Clone, PartialEq)]
pub struct Divided {
    /// The values over `expected`; missing where nothing is expected.
    pub values: Vec<f64>,
    /// What the rhythms let expect in each bucket, as a multiple of the level; zero where they never bring anything.
    pub expected: Vec<f64>,
}

/// Where less than this share of the level is expected, nothing is.
const NOTHING: f64 = 0.02;
/// One of so many buckets is in a phase in which nothing comes, or that is chance.
const EMPTY: usize = 10;
/// A phase that lasts for so many buckets is told by the median of its turns: one of a few may be unlike the others, as in a week with an outage.
const LONG_TURN: usize = 5;

impl Divided {
    /// The values of the metric over what is expected. Where nothing is, a value is missing, unless it is as large as those elsewhere.
    #[must_use]
    pub fn quotients(&self, values: &[f64]) -> Vec<f64> {
        let (sum, count) = values.iter().filter(|v| !v.is_nan()).fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
        let usual = sum / count;
        let quotient = |(v, e): (&f64, &f64)| if *e < NOTHING && *v <= usual { f64::NAN } else { v / e.max(NOTHING) };
        values.iter().zip(&self.expected).map(quotient).collect()
    }

    /// The values of the metric over what is expected here.
    pub(super) fn of(&self, values: &[f64]) -> Self {
        Self { values: self.quotients(values), expected: self.expected.clone() }
    }

    /// What is expected in each bucket, at least the share that counts as something: by it a quotient scatters as a ratio by its denominator.
    #[must_use]
    pub fn denominators(&self) -> Vec<f64> {
        self.expected.iter().map(|e| e.max(NOTHING)).collect()
    }

    /// log likelihood of the metric in these buckets, as by [`laplace`], if it scatters about a running mean of `period` buckets as counts do, whose
    /// variance is in proportion to what is expected.
    pub(super) fn log_likelihood(&self, buckets: &[usize], period: usize) -> f64 {
        let (level, expected) = (running_mean(&self.values, period), self.denominators());
        let even = |&i: &usize| (self.values[i] - level[i]) * expected[i].sqrt();
        let jacobian: f64 = buckets.iter().map(|&i| 0.5 * expected[i].ln()).sum();
        laplace(&buckets.iter().map(even).collect::<Vec<f64>>()) - jacobian
    }

    /// Whether there are phases in which nothing ever comes, as a weekend at zero: whatever the level is, it is no part of these.
    pub(super) fn has_nothing(&self) -> bool {
        let empty = self.expected.iter().filter(|e| **e < NOTHING).count();
        EMPTY * empty >= self.expected.len()
    }

    /// Whether the metric is likelier where its rhythms multiply than where they add to what is left without them.
    pub(super) fn is_likelier(&self, rest: &[f64], period: usize) -> bool {
        let both = present_in_both(&self.values, rest);
        self.log_likelihood(&both, period) > laplace(&both.iter().map(|&i| rest[i]).collect::<Vec<_>>())
    }

    /// Takes what the phases multiply into what is expected: the ratio to a running mean of one period, of each phase or of each of its turns as a
    /// whole, because single counts may be zero (Shiskin, Young & Musgrave 1967). The level stays what it is. `values` are those of the metric.
    pub(super) fn take(&mut self, rhythm: &Rhythm, values: &[f64]) {
        let trend = running_mean(&self.values, rhythm.period);
        // Of all periods, or every other one: the pairs of a value and the mean about it.
        let pairs_of = |half: Option<usize>| {
            let mut by_phase: Vec<Vec<(f64, f64)>> = vec![Vec::new(); rhythm.count];
            for (i, (&v, &t)) in self.values.iter().zip(&trend).enumerate() {
                if !v.is_nan() && t > 0.0 && rhythm.is_in(i, half) {
                    by_phase[rhythm.phases[i]].push((v, t));
                }
            }
            by_phase
        };
        let mut by_phase = pairs_of(None);
        // The pairs of one Monday are one.
        let mut turns: Vec<Vec<(f64, f64)>> = vec![Vec::new(); rhythm.count];
        let mut last = None;
        for ((&v, &t), &phase) in self.values.iter().zip(&trend).zip(&rhythm.phases) {
            if last.replace(phase) != Some(phase) {
                turns[phase].push((0.0, 0.0));
            }
            if let (false, true, Some((of, to))) = (v.is_nan(), t > 0.0, turns[phase].last_mut()) {
                (*of, *to) = (*of + v, *to + t);
            }
        }
        let ratios = |turns: &[(f64, f64)]| -> Vec<f64> {
            turns.iter().filter(|(_, to)| *to > 0.0).map(|(of, to)| of / to).collect()
        };
        let mut factors: Vec<f64> = by_phase
            .iter_mut()
            .zip(&turns)
            .map(|(pairs, turns)| {
                let is_long = !pairs.is_empty() && pairs.len() >= LONG_TURN * turns.len();
                if is_long { median(&ratios(turns)) } else { ratio_of_most(pairs) }
            })
            .collect();
        if is_curve(rhythm.name, rhythm.count, values.len()) {
            let mut by_half = [Some(0), Some(1)].map(pairs_of);
            let of_phase = |pairs: &mut Vec<_>| if pairs.is_empty() { f64::NAN } else { ratio_of_most(pairs) };
            let told = by_half.each_mut().map(|phases| phases.iter_mut().map(of_phase).collect());
            let miss = |half: usize, factors: &[f64]| {
                let of_phase = by_half[half].iter().zip(factors);
                of_phase.flat_map(|(pairs, f)| pairs.iter().map(move |(v, t)| (v - f * t).abs())).sum()
            };
            factors = curve(factors, told, miss);
        }
        if usual_value(values) == Some(0.0) {
            let mostly_nothing = by_phase.iter().zip(&factors).filter(|(_, factor)| **factor == 0.0);
            let rarely = self.comes_rarely(mostly_nothing.flat_map(|(pairs, _)| pairs));
            factors.iter_mut().filter(|factor| **factor == 0.0).for_each(|factor| *factor = rarely);
        }
        let of: f64 = by_phase.iter().flatten().map(|(v, _)| v).sum();
        let explained = by_phase.iter().zip(&factors).flat_map(|(pairs, f)| pairs.iter().map(move |(_, t)| f * t));
        let to: f64 = explained.sum();
        let scale = if of > 0.0 && to > 0.0 { of / to } else { 1.0 };
        for (expected, &phase) in self.expected.iter_mut().zip(&rhythm.phases) {
            *expected *= scale * factors[phase];
        }
        self.values = self.quotients(values);
    }

    /// The ratio of what comes in phases in which mostly nothing does, as by night where errors are rare: that of each of them alone is chance. Each value counts as
    /// much as most others at most, and there is half of one more, as it may come though it never did (the prior of Jeffreys 1946 for the rate of a Poisson
    /// law).
    fn comes_rarely<'a>(&self, pairs: impl Iterator<Item = &'a (f64, f64)>) -> f64 {
        let most = median(&self.values.iter().copied().filter(|v| *v > 0.0).collect::<Vec<f64>>());
        let (of, to) = pairs.fold((0.5 * most, 0.0), |(of, to), (v, t)| (of + v.min(most), to + t));
        if to > 0.0 && most > 0.0 { of / to } else { 0.0 }
    }
}

/// The sum of the first ones to that of the second ones, where no pair counts with a ratio beyond those of the others (winsorised, Dixon 1960).
fn ratio_of_most(pairs: &mut [(f64, f64)]) -> f64 {
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let cut = pairs.len() / OUTLYING;
    let ratio = |i: usize| pairs.get(i).map_or(0.0, |(of, to)| of / to);
    let (least, greatest) = (ratio(cut), ratio((pairs.len() - cut).saturating_sub(1)));
    let kept = |(of, to): &(f64, f64)| (of / to).clamp(least, greatest) * to;
    let (of, to) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + kept(pair), sum.1 + pair.1));
    if to > 0.0 { of / to } else { 0.0 }
}

/// The buckets in which neither is missing.
pub(super) fn present_in_both(a: &[f64], b: &[f64]) -> Vec<usize> {
    (0..a.len()).filter(|&i| !a[i].is_nan() && !b[i].is_nan()).collect()
}

/// Whether a metric is likelier where its rhythms multiply, by what is left of it on the log scale and on its own: the first differences
/// as Laplace's noise, which outliers and steps do not rule (Box & Cox 1964 at λ = 0 and 1). `mean_log` is the mean of its logarithms, the log Jacobian
/// of each difference.
pub(in crate::detect) fn are_likelier(logs: &[f64], mean_log: f64, rest: &[f64]) -> bool {
    let (Some((of_log, _)), Some((of_rest, _))) = (mean_step(logs), mean_step(rest)) else { return false };
    of_log.ln() + mean_log < of_rest.ln()
}

/// log likelihood of the first differences as Laplace's noise of unknown scale, up to a constant.
pub(super) fn laplace(values: &[f64]) -> f64 {
    mean_step(values).map_or(0.0, |(mean, count)| -count * mean.ln())
}

/// The mean size of the first differences, and how many there are; none where there are none.
fn mean_step(values: &[f64]) -> Option<(f64, f64)> {
    let steps = values.windows(2).map(|w| (w[1] - w[0]).abs()).filter(|d| !d.is_nan());
    let (count, sum) = steps.fold((0.0, 0.0), |(count, sum), step| (count + 1.0, sum + step));
    (count > 0.0).then(|| (sum / count, count))
}
