//! The size of an effect, with all that is not known of it.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::detect::describe::EFFECT_LEVEL;
use crate::stats::{Fit, weighted_quantile};

/// The size of an effect at a moment, on the scale of the regression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Estimate.
    pub estimate: f64,
    /// Standard error, with what is not known of the moment.
    pub standard_error: f64,
    /// The interval of level [`EFFECT_LEVEL`].
    pub interval: (f64, f64),
}

/// From this share of its variance on what is not known of the moment makes the law of an effect skewed.
const SKEWED: f64 = 0.1;
/// Each of the laws that are mixed stands for so many places.
const NODES: usize = 40;

impl Effect {
    /// An estimate with an error of Student's t.
    fn of_t(estimate: f64, standard_error: f64, freedom: f64) -> Self {
        let quantile = StudentsT::new(0.0, 1.0, freedom.max(1.0))
            .map_or(1.96, |t| t.inverse_cdf(f64::midpoint(1.0, EFFECT_LEVEL)));
        let half = quantile * standard_error;
        Self { estimate, standard_error, interval: (estimate - half, estimate + half) }
    }

    /// A mixture of such, by their probabilities.
    ///
    /// The variance is the mean of the variances plus the variance of the means. Where that makes up much of it the law is as skewed as the means are, as that of
    /// an effect of which one bucket tells, in which it began: then the estimate is the median, and the interval lies between quantiles.
    pub(super) fn mixed(parts: &[(f64, Fit)], freedom: f64) -> Self {
        let total: f64 = parts.iter().map(|(p, _)| p).sum();
        let mean = |value: &dyn Fn(&Fit) -> f64| parts.iter().map(|(p, f)| p / total * value(f)).sum::<f64>();
        let estimate = mean(&|f| f.effect);
        let between = mean(&|f| (f.effect - estimate).powi(2));
        let variance = between + mean(&|f| f.standard_error.powi(2));
        let all = Self::of_t(estimate, variance.sqrt(), freedom);
        let Some(t) = StudentsT::new(0.0, 1.0, freedom.max(1.0)).ok().filter(|_| between > SKEWED * variance) else {
            return all;
        };
        let nodes: Vec<f64> = (0..NODES).map(|j| t.inverse_cdf((j as f64 + 0.5) / NODES as f64)).collect();
        let of_part = |(p, fit): &(f64, Fit)| {
            let (share, fit) = (p / total / NODES as f64, *fit);
            nodes.iter().map(move |z| (fit.effect + z * fit.standard_error, share))
        };
        let mut law: Vec<(f64, f64)> = parts.iter().flat_map(of_part).collect();
        law.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (places, shares): (Vec<f64>, Vec<f64>) = law.into_iter().unzip();
        let at = |p: f64| weighted_quantile(&places, &shares, p);
        let interval = (at(f64::midpoint(0.0, 1.0 - EFFECT_LEVEL)), at(f64::midpoint(1.0, EFFECT_LEVEL)));
        Self { estimate: at(0.5), interval, ..all }
    }
}
