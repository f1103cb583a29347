//! Sums of noise that is not symmetric.

/// No law that is told apart from a symmetric one is less skewed.
const SYMMETRIC: f64 = 1e-6;
/// That of an exponential law; what is more skewed the approximation knows nothing of.
const MOST: f64 = 2.0;

/// The standard normal number of what is z standard deviations out under a law of this skewness.
///
/// (6/γ) ((γz/2 + 1)^⅓ − 1) + γ/6, near to exact for sums of gamma and Poisson variables far out (Wilson & Hilferty 1931, *PNAS* 17). What such a law
/// does not reach is taken for its end.
#[must_use]
pub fn normal_of_skewed(z: f64, skewness: f64) -> f64 {
    if skewness.abs() < SYMMETRIC {
        return z;
    }
    let skewness = skewness.clamp(-MOST, MOST);
    let root = (0.5 * skewness * z + 1.0).max(0.0).cbrt();
    6.0 / skewness * (root - 1.0) + skewness / 6.0
}

/// The same, but no further out than z.
#[must_use]
pub fn without_skewness(z: f64, skewness: f64) -> f64 {
    let less = normal_of_skewed(z, skewness);
    if less * z < 0.0 { 0.0 } else { less.abs().min(z.abs()).copysign(z) }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, DiscreteCDF, Normal, Poisson};

    use super::*;

    #[test]
    fn a_sum_of_counts_is_as_surprising_as_it_is() {
        for (mean, count) in [(13.3_f64, 29), (4.6, 16), (50.0, 85)] {
            let law = Poisson::new(mean).unwrap();
            // Half of the count itself, as the normal law is continuous.
            let tail = 0.5 * (law.sf(count) + law.sf(count - 1));
            let z = without_skewness((count as f64 - mean) / mean.sqrt(), 1.0 / mean.sqrt());
            let told = Normal::standard().sf(z);
            assert!((told / tail).ln().abs() < 0.5, "{count} of {mean}: {told} for {tail}");
        }
    }

    #[test]
    fn fewer_counts_are_as_surprising_as_they_are() {
        for (mean, count) in [(34.0_f64, 8), (34.0, 12), (16.0, 2), (100.0, 55)] {
            let law = Poisson::new(mean).unwrap();
            let tail = 0.5 * (law.cdf(count) + law.cdf(count - 1));
            let z = normal_of_skewed((count as f64 - mean) / mean.sqrt(), 1.0 / mean.sqrt());
            let told = Normal::standard().cdf(z);
            assert!((0.0..0.8).contains(&(told / tail).ln()), "{count} of {mean}: {told} for {tail}");
        }
        assert!(normal_of_skewed(-40.0, 0.1) <= -50.0, "below the end of the law");
    }

    #[test]
    fn nothing_is_further_out_than_it_was() {
        for skewness in [-2.0, -0.1, 0.0, 0.1, 2.0] {
            for z in [-9.0, -3.0, 0.0, 0.1, 4.0] {
                let less = without_skewness(z, skewness);
                assert!(less.abs() <= z.abs() && less * z >= 0.0, "{z} {skewness} {less}");
            }
        }
    }
}
