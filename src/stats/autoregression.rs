//! Noise that remembers: a first-order autoregression, also over gaps.

use super::Explained;

/// A residual is an error of its own bucket from so many standard deviations beyond its neighbours on.
const FAR: f64 = 3.0;
/// How often the standard deviation of residuals is told anew from those that it cuts.
const CUTS: usize = 3;

/// Fewest pairs of neighbours that tell an autocorrelation.
const FEWEST_PAIRS: usize = 8;

/// Lag-one autocorrelation of noise, from the residuals of a fit.
///
/// `places` are the buckets of the residuals, ascending; only pairs of adjacent buckets count. Residuals vary less and hang together less
/// than the noise, because the fit follows it: `explained` is given back to the moments before their ratio is taken (as restricted
/// likelihood does, Cheang & Reinsel 2000). An error in a single bucket would hide what the others remember, and is cut to a size that noise may
/// have (an additive outlier, Fox 1972). The variance is no less than that of what was lost by `rounding`, which remembers nothing. The result is kept within `-0.5..=0.95`, because what remembers more than some twenty buckets is a level; 0 where fewer than eight pairs exist or nothing varies.
#[must_use]
pub fn lag_one_autocorrelation(residuals: &[f64], places: &[usize], explained: Explained, rounding: f64) -> f64 {
    if residuals.len() < FEWEST_PAIRS {
        return 0.0;
    }
    let residuals = without_errors(residuals);
    let pairs = residuals.windows(2).zip(places.windows(2)).filter(|(_, p)| p[1] == p[0] + 1).map(|(r, _)| r[0] * r[1]);
    let (n, cross) = pairs.fold((0.0, 0.0), |(n, sum), product| (n + 1.0, sum + product));
    let square: f64 = residuals.iter().map(|r| r * r).sum();
    if n < FEWEST_PAIRS as f64 || square <= 0.0 {
        return 0.0;
    }
    let covariance = (cross + explained.noise * explained.lag_one) / n;
    let variance = (square + explained.noise * explained.variance) / residuals.len() as f64;
    (covariance / variance.max(rounding)).clamp(-0.5, 0.95)
}

/// The residuals, in which what lies more than [`FAR`] standard deviations beyond both neighbours and the mean is drawn to there.
///
/// The standard deviation is that of the residuals cut at as many of it (Huber 1964, proposal 2, by their mean size).
fn without_errors(residuals: &[f64]) -> Vec<f64> {
    let n = residuals.len();
    let sd = |cut: f64| {
        let size: f64 = residuals.iter().map(|r| r.abs().min(cut)).sum();
        size / n as f64 * std::f64::consts::FRAC_PI_2.sqrt()
    };
    let reach = (0..CUTS).fold(f64::INFINITY, |cut, _| FAR * sd(cut));
    let drawn = |j: usize| {
        let before = residuals[j.checked_sub(1).unwrap_or(1)];
        let after = residuals.get(j + 1).copied().unwrap_or(before);
        let beside = [before, after, 0.0];
        let (least, most) = beside.iter().fold((0.0, 0.0), |(a, b): (f64, f64), r| (a.min(*r), b.max(*r)));
        residuals[j].clamp(least - reach, most + reach)
    };
    (0..n).map(drawn).collect()
}

/// Degrees of freedom with which n observations tell how much a mean of autoregressive noise scatters in the long run.
///
/// That standard deviation is proportional to 1/(1 − φ), and φ is known but for the variance (1 − φ²)/n (Box, Jenkins & Reinsel 2008): its
/// logarithm has the variance (1 + φ)/((1 − φ) n), which is 1/2ν with ν = n (1 − φ)/2(1 + φ).
#[must_use]
pub fn long_run_freedom(n: usize, phi: f64) -> f64 {
    0.5 * n as f64 * (1.0 - phi) / (1.0 + phi)
}

/// The square of what a run of `length` buckets takes off the innovations of an autoregression: it is 1 where it begins, 1 − φ inside, and −φ after.
#[must_use]
pub(super) fn square_of_run(phi: f64, length: usize) -> f64 {
    1.0 + (length as f64 - 1.0) * (1.0 - phi).powi(2) + phi * phi
}

/// Degrees of freedom with which n observations tell how much a mean of `length` buckets of autoregressive noise scatters.
///
/// What such a run takes off the innovations has the square g = 1 + (L − 1)(1 − φ)² + φ², and φ is known but for the variance (1 − φ²)/n: the
/// logarithm of 1/√g has the variance ((L − 1)(1 − φ) − φ)²/g² times that, which is 1/2ν. [`long_run_freedom`] is its limit for long runs.
#[must_use]
pub fn freedom_of_run(n: usize, phi: f64, length: usize) -> f64 {
    let by_phi = ((length as f64 - 1.0) * (1.0 - phi) - phi) / square_of_run(phi, length);
    0.5 * n as f64 / (by_phi * by_phi * (1.0 - phi * phi)).max(f64::MIN_POSITIVE)
}

/// The inverse covariance of a first-order autoregression with weighted innovations, a tridiagonal matrix.
///
/// With observations at places i₁ < i₂ < …, gaps gⱼ = iⱼ − iⱼ₋₁ and unit stationary variance, the innovations
/// (xⱼ − φ^gⱼ xⱼ₋₁) / √(1 − φ^2gⱼ) are independent; the matrix is Σ wⱼ vⱼ vⱼᵀ over them.
#[derive(Debug, Clone, PartialEq)]
pub struct Precision {
    /// The diagonal, one entry for each observation.
    pub diagonal: Vec<f64>,
    /// Entry j couples observations j and j + 1.
    pub off: Vec<f64>,
    phi: f64,
    gaps: Vec<usize>,
    spread: Vec<f64>,
}

impl Precision {
    /// For observations at `places` (ascending) with autocorrelation `phi`.
    ///
    /// For each innovation `spread` is its standard deviation relative to the others, and `weights` says how much it counts.
    #[must_use]
    pub fn new(places: &[usize], phi: f64, spread: &[f64], weights: &[f64]) -> Self {
        let gaps: Vec<usize> = places.windows(2).map(|w| w[1] - w[0]).collect();
        let mut diagonal = vec![0.0; places.len()];
        let mut off = vec![0.0; places.len().saturating_sub(1)];
        for j in 0..places.len() {
            let (link, variance) = if j == 0 { (0.0, 1.0) } else { Self::link(phi, gaps[j - 1]) };
            let w = weights[j] / (variance * spread[j] * spread[j]);
            diagonal[j] += w;
            if j > 0 {
                diagonal[j - 1] += w * link * link;
                off[j - 1] -= w * link;
            }
        }
        Self { diagonal, off, phi, gaps, spread: spread.to_vec() }
    }

    /// φ^gap and the variance of what it does not explain.
    fn link(phi: f64, gap: usize) -> (f64, f64) {
        let link = if gap == 1 { phi } else { Self::over_gap(phi, gap) };
        (link, 1.0 - link * link)
    }

    /// φ^gap. Compiled into a loop it would be worked out for all observations, of which hardly any have a gap before them.
    #[cold]
    #[inline(never)]
    fn over_gap(phi: f64, gap: usize) -> f64 {
        phi.powi(i32::try_from(gap).unwrap_or(i32::MAX))
    }

    /// Number of observations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.diagonal.len()
    }

    /// Whether there is no observation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.diagonal.is_empty()
    }

    /// Buckets from each observation to the next.
    #[must_use]
    pub fn gaps(&self) -> &[usize] {
        &self.gaps
    }

    /// log of how the innovations' scaling stretches space: what makes likelihoods under different noise comparable.
    #[must_use]
    pub fn log_scaling(&self) -> f64 {
        let variance = |j: usize| if j == 0 { 1.0 } else { Self::link(self.phi, self.gaps[j - 1]).1 };
        (0..self.len()).map(|j| -0.5 * (variance(j) * self.spread[j] * self.spread[j]).ln()).sum()
    }

    /// The matrix times a vector.
    #[must_use]
    pub fn times(&self, x: &[f64]) -> Vec<f64> {
        let n = x.len();
        (0..n)
            .map(|j| {
                let left = if j > 0 { self.off[j - 1] * x[j - 1] } else { 0.0 };
                let right = if j + 1 < n { self.off[j] * x[j + 1] } else { 0.0 };
                left + self.diagonal[j] * x[j] + right
            })
            .collect()
    }

    /// The innovations of `x`, all scaled to one variance.
    #[must_use]
    pub fn innovations(&self, x: &[f64]) -> Vec<f64> {
        let of_gap = |gap: usize| {
            let (link, variance) = Self::link(self.phi, gap);
            (link, variance.sqrt())
        };
        let next = of_gap(1);
        let innovation = |((x, gap), spread): ((&[f64], &usize), &f64)| {
            let (link, sd) = if *gap == 1 { next } else { of_gap(*gap) };
            (x[1] - link * x[0]) / (sd * spread)
        };
        let first = x.first().zip(self.spread.first()).map(|(x, spread)| x / spread);
        let later = x.windows(2).zip(&self.gaps).zip(self.spread.iter().skip(1)).map(innovation);
        first.into_iter().chain(later).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quadratic_form_is_the_sum_of_squared_innovations() {
        let places = [0, 1, 2, 5, 6];
        let x = [1.0, -2.0, 0.5, 3.0, 1.0];
        let q = Precision::new(&places, 0.6, &[1.0; 5], &[1.0; 5]);
        let form: f64 = q.times(&x).iter().zip(&x).map(|(a, b)| a * b).sum();
        let sum: f64 = q.innovations(&x).iter().map(|e| e * e).sum();
        assert!((form - sum).abs() < 1e-12);
    }

    #[test]
    fn a_long_run_is_known_as_well_as_what_lasts() {
        let (n, phi) = (500, 0.5);
        let freedom = |length: usize| freedom_of_run(n, phi, length);
        assert!((freedom(10_000) / long_run_freedom(n, phi) - 1.0).abs() < 0.01);
        assert!(freedom(4) > 2.0 * freedom(48) && freedom(48) > long_run_freedom(n, phi));
    }

    #[test]
    fn errors_in_single_buckets_do_not_hide_what_the_others_remember() {
        let places: Vec<usize> = (0..2_000).collect();
        let mut noise = remembering(0.5, places.len());
        let none = Explained { variance: 0.0, lag_one: 0.0, noise: 1.0 };
        let clean = lag_one_autocorrelation(&noise, &places, none, 0.0);
        assert!((clean - 0.5).abs() < 0.05, "{clean}");
        (0..noise.len()).step_by(40).for_each(|j| noise[j] += 12.0);
        let with_errors = lag_one_autocorrelation(&noise, &places, none, 0.0);
        assert!((with_errors - clean).abs() < 0.15, "{with_errors} beside {clean}");
    }

    /// Unit-variance autoregressive noise of even innovations in a shuffled order.
    fn remembering(phi: f64, n: usize) -> Vec<f64> {
        let scale = (12.0 * (1.0 - phi * phi)).sqrt();
        let innovation =
            |i: usize| ((i as f64 * 0.754_877_666).fract() + (i as f64 * 0.569_840_29 * i as f64).fract()) % 1.0 - 0.5;
        let step = |last: &mut f64, i: usize| {
            *last = phi * *last + scale * innovation(i + 1);
            Some(*last)
        };
        (0..n).scan(0.0, step).collect()
    }

    #[test]
    fn pairs_across_a_gap_do_not_count_as_neighbours() {
        let r: Vec<f64> = (0..40).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let apart: Vec<usize> = (0..40).map(|i| 2 * i).collect();
        assert!(
            lag_one_autocorrelation(&r, &apart, Explained { variance: 0.0, lag_one: 0.0, noise: 1.0 }, 0.0).abs()
                < 1e-12
        );
    }
}
