//! Probabilities: each deployment, something else, or nothing at all.

use std::ops::Range;

use crate::stats::{log_mean, log_sum_exp, normalise};

use super::hours::WorkingHours;
use super::lagged::Lagged;
use super::likelihood::Likelihood;
use super::priors::{Causes, KINDS, LagLaw, Origin, Priors, share_of};

/// That one recorded event did it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// When it went out, Unix seconds.
    pub at: f64,
    /// Whose part of the prior it has.
    pub origin: Origin,
    /// How much of one event it is: 1, or its part of a commit that was deployed several times.
    pub share: f64,
    /// By how much likelier it is before the metric is looked at than an average event; a product of named parts.
    pub factor: f64,
    /// How long it takes to act.
    pub lag: LagLaw,
}

impl Hypothesis {
    /// An ordinary deployment at this moment.
    #[must_use]
    pub fn at(unix: f64) -> Self {
        Self { at: unix, origin: Origin::Change, share: 1.0, factor: 1.0, lag: LagLaw::default() }
    }

    fn weight(&self) -> f64 {
        self.share * self.factor
    }
}

/// What is believed of one hypothesis.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Belief {
    /// Before the metric was looked at, 0..1.
    pub prior: f64,
    /// log of how much likelier it makes the data than *nothing happened* does; minus infinity where it cannot be.
    pub log_likelihood_ratio: f64,
    /// Now, 0..1.
    pub probability: f64,
    /// How well it fits next to a deployment at the best possible moment, 0..1; 1 for what is no deployment.
    pub fit: f64,
    /// log of how much likelier the data is for what happened at the other end of the effect, when it was reverted; 0 where it has none.
    pub other_end: f64,
}

/// Probabilities that add up to 1, as do the priors.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Of each hypothesis, in the order given.
    pub deploys: Vec<Belief>,
    /// That the metric changed for another reason, a deployment missing from the feed included.
    pub something_else: Belief,
    /// That what is seen is noise.
    pub nothing_happened: Belief,
    /// The prior that an average event of either origin did it, [`Origin::Change`] first: for one that counts as one.
    pub average: [f64; 2],
}

/// All that is believed before the metric is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior<'a> {
    /// The recorded events that may have done it.
    pub hypotheses: &'a [Hypothesis],
    /// The priors of what they have in common.
    pub priors: Priors,
    /// The stretch of the window that the feed does not cover, Unix seconds, and the share of the window that it is.
    pub uncovered: Option<(Range<f64>, f64)>,
    /// When people change things, and how often several at once, where the feed tells it.
    pub hours: Option<&'a WorkingHours>,
}

impl Prior<'_> {
    /// The causes of a change of each kind.
    fn causes(&self) -> Vec<Causes> {
        let uncovered = self.uncovered.as_ref().map_or(0.0, |(_, share)| *share);
        let mean = |origin: Origin| {
            let of: Vec<&Hypothesis> = self.hypotheses.iter().filter(|h| h.origin == origin).collect();
            let shares: f64 = of.iter().map(|h| h.share).sum();
            (shares > 0.0).then(|| of.iter().map(|h| h.weight()).sum::<f64>() / shares)
        };
        let (changes, records) = (mean(Origin::Change), mean(Origin::Recorded));
        KINDS.iter().map(|kind| self.priors.causes(*kind, changes, records, uncovered)).collect()
    }

    /// The weights of all hypotheses of an origin together.
    fn weight_of(&self, origin: Origin) -> f64 {
        self.hypotheses.iter().filter(|h| h.origin == origin).map(Hypothesis::weight).sum()
    }

    /// The posterior, from each hypothesis' log marginal likelihood joint with its prior, over its prior.
    fn posterior(&self, joint: impl Fn(usize) -> f64, something_else: f64) -> Posterior {
        let something = 1.0 - self.priors.nothing_happened;
        let causes = self.causes();
        let weights = [Origin::Change, Origin::Recorded].map(|origin| self.weight_of(origin));
        let average = [(Origin::Change, weights[0]), (Origin::Recorded, weights[1])]
            .map(|(origin, all)| if all > 0.0 { something * over_kinds(&causes, |c| c.of(origin)) / all } else { 0.0 });
        let mut beliefs: Vec<(f64, f64)> = Vec::new();
        for (i, hypothesis) in self.hypotheses.iter().enumerate() {
            let origin = usize::from(hypothesis.origin == Origin::Recorded);
            let part = (hypothesis.weight() / weights[origin]).ln();
            beliefs.push((average[origin] * hypothesis.weight(), something.ln() + part + joint(i)));
        }
        beliefs.push((something * over_kinds(&causes, |c| c.unrecorded + c.other), something.ln() + something_else));
        beliefs.push((self.priors.nothing_happened, self.priors.nothing_happened.ln()));
        let probabilities = normalise(&beliefs.iter().map(|(_, joint)| *joint).collect::<Vec<_>>());
        let belief = |((prior, joint), probability): (&(f64, f64), f64)| Belief {
            prior: *prior,
            log_likelihood_ratio: if *prior > 0.0 { joint - prior.ln() } else { f64::NEG_INFINITY },
            probability,
            fit: 1.0,
            other_end: 0.0,
        };
        let mut all: Vec<Belief> = beliefs.iter().zip(probabilities).map(belief).collect();
        let nothing_happened = all.pop().unwrap_or_default();
        let something_else = all.pop().unwrap_or_default();
        Posterior { deploys: all, something_else, nothing_happened, average }
    }

    /// What is believed where the data says nothing.
    #[must_use]
    pub fn alone(&self) -> Posterior {
        let causes = self.causes();
        let of = |i: usize| over_kinds(&causes, |c| c.of(self.hypotheses[i].origin)).ln();
        self.posterior(of, over_kinds(&causes, |c| c.unrecorded + c.other).ln())
    }

    /// For a metric of which all values are equal: nothing happened.
    #[must_use]
    pub fn nothing_happened(&self) -> Posterior {
        self.posterior(|_| f64::NEG_INFINITY, f64::NEG_INFINITY)
    }

    /// The posterior, given the data.
    ///
    /// Bayes' theorem with a marginal likelihood for each hypothesis, relative to *nothing happened*:
    /// - deployment d: ∫ L(tᵈ + lag) p(lag) dlag; all deployments share one prior mass, by their shares and factors;
    /// - one that was reverted, or reverts another: the effect has another end as well, see [`OtherEnd`](super::OtherEnd);
    /// - something else: the mean of this integral, with the lag of an app of which nothing is known, over the moments at which a candidate may have
    ///   gone out, half of it the work of people: when they deploy, or along with a recorded deployment, as often as one goes out along with another; of a
    ///   deployment that is missing from the feed, over the gap;
    /// - L(τ) is the Bayes factor of an effect that starts at τ, averaged over shapes, times how well τ fits the date.
    #[must_use]
    pub fn given(&self, data: &Likelihood) -> Posterior {
        let causes = self.causes();
        let weights = |of: fn(&Causes) -> f64| causes.iter().map(of).collect::<Vec<f64>>();
        let of_origin = |origin: Origin| causes.iter().map(|c| c.of(origin)).collect::<Vec<f64>>();
        let mut prepared: Vec<(Origin, &LagLaw, Lagged)> = Vec::new();
        for h in self.hypotheses {
            if !prepared.iter().any(|(origin, lag, _)| *origin == h.origin && **lag == h.lag) {
                let likelihood = data.mixed(&of_origin(h.origin));
                prepared.push((h.origin, &h.lag, Lagged::new(data.moments(), &likelihood, &h.lag)));
            }
        }
        // For each hypothesis: its log likelihood, how well it fits, and what its other end says.
        let fitted: Vec<(f64, f64, f64)> = self
            .hypotheses
            .iter()
            .enumerate()
            .map(|(i, h)| {
                let found = prepared.iter().find(|(origin, lag, _)| *origin == h.origin && **lag == h.lag);
                let Some((_, _, shared)) = found else { return (f64::NEG_INFINITY, 0.0, 0.0) };
                let fit = |lagged: &Lagged| (lagged.at(h.at) - lagged.best()).exp();
                match data.of_candidate(i, &of_origin(h.origin)) {
                    None => (shared.at(h.at), fit(shared), 0.0),
                    Some(own) => {
                        let own = Lagged::new(data.moments(), &own, &h.lag);
                        (own.at(h.at), fit(&own), own.at(h.at) - shared.at(h.at))
                    }
                }
            })
            .collect();
        // What else happened may be followed by its effect as late as a deployment is.
        let (inside, law) = (data.inside(data.moments()), self.priors.lag_law());
        let followed = |logs: &[f64]| Lagged::new(data.moments(), logs, &law);
        let unrecorded = self.unrecorded(data, &followed(&data.mixed(&weights(|c| c.unrecorded))));
        let other = followed(&data.mixed(&weights(|c| c.other)));
        let other = log_sum_exp(&[self.other(inside, &other), unrecorded]);
        let mut posterior = self.posterior(|i| fitted[i].0, other);
        for (belief, (_, fit, other_end)) in posterior.deploys.iter_mut().zip(&fitted) {
            (belief.fit, belief.other_end) = (*fit, *other_end);
        }
        posterior
    }

    /// The mean likelihood of what else happened: at any of these moments, when people work, or along with a recorded change.
    fn other(&self, inside: &[f64], happened: &Lagged) -> f64 {
        let mut anywhere: Vec<f64> = inside.iter().map(|moment| happened.at(*moment)).collect();
        let Some(hours) = self.hours else { return log_mean(&anywhere) };
        let changes: Vec<&Hypothesis> = self.hypotheses.iter().filter(|h| h.origin == Origin::Change).collect();
        let share = if changes.is_empty() { 0.0 } else { hours.along_with_recorded() };
        anywhere.iter_mut().zip(hours.log_density(inside, share)).for_each(|(log, density)| *log += density);
        let count: f64 = changes.iter().map(|h| h.share).sum();
        let along: Vec<f64> = changes.iter().map(|h| (h.share / count).ln() + happened.at(h.at)).collect();
        log_sum_exp(&[log_mean(&anywhere), share.ln() + log_sum_exp(&along)])
    }

    /// The mean likelihood of a deployment over the gap of the feed.
    fn unrecorded(&self, data: &Likelihood, deployed: &Lagged) -> f64 {
        let mean = |moments: &[f64]| log_mean(&moments.iter().map(|moment| deployed.at(*moment)).collect::<Vec<_>>());
        let anywhere = || mean(data.inside(data.moments()));
        let Some((gap, _)) = &self.uncovered else { return anywhere() };
        let inside: Vec<f64> = data.moments().iter().copied().filter(|m| gap.contains(m)).collect();
        if inside.is_empty() { anywhere() } else { mean(&inside) }
    }
}

/// The mean of a share of the causes over the kinds of change.
fn over_kinds(causes: &[Causes], of: impl Fn(&Causes) -> f64) -> f64 {
    KINDS.iter().zip(causes).map(|(kind, c)| share_of(*kind) * of(c)).sum()
}
