//! How well an event of each shape explains the data at each moment.

mod effect;
mod judge;
mod possible;

use crate::model::ChangeKind;
use crate::stats::{EventRegression, Footprint, Score, log_sum_exp, normalise};

use super::{Local, Moments, Shape};
pub use effect::Effect;
pub(super) use judge::Judge;

/// How well each shape explains the data from each moment on.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeScores {
    /// For each of [`Shape::ALL`], the scores at each moment.
    scores: Vec<Vec<Score>>,
    /// The log Bayes factors under the noise that was found.
    log_bayes: Vec<Vec<f64>>,
}

/// Prior standard deviation of an effect in standard deviations of the noise. With 3, effects of 1 to 8 are all plausible.
const EFFECT_PRIOR: f64 = 3.0;
/// A moment whose log Bayes factor by least squares is so far below the best plays no part in any posterior.
const FAR_BELOW: f64 = 18.0;
/// So many of the likeliest starts of each shape are judged by likelihood.
const JUDGED: usize = 100;
/// Inside of so many buckets moments are judged one by one. Where more buckets matter, the evidence is so weak that it hardly differs
/// inside of one.
const FINE: usize = 12;
/// And only where they are not this far below the best.
const FINE_BELOW: f64 = 15.0;

/// Least-squares scores of one shape at all moments. Steps use the share of a bucket that is touched, other shapes start with a bucket.
pub(super) fn least_squares(
    regression: &EventRegression,
    places: &[usize],
    moments: &Moments,
    shape: Shape,
) -> Vec<Score> {
    let untold = Score { cross: 0.0, size: 0.0 };
    let tells = |k: usize| k < places.len() && shape.is_over(&shape.touched(places, k), places.len());
    if shape == Shape::Step {
        let steps = regression.steps();
        let score = |i: usize| {
            let k = moments.observation[i];
            if k < places.len() { steps.score(k, moments.share[i]) } else { untold }
        };
        return (0..moments.len()).map(score).collect();
    }
    let kink = |k: usize| regression.kinks().scores[k].times(1.0 / Shape::KINK_SCALE);
    let whole = |k: usize| match shape {
        _ if !tells(k) => untold,
        Shape::Kink => kink(k),
        _ => regression.pulse(shape.touched(places, k)),
    };
    // All moments within a bucket are alike.
    let mut out: Vec<Score> = Vec::with_capacity(moments.len());
    for (i, &k) in moments.observation.iter().enumerate() {
        let same = i > 0 && moments.observation[i - 1] == k;
        out.push(if same { out[i - 1] } else { whole(k) });
    }
    out
}

/// The shape, of those given, and the moment that together explain most by least squares; none without moments.
pub(super) fn best_by_least_squares(
    regression: &EventRegression,
    places: &[usize],
    moments: &Moments,
    shapes: &[Shape],
) -> Option<(Shape, usize, Score)> {
    let mut best: Option<(f64, (Shape, usize, Score))> = None;
    for &shape in shapes {
        let prior = shape.prior().ln();
        for (i, score) in least_squares(regression, places, moments, shape).into_iter().enumerate() {
            // Most moments explain so little that a bound tells.
            let may_be = |least: f64| prior + score.log_bayes_bound(regression, EFFECT_PRIOR) >= least;
            if best.is_none_or(|(least, _)| may_be(least)) {
                let value = prior + score.log_bayes_factor(regression, EFFECT_PRIOR);
                if best.is_none_or(|(least, _)| value >= least) {
                    best = Some((value, (shape, i, score)));
                }
            }
        }
    }
    best.map(|(_, best)| best)
}

impl Score {
    /// This log Bayes factor of an event with the likelihood to a power, but not what it pays for an effect of any size having been possible, ½ log(1 + g²|f|²).
    fn tempered(self, power: f64, log_bayes: f64) -> f64 {
        let occam = 0.5 * (EFFECT_PRIOR * EFFECT_PRIOR * self.size).ln_1p();
        power * (log_bayes + occam) - occam
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
        let by_least_squares = |score: &Score| score.log_bayes_factor(local.regression(), EFFECT_PRIOR);
        let rough = |scores: &Vec<Score>| scores.iter().map(by_least_squares).fold(0.0, f64::max);
        let best = scores.iter().map(rough).fold(0.0, f64::max);
        let log_bayes = Shape::ALL
            .into_iter()
            .zip(&scores)
            .map(|(shape, scores)| Self::judged(&judge, moments, shape, scores, best))
            .collect();
        Self { scores, log_bayes }.while_enough_is_left(local, moments)
    }

    /// Starts of buckets that may matter are judged by likelihood, and moments inside of the best of them; elsewhere least squares, and
    /// what lies between the ends of a bucket, are near enough.
    fn judged(judge: &Judge<'_>, moments: &Moments, shape: Shape, scores: &[Score], best: f64) -> Vec<f64> {
        let places = judge.local.places();
        let whole = |k: usize| judge.regression.footprint(&shape.regressor(places, k, 1.0), k.min(places.len()));
        let mut starts: Vec<usize> = (0..scores.len()).collect();
        starts.dedup_by_key(|i| moments.observation[*i]);
        let rough: Vec<f64> =
            starts.iter().map(|&i| scores[i].log_bayes_factor(judge.regression, EFFECT_PRIOR)).collect();
        let can_be_judged = |j: &usize| moments.observation[starts[*j]] < places.len();
        let likeliest = (0..starts.len()).filter(can_be_judged).max_by(|a, b| rough[*a].total_cmp(&rough[*b]));
        let judged = |j: usize| judge.log_bayes(scores[starts[j]], &whole(moments.observation[starts[j]]));
        // Least squares overstates what outliers leave unexplained: at the likeliest start both are known.
        let (top, offset) = likeliest.map_or((0.0, 0.0), |j| (rough[j], judged(j) - rough[j]));
        let mut order: Vec<usize> = (0..starts.len()).filter(can_be_judged).collect();
        order.retain(|&j| rough[j] >= top.max(best) - FAR_BELOW);
        order.sort_by(|a, b| rough[*b].total_cmp(&rough[*a]));
        let mut matter = vec![false; starts.len()];
        order.iter().take(JUDGED).for_each(|&j| matter[j] = true);
        let matters = |j: usize| matter[j];
        let at_start = |j: usize| {
            if matters(j) { judged(j) } else { rough[j] + offset }
        };
        let ends: Vec<f64> = (0..starts.len()).map(at_start).collect();
        let next = |j: usize| ends.get(j + 1).copied().unwrap_or(0.0);
        let value = |j: usize| ends[j].max(next(j));
        let highest = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut fine: Vec<usize> = if shape == Shape::Step {
            (0..ends.len()).filter(|&j| value(j) >= highest - FINE_BELOW).collect()
        } else {
            Vec::new()
        };
        fine.sort_by(|a, b| value(*b).total_cmp(&value(*a)));
        fine.truncate(FINE);
        let mut out = Vec::with_capacity(scores.len());
        for (j, &start) in starts.iter().enumerate() {
            let (this, k) = (ends[j], moments.observation[start]);
            let inside = start..starts.get(j + 1).copied().unwrap_or(scores.len());
            let is_fine = k < places.len() && inside.len() > 1 && fine.contains(&j);
            let footprints = is_fine.then(|| (whole(k), whole(k + 1)));
            for i in inside {
                out.push(match &footprints {
                    Some((all, after)) if i > start => {
                        judge.log_bayes(scores[i], &between(all, after, moments.share[i]))
                    }
                    None if shape == Shape::Step => moments.share[i] * this + (1.0 - moments.share[i]) * next(j),
                    _ => this,
                });
            }
        }
        out
    }

    /// The log Bayes factors with the likelihood to this power; the priors of shape and effect are not tempered.
    #[must_use]
    pub fn tempered(&self, power: f64) -> Self {
        let of = |shape: Shape| {
            let logs = self.log_bayes[Self::index(shape)].iter().enumerate();
            logs.map(|(i, log)| self.score(shape, i).tempered(power, *log)).collect()
        };
        Self { scores: self.scores.clone(), log_bayes: Shape::ALL.into_iter().map(of).collect() }
    }

    /// The innovations beside the likeliest event.
    pub(super) fn innovations_beside(&self, local: &Local, moments: &Moments) -> Vec<f64> {
        let regression = local.regression();
        let value = |&(shape, i): &(Shape, usize)| shape.prior().ln() + self.log_bayes(shape, i);
        let all = Shape::ALL.into_iter().flat_map(|shape| (0..moments.len()).map(move |i| (shape, i)));
        let likeliest =
            all.filter(|&(shape, i)| self.score(shape, i).is_testable()).max_by(|a, b| value(a).total_cmp(&value(b)));
        let Some((shape, i)) = likeliest else { return regression.innovations.clone() };
        let (score, k) = (self.score(shape, i), moments.observation[i]);
        let share = if shape == Shape::Step { moments.share[i] } else { 1.0 };
        let footprint = regression.footprint(&shape.regressor(local.places(), k, share), k);
        let effect = score.cross / score.size;
        footprint.taken_from(&regression.innovations, effect)
    }

    /// The log Bayes factors of a shape, to be refined.
    pub(super) fn of_mut(&mut self, shape: Shape) -> &mut Vec<f64> {
        &mut self.log_bayes[Self::index(shape)]
    }

    fn index(shape: Shape) -> usize {
        Shape::ALL.iter().position(|s| *s == shape).unwrap_or(0)
    }

    /// The log Bayes factor of a shape against *no event* at a moment.
    #[must_use]
    pub fn log_bayes(&self, shape: Shape, moment: usize) -> f64 {
        self.log_bayes[Self::index(shape)][moment]
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
        (0..self.log_bayes[0].len()).map(at).collect()
    }

    /// The effect of a shape, averaged over the moments with the given log weights and over how strongly a slope is believed (Bayesian model
    /// averaging, Hoeting et al. 1999).
    ///
    /// What is not known of the moment and of the slope widens it. The degrees of freedom are those with which both the innovations and, of what lasts, their
    /// autocorrelation are known.
    #[must_use]
    pub fn effect(&self, shape: Shape, local: &Local, moments: &Moments, log_weights: &[f64]) -> Option<Effect> {
        let logs: Vec<f64> = log_weights.iter().enumerate().map(|(i, w)| w + self.log_bayes(shape, i)).collect();
        let mass = normalise(&logs);
        let likeliest = (0..mass.len()).max_by(|a, b| mass[*a].total_cmp(&mass[*b]))?;
        let slopes = local.slopes();
        let scores: Vec<Vec<Score>> =
            slopes.iter().map(|(r, _)| least_squares(r, local.places(), moments, shape)).collect();
        let beliefs: Vec<f64> = slopes
            .iter()
            .zip(&scores)
            .map(|((r, log), scores)| log + scores[likeliest].log_bayes_factor(r, EFFECT_PRIOR))
            .collect();
        let mut fits = Vec::new();
        for (((regression, _), scores), belief) in slopes.iter().zip(&scores).zip(normalise(&beliefs)) {
            for (i, p) in mass.iter().enumerate().filter(|(_, p)| **p * belief > 1e-6) {
                fits.extend(local.fit(regression, scores[i]).map(|fit| (p * belief, fit)));
            }
        }
        // Neither variance of the logarithm of a standard deviation knows of the other: they add up, and are 1/2ν each.
        let lasts = Shape::LASTING.contains(&shape);
        let long_run = lasts.then(|| local.long_run_freedom());
        let freedom = 1.0 / (1.0 / fits.first()?.1.freedom + long_run.map_or(0.0, |freedom| 1.0 / freedom));
        Some(Effect::mixed(&fits, freedom))
    }
}
