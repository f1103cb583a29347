//! Whether days differ by more than their buckets make them, and how they hang together.

use std::ops::Range;

use nalgebra::{Cholesky, DMatrix};
use rayon::prelude::*;

use crate::detect::local::EVENT_PARAMETERS;
use crate::stats::{log_sum_exp, normalise};

use super::WEEKDAYS;
use super::within::Mean;

/// What is believed of the means of days without the noise of their buckets: a first-order autoregression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Believed {
    /// Stationary variance.
    pub(super) variance: f64,
    /// Autocorrelation from day to day.
    pub(super) phi: f64,
}

/// The means of days, of which it is asked whether they differ.
pub(super) struct Between {
    /// Less the mean of all, in units of the standard deviation that they have by their buckets.
    means: Vec<Option<Mean>>,
    has_weekdays: bool,
    /// That standard deviation, squared.
    by_buckets: f64,
}

/// Autocorrelations that are tried.
const PHIS: [f64; 7] = [0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9];
/// The least variance that is tried, in units of that of a mean by its buckets.
const LEAST_VARIANCE: f64 = 0.125;
/// Variances that are tried, each twice the one before.
const VARIANCES: i32 = 18;
/// So many shifts of the level are looked for beside those that are clear.
const MOST_SHIFTS: u32 = 4;
/// Size of a shift, in standard deviations of a day's mean by its buckets: three of those of one of 24 buckets.
const SIZE: f64 = 15.0;
/// There is no more than one shift for so many days.
const DAYS_OF_A_LEVEL: usize = 6;
/// Days that are left to tell of what they bring.
const LEAST_FREEDOM: usize = 4;
/// Prior precision of what a level and a day of the week are: about none.
const LEAST_PRECISION: f64 = 1e-6;

impl Between {
    /// Of these means. Days of the week may bring anything where they may be told wrongly, as by few weeks (`has_weekdays`).
    pub(super) fn new(means: &[Option<Mean>], has_weekdays: bool) -> Self {
        let n = means.iter().flatten().count().max(1) as f64;
        let mean = |of: fn(&Mean) -> f64| means.iter().flatten().map(of).sum::<f64>() / n;
        let (middle, by_buckets) = (mean(|m| m.value), mean(|m| m.variance));
        let in_units =
            |m: &Mean| Mean { value: (m.value - middle) / by_buckets.sqrt(), variance: m.variance / by_buckets };
        Self { means: means.iter().map(|m| m.as_ref().map(in_units)).collect(), has_weekdays, by_buckets }
    }

    /// The mean of the posterior of the autocorrelation and of the logarithm of the variance; none where days are likelier alike, at even odds.
    ///
    /// About a line and `levels` of which nothing is known, and some more: each further shift of the level costs its moment and its size (Schwarz 1978), and the day in which it
    /// comes counts for neither.
    pub(super) fn believed(&self, mut levels: Vec<Range<usize>>) -> Option<Believed> {
        let n = self.means.iter().flatten().count();
        // The moment, and a size that is drawn from Normal(0, SIZE²).
        let cost = 0.5 * EVENT_PARAMETERS * (n as f64).ln() + SIZE.ln();
        let variances = (0..VARIANCES).map(|k| LEAST_VARIANCE * 2.0_f64.powi(k));
        let tried: Vec<Believed> = variances.flat_map(|variance| PHIS.map(|phi| Believed { variance, phi })).collect();
        // The more days hang together, the less is it thought of beforehand, as a shift of the level explains much of the same.
        let total: f64 = tried.iter().map(|of| 1.0 - of.phi).sum();
        let (mut differ, mut alike, mut best) = (vec![Vec::new(); tried.len()], Vec::new(), f64::NEG_INFINITY);
        for shifts in 0..=MOST_SHIFTS {
            if shifts as usize * DAYS_OF_A_LEVEL > n || self.columns(&levels) + LEAST_FREEDOM > n {
                break;
            }
            let log_likelihood = |of: Believed| self.log_likelihood(&levels, of) - f64::from(shifts) * cost;
            let with_prior = |of: &Believed| log_likelihood(*of) + ((1.0 - of.phi) / total).ln();
            differ.par_iter_mut().zip(&tried).for_each(|(logs, of)| logs.push(with_prior(of)));
            alike.push(log_likelihood(Believed { variance: 0.0, phi: 0.0 }));
            let most = differ.iter().chain([&alike]).map(|logs| logs[logs.len() - 1]).fold(f64::NEG_INFINITY, f64::max);
            if most <= best {
                break;
            }
            best = most;
            let Some((level, day)) = self.clearest_shift(&levels) else { break };
            let Range { start, end } = levels.swap_remove(level);
            levels.extend([start..day, day + 1..end]);
        }
        if alike.is_empty() {
            return None;
        }
        let differ: Vec<f64> = differ.iter().map(|logs| log_sum_exp(logs)).collect();
        let mass = normalise(&differ);
        let mean = |of: fn(&Believed) -> f64| tried.iter().zip(&mass).map(|(t, p)| p * of(t)).sum::<f64>();
        let variance = self.by_buckets * mean(|t| t.variance.ln()).exp();
        let believed = Believed { variance, phi: mean(|t| t.phi) };
        (log_sum_exp(&differ) > log_sum_exp(&alike)).then_some(believed)
    }

    /// The restricted log likelihood of the means: a first-order autoregression that is observed with noise, about levels, a line and days of the week of which nothing is
    /// known (Kalman filter, these by generalised least squares: de Jong 1991).
    fn log_likelihood(&self, levels: &[Range<usize>], Believed { variance, phi }: Believed) -> f64 {
        // Columns: the levels, the line, the days of the week but the first, and the values.
        let line = levels.len();
        let columns = self.columns(levels);
        let mut products = DMatrix::<f64>::zeros(columns + 1, columns + 1);
        let (mut expected, mut surprise) = (vec![0.0; columns + 1], vec![0.0; columns + 1]);
        let (mut uncertain, mut log_scales) = (variance, 0.0);
        for (day, mean) in self.means.iter().enumerate() {
            let level = levels.iter().position(|level| level.contains(&day));
            if let (Some(mean), Some(level)) = (mean, level) {
                surprise.iter_mut().zip(&expected).for_each(|(surprise, expected)| *surprise = -expected);
                surprise[level] += 1.0;
                surprise[line] += day as f64 / self.means.len() as f64 - 0.5;
                if self.has_weekdays && day % WEEKDAYS > 0 {
                    surprise[line + day % WEEKDAYS] += 1.0;
                }
                surprise[columns] += mean.value;
                let scale = uncertain + mean.variance;
                log_scales += scale.ln();
                for (i, a) in surprise.iter().enumerate() {
                    surprise[..=i].iter().enumerate().for_each(|(k, b)| products[(i, k)] += a * b / scale);
                }
                let gain = uncertain / scale;
                expected.iter_mut().zip(&surprise).for_each(|(expected, surprise)| *expected += gain * surprise);
                uncertain *= 1.0 - gain;
            }
            for x in &mut expected {
                *x *= phi;
            }
            uncertain = phi * phi * uncertain + (1.0 - phi * phi) * variance;
        }
        let right = products.view((columns, 0), (1, columns)).transpose();
        let mut normal = products.view((0, 0), (columns, columns)).into_owned();
        // A level or a day of the week of which there is none, or which another tells, is 0.
        (0..columns).for_each(|i| normal[(i, i)] += LEAST_PRECISION);
        let Some(factor) = Cholesky::new(normal) else { return f64::NEG_INFINITY };
        let square = products[(columns, columns)] - right.dot(&factor.solve(&right));
        let half_log_determinant: f64 = factor.l_dirty().diagonal().iter().map(|x| x.ln()).sum();
        -0.5 * (log_scales + square) - half_log_determinant
    }

    /// Of a design: the levels, a line, and the days of the week but the first.
    fn columns(&self, levels: &[Range<usize>]) -> usize {
        levels.len() + if self.has_weekdays { WEEKDAYS } else { 1 }
    }

    /// The level and the day in it that parts what is before and after it the most, by least squares about a line that all levels share.
    fn clearest_shift(&self, levels: &[Range<usize>]) -> Option<(usize, usize)> {
        let present = |level: &Range<usize>| -> Vec<(usize, f64)> {
            level.clone().filter_map(|day| Some((day, self.means[day]?.value))).collect()
        };
        let present: Vec<Vec<(usize, f64)>> = levels.iter().map(present).collect();
        let slope = common_slope(&present);
        let left = |&(day, value): &(usize, f64)| value - slope * day as f64;
        let mut best = (0.0, None);
        for (i, level) in present.iter().enumerate() {
            let (mut before, mut after) = (0.0, level.iter().map(left).sum::<f64>());
            for (k, at) in level.iter().enumerate() {
                after -= left(at);
                let (n, m) = (k as f64, (level.len() - k - 1) as f64);
                let gain = (before / n - after / m).powi(2) * n * m / (n + m);
                if n > 0.0 && m > 0.0 && gain > best.0 {
                    best = (gain, Some((i, at.0)));
                }
                before += left(at);
            }
        }
        best.1
    }
}

/// The slope of a line that explains most of values at each of some levels, by least squares; 0 where there is none.
fn common_slope(levels: &[Vec<(usize, f64)>]) -> f64 {
    let (mut cross, mut square) = (0.0, 0.0);
    for level in levels {
        let middle = level.iter().map(|(day, _)| *day as f64).sum::<f64>() / level.len() as f64;
        cross += level.iter().map(|(day, value)| (*day as f64 - middle) * value).sum::<f64>();
        square += level.iter().map(|(day, _)| (*day as f64 - middle).powi(2)).sum::<f64>();
    }
    if square > 0.0 { cross / square } else { 0.0 }
}
