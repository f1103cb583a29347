//! The strongest evidence of a change, and how surprising it is after a search.

use std::ops::Range;

use crate::model::ChangeKind;
use crate::stats::max_tail;

use super::event::{Judge, least_squares};
use super::{Local, Moments, Shape};

/// The observations of a [`Local`] over which a change is searched for: how high its statistics reach by chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    steps: Vec<f64>,
    kinks: Vec<f64>,
    /// How many pulses of each length can be told from a step.
    pulses: Vec<usize>,
    repeats: f64,
}

/// A shape at a moment whose evidence was tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// What the event would look like.
    pub shape: Shape,
    /// Index of the moment.
    pub moment: usize,
    /// Its standardised statistic; positive where the metric rose.
    pub z: f64,
    /// How often unchanged data would show evidence this strong anywhere in the scope.
    pub p_value: f64,
}

/// How many of the best moments by least squares are judged by likelihood for each shape.
const JUDGED: usize = 3;

impl Search {
    /// A search over these observations. `repeats` says for how many stretches like this one it is made.
    #[must_use]
    pub fn new(local: &Local, observations: Range<usize>, repeats: f64) -> Self {
        let (places, regression) = (local.places(), local.regression());
        let n = places.len();
        let starts = |shape: Shape| {
            observations.clone().filter(|&k| shape.is_over(&shape.touched(places, k), n)).collect::<Vec<_>>()
        };
        let kinks = &regression.kinks().correlations;
        Self {
            steps: regression.steps().correlations(observations.clone()),
            kinks: starts(Shape::Kink).into_iter().map(|k| kinks[k]).collect(),
            pulses: Shape::PULSES.iter().map(|shape| starts(*shape).len()).collect(),
            repeats,
        }
    }

    /// How often unchanged data would show a statistic of this kind as high as `z` among the observations, all shapes tried.
    ///
    /// Steps and kinks by the crossings of a process whose neighbours correlate as their regressors do, pulses by Bonferroni; the kinds
    /// share the level by their priors (weighted Bonferroni, Holm 1979).
    #[must_use]
    pub fn p_value(&self, z: f64, kind: ChangeKind) -> f64 {
        let tail = match kind {
            ChangeKind::Level => max_tail(z, self.steps.iter().copied(), self.repeats),
            ChangeKind::Trend => max_tail(z, self.kinks.iter().copied(), self.repeats),
            ChangeKind::Spike => {
                let places = self.pulses.iter().sum::<usize>();
                max_tail(z, vec![0.0; places.saturating_sub(1)], self.repeats)
            }
        };
        let prior: f64 = Shape::ALL.into_iter().filter(|s| s.kind() == kind).map(Shape::prior).sum();
        (tail / prior).min(1.0)
    }

    /// The most surprising of these shapes and of the moments `among` all; none where nothing can be tested.
    #[must_use]
    pub fn strongest(&self, local: &Local, moments: &Moments, among: &[usize], shapes: &[Shape]) -> Option<Tested> {
        let judge = Judge::new(local);
        let best = |shape: &Shape| self.best(&judge, local, moments, among, *shape);
        let strongest = shapes.iter().filter_map(best).min_by(|a, b| a.p_value.total_cmp(&b.p_value))?;
        let p_value = strongest.p_value.max(self.beside_slope(local, moments, among, shapes).unwrap_or(0.0));
        Some(Tested { p_value, ..strongest })
    }

    /// How often a slope without an event would show evidence as strong; none where a slope is no explanation.
    ///
    /// Two tests of the slope, by Bonferroni: the event beside the slope, and the Bayes factor of the event against the slope, which
    /// reaches b by chance in at most one case of b (Ville 1939; Shafer et al. 2011, *Statist. Sci.* 26). The slope has the autocorrelation
    /// that its own residuals have (profile likelihood in that alone): where there is no event, autocorrelation that was told beside one is too small.
    fn beside_slope(&self, local: &Local, moments: &Moments, among: &[usize], shapes: &[Shape]) -> Option<f64> {
        let (sloped, log_bayes) = local.with_slope()?;
        let wandering = sloped.wandering();
        let judge = Judge::new(&sloped).with_handicap(wandering);
        let best = |shape: &Shape| self.best(&judge, &sloped, moments, among, *shape).map(|tested| tested.p_value);
        let beside = shapes.iter().filter_map(best).fold(1.0, f64::min);
        Some((2.0 * beside.min((wandering - log_bayes).exp())).min(1.0))
    }

    /// The most surprising moment of a shape, of those that least squares finds best.
    fn best(
        &self,
        judge: &Judge<'_>,
        local: &Local,
        moments: &Moments,
        among: &[usize],
        shape: Shape,
    ) -> Option<Tested> {
        let (places, regression) = (local.places(), local.regression());
        let scores = least_squares(regression, places, moments, shape);
        let mut order: Vec<usize> = among.iter().copied().filter(|&i| scores[i].is_testable()).collect();
        let gain = |i: &usize| scores[*i].cross.powi(2) / scores[*i].size;
        order.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
        order.truncate(JUDGED);
        let tested = |i: usize| {
            let k = moments.observation[i];
            let footprint = regression.footprint(&shape.regressor(places, k, moments.share[i]), k);
            let z = judge.z(shape, k, scores[i], &footprint);
            Tested { shape, moment: i, z, p_value: self.p_value(z, shape.kind()) }
        };
        order.into_iter().map(tested).min_by(|a, b| a.p_value.total_cmp(&b.p_value))
    }
}
