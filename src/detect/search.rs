//! The strongest evidence of a change, and how surprising it is after a search.

use std::f64::consts::FRAC_PI_2;
use std::ops::{Range, RangeInclusive};
use std::sync::OnceLock;

use crate::model::ChangeKind;
use crate::stats::{Neighbours, freedom_of_run, max_tail, max_tail_of_runs, normal_of_t};

use super::event::{Judge, least_squares};
use super::{Local, Moments, Shape};

/// The observations of a [`Local`] over which a change is searched for: how high its statistics reach by chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    steps: Vec<Neighbours>,
    kinks: Vec<Neighbours>,
    /// How many pulses of each length can be told from a step.
    pulses: Vec<usize>,
    repeats: f64,
    /// Degrees of freedom with which it is known how much the noise scatters in the long run.
    freedom: f64,
    /// The statistics of a step and of a kink that reach [`KNOWN`], once they were asked for.
    known: [OnceLock<f64>; 2],
}

/// Runs of buckets over which one is searched for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Runs {
    /// Numbers of buckets.
    pub(super) lengths: RangeInclusive<usize>,
    /// Buckets of the series.
    pub(super) buckets: usize,
    /// How many turns of its rhythm told what is expected of each bucket, where the series was divided by that.
    pub(super) turns: Option<f64>,
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

/// Down to this p-value the crossings of a Gaussian process are no rarer than those of one whose scatter is an estimate: that kinds share a level,
/// and that stretches are searched twice, makes up for it, as the simulation of unchanged series shows.
const KNOWN: f64 = 0.05;
/// Prior share of longer runs among changes, beside those of the shapes: as much as that of a pulse of one length, and a little more than all.
const RUN_PRIOR: f64 = 0.05;
/// How many of the best moments by least squares are judged by likelihood for each shape.
const JUDGED: usize = 3;

/// The statistic of which this is the tail, which falls as x exp(−x²/2) does far out: by Newton's method on its logarithm, from a statistic that is
/// found nowhere by chance.
fn statistic_of(p_value: f64, tail: impl Fn(f64) -> f64) -> f64 {
    let (from, further) = (8.0_f64, |x: f64| (tail(x) / p_value).ln());
    let near = (from * from + 2.0 * further(from)).max(1.0).sqrt();
    (0..2).fold(near, |x, _| (x + further(x) / x).max(1.0))
}

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
            steps: regression.steps().correlations(observations.clone()).into_iter().map(Neighbours::from).collect(),
            kinks: starts(Shape::Kink).into_iter().map(|k| kinks[k].into()).collect(),
            pulses: Shape::PULSES.iter().map(|shape| starts(*shape).len()).collect(),
            repeats,
            freedom: local.long_run_freedom(),
            known: <[OnceLock<f64>; 2]>::default(),
        }
    }

    /// How often unchanged data would show a statistic of this kind as high as `z` among the observations, all shapes tried.
    ///
    /// Steps and kinks by the crossings of a process whose neighbours correlate as their regressors do, pulses by Bonferroni; the kinds
    /// share the level by their priors (weighted Bonferroni, Holm 1979). As the standard deviation of the noise in the long run is an estimate, what
    /// lies beyond the statistic that reaches .05 is as surprising as under Student's t.
    #[must_use]
    pub fn p_value(&self, z: f64, kind: ChangeKind) -> f64 {
        let prior: f64 = Shape::ALL.into_iter().filter(|s| s.kind() == kind).map(Shape::prior).sum();
        let (places, known) = match kind {
            ChangeKind::Level => (&self.steps, &self.known[0]),
            ChangeKind::Trend => (&self.kinks, &self.known[1]),
            ChangeKind::Spike => {
                let places = self.pulses.iter().sum::<usize>();
                let apart = Neighbours::alike(places.saturating_sub(1), 0.0);
                return (max_tail(z, [apart], self.repeats) / prior).min(1.0);
            }
        };
        let tail = |z: f64| max_tail(z, places.iter().copied(), self.repeats) / prior;
        let (z, known) = (z.abs(), *known.get_or_init(|| statistic_of(KNOWN, tail)));
        let less = || known + normal_of_t(z, self.freedom) - normal_of_t(known, self.freedom);
        tail(if z > known { less() } else { z }).min(1.0)
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

    /// The most surprising step of these, as the begin of a run of `length` buckets whose end is explained already, among all such `runs`; none where
    /// nothing can be tested.
    ///
    /// The noise of the mean of so many buckets is known as well as its autocorrelation is. What is expected of them, where the series was divided by
    /// it, was told by a median of so many turns of the rhythm, whose variance is π/2 of that of a mean.
    pub(super) fn strongest_run(&self, local: &Local, moments: &Moments, length: usize, runs: &Runs) -> Option<Tested> {
        let judge = Judge::new(local);
        let best = self.best(&judge, local, moments, &moments.all(), Shape::Step)?;
        let (places, regression, k) = (local.places(), local.regression(), moments.observation[best.moment]);
        let f = Shape::Step.regressor(places, k, moments.share[best.moment]);
        let touched = Shape::Pulse(length).touched(places, k);
        let z = judge.z_of_run(touched, regression.score(&f, k), &regression.footprint(&f, k));
        let z = z / runs.turns.map_or(1.0, |turns| (1.0 + FRAC_PI_2 / turns).sqrt());
        let z = normal_of_t(z, freedom_of_run(places.len(), local.phi(), length));
        let p_value = max_tail_of_runs(z, local.phi(), runs.buckets, runs.lengths.clone()) / RUN_PRIOR;
        Some(Tested { p_value: p_value.min(1.0), ..best })
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
        let known = <[OnceLock<f64>; 2]>::default();
        let twice = Self { repeats: 2.0 * self.repeats, known, ..self.clone() };
        let best = |shape: &Shape| twice.best(&judge, &sloped, moments, among, *shape).map(|tested| tested.p_value);
        let beside = shapes.iter().filter_map(best).fold(1.0, f64::min);
        Some(beside.min(2.0 * (wandering - log_bayes).exp()).min(1.0))
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
        let promise: Vec<f64> =
            (0..scores.len()).map(|i| judge.promise(shape, moments.observation[i], scores[i])).collect();
        order.sort_by(|a, b| promise[*b].total_cmp(&promise[*a]));
        order.truncate(JUDGED);
        let tested = |i: usize| {
            let k = moments.observation[i];
            let footprint = regression.footprint(&shape.regressor(places, k, moments.share[i]), k);
            (i, judge.z(shape, k, scores[i], &footprint))
        };
        let tested: Vec<(usize, f64)> = order.into_iter().map(tested).collect();
        let p_value = |z: f64| self.p_value(z, shape.kind());
        // Of what is no surprise at all the first is as good.
        let highest =
            tested.iter().rev().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).map(|(i, z)| (*i, *z, p_value(*z)));
        let first = tested.first().map(|(i, z)| (*i, *z, 1.0));
        let (moment, z, p_value) = highest.filter(|(_, _, p_value)| *p_value < 1.0).or(first)?;
        Some(Tested { shape, moment, z, p_value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Scope;
    use crate::simulation::{days, normals};

    /// A search over 180 days whose noise is known to remember this much.
    fn search(phi: f64) -> Search {
        let scope = Scope {
            range: 0..180,
            focus: 2..178,
            others: &[],
            without: &[],
            phi: Some(phi),
            days: None,
            uneven: false,
            is_sure: false,
        };
        let local = Local::new(&days(normals(180, 1)), &[], &scope).expect("can be analysed");
        Search::new(&local, 2..178, 1.0)
    }

    #[test]
    fn the_more_noise_remembers_the_less_surprising_is_what_is_far_out() {
        // Two standard deviations beyond where it is found at all.
        let far_out = |phi: f64| {
            let search = search(phi);
            let p = |z: f64| search.p_value(z, ChangeKind::Level);
            let found = (0..500_u32).map(|i| 0.01 * f64::from(i)).find(|&z| p(z) < KNOWN).expect("reached");
            p(found + 2.0)
        };
        let (white, some, more) = (far_out(0.0), far_out(0.5), far_out(0.8));
        assert!(white < 1e-4 && some > 2.0 * white && more > 20.0 * white, "{white} {some} {more}");
    }

    #[test]
    fn what_is_further_out_is_never_less_surprising() {
        for phi in [-0.3, 0.0, 0.6, 0.95] {
            let search = search(phi);
            for kind in [ChangeKind::Level, ChangeKind::Trend, ChangeKind::Spike] {
                let p: Vec<f64> = (10..600).map(|i| search.p_value(0.1 * f64::from(i), kind)).collect();
                assert!(p.windows(2).all(|p| p[1] <= p[0] && (0.0..=1.0).contains(&p[1])), "{phi} {kind:?}");
            }
        }
    }
}
