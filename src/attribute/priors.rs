//! What is believed before the metric is looked at.

use crate::detect::Shape;
use crate::model::{Beliefs, ChangeKind, EventKind, PastQuestions};

/// The time from a deployment to its effect: a mixture of exponentials, each with its share and its mean in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct LagLaw(pub(super) Vec<(f64, f64)>);

impl LagLaw {
    /// One exponential with this mean, in seconds.
    #[must_use]
    pub fn with_mean(seconds: f64) -> Self {
        Self(vec![(1.0, seconds.max(1.0))])
    }

    /// The exponentials: share and mean.
    pub(super) fn parts(&self) -> &[(f64, f64)] {
        &self.0
    }
}

impl Default for LagLaw {
    /// Where nothing is known of an app: most deployments act at once, others through a gradual rollout, a cache or an update that people
    /// install. An hour or eight, at even odds.
    fn default() -> Self {
        Self(vec![(0.5, 3600.0), (0.5, 8.0 * 3600.0)])
    }
}

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
    /// The power of the likelihood. The noise is estimated and no model of it is right, so the likelihood is worth less than it says
    /// (Grünwald & van Ommen 2017, *Bayesian Anal.* 12; Holmes & Walker 2017, *Biometrika* 104).
    pub power: f64,
    /// The mean time from a change to its effect where nothing is said of an app, in seconds; none where that is not known.
    pub lag: Option<f64>,
}

impl Default for Priors {
    fn default() -> Self {
        Self { nothing_happened: 0.5, not_a_deployment: 0.4, spike_not_a_deployment: 0.8, power: 0.7, lag: None }
    }
}

/// The defaults weigh as much as so many past questions: with even odds that is Laplace's rule of succession.
pub(super) const WORTH: f64 = 2.0;

impl Priors {
    /// How long it takes to act of what nothing more is known.
    #[must_use]
    pub fn lag_law(&self) -> LagLaw {
        self.lag.map_or_else(LagLaw::default, LagLaw::with_mean)
    }

    /// The defaults, and what questions of the past teach of them: the mean of a beta distribution whose prior has the mean of the default and the weight
    /// of two questions (Gelman et al. 2013, *Bayesian Data Analysis*, 2.4). What lasts and spikes are not told apart, so of spikes nothing is learned.
    fn learned(past: PastQuestions) -> Self {
        let default = Self::default();
        let share = |of: u32, all: u64, before: f64| (f64::from(of) + WORTH * before) / (all as f64 + WORTH);
        Self {
            nothing_happened: share(past.nothing, past.count(), default.nothing_happened),
            not_a_deployment: share(past.something_else, past.happened(), default.not_a_deployment),
            ..default
        }
    }
}

impl From<&Beliefs> for Priors {
    fn from(given: &Beliefs) -> Self {
        let default = Self::learned(given.past_questions.unwrap_or_default());
        Self {
            nothing_happened: given.nothing_happened.unwrap_or(default.nothing_happened),
            not_a_deployment: given.not_a_deployment.unwrap_or(default.not_a_deployment),
            spike_not_a_deployment: given.spike_not_a_deployment.unwrap_or(default.spike_not_a_deployment),
            lag: given.lag,
            ..default
        }
    }
}

/// The kinds of change, each of which may have another prior.
pub(super) const KINDS: [ChangeKind; 3] = [ChangeKind::Level, ChangeKind::Trend, ChangeKind::Spike];

/// The prior share of a kind among changes.
pub(super) fn share_of(kind: ChangeKind) -> f64 {
    Shape::ALL.into_iter().filter(|s| s.kind() == kind).map(Shape::prior).sum()
}

/// Whose part of the prior a recorded event has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Of a change to the live system, as deployments are.
    Change,
    /// Of what else moves a metric, and was recorded.
    Recorded,
}

impl From<EventKind> for Origin {
    /// Switching a flag and starting an experiment change the live system as a deployment does. A campaign or an incident is one of those other
    /// things that *something else* stands for, with a name and a time.
    fn from(kind: EventKind) -> Self {
        match kind {
            EventKind::Deploy | EventKind::Flag | EventKind::Experiment => Self::Change,
            EventKind::Campaign | EventKind::Incident => Self::Recorded,
        }
    }
}

/// The prior of the causes of a change of one kind; they add up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Causes {
    /// All recorded deployments together.
    pub(super) changes: f64,
    /// All recorded campaigns and incidents together.
    pub(super) recorded: f64,
    /// A deployment that is missing from the feed.
    pub(super) unrecorded: f64,
    /// Something else.
    pub(super) other: f64,
}

impl Causes {
    /// All recorded events of an origin together.
    pub(super) fn of(&self, origin: Origin) -> f64 {
        match origin {
            Origin::Change => self.changes,
            Origin::Recorded => self.recorded,
        }
    }
}

/// How much of what else moves a metric is thought to be the campaigns and incidents of the window, where some are recorded. People write
/// down what they expect to show, so half of the spikes; what lasts is rarely a campaign, and a fifth. An assumption.
fn share_of_records(kind: ChangeKind) -> f64 {
    if kind == ChangeKind::Spike { 0.5 } else { 0.2 }
}

impl Priors {
    fn not_a_deployment(&self, kind: ChangeKind) -> f64 {
        if kind == ChangeKind::Spike { self.spike_not_a_deployment } else { self.not_a_deployment }
    }

    /// The causes of a change of this kind.
    ///
    /// `changes` and `records` are the mean factors of the recorded events of either origin (none where none is recorded): the prior is
    /// that of average events, and where those of this window are better or worse than that, so are the odds that one of them did it.
    /// `uncovered` is the share of the window that the feed does not cover: as many deployments of it are thought to be missing.
    pub(super) fn causes(
        &self,
        kind: ChangeKind,
        changes: Option<f64>,
        records: Option<f64>,
        uncovered: f64,
    ) -> Causes {
        let missing = if uncovered > 0.0 { uncovered } else { 0.0 };
        let known = changes.is_some() || missing > 0.0;
        let not = if known { self.not_a_deployment(kind) } else { 1.0 };
        let missing = if changes.is_none() && known { 1.0 } else { missing };
        let recorded = records.map_or(0.0, |_| share_of_records(kind));
        let causes = Causes {
            changes: (1.0 - not) * (1.0 - missing) * changes.unwrap_or(0.0),
            recorded: not * recorded * records.unwrap_or(0.0),
            unrecorded: (1.0 - not) * missing,
            other: not * (1.0 - recorded),
        };
        let total = causes.changes + causes.recorded + causes.unrecorded + causes.other;
        Causes {
            changes: causes.changes / total,
            recorded: causes.recorded / total,
            unrecorded: causes.unrecorded / total,
            other: causes.other / total,
        }
    }
}
