//! A change in figures: when it began, what sort it is, how large it is, and how surprising.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::model::{ChangeKind, Series};
use crate::stats::{log_sum_exp, normalise, weighted_quantile};

use super::{Effect, Local, Moments, Rhythm, Shape, ShapeScores};

/// A change of a series. Moments are Unix seconds, levels are in the metric's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The first bucket that moved, also partly.
    pub bucket: usize,
    /// Median moment at which it began.
    pub onset: f64,
    /// 90 % interval of that moment.
    pub interval: (f64, f64),
    /// What sort of change it is.
    pub kind: ChangeKind,
    /// Whether fewer than [`YOUNG`] buckets have passed since.
    pub young: bool,
    /// Level before; of a trend the level at the kink.
    pub before: f64,
    /// Level after; of a trend the level at the end, of a spike the level during it.
    pub after: f64,
    /// (after - before) / before; none where the level before is not positive.
    pub relative: Option<f64>,
    /// 95 % interval of `relative`.
    pub relative_interval: Option<(f64, f64)>,
    /// How often unchanged data would show evidence this strong anywhere in the scope.
    pub p_value: f64,
}

/// Fewer buckets than this since a change make it young.
pub const YOUNG: usize = 5;
/// Coverage of the interval of the moment.
pub const MOMENT_LEVEL: f64 = 0.9;
/// Coverage of the interval of the effect.
pub const EFFECT_LEVEL: f64 = 0.95;

/// A stretch of a series with every shape of event scored at every moment that may matter.
#[derive(Debug, Clone)]
pub struct Neighbourhood {
    /// The stretch, explained without an event.
    pub local: Local,
    /// The moments.
    pub moments: Moments,
    /// The shapes at the moments.
    pub scores: ShapeScores,
    /// The moments, by index, over which a change is searched for.
    pub among: Vec<usize>,
    /// log weight of each moment from elsewhere, such as its nearness to a date; at most 0.
    pub log_weights: Vec<f64>,
    /// For how many stretches like this the search is made.
    pub repeats: f64,
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

impl Neighbourhood {
    /// The strongest evidence of a change, supported or not; none where nothing could be tested.
    #[must_use]
    pub fn strongest(&self) -> Option<Tested> {
        let (shape, moment, z, p_value) =
            self.scores.most_surprising(&self.local, &self.moments, &self.among, self.repeats)?;
        Some(Tested { shape, moment, z, p_value })
    }

    /// The supported change (p-value at most `alpha`) of the greatest posterior: evidence times weight.
    #[must_use]
    pub fn change(&self, series: &Series, rhythms: &[Rhythm], alpha: f64) -> Option<Found> {
        let strongest = self.strongest().filter(|t| t.p_value <= alpha)?;
        let (shape, p_value) = self.likeliest(strongest, alpha);
        let logs: Vec<f64> =
            self.scores.log_bayes_of(shape.kind()).iter().zip(&self.log_weights).map(|(a, b)| a + b).collect();
        let logs: Vec<f64> = self.only_searched(logs);
        let mass = normalise(&logs);
        let at = |p: f64| weighted_quantile(&self.moments.unix, &mass, p);
        let tail = (1.0 - MOMENT_LEVEL) / 2.0;
        let onset = at(0.5);
        let moment = self.moments.unix.partition_point(|&m| m <= onset).saturating_sub(1);
        let effect =
            self.scores.effect(shape, self.local.regression(), &self.only_searched(self.log_weights.clone()))?;
        let bucket = self.first_visible(shape, moment, effect);
        let levels = self.levels(rhythms, shape, moment, effect);
        let since = self.local.places().iter().filter(|&&p| p >= bucket).count();
        Some(Found {
            bucket,
            onset,
            interval: (at(tail), at(1.0 - tail)),
            kind: shape.kind(),
            young: since < YOUNG && series.len() - bucket <= YOUNG,
            before: levels.before,
            after: levels.after,
            relative: levels.relative,
            relative_interval: levels.interval,
            p_value,
        })
    }

    /// The bucket of a moment; the next one where too little of it lies after the moment to stand out of the noise.
    fn first_visible(&self, shape: Shape, moment: usize, effect: Effect) -> usize {
        let bucket = self.moments.bucket[moment];
        let score = self.scores.score(shape, moment);
        let noise = score.fit(self.local.regression()).map_or(0.0, |fit| fit.standard_error * score.size.sqrt());
        let touched = self.moments.share[moment] * effect.estimate.abs();
        let hidden = shape == Shape::Step && self.moments.share[moment] < 0.5 && touched < noise;
        self.local.places().iter().copied().find(|&p| p > bucket).filter(|_| hidden).unwrap_or(bucket)
    }

    /// By which share of the full effect of a level shift a bucket moved; none where it was not observed or nothing shifted.
    #[must_use]
    pub fn share_moved(&self, bucket: usize) -> Option<Effect> {
        let regression = self.local.regression();
        let shift = self.scores.effect(Shape::Step, regression, &self.only_searched(self.log_weights.clone()))?;
        let k = self.local.places().iter().position(|&p| p == bucket)?;
        let f = Shape::Step.regressor(self.local.places(), k, 0.5);
        let moved = self.local.observations()[k] - self.local.baseline(&f, shift.estimate)[k];
        let score = regression.score(&f, k);
        let noise = score.fit(regression)?.standard_error * score.size.sqrt();
        let standard_error = (noise / shift.estimate).abs();
        Some(Effect { estimate: moved / shift.estimate, standard_error, freedom: shift.freedom })
    }

    /// The shape of the greatest posterior among the supported ones, and its p-value.
    fn likeliest(&self, strongest: Tested, alpha: f64) -> (Shape, f64) {
        let mass = |shape: Shape| {
            let logs: Vec<f64> =
                self.among.iter().map(|&i| self.scores.log_bayes(shape, i) + self.log_weights[i]).collect();
            shape.prior().ln() + log_sum_exp(&logs)
        };
        let supported = |shape: Shape| {
            let z = self.scores.strongest(shape, &self.among)?.1;
            let p = self.scores.p_value(z, shape, &self.local, &self.moments, &self.among, self.repeats);
            (p <= alpha).then_some((shape, p))
        };
        Shape::ALL
            .into_iter()
            .filter_map(supported)
            .max_by(|a, b| mass(a.0).total_cmp(&mass(b.0)))
            .unwrap_or((strongest.shape, strongest.p_value))
    }

    fn only_searched(&self, mut logs: Vec<f64>) -> Vec<f64> {
        let mut searched = vec![false; logs.len()];
        self.among.iter().for_each(|&i| searched[i] = true);
        logs.iter_mut().zip(searched).filter(|(_, s)| !s).for_each(|(l, _)| *l = f64::NEG_INFINITY);
        logs
    }

    /// Levels before and after on the metric's own scale, and the relative effect with its interval.
    fn levels(&self, rhythms: &[Rhythm], shape: Shape, moment: usize, effect: Effect) -> Levels {
        let places = self.local.places();
        let k = self.moments.observation[moment].min(places.len() - 1);
        let share = if shape == Shape::Step { self.moments.share[moment] } else { 1.0 };
        let f = shape.regressor(places, k, share);
        let baseline = self.local.baseline(&f, effect.estimate);
        // A whole cycle of the longest rhythm, so that a Sunday is not compared with a week.
        let cycle = rhythms.iter().map(|r| r.period).max().unwrap_or(1).max(7).min(baseline.len());
        let from = k.saturating_sub(cycle).min(baseline.len() - cycle);
        let back = |x: f64| if self.local.is_log() { x.exp() } else { x };
        let before = baseline[from..from + cycle].iter().map(|&b| back(b)).sum::<f64>() / cycle as f64;
        let reach = if shape == Shape::Kink { f.last().copied().unwrap_or(1.0) } else { 1.0 };
        let half = StudentsT::new(0.0, 1.0, effect.freedom.max(1.0))
            .map_or(1.96, |t| t.inverse_cdf(f64::midpoint(1.0, EFFECT_LEVEL)))
            * effect.standard_error;
        let relative = |delta: f64| {
            if self.local.is_log() { (delta * reach).exp_m1() } else { delta * reach / before }
        };
        let defined = before > 0.0;
        Levels {
            before,
            after: before + before * relative(effect.estimate),
            relative: defined.then(|| relative(effect.estimate)),
            interval: defined.then(|| (relative(effect.estimate - half), relative(effect.estimate + half))),
        }
        .on_level_scale(!self.local.is_log(), before + effect.estimate * reach)
    }
}

struct Levels {
    before: f64,
    after: f64,
    relative: Option<f64>,
    interval: Option<(f64, f64)>,
}

impl Levels {
    /// On the level scale the level after needs no detour by the relative effect, which a level of zero does not have.
    fn on_level_scale(self, level: bool, after: f64) -> Self {
        if level { Self { after, ..self } } else { self }
    }
}
