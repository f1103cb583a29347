//! How far out what is so rare lies under the standard normal law.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

/// The standard normal number beyond which lies this share; 0 for half and more.
#[must_use]
pub fn normal_of_tail(p: f64) -> f64 {
    (-Normal::standard().inverse_cdf(p.max(f64::MIN_POSITIVE))).max(0.0)
}

/// The standard normal number as far out as `count` independent tails of these probabilities are together: −2 Σ log pᵢ follows χ² with two degrees of
/// freedom for each (Fisher 1932).
#[must_use]
pub fn normal_of_tails(tails: impl Iterator<Item = f64>, count: usize) -> f64 {
    let statistic = -2.0 * tails.map(|p| p.max(f64::MIN_POSITIVE).ln()).sum::<f64>();
    normal_of_tail(ChiSquared::new(2.0 * count as f64).map_or(1.0, |law| law.sf(statistic)))
}
