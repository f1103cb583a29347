//! What the buckets of each day tell: its mean, and the noise about it.

use std::ops::Range;

use crate::stats::mad_sd;

use super::{FAR, Place};

/// The mean of a day, and the variance that it has by the noise of its buckets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mean {
    pub(super) value: f64,
    pub(super) variance: f64,
}

/// Values by their days.
pub(super) struct Within<'a> {
    place: &'a [Place],
    weights: Option<&'a [f64]>,
    /// The buckets of each day that count.
    buckets: Vec<Vec<usize>>,
    /// The values, outliers cut to what noise may be.
    values: Vec<f64>,
    /// The stationary variance of the noise of a bucket of weight 1, and its autocorrelation.
    noise: f64,
    phi: f64,
}

/// A bucket is cut to so many standard deviations from the mean of its day.
const CUT: f64 = 4.0;
/// How often the standard deviation is told anew from what it cuts.
const CUTS: usize = 2;
/// Greatest autocorrelation of the noise: what remembers more is what days bring.
const MOST_PHI: f64 = 0.95;
/// Buckets on either side of a time of day that tell whether it is a border.
const BESIDE: usize = 3;

impl<'a> Within<'a> {
    /// The noise within days by the variogram at one and two buckets, ½ E (xₜ₊ₕ − xₜ)² = σ² (1 − φʰ) (Cressie 1993). `place` says to which day each value belongs, `weights`
    /// are the inverse of their variance, and those count for which `counts`. None where nothing varies.
    pub(super) fn told(
        place: &'a [Place],
        values: &[f64],
        weights: Option<&'a [f64]>,
        counts: impl Fn(usize) -> bool,
    ) -> Option<Self> {
        let mut buckets: Vec<Vec<usize>> = vec![Vec::new(); place.last()?.day + 1];
        let counting = |i: &usize| !values[*i].is_nan() && weights.is_none_or(|w| w[*i] > 0.0) && counts(*i);
        (0..values.len()).filter(counting).for_each(|i| buckets[place[i].day].push(i));
        let mut within = Self { place, weights, buckets, values: values.to_vec(), noise: f64::NAN, phi: 0.0 };
        let middles: Vec<f64> = within.buckets.iter().map(|of| within.weighted_mean(of)).collect();
        let counted: Vec<usize> = within.buckets.concat();
        let middle = |i: usize| middles[place[i].day];
        let mut rest: Vec<f64> = (0..values.len()).map(|i| (values[i] - middle(i)) / within.scatter(i)).collect();
        for _ in 0..CUTS {
            let cut = CUT * (counted.iter().map(|&i| rest[i] * rest[i]).sum::<f64>() / counted.len() as f64).sqrt();
            if cut > 0.0 {
                for r in &mut rest {
                    *r = r.clamp(-cut, cut);
                }
            }
        }
        for &i in &counted {
            within.values[i] = middle(i) + within.scatter(i) * rest[i];
        }
        let variogram = |lag: usize| {
            let pairs = within.buckets.iter().flat_map(|of| of.windows(lag + 1)).filter(|w| w[lag] - w[0] == lag);
            let add = |(sum, n): (f64, f64), w: &[usize]| (sum + 0.5 * (rest[w[lag]] - rest[w[0]]).powi(2), n + 1.0);
            let (sum, n) = pairs.fold((0.0, 0.0), add);
            sum / n
        };
        let (one, two) = (variogram(1), variogram(2));
        within.phi = (two / one - 1.0).clamp(0.0, MOST_PHI);
        within.noise = one / (1.0 - within.phi);
        (one > 0.0 && two.is_finite()).then_some(within)
    }

    /// The stationary variance of the noise of a bucket of weight 1.
    pub(super) fn noise(&self) -> f64 {
        self.noise
    }

    /// The mean of each day that has `least` buckets or more.
    pub(super) fn means(&self, least: usize) -> Vec<Option<Mean>> {
        let mean = |of: &Vec<usize>| {
            let total: f64 = of.iter().map(|&i| self.weight(i)).sum();
            // Σᵢⱼ aᵢ aⱼ φ^|i − j|, of what each bucket has in the mean.
            let (mut variance, mut remembered) = (0.0, 0.0);
            for (k, &i) in of.iter().enumerate() {
                let share = self.weight(i) * self.scatter(i) / total;
                let gap = if k > 0 { i - of[k - 1] } else { 0 };
                remembered *= self.phi.powi(i32::try_from(gap).unwrap_or(i32::MAX));
                variance += share * (share + 2.0 * remembered);
                remembered += share;
            }
            let mean = Mean { value: self.weighted_mean(of), variance: self.noise * variance };
            (of.len() >= least).then_some(mean)
        };
        self.buckets.iter().map(mean).collect()
    }

    /// By how much more the hours about midnight differ than those about other times of the day, which noise alone does not make: half of the mean square of the difference. None where no bucket begins
    /// by midnight.
    pub(super) fn break_by_midnight(&self) -> Option<f64> {
        let counts: Vec<bool> = {
            let mut counts = vec![false; self.values.len()];
            self.buckets.iter().flatten().for_each(|&i| counts[i] = true);
            counts
        };
        let mean = |range: Range<usize>| range.map(|i| self.values[i]).sum::<f64>() / BESIDE as f64;
        let beside = |i: usize| i - BESIDE..i + BESIDE;
        let inside = (BESIDE..(self.values.len() + 1).saturating_sub(BESIDE)).filter(|&i| beside(i).all(|k| counts[k]));
        let (midnights, others): (Vec<usize>, Vec<usize>) = inside.partition(|&i| self.place[i].share <= 0.0);
        let is_of_a_day = |i: &usize| self.place[i - BESIDE].day == self.place[i + BESIDE - 1].day;
        let others = others.into_iter().filter(is_of_a_day);
        let beyond_noise = |at: Vec<usize>| {
            let sizes: Vec<f64> = at.iter().map(|&i| mean(i..i + BESIDE) - mean(i - BESIDE..i)).collect();
            let far = FAR * mad_sd(&sizes, 0.0);
            let by_noise = |i: usize| {
                self.noise * beside(i).map(|k| self.scatter(k).powi(2)).sum::<f64>() / (BESIDE * BESIDE) as f64
            };
            let usual = at.iter().zip(&sizes).filter(|(_, size)| size.abs() <= far);
            let (sum, n) =
                usual.fold((0.0, 0.0), |(sum, n), (&i, size)| (sum + 0.5 * (size * size - by_noise(i)), n + 1.0));
            (n > 0.0).then(|| sum / n)
        };
        Some(beyond_noise(midnights)? - beyond_noise(others.collect())?)
    }

    fn weight(&self, i: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[i])
    }

    /// Standard deviation relative to that of a bucket of weight 1.
    fn scatter(&self, i: usize) -> f64 {
        1.0 / self.weight(i).sqrt()
    }

    fn weighted_mean(&self, of: &[usize]) -> f64 {
        let total: f64 = of.iter().map(|&i| self.weight(i)).sum();
        of.iter().map(|&i| self.weight(i) * self.values[i]).sum::<f64>() / total
    }
}
