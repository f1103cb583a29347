//! Noise with tails heavier than Gaussian ones.

use statrs::function::gamma::ln_gamma;

use super::mad_sd;

/// Noise that follows Student's t with a number of degrees of freedom and a scale that each hypothesis estimates for itself.
///
/// Outliers then say little about either hypothesis, because both explain them equally badly (Lange, Little & Taylor 1989,
/// *J. Am. Stat. Assoc.* 84).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StudentNoise {
    freedom: f64,
    /// The square of the least scale.
    least: f64,
}

/// Degrees of freedom that are compared; with the last the noise is Gaussian for all that can be seen.
const FREEDOMS: [f64; 6] = [2.5, 4.0, 7.0, 15.0, 40.0, 1000.0];
/// Steps towards the scale of most likelihood; each brings it closer by about two thirds.
const ITERATIONS: usize = 8;

/// So many values are added up, and multiplied, side by side.
const LANES: usize = 8;

/// A step smaller than this share ends them: the likelihood is flat at its top.
const CLOSE: f64 = 3e-3;

/// Innovations whose mean square is less than this share of that of the least scale are none.
const UNSEEN: f64 = 0.01;

/// No scale is smaller, so that nothing is divided by zero where a hypothesis explains everything.
const LEAST_SQUARE: f64 = 1e-200;

impl StudentNoise {
    /// Gaussian noise, for all that can be seen.
    pub const GAUSSIAN: Self = Self { freedom: FREEDOMS[FREEDOMS.len() - 1], least: LEAST_SQUARE };

    /// Gaussian noise with a scale of at least `least`.
    #[must_use]
    pub fn gaussian(least: f64) -> Self {
        Self { least: (least * least).max(LEAST_SQUARE), ..Self::GAUSSIAN }
    }

    /// Noise with the degrees of freedom under which these innovations are likeliest, and a scale of at least `least`. Where there is hardly any noise by that scale, as
    /// in a constant, nothing is known of its tails, and they are the heaviest.
    #[must_use]
    pub fn fitted(innovations: &[f64], least: f64) -> Self {
        let square = innovations.iter().map(|e| e * e).sum::<f64>() / innovations.len().max(1) as f64;
        let is_seen = square > UNSEEN * least * least;
        let least = (least * least).max(LEAST_SQUARE);
        if !is_seen {
            return Self { freedom: FREEDOMS[0], least };
        }
        let start = mad_sd(innovations, 0.0);
        let likelihood = |noise: Self| noise.log_likelihood(innovations, start, 0.0).0;
        // From light tails to heavy ones: the likelihood has one top.
        let gaussian = Self { least, ..Self::GAUSSIAN };
        let mut best = (gaussian, likelihood(gaussian));
        for &freedom in FREEDOMS.iter().rev().skip(1) {
            let next = Self { freedom, least };
            let value = likelihood(next);
            if value < best.1 {
                break;
            }
            best = (next, value);
        }
        best.0
    }

    /// The next heavier tails that are compared; the heaviest have none.
    #[must_use]
    pub fn heavier(self) -> Self {
        let lighter = FREEDOMS.iter().rev().find(|f| **f < self.freedom);
        lighter.map_or(self, |&freedom| Self { freedom, ..self })
    }

    /// The least scale.
    #[must_use]
    pub fn least(self) -> f64 {
        self.least.sqrt()
    }

    /// Whether the noise is Gaussian, for all that can be seen.
    fn is_gaussian(self) -> bool {
        self.freedom >= Self::GAUSSIAN.freedom
    }

    /// Whether the tails are so heavy that they have no fourth moment: a sample is then about as far out as its wildest value.
    #[must_use]
    pub fn is_wild(self) -> bool {
        self.freedom <= 4.0
    }

    /// The degrees of freedom.
    #[must_use]
    pub fn freedom(self) -> f64 {
        self.freedom
    }

    /// log likelihood of innovations under the scale that suits them best, and that scale.
    ///
    /// `start` is a first guess of the scale; where it is 0, the median absolute deviation. `penalty` is what coefficients cost by their Gaussian priors in units of the squared scale,
    /// so that the scale depends on it as well: the penalised likelihood is −`penalty`/2s² lower.
    #[must_use]
    pub fn log_likelihood(self, innovations: &[f64], start: f64, penalty: f64) -> (f64, f64) {
        let scale = self.scale(innovations, start, penalty);
        let (nu, n) = (self.freedom, innovations.len() as f64);
        let per_square = 1.0 / (nu * scale * scale);
        // A logarithm of a product of eight costs an eighth; none of them can overflow it.
        let factor = |chunk: &[f64]| chunk.iter().map(|e| (1.0 + e * e * per_square).min(1e30)).product::<f64>().ln();
        let logs: f64 = innovations.chunks(LANES).map(factor).sum();
        let constant = ln_gamma(f64::midpoint(nu, 1.0)) - ln_gamma(nu / 2.0) - 0.5 * (nu * std::f64::consts::PI).ln();
        let likelihood = n * (constant - scale.ln()) - f64::midpoint(nu, 1.0) * logs;
        (likelihood - 0.5 * penalty / (scale * scale), scale)
    }

    /// The weight that each innovation has in a least-squares fit: (ν + 1) / (ν + (e/s)²), at most about 1.
    #[must_use]
    pub fn weights(self, innovations: &[f64]) -> Vec<f64> {
        let scale = self.scale(innovations, mad_sd(innovations, 0.0), 0.0);
        innovations.iter().map(|e| self.weight(e / scale)).collect()
    }

    /// The weight of an innovation that is so many scales out.
    #[must_use]
    pub fn weight(self, z: f64) -> f64 {
        (self.freedom + 1.0) / (self.freedom + z * z)
    }

    /// The scale of most penalised likelihood by expectation-maximisation: s² ← (Σ wᵢ eᵢ² + penalty) / n.
    fn scale(self, innovations: &[f64], start: f64, penalty: f64) -> f64 {
        let n = innovations.len() as f64;
        let mean_square = (sum_of(innovations, |e| e * e) + penalty) / n;
        if self.is_gaussian() || mean_square <= self.least {
            return mean_square.max(self.least).sqrt();
        }
        // From the mean square of a sample with a wild value it would be a long way.
        let start = if start > 0.0 { start } else { mad_sd(innovations, 0.0) };
        let mut square = if start > 0.0 { start * start } else { mean_square };
        for _ in 0..ITERATIONS {
            let last = square;
            let inverse = 1.0 / last;
            let weighted = |e: f64| e * e / (self.freedom + e * e * inverse);
            square = ((self.freedom + 1.0) * sum_of(innovations, weighted) + penalty) / n;
            if (square - last).abs() < CLOSE * last {
                break;
            }
        }
        square.max(self.least).sqrt()
    }
}

/// The sum of a function of values, in lanes: a processor adds several of them at once.
fn sum_of(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += of(*value));
    }
    sums.iter().sum::<f64>() + rest.iter().map(|value| of(*value)).sum::<f64>()
}

/// The factor that makes the signed root of a likelihood ratio of Student's t about standard normal in small samples (Wallace 1959).
#[must_use]
pub fn small_sample_factor(freedom: f64) -> f64 {
    (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0)
}

/// The standard normal number that is about as far out as `t` is under Student's t with `freedom` degrees of freedom (Wallace 1959).
#[must_use]
pub fn normal_of_t(t: f64, freedom: f64) -> f64 {
    small_sample_factor(freedom) * (freedom * (t * t / freedom).ln_1p()).sqrt().copysign(t)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of the standard normal distribution, which scatter like it without chance.
    fn normal(n: u32) -> Vec<f64> {
        use statrs::distribution::{ContinuousCDF, Normal};
        (0..n).map(|i| Normal::standard().inverse_cdf((f64::from(i) + 0.5) / f64::from(n))).collect()
    }

    #[test]
    fn gaussian_noise_is_found_gaussian_and_a_few_outliers_make_it_heavy() {
        let mut noise = normal(60);
        assert!(StudentNoise::fitted(&noise, 0.0).freedom() >= 15.0);
        noise.extend([9.0, -11.0, 14.0]);
        assert!(StudentNoise::fitted(&noise, 0.0).freedom() <= 7.0);
    }

    #[test]
    fn the_normal_number_of_t_has_its_tail() {
        use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
        for (t, freedom) in [(2.0, 5.0), (-4.0, 22.0), (6.0, 90.0)] {
            let tail = StudentsT::new(0.0, 1.0, freedom).expect("valid").cdf(-f64::abs(t));
            let z = normal_of_t(t, freedom);
            assert!((Normal::standard().cdf(-z.abs()) / tail - 1.0).abs() < 0.03, "{t} {freedom}");
            assert!(z.signum().total_cmp(&t.signum()).is_eq());
        }
    }

    #[test]
    fn a_wild_value_costs_a_heavy_tail_little() {
        let noise = normal(60);
        let with = |value: f64| [&noise[..], &[value]].concat();
        let cost = |student: StudentNoise| {
            student.log_likelihood(&with(3.0), 1.0, 0.0).0 - student.log_likelihood(&with(30.0), 1.0, 0.0).0
        };
        assert!(cost(StudentNoise { freedom: 4.0, least: LEAST_SQUARE }) < 15.0);
        assert!(cost(StudentNoise::GAUSSIAN) > 60.0);
    }
}
