//! Probabilities: each deployment, something else, or nothing at all.

use crate::detect::{Moments, Neighbourhood};
use crate::model::ChangeKind;
use crate::stats::{cell, log_sum_exp, normalise};

/// What is believed before the metric is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priors {
    /// That nothing happened, though a person asks: even odds, for want of a better reason (Jeffreys 1961, *Theory of Probability*).
    pub nothing_happened: f64,
    /// That a lasting change is not from a deployment. Field reports put changes to the live system behind about 70 % of outages
    /// (Beyer et al. 2016, *Site Reliability Engineering*, ch. 1); not each of them is a deployment that was recorded.
    pub not_a_deployment: f64,
    /// The same for a spike: what goes away by itself is mostly traffic, a campaign or an outage.
    pub spike_not_a_deployment: f64,
    /// Time from a deployment to its effect, in seconds: a mixture of exponentials, each with its share and mean. Most deployments act at
    /// once, others through a gradual rollout, a cache or an update that people install.
    pub lags: [(f64, f64); 2],
    /// The power of the likelihood. The noise is estimated and no model of it is right, so the likelihood is worth less than it says
    /// (Grünwald & van Ommen 2017, *Bayesian Anal.* 12; Holmes & Walker 2017, *Biometrika* 104).
    pub power: f64,
}

impl Default for Priors {
    fn default() -> Self {
        Self {
            nothing_happened: 0.5,
            not_a_deployment: 0.4,
            spike_not_a_deployment: 0.8,
            lags: [(0.5, 3600.0), (0.5, 8.0 * 3600.0)],
            power: 0.7,
        }
    }
}

/// Probabilities that add up to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Of each deployment, in the order given.
    pub deploys: Vec<f64>,
    /// That the metric changed for another reason.
    pub something_else: f64,
    /// That what is seen is noise.
    pub nothing_happened: f64,
}

impl Posterior {
    /// For a metric of which all values are equal: nothing happened.
    #[must_use]
    pub fn nothing_happened(deploys: usize) -> Self {
        Self { deploys: vec![0.0; deploys], something_else: 0.0, nothing_happened: 1.0 }
    }

    /// What is believed where the data says nothing.
    #[must_use]
    pub fn prior(deploys: usize, priors: &Priors) -> Self {
        let something = 1.0 - priors.nothing_happened;
        let not = if deploys == 0 { 1.0 } else { priors.not_a_deployment };
        Self {
            deploys: vec![something * (1.0 - not) / deploys.max(1) as f64; deploys],
            something_else: something * not,
            nothing_happened: priors.nothing_happened,
        }
    }
}

impl Priors {
    fn not_a_deployment(&self, kind: ChangeKind) -> f64 {
        if kind == ChangeKind::Spike { self.spike_not_a_deployment } else { self.not_a_deployment }
    }
}

/// The posterior over the deployments at `deployed` (Unix seconds, any order).
///
/// Bayes' theorem with a marginal likelihood for each hypothesis, relative to *nothing happened*:
/// - deployment d: ∫ L(tᵈ + lag) p(lag) dlag; all deployments share one prior mass evenly;
/// - something else: the mean of L over all plausible moments;
/// - L(τ) is the Bayes factor of an effect that starts at τ, averaged over shapes, times how well τ fits the date.
#[must_use]
pub fn posterior(near: &Neighbourhood, deployed: &[f64], priors: &Priors) -> Posterior {
    let n = near.moments.len().max(1) as f64;
    let something_happened = (1.0 - priors.nothing_happened).ln();
    let nothing = priors.nothing_happened.ln() + log_sum_exp(&near.log_weights) - n.ln();
    let mut by_deploy = Vec::new();
    let mut by_else = Vec::new();
    for kind in [ChangeKind::Level, ChangeKind::Trend, ChangeKind::Spike] {
        let not = if deployed.is_empty() { 1.0 } else { priors.not_a_deployment(kind) };
        let likelihood: Vec<f64> =
            near.scores.log_bayes_of(kind).iter().zip(&near.log_weights).map(|(a, b)| priors.power * a + b).collect();
        by_else.push(not.ln() + log_sum_exp(&likelihood) - n.ln());
        by_deploy.push((1.0 - not, likelihood));
    }
    let joint: Vec<f64> = (0..near.moments.len())
        .map(|i| log_sum_exp(&by_deploy.iter().map(|(share, l)| share.ln() + l[i]).collect::<Vec<_>>()))
        .collect();
    let fits: Vec<f64> = deployed.iter().map(|&at| after_lag(&near.moments, &joint, at, &priors.lags)).collect();
    let share = (deployed.len().max(1) as f64).ln();
    let mut logs: Vec<f64> = fits.iter().map(|fit| something_happened - share + fit).collect();
    logs.push(something_happened + log_sum_exp(&by_else));
    logs.push(nothing);
    let mut p = normalise(&logs);
    let nothing_happened = p.pop().unwrap_or(0.0);
    let something_else = p.pop().unwrap_or(1.0);
    Posterior { deploys: p, something_else, nothing_happened }
}

/// log ∫ L(t + lag) p(lag) dlag by the mass of the lag in the cell of each moment.
fn after_lag(moments: &Moments, log_likelihood: &[f64], t: f64, lags: &[(f64, f64)]) -> f64 {
    let survival =
        |unix: f64| lags.iter().map(|(share, mean)| share * (-(unix - t).max(0.0) / mean).exp()).sum::<f64>();
    let term = |i: usize| {
        let (from, to) = cell(&moments.unix, i);
        (survival(from) - survival(to)).ln() + log_likelihood[i]
    };
    let first = moments.unix.partition_point(|&m| m < t - 86_400.0);
    let terms: Vec<f64> = (first..moments.len()).map(term).filter(|x| x.is_finite()).collect();
    log_sum_exp(&terms)
}
