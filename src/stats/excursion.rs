//! How high the greatest of many correlated statistics reaches by chance.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use statrs::distribution::{ContinuousCDF, Normal};

use super::autoregression::square_of_run;

fn standard_normal() -> Normal {
    Normal::standard()
}

/// Density of the standard normal distribution.
fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// P(|Z| > z) for a standard normal Z.
#[must_use]
fn two_sided_tail(z: f64) -> f64 {
    2.0 * standard_normal().sf(z.abs())
}

/// The mean overshoot function ν of a Gaussian random walk, by its closed approximation.
///
/// ν(x) ≈ (2/x)(Φ(x/2) − 1/2) / ((x/2)Φ(x/2) + φ(x/2)): Siegmund & Yakir, *The Statistics of Gene Mapping* (2007), p. 112.
#[must_use]
pub fn overshoot(x: f64) -> f64 {
    if x < 1e-6 {
        return 1.0;
    }
    let half = x / 2.0;
    let cdf = standard_normal().cdf(half);
    (cdf - 0.5) / half / (half * cdf + density(half))
}

/// [`overshoot`] at multiples of [`TABLE_STEP`]: a search over a long series needs it for each of its places.
static TABLE: LazyLock<Vec<f64>> = LazyLock::new(|| (0..=2000).map(|i| overshoot(f64::from(i) * TABLE_STEP)).collect());
const TABLE_STEP: f64 = 0.01;

/// The mean overshoot by linear interpolation, within 1e-5; beyond the table it is 2/x².
fn tabled_overshoot(x: f64) -> f64 {
    let at = x / TABLE_STEP;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let i = at as usize;
    match TABLE.get(i..=i + 1) {
        Some(&[a, b]) => a + (b - a) * (at - i as f64),
        _ => 2.0 / (x * x),
    }
}

/// No level that is reached is higher: the density is zero there, also of what is infinite because nothing else varies.
const HIGHEST: f64 = 100.0;

/// Places of a process whose neighbours hang together alike, ready for any level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbours {
    /// How many.
    count: f64,
    /// β = 1 − ρ.
    beta: f64,
    /// √(2β), which takes longer than all else.
    root: f64,
}

impl Neighbours {
    /// So many places whose neighbours have the correlation `rho`.
    #[must_use]
    pub fn alike(count: usize, rho: f64) -> Self {
        let beta = (1.0 - rho).clamp(0.0, 1.0);
        Self { count: count as f64, beta, root: (2.0 * beta).sqrt() }
    }
}

impl From<f64> for Neighbours {
    /// One place, by its correlation.
    fn from(rho: f64) -> Self {
        Self::alike(1, rho)
    }
}

/// P(max |Zₘ| ≥ b) for standard normal Zₘ whose neighbours have the given correlations.
///
/// A process with corr(Zₘ, Zₘ₊₁) = 1 − βₘ crosses a high level b about Σ βₘ b φ(b) ν(b √(2βₘ)) times on each side
/// (Siegmund 1988, *Int. Statist. Rev.* 56; Yao 1993 for change points). To it comes the chance that the first is above.
/// With n uncorrelated places this is close to Bonferroni's bound; `repeats` says for how many stretches like this one
/// the search was made.
#[must_use]
pub fn max_tail(b: f64, neighbours: impl IntoIterator<Item = Neighbours>, repeats: f64) -> f64 {
    let b = b.abs().clamp(0.0, HIGHEST);
    let of = |n: Neighbours| n.count * n.beta * tabled_overshoot(b * n.root);
    let crossings = b * density(b) * neighbours.into_iter().map(of).sum::<f64>();
    let once = two_sided_tail(b) + 2.0 * crossings;
    // The expected number of crossings bounds the probability; for moderate b Poisson clumping is closer.
    -(-once * repeats.max(1.0)).exp_m1()
}

/// P(max |Zₛₑ| ≥ b) over the runs s..e of these `lengths` in n values, of which Zₛₑ says how far each stands out of noise with autocorrelation φ.
///
/// Where a run that begins or ends one value later has the correlation 1 − β with it, some 2 n Σ β² b³ φ(b) ν(b √(2β))² runs are peaks above a high
/// level (Siegmund 1988 for fields; of white noise β = 1/2L, as in the circular binary segmentation of Olshen et al. 2004, *Biostatistics* 5).
#[must_use]
pub fn max_tail_of_runs(b: f64, phi: f64, n: usize, lengths: RangeInclusive<usize>) -> f64 {
    let b = b.abs().clamp(0.0, HIGHEST);
    let square = |length: usize| square_of_run(phi, length);
    // Where the shorter of two runs begins, the longer is inside.
    let correlation = |shorter: usize| (square(shorter) - phi) / (square(shorter) * square(shorter + 1)).sqrt();
    let per_run = |length: usize| {
        let beta = (1.0 - if length > 1 { correlation(length - 1) } else { 0.0 }).clamp(0.0, 1.0);
        beta * b * tabled_overshoot(b * (2.0 * beta).sqrt())
    };
    let peaks = 2.0 * n as f64 * b * density(b) * lengths.map(|length| per_run(length).powi(2)).sum::<f64>();
    -(-(two_sided_tail(b) + peaks)).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_one_place_is_the_normal_tail() {
        assert!((max_tail(1.96, [], 1.0) - (1.0 - (-0.05_f64).exp())).abs() < 1e-3);
    }

    #[test]
    fn what_is_as_high_as_a_number_can_be_is_never_chance() {
        for b in [40.0, 1e18, f64::MAX, f64::INFINITY] {
            assert!((0.0..1e-300).contains(&max_tail(b, [Neighbours::alike(10, 0.9)], 1.0)), "{b}");
            assert!((0.0..1e-300).contains(&max_tail_of_runs(b, 0.3, 100, 4..=24)), "{b}");
        }
    }

    #[test]
    fn searching_more_places_makes_the_same_height_less_surprising() {
        let few = max_tail(3.0, [Neighbours::alike(10, 0.9)], 1.0);
        let many = max_tail(3.0, [Neighbours::alike(100, 0.9)], 1.0);
        assert!(few < many && many < 1.0);
    }

    #[test]
    fn overshoot_falls_from_one() {
        assert!((overshoot(0.0) - 1.0).abs() < 1e-9);
        assert!((overshoot(1.0) - (-0.583_f64).exp()).abs() < 0.02);
        for x in [0.0, 0.003, 0.456, 1.237, 4.5, 19.99, 30.0] {
            assert!((tabled_overshoot(x) - overshoot(x)).abs() < 1e-5, "{x}");
        }
    }

    #[test]
    fn the_tail_of_runs_is_that_of_their_maxima() {
        let (n, lengths) = (300, 4..=24_usize);
        for phi in [0.0, 0.6] {
            let inside = 1.0 - phi;
            let greatest = |seed: u64| {
                let innovations = crate::simulation::normals(n + 1, seed);
                let until: Vec<f64> = innovations
                    .iter()
                    .scan(0.0, |sum, e| {
                        *sum += e;
                        Some(*sum)
                    })
                    .collect();
                let z = |from: usize, length: usize| {
                    let (end, square) = (from + length, 1.0 + (length - 1) as f64 * inside * inside + phi * phi);
                    let cross = innovations[from] + inside * (until[end - 1] - until[from]) - phi * innovations[end];
                    cross.abs() / square.sqrt()
                };
                let of_length = |length: usize| (0..=n - length).map(move |from| (from, length));
                lengths.clone().flat_map(of_length).map(|(from, length)| z(from, length)).fold(0.0, f64::max)
            };
            let maxima: Vec<f64> = (0..1000).map(greatest).collect();
            for b in [3.8, 4.1, 4.4] {
                let seen = maxima.iter().filter(|m| **m >= b).count() as f64 / maxima.len() as f64;
                let told = max_tail_of_runs(b, phi, n, lengths.clone());
                let standard_error = (told * (1.0 - told) / maxima.len() as f64).sqrt();
                let (least, most) = (if phi > 0.0 { 0.5 } else { 0.85 }, 1.15);
                let is_told = (least * told - 3.0 * standard_error..most * told + 3.0 * standard_error).contains(&seen);
                assert!(is_told, "{phi} {b}: {seen} of {told}");
            }
        }
    }
}
