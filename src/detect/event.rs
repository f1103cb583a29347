//! What an event may look like, and how well each look explains the data at each moment.

use crate::model::ChangeKind;
use crate::stats::{EventRegression, Score, log_sum_exp, max_tail, normalise, t_to_z};

use super::Moments;

/// What an event does to the metric from its moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The level moves and stays.
    Step,
    /// The slope changes.
    Kink,
    /// So many buckets stand out, then all is as before.
    Pulse(usize),
}

impl Shape {
    /// All shapes that are compared.
    pub const ALL: [Self; 5] = [Self::Step, Self::Kink, Self::Pulse(1), Self::Pulse(2), Self::Pulse(3)];

    /// Buckets that a kink takes to reach the size that a step has at once: four weeks of days.
    const KINK_SCALE: f64 = 28.0;

    /// The kind of change that people call it.
    #[must_use]
    pub fn kind(self) -> ChangeKind {
        match self {
            Self::Step => ChangeKind::Level,
            Self::Kink => ChangeKind::Trend,
            Self::Pulse(_) => ChangeKind::Spike,
        }
    }

    /// Prior share of the shape among changes: an assumption, shared evenly by the pulses. It also weighs the search over shapes
    /// (weighted Bonferroni, Holm 1979), so that a step pays little for the other shapes having been tried.
    #[must_use]
    pub fn prior(self) -> f64 {
        match self {
            Self::Step => 0.75,
            Self::Kink => 0.05,
            Self::Pulse(_) => 0.2 / 3.0,
        }
    }

    /// The regressor of an event that starts at observation `k`, of whose bucket the given share is touched.
    ///
    /// `places` are the buckets of the observations.
    #[must_use]
    pub fn regressor(self, places: &[usize], k: usize, share: f64) -> Vec<f64> {
        let start = places.get(k).copied().unwrap_or(usize::MAX);
        let value = |(j, &place): (usize, &usize)| match self {
            _ if j < k => 0.0,
            Self::Step if j == k => share,
            Self::Step => 1.0,
            Self::Kink => ((place - start) as f64 + share) / Self::KINK_SCALE,
            Self::Pulse(length) => f64::from(u8::from(place < start + length)),
        };
        places.iter().enumerate().map(value).collect()
    }

    /// Whether enough was observed after the event to tell it from a step.
    fn is_over(self, places: &[usize], k: usize) -> bool {
        match self {
            Self::Step => true,
            Self::Kink => places.len() - k >= 5,
            Self::Pulse(length) => places[k..].iter().filter(|&&p| p >= places[k] + length).count() >= 2,
        }
    }
}

/// The size of an effect at a moment, on the scale of the regression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Estimate.
    pub estimate: f64,
    /// Standard error, with what is not known of the moment.
    pub standard_error: f64,
    /// Degrees of freedom of the standard error.
    pub freedom: f64,
}

/// How well each shape explains the data from each moment on.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeScores {
    /// For each of [`Shape::ALL`], the scores at each moment.
    scores: Vec<Vec<Score>>,
    /// The log Bayes factors against *no event* that belong to them.
    log_bayes: Vec<Vec<f64>>,
}

/// Prior standard deviation of an effect in standard deviations of the noise. With 3, effects of 1 to 8 are all plausible.
const EFFECT_PRIOR: f64 = 3.0;

impl ShapeScores {
    /// Scores all shapes at all moments. Steps use the share of a bucket that is touched, other shapes start with a bucket.
    #[must_use]
    pub fn new(regression: &EventRegression, places: &[usize], moments: &Moments) -> Self {
        let steps = regression.steps();
        let nothing = Score { cross: 0.0, size: 0.0 };
        let mut scores = Vec::with_capacity(Shape::ALL.len());
        for shape in Shape::ALL {
            let mut last: Option<(usize, Score)> = None;
            let mut score = |i: usize| {
                let k = moments.observation[i];
                if k >= places.len() || !shape.is_over(places, k) {
                    return nothing;
                }
                if shape == Shape::Step {
                    return steps.score(k, moments.share[i]);
                }
                match last {
                    Some((at, known)) if at == k => known,
                    _ => {
                        let new = regression.score(&shape.regressor(places, k, 1.0), k);
                        last = Some((k, new));
                        new
                    }
                }
            };
            scores.push((0..moments.len()).map(&mut score).collect::<Vec<_>>());
        }
        let log_bayes =
            scores.iter().map(|s| s.iter().map(|x| x.log_bayes_factor(regression, EFFECT_PRIOR)).collect()).collect();
        Self { scores, log_bayes }
    }

    fn index(shape: Shape) -> usize {
        Shape::ALL.iter().position(|s| *s == shape).unwrap_or(0)
    }

    /// The log Bayes factors of a shape at each moment.
    #[must_use]
    pub fn log_bayes(&self, shape: Shape) -> &[f64] {
        &self.log_bayes[Self::index(shape)]
    }

    /// The score of a shape at a moment.
    #[must_use]
    pub fn score(&self, shape: Shape, moment: usize) -> Score {
        self.scores[Self::index(shape)][moment]
    }

    /// log of the prior-weighted mean Bayes factor over the shapes of one kind, at each moment; with the kind's own prior.
    #[must_use]
    pub fn log_bayes_of(&self, kind: ChangeKind) -> Vec<f64> {
        let shapes: Vec<Shape> = Shape::ALL.into_iter().filter(|s| s.kind() == kind).collect();
        let at = |i: usize| {
            let terms: Vec<f64> = shapes.iter().map(|s| s.prior().ln() + self.log_bayes(*s)[i]).collect();
            log_sum_exp(&terms)
        };
        (0..self.log_bayes[0].len()).map(at).collect()
    }

    /// The shape and the moment that together explain most, each moment weighed by `log_weights`; none without moments.
    #[must_use]
    pub fn best(&self, log_weights: &[f64]) -> Option<(Shape, usize)> {
        let all = Shape::ALL.into_iter().flat_map(|shape| (0..log_weights.len()).map(move |i| (shape, i)));
        let value = |&(shape, i): &(Shape, usize)| shape.prior().ln() + self.log_bayes(shape)[i] + log_weights[i];
        all.max_by(|a, b| value(a).total_cmp(&value(b)))
    }

    /// z of the strongest statistic of a shape among `moments`, with the moment where it stands.
    pub(super) fn strongest(
        &self,
        shape: Shape,
        regression: &EventRegression,
        among: &[usize],
    ) -> Option<(usize, f64)> {
        let z = |&i: &usize| self.score(shape, i).fit(regression).map(|fit| (i, t_to_z(fit.t(), fit.freedom)));
        among.iter().filter_map(z).max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
    }

    /// How often unchanged data would show a statistic of this shape as high as `z` among the moments, all shapes tried.
    ///
    /// Steps and kinks by the crossings of a process whose neighbours correlate as their regressors do, pulses by Bonferroni.
    /// `repeats` says for how many stretches like this one the search was made.
    #[must_use]
    pub fn p_value(
        &self,
        z: f64,
        shape: Shape,
        local: &super::Local,
        moments: &Moments,
        among: &[usize],
        repeats: f64,
    ) -> f64 {
        let places = local.places();
        let one = |s: Shape| -> f64 {
            let testable: Vec<usize> = among.iter().copied().filter(|&i| self.score(s, i).is_testable()).collect();
            if let Shape::Pulse(_) = s {
                let mut starts: Vec<usize> = testable.iter().map(|&i| moments.observation[i]).collect();
                starts.dedup();
                return max_tail(z, vec![0.0; starts.len().saturating_sub(1)], repeats);
            }
            // Two candidates a bucket are enough: between them a statistic hardly differs.
            let mut candidates: Vec<(usize, f64)> = testable
                .iter()
                .map(|&i| {
                    (moments.observation[i], if s == Shape::Step { (2.0 * moments.share[i]).ceil() / 2.0 } else { 1.0 })
                })
                .collect();
            candidates.dedup();
            max_tail(z, local.neighbour_correlations(s, &candidates, places), repeats)
        };
        let group: Vec<Shape> = Shape::ALL.into_iter().filter(|s| s.kind() == shape.kind()).collect();
        let prior: f64 = group.iter().map(|s| s.prior()).sum();
        (group.into_iter().map(one).sum::<f64>() / prior).min(1.0)
    }

    /// The most surprising shape among the moments: the shape, the moment, its z and the p-value of the whole search.
    #[must_use]
    pub fn most_surprising(
        &self,
        local: &super::Local,
        moments: &Moments,
        among: &[usize],
        repeats: f64,
    ) -> Option<(Shape, usize, f64, f64)> {
        let candidates = Shape::ALL.into_iter().filter_map(|shape| {
            let (i, z) = self.strongest(shape, local.regression(), among)?;
            Some((shape, i, z, self.p_value(z, shape, local, moments, among, repeats)))
        });
        candidates.min_by(|a, b| a.3.total_cmp(&b.3))
    }

    /// The effect of a shape, averaged over the moments with the given log weights.
    ///
    /// The variance is the mean of the variances plus the variance of the means: what is not known of the moment widens it.
    #[must_use]
    pub fn effect(&self, shape: Shape, regression: &EventRegression, log_weights: &[f64]) -> Option<Effect> {
        let logs: Vec<f64> = self.log_bayes(shape).iter().zip(log_weights).map(|(a, b)| a + b).collect();
        let mut fits = Vec::new();
        for (i, p) in normalise(&logs).into_iter().enumerate().filter(|(_, p)| *p > 1e-6) {
            if let Some(fit) = self.score(shape, i).fit(regression) {
                fits.push((p, fit));
            }
        }
        let total: f64 = fits.iter().map(|(p, _)| p).sum();
        let mean =
            |value: &dyn Fn(&crate::stats::Fit) -> f64| fits.iter().map(|(p, f)| p / total * value(f)).sum::<f64>();
        let estimate = mean(&|f| f.effect);
        let variance = mean(&|f| f.standard_error.powi(2) + (f.effect - estimate).powi(2));
        let freedom = fits.first()?.1.freedom;
        Some(Effect { estimate, standard_error: variance.sqrt(), freedom })
    }
}
