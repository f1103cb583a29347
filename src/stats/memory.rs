//! What innovations still remember of earlier ones.

use std::borrow::Cow;

use nalgebra::{Cholesky, DMatrix, DVector};

/// A linear filter that takes from each innovation what earlier ones tell of it: eⱼ − Σ cₖ eⱼ₋ₖ.
///
/// A first-order autoregression is one idea of the noise; what it leaves is often not white, for noise of higher order or that repeats
/// from day to day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// Lag in observations, and coefficient.
    lags: Vec<(usize, f64)>,
}

/// Prior precision of a coefficient, in observations: lags are not expected to explain all.
const PRIOR: f64 = 10.0;

impl Memory {
    /// The filter of these lags that leaves least of weighted innovations, by least squares; none where there are too few innovations.
    #[must_use]
    pub fn fitted(innovations: &[f64], weights: &[f64], lags: &[usize]) -> Option<Self> {
        let longest = lags.iter().copied().max()?;
        if innovations.len() < 4 * longest.max(lags.len()) {
            return None;
        }
        let variance = innovations.iter().zip(weights).map(|(e, w)| w * e * e).sum::<f64>() / innovations.len() as f64;
        let mut normal = DMatrix::from_diagonal_element(lags.len(), lags.len(), PRIOR * variance);
        let mut side = DVector::zeros(lags.len());
        for j in longest..innovations.len() {
            for (a, k) in lags.iter().enumerate() {
                side[a] += weights[j] * innovations[j] * innovations[j - k];
                for (b, l) in lags.iter().enumerate() {
                    normal[(a, b)] += weights[j] * innovations[j - k] * innovations[j - l];
                }
            }
        }
        let coefficients = Cholesky::new(normal)?.solve(&side);
        Some(Self { lags: lags.iter().copied().zip(coefficients.iter().copied()).collect() })
    }

    /// Number of coefficients.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lags.len()
    }

    /// Whether nothing is taken out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lags.is_empty()
    }

    /// What is left of innovations; they themselves where nothing is taken out.
    #[must_use]
    pub fn filtered<'a>(&self, innovations: &'a [f64]) -> Cow<'a, [f64]> {
        if self.is_empty() {
            return Cow::Borrowed(innovations);
        }
        let mut left = innovations.to_vec();
        for &(lag, coefficient) in &self.lags {
            for j in lag..innovations.len() {
                left[j] -= coefficient * innovations[j - lag];
            }
        }
        Cow::Owned(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::normals;

    #[test]
    fn the_coefficients_of_an_autoregression_are_found_and_taken_out() {
        let noise = normals(2000, 5);
        let mut x = vec![0.0; noise.len()];
        for j in 0..x.len() {
            let before = |lag: usize| if j >= lag { x[j - lag] } else { 0.0 };
            x[j] = noise[j] + 0.3 * before(2) + 0.4 * before(24);
        }
        let memory = Memory::fitted(&x, &vec![1.0; x.len()], &[1, 2, 24]).unwrap();
        let wanted = [0.0, 0.3, 0.4];
        assert!(memory.lags.iter().zip(wanted).all(|((_, c), w)| (c - w).abs() < 0.05), "{memory:?}");
        let left = memory.filtered(&x);
        let square = |of: &[f64]| of.iter().map(|e| e * e).sum::<f64>();
        assert!((square(&left) / square(&noise) - 1.0).abs() < 0.02);
    }

    #[test]
    fn too_short_a_stretch_has_no_memory_of_a_season() {
        assert!(Memory::fitted(&normals(40, 1), &[1.0; 40], &[24]).is_none());
        assert!(Memory::fitted(&[], &[], &[1]).is_none());
    }
}
