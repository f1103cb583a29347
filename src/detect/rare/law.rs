//! What comes in one bucket by chance.

use statrs::distribution::{ContinuousCDF, DiscreteCDF, NegativeBinomial, Poisson, StudentsT};

use crate::stats::{StudentNoise, median};

/// Amounts scatter by this share at least: of prices most may be the same.
const ALIKE: f64 = 0.1;

/// What comes in a bucket by chance.
pub(super) struct Law {
    amounts: Amounts,
    /// How many times likelier something comes after a bucket in which something did; 1 at least.
    follows: f64,
}

/// What comes, given how much is usual of a bucket.
enum Amounts {
    /// A few units, by a negative binomial law whose variance is in proportion to its mean.
    Counts { level: f64, dispersion: f64, unit: f64 },
    /// Something comes at a rate; beyond their median the logarithms of amounts follow Student's t.
    Logs { rate: f64, middle: f64, scale: f64, freedom: f64 },
}

impl Law {
    /// Of buckets by the sizes of amounts, of which most are zero, and what is usual of each; none where too few are not zero.
    pub(super) fn told(buckets: &[(f64, f64)], unit: Option<f64>, follows: f64) -> Option<Self> {
        let amounts = match unit {
            Some(unit) => Amounts::counts(buckets, unit),
            None => Amounts::logs(buckets),
        };
        Some(Self { amounts: amounts?, follows: follows.max(1.0) })
    }

    /// The chance that as much comes in a bucket of which so much is usual.
    pub(super) fn tail(&self, amount: f64, usual: f64, follows: bool) -> f64 {
        let times = if follows { self.follows } else { 1.0 };
        (times * self.amounts.tail(amount, usual)).min(1.0)
    }
}

impl Amounts {
    fn counts(buckets: &[(f64, f64)], unit: f64) -> Option<Self> {
        let (sum, usual) = buckets.iter().fold((0.0, 0.0), |(sum, usual), (a, e)| (sum + a / unit, usual + e));
        let level = sum / usual;
        let left: f64 = buckets.iter().map(|(a, e)| (a / unit - level * e).powi(2)).sum();
        (level > 0.0).then(|| Self::Counts { level, dispersion: left / sum, unit })
    }

    fn logs(buckets: &[(f64, f64)]) -> Option<Self> {
        let some: Vec<f64> = buckets.iter().map(|(a, _)| *a).filter(|a| *a > 0.0).collect();
        let most = median(&some);
        // Small amounts tell nothing of great ones.
        let greater = some.iter().filter(|a| **a >= most).map(|a| (a / most).ln());
        let logs: Vec<f64> = greater.flat_map(|log| [log, -log]).collect();
        let noise = StudentNoise::fitted(&logs, ALIKE).heavier();
        let (_, scale) = noise.log_likelihood(&logs, 0.0, 0.0);
        let freedom = noise.freedom().min(some.len() as f64 - 1.0);
        let usual: f64 = buckets.iter().map(|(_, e)| e).sum();
        let rate = some.len() as f64 / usual;
        (freedom >= 1.0 && scale > 0.0).then_some(Self::Logs { rate, middle: most.ln(), scale, freedom })
    }

    fn tail(&self, amount: f64, usual: f64) -> f64 {
        match *self {
            Self::Counts { level, dispersion, unit } => {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
                let less = ((amount / unit).round() as u64).saturating_sub(1);
                let mean = level * usual;
                if dispersion > 1.0 {
                    let law = NegativeBinomial::new(mean / (dispersion - 1.0), 1.0 / dispersion);
                    law.map_or(1.0, |law| law.sf(less))
                } else {
                    Poisson::new(mean).map_or(1.0, |law| law.sf(less))
                }
            }
            Self::Logs { rate, middle, scale, freedom } => {
                let law = StudentsT::new(middle, scale, freedom);
                rate * usual * law.map_or(1.0, |law| law.sf(amount.ln()))
            }
        }
    }
}
