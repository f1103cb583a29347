//! Noise that remembers: a first-order autoregression, also over gaps.

/// Lag-one autocorrelation of residuals, corrected for the bias that short series and fitted parameters bring.
///
/// `places` are the buckets of the residuals, ascending; only pairs of adjacent buckets count. `parameters` is the number of
/// regression coefficients that were fitted before. The estimate of Marriott & Pope (1954) and Kendall (1954) falls short by
/// about (1 + 3φ)/n with one mean fitted; each further coefficient costs about 1/n more. The result is kept within
/// `-0.5..=0.95`; 0 where fewer than eight pairs exist or nothing varies.
#[must_use]
pub fn lag_one_autocorrelation(residuals: &[f64], places: &[usize], parameters: f64) -> f64 {
    let pairs: Vec<(f64, f64)> = residuals
        .windows(2)
        .zip(places.windows(2))
        .filter(|(_, p)| p[1] == p[0] + 1)
        .map(|(r, _)| (r[0], r[1]))
        .collect();
    let (cross, square) = pairs.iter().fold((0.0, 0.0), |(c, s), &(a, b)| (c + a * b, s + f64::midpoint(a * a, b * b)));
    if pairs.len() < 8 || square <= 0.0 {
        return 0.0;
    }
    let n = pairs.len() as f64;
    let raw = cross / square;
    let corrected = (raw + parameters.max(1.0) / n) / (1.0 - 3.0 / n);
    corrected.clamp(-0.5, 0.95)
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
}

impl Precision {
    /// For observations at `places` (ascending) with autocorrelation `phi` and a weight for each innovation.
    #[must_use]
    pub fn new(places: &[usize], phi: f64, weights: &[f64]) -> Self {
        let gaps: Vec<usize> = places.windows(2).map(|w| w[1] - w[0]).collect();
        let mut diagonal = vec![0.0; places.len()];
        let mut off = vec![0.0; places.len().saturating_sub(1)];
        for j in 0..places.len() {
            let (link, variance) = if j == 0 { (0.0, 1.0) } else { Self::link(phi, gaps[j - 1]) };
            let w = weights[j] / variance;
            diagonal[j] += w;
            if j > 0 {
                diagonal[j - 1] += w * link * link;
                off[j - 1] -= w * link;
            }
        }
        Self { diagonal, off, phi, gaps }
    }

    /// φ^gap and the variance of what it does not explain.
    fn link(phi: f64, gap: usize) -> (f64, f64) {
        let link = phi.powi(i32::try_from(gap).unwrap_or(i32::MAX));
        (link, 1.0 - link * link)
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

    /// The innovations of `x`, scaled to one variance.
    #[must_use]
    pub fn innovations(&self, x: &[f64]) -> Vec<f64> {
        let innovation = |j: usize| {
            if j == 0 {
                return x[0];
            }
            let (link, variance) = Self::link(self.phi, self.gaps[j - 1]);
            (x[j] - link * x[j - 1]) / variance.sqrt()
        };
        (0..x.len()).map(innovation).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quadratic_form_is_the_sum_of_squared_innovations() {
        let places = [0, 1, 2, 5, 6];
        let x = [1.0, -2.0, 0.5, 3.0, 1.0];
        let q = Precision::new(&places, 0.6, &[1.0; 5]);
        let form: f64 = q.times(&x).iter().zip(&x).map(|(a, b)| a * b).sum();
        let sum: f64 = q.innovations(&x).iter().map(|e| e * e).sum();
        assert!((form - sum).abs() < 1e-12);
    }

    #[test]
    fn pairs_across_a_gap_do_not_count_as_neighbours() {
        let r: Vec<f64> = (0..40).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let apart: Vec<usize> = (0..40).map(|i| 2 * i).collect();
        assert!(lag_one_autocorrelation(&r, &apart, 1.0).abs() < 1e-12);
    }
}
