//! The likelihood of an effect that starts some time after a deployment.

use crate::stats::cell;

use super::priors::LagLaw;

/// ∫ L(t + lag) p(lag) dlag for any t, of a likelihood L that is constant around each moment.
///
/// For an exponential lag of mean m and the stretch from a to b around moment i, with L = Lᵢ in it,
///
/// I(t) = Lᵢ (1 − exp(−(b − t)/m)) + exp(−(b − t)/m) I(b)   for a ≤ t < b,
///
/// so that one pass from the last moment to the first prepares every t: a placebo test asks thousands.
#[derive(Debug, Clone)]
pub(super) struct Lagged {
    /// Ends of the stretches around the moments, one more than there are moments.
    ends: Vec<f64>,
    /// L at each moment, relative to the greatest.
    likelihood: Vec<f64>,
    /// log of the greatest.
    top: f64,
    /// For each exponential its share, its mean, and I at each end.
    parts: Vec<(f64, f64, Vec<f64>)>,
}

impl Lagged {
    /// Of the log likelihoods at these moments (Unix seconds, ascending).
    pub(super) fn new(moments: &[f64], log_likelihood: &[f64], law: &LagLaw) -> Self {
        let top = log_likelihood.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let likelihood: Vec<f64> = log_likelihood.iter().map(|l| (l - top).exp()).map(finite).collect();
        let mut ends: Vec<f64> = (0..moments.len()).map(|i| cell(moments, i).0).collect();
        ends.extend(moments.len().checked_sub(1).map(|last| cell(moments, last).1));
        let parts = law.parts().iter().map(|&(share, mean)| {
            let mut after = vec![0.0; ends.len()];
            for i in (0..moments.len()).rev() {
                let stay = ((ends[i] - ends[i + 1]) / mean).exp();
                after[i] = likelihood[i] * (1.0 - stay) + stay * after[i + 1];
            }
            (share, mean, after)
        });
        Self { parts: parts.collect(), ends, likelihood, top }
    }

    /// log of the integral for a deployment at `t`; minus infinity where it went out after the last moment.
    pub(super) fn at(&self, t: f64) -> f64 {
        self.top + self.relative(t).ln()
    }

    fn relative(&self, t: f64) -> f64 {
        let Some(&first) = self.ends.first() else { return 0.0 };
        let i = self.ends.partition_point(|&end| end <= t.max(first)).saturating_sub(1);
        if i >= self.likelihood.len() {
            return 0.0;
        }
        let of = |(share, mean, after): &(f64, f64, Vec<f64>)| {
            // Before the first moment nothing is known, and a lag that ends there counts for nothing.
            let to_first = (-(first - t).max(0.0) / mean).exp();
            let stay = ((t.max(first) - self.ends[i + 1]) / mean).exp();
            share * to_first * (self.likelihood[i] * (1.0 - stay) + stay * after[i + 1])
        };
        self.parts.iter().map(of).sum()
    }

    /// log of the integral of a deployment at the best possible moment.
    pub(super) fn best(&self) -> f64 {
        self.ends.iter().map(|&end| self.at(end)).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Where no moment has a likelihood all differences are undefined, and none counts.
fn finite(x: f64) -> f64 {
    if x.is_finite() { x } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recursion_is_the_integral_written_out() {
        let moments: Vec<f64> = (0..40).map(|i| 1000.0 * f64::from(i)).collect();
        let log: Vec<f64> = (0..40).map(|i| f64::from((i * 7) % 11) - 3.0).collect();
        let law = LagLaw(vec![(0.3, 2500.0), (0.7, 9000.0)]);
        let lagged = Lagged::new(&moments, &log, &law);
        for t in [-4000.0, 0.0, 5300.0, 20_499.0, 39_200.0] {
            let survival = |x: f64| law.parts().iter().map(|(s, m)| s * (-(x - t).max(0.0) / m).exp()).sum::<f64>();
            let slow: f64 = (0..40)
                .map(|i| {
                    let (from, to) = cell(&moments, i);
                    (survival(from) - survival(to)) * log[i].exp()
                })
                .sum();
            assert!((lagged.at(t) - slow.ln()).abs() < 1e-9, "{t}");
        }
        assert!(lagged.at(50_000.0).is_infinite());
        assert!(Lagged::new(&[], &[], &law).at(0.0).is_infinite());
    }
}
