//! What an event may look like, and how well each look explains the data at each moment.

use crate::model::ChangeKind;
use crate::stats::{EventRegression, Footprint, Score, log_sum_exp, max_tail, normalise};

use super::local::EVENT_PARAMETERS;
use super::{Local, Moments};

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
    /// What they are worth under the noise that was found.
    worth: Vec<Vec<Worth>>,
}

/// What one event regressor is worth as an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Worth {
    /// log Bayes factor against *no event*.
    log_bayes: f64,
    /// Signed root of the likelihood ratio, about standard normal where there is no event; positive where the metric rose.
    z: f64,
}

/// Prior standard deviation of an effect in standard deviations of the noise. With 3, effects of 1 to 8 are all plausible.
const EFFECT_PRIOR: f64 = 3.0;

/// Least-squares scores of one shape at all moments. Steps use the share of a bucket that is touched, other shapes start with a bucket.
fn least_squares(regression: &EventRegression, places: &[usize], moments: &Moments, shape: Shape) -> Vec<Score> {
    let steps = (shape == Shape::Step).then(|| regression.steps());
    let mut last: Option<(usize, Score)> = None;
    let mut score = |i: usize| {
        let k = moments.observation[i];
        if k >= places.len() || !shape.is_over(places, k) {
            return Score { cross: 0.0, size: 0.0 };
        }
        match (&steps, last) {
            (Some(steps), _) => steps.score(k, moments.share[i]),
            (None, Some((at, known))) if at == k => known,
            _ => {
                let new = regression.score(&shape.regressor(places, k, 1.0), k);
                last = Some((k, new));
                new
            }
        }
    };
    (0..moments.len()).map(&mut score).collect()
}

/// The shape and the moment that together explain most by least squares; none without moments.
pub(super) fn best_by_least_squares(
    regression: &EventRegression,
    places: &[usize],
    moments: &Moments,
) -> Option<(Shape, usize, Score)> {
    let scored = |shape: Shape| {
        let value = move |score: Score| shape.prior().ln() + score.log_bayes_factor(regression, EFFECT_PRIOR);
        let scores = least_squares(regression, places, moments, shape).into_iter().enumerate();
        scores.map(move |(i, score)| (value(score), (shape, i, score))).max_by(|a, b| a.0.total_cmp(&b.0))
    };
    Shape::ALL.into_iter().filter_map(scored).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, best)| best)
}

/// Judges events by likelihood under the noise of a [`Local`].
struct Judge<'a> {
    local: &'a Local,
    regression: &'a EventRegression,
    /// log likelihood without an event, and the scale of the noise then.
    without: (f64, f64),
}

impl<'a> Judge<'a> {
    fn new(local: &'a Local) -> Self {
        let regression = local.regression();
        let without = local.student().log_likelihood(&regression.innovations, 0.0, regression.prior_cost(None, 0.0));
        Self { local, regression, without }
    }

    /// How much likelier the data is with an event of this effect: log likelihood ratio, priors of the coefficients included.
    fn gain(&self, footprint: &Footprint, effect: f64) -> f64 {
        let left: Vec<f64> =
            self.regression.innovations.iter().zip(&footprint.innovations).map(|(e, u)| e - effect * u).collect();
        let cost = self.regression.prior_cost(Some(footprint), effect);
        self.local.student().log_likelihood(&left, self.without.1, cost).0 - self.without.0
    }

    /// Laplace's approximation of the Bayes factor with an effect drawn from Normal(0, (gσ)²), and the signed root of the likelihood
    /// ratio with the small-sample corrections of Wallace (1959) for Student's t; both are exact for Gaussian noise of known scale.
    fn worth(&self, score: Score, footprint: &Footprint) -> Worth {
        if !score.is_testable() || self.regression.freedom < EVENT_PARAMETERS + 1.0 {
            return Worth::default();
        }
        let n = self.regression.len() as f64;
        let per_square = 1.0 / (EFFECT_PRIOR * EFFECT_PRIOR);
        let shrunk = score.cross / (score.size + per_square);
        let (_, scale) = self.without;
        let surprise = 0.5 * shrunk * shrunk * per_square / (scale * scale);
        let occam = 0.5 * (score.size / per_square).ln_1p();
        let log_bayes =
            (self.regression.freedom - EVENT_PARAMETERS) / n * (self.gain(footprint, shrunk) - surprise) - occam;
        let effect = score.cross / score.size;
        let freedom = self.regression.freedom - EVENT_PARAMETERS;
        let ratio = (2.0 * freedom / n * self.gain(footprint, effect)).max(0.0);
        let small = (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0);
        Worth { log_bayes, z: (small * ratio.sqrt()).copysign(effect) }
    }
}

/// A footprint between two others: `share` of the first and the rest of the second.
fn between(first: &Footprint, second: &Footprint, share: f64) -> Footprint {
    let mix = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| share * a + (1.0 - share) * b).collect();
    Footprint {
        innovations: mix(&first.innovations, &second.innovations),
        coefficients: mix(&first.coefficients, &second.coefficients),
    }
}

impl ShapeScores {
    /// Scores all shapes at all moments.
    #[must_use]
    pub fn new(local: &Local, moments: &Moments) -> Self {
        let judge = Judge::new(local);
        let scores = Shape::ALL.map(|shape| least_squares(local.regression(), local.places(), moments, shape)).to_vec();
        let worth = Shape::ALL
            .into_iter()
            .zip(&scores)
            .map(|(shape, scores)| Self::worths(&judge, moments, shape, scores))
            .collect();
        Self { scores, worth }
    }

    fn worths(judge: &Judge<'_>, moments: &Moments, shape: Shape, scores: &[Score]) -> Vec<Worth> {
        let places = judge.local.places();
        let footprint = |k: usize| judge.regression.footprint(&shape.regressor(places, k, 1.0), k.min(places.len()));
        let mut out: Vec<Worth> = Vec::with_capacity(scores.len());
        let mut last: Option<(usize, Footprint)> = None;
        let mut next: Option<(usize, Footprint)> = None;
        for (i, &score) in scores.iter().enumerate() {
            let k = moments.observation[i];
            if !score.is_testable() {
                out.push(Worth::default());
                continue;
            }
            let same = last.as_ref().is_some_and(|(at, _)| *at == k);
            if !same {
                last = next.take().filter(|(at, _)| *at == k).or_else(|| Some((k, footprint(k))));
            }
            // A step within a bucket lies between those at this observation and at the next; other shapes start with a bucket.
            let worth = match (&last, shape) {
                (Some((_, whole)), Shape::Step) => {
                    let (_, after) = next.get_or_insert_with(|| (k + 1, footprint(k + 1)));
                    judge.worth(score, &between(whole, after, moments.share[i]))
                }
                (Some((_, whole)), _) if !same => judge.worth(score, whole),
                _ => out[i - 1],
            };
            out.push(worth);
        }
        out
    }

    fn index(shape: Shape) -> usize {
        Shape::ALL.iter().position(|s| *s == shape).unwrap_or(0)
    }

    /// The log Bayes factor of a shape against *no event* at a moment.
    #[must_use]
    pub fn log_bayes(&self, shape: Shape, moment: usize) -> f64 {
        self.worth[Self::index(shape)][moment].log_bayes
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
            let terms: Vec<f64> = shapes.iter().map(|s| s.prior().ln() + self.log_bayes(*s, i)).collect();
            log_sum_exp(&terms)
        };
        (0..self.worth[0].len()).map(at).collect()
    }

    /// z of the strongest statistic of a shape among `moments`, with the moment where it stands.
    pub(super) fn strongest(&self, shape: Shape, among: &[usize]) -> Option<(usize, f64)> {
        let worth = &self.worth[Self::index(shape)];
        among.iter().map(|&i| (i, worth[i].z)).max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
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
        local: &Local,
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
        local: &Local,
        moments: &Moments,
        among: &[usize],
        repeats: f64,
    ) -> Option<(Shape, usize, f64, f64)> {
        let candidates = Shape::ALL.into_iter().filter_map(|shape| {
            let (i, z) = self.strongest(shape, among)?;
            Some((shape, i, z, self.p_value(z, shape, local, moments, among, repeats)))
        });
        candidates.min_by(|a, b| a.3.total_cmp(&b.3))
    }

    /// The effect of a shape, averaged over the moments with the given log weights.
    ///
    /// The variance is the mean of the variances plus the variance of the means: what is not known of the moment widens it.
    #[must_use]
    pub fn effect(&self, shape: Shape, regression: &EventRegression, log_weights: &[f64]) -> Option<Effect> {
        let logs: Vec<f64> = log_weights.iter().enumerate().map(|(i, w)| w + self.log_bayes(shape, i)).collect();
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
