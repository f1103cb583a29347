//! A change in figures: when it began, what sort it is, how large it is, and how surprising.

use std::ops::Range;

use crate::model::{ChangeKind, Series};
use crate::stats::{log_sum_exp, normalise, weighted_quantile};

use super::{Effect, Local, Moments, NEAR, Rhythm, Scanned, Search, Shape, ShapeScores, Spike, Tested};

/// A change of a series. Moments are Unix seconds, levels are in the metric's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The first bucket that moved, also partly.
    pub bucket: usize,
    /// Median moment at which it began.
    pub onset: f64,
    /// 90 % interval of that moment.
    pub interval: (f64, f64),
    /// Interval that holds it with probability [`OUTER_LEVEL`].
    pub outer_interval: (f64, f64),
    /// What sort of change it is.
    pub kind: ChangeKind,
    /// For how many buckets a spike stood out.
    pub length: Option<usize>,
    /// Whether fewer than [`YOUNG`] buckets have passed since.
    pub young: bool,
    /// Level before; of a trend the level at the kink, of a spike what was expected of its buckets.
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
/// Coverage of the wider interval of the moment, by which a change is told to be the same as another.
pub const OUTER_LEVEL: f64 = 0.99;
/// Coverage of the interval of the effect.
pub const EFFECT_LEVEL: f64 = 0.95;
/// log Bayes factor by which another moment must be likelier to be another change.
const MUCH_LIKELIER: f64 = 3.0;

/// A stretch of a series with every shape of event scored at every moment that may matter.
#[derive(Debug, Clone)]
pub struct Neighbourhood {
    /// The stretch, explained without an event.
    pub local: Local,
    /// The same with a noise that remembers more than the bucket before, where a cause is sought and there is such noise.
    pub remembering: Option<Local>,
    /// The moments.
    pub moments: Moments,
    /// The shapes at the moments.
    pub scores: ShapeScores,
    /// The moments, by index, over which a change is searched for.
    pub among: Vec<usize>,
    /// log weight of each moment from elsewhere, such as its nearness to a date; at most 0.
    pub log_weights: Vec<f64>,
    /// The search, which p-values take into account.
    pub search: Search,
    /// The buckets of an outage that is looked at: the change that ends it is among the others, and taken for given.
    pub outage: Option<Range<usize>>,
}

impl Found {
    /// The same with the levels that the scan of the whole series told of it, where that found it as well: a trend goes on beyond the neighbourhood of a date.
    #[must_use]
    pub fn as_scanned(self, scanned: &Scanned) -> Self {
        let is_same = |c: &&Self| c.kind == ChangeKind::Trend && c.bucket.abs_diff(self.bucket) <= NEAR;
        match scanned.changes.iter().find(is_same).filter(|_| self.kind == ChangeKind::Trend) {
            Some(&Self { before, after, relative, relative_interval, .. }) => {
                Self { before, after, relative, relative_interval, ..self }
            }
            None => self,
        }
    }
}

/// So many buckets at zero tell that the level is zero.
const AT_ZERO: usize = 4;

impl Neighbourhood {
    /// The stretch as a cause is sought in it.
    #[must_use]
    pub fn for_causes(&self) -> &Local {
        self.remembering.as_ref().unwrap_or(&self.local)
    }

    /// The strongest evidence of a change, supported or not; none where nothing could be tested.
    #[must_use]
    pub fn strongest(&self) -> Option<Tested> {
        self.tested(&Shape::ALL)
    }

    fn tested(&self, shapes: &[Shape]) -> Option<Tested> {
        self.search.strongest(&self.local, &self.moments, &self.among, shapes)
    }

    /// The supported change (p-value at most `alpha`) of the greatest posterior: evidence times weight.
    #[must_use]
    pub fn change(&self, series: &Series, rhythms: &[Rhythm], alpha: f64) -> Option<Found> {
        let strongest = self.strongest().filter(|t| t.p_value <= alpha)?;
        let (shape, p_value) = self.likeliest(strongest, alpha);
        let of_kind = self.scores.log_bayes_of(shape.kind());
        let logs: Vec<f64> = of_kind.iter().zip(&self.log_weights).map(|(log, weight)| log + weight).collect();
        let logs = only(&self.among, &logs);
        let weights = only(&self.among, &self.log_weights);
        let mass = normalise(&logs);
        let moment = self.median(&mass);
        self.found(series, rhythms, shape, p_value, (moment, mass, weights))
    }

    /// The change that a search found in one of the buckets `at`, where all moments around them may be its onset.
    ///
    /// Where another moment is much likelier, something else in the neighbourhood speaks louder, and the interval is that of the change that
    /// was found.
    #[must_use]
    pub fn change_at(&self, series: &Series, rhythms: &[Rhythm], at: Range<usize>, p_value: f64) -> Option<Found> {
        let near = self.moments_in(&at);
        let shapes: &[Shape] = if self.outage.is_some() { &[Shape::Step] } else { &Shape::LASTING };
        let shape = self.likeliest_near(&near, shapes)?;
        let wide = self.lasting();
        let narrow = only(&near, &wide);
        let moment = self.median(&normalise(&narrow));
        let highest = |logs: &[f64]| logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let is_likely = highest(&narrow) >= highest(&wide) - MUCH_LIKELIER;
        let mass = if is_likely { normalise(&wide) } else { normalise(&narrow) };
        let weights = only(&near, &self.log_weights);
        self.found(series, rhythms, shape, p_value, (moment, mass, weights))
    }

    /// log Bayes factor of a lasting change at each moment: what sort of change it is may be open, and says little about when it began.
    fn lasting(&self) -> Vec<f64> {
        let [level, trend] = [ChangeKind::Level, ChangeKind::Trend].map(|kind| self.scores.log_bayes_of(kind));
        level.iter().zip(&trend).map(|(a, b)| log_sum_exp(&[*a, *b])).collect()
    }

    /// The bucket in which the level is much likelier to have moved than anything to have begun in one of the buckets `at`, and the log Bayes
    /// factor of the one against the other.
    ///
    /// A change of slope elsewhere does not count: at the ends of the stretch it would be the slope that is not believed.
    #[must_use]
    pub fn level_elsewhere(&self, at: &Range<usize>) -> Option<(usize, f64)> {
        let highest = |logs: &[f64], among: Vec<usize>| among.into_iter().max_by(|a, b| logs[*a].total_cmp(&logs[*b]));
        let (levels, all) = (self.scores.log_bayes_of(ChangeKind::Level), self.lasting());
        let (best, near) = (highest(&levels, self.moments.all())?, highest(&all, self.moments_in(at))?);
        let gain = levels[best] - all[near];
        (gain > MUCH_LIKELIER).then(|| (self.moments.bucket[best], gain))
    }

    /// The change of level that begins at a known moment (Unix seconds).
    #[must_use]
    pub fn change_from(&self, series: &Series, rhythms: &[Rhythm], moment: f64) -> Option<Found> {
        let i = self.moments.unix.partition_point(|&m| m <= moment).checked_sub(1)?;
        let mut mass = vec![0.0; self.moments.len()];
        mass[i] = 1.0;
        let weights = only(&[i], &self.log_weights);
        self.found(series, rhythms, Shape::Step, 1.0, (i, mass, weights))
    }

    /// The likeliest of the spikes that begin in one of the buckets `at`.
    #[must_use]
    pub fn spike_at(&self, series: &Series, rhythms: &[Rhythm], at: Range<usize>, p_value: f64) -> Option<Found> {
        let near = self.moments_in(&at);
        let shape = self.likeliest_near(&near, &Shape::PULSES)?;
        let logs: Vec<f64> = (0..self.moments.len()).map(|i| self.scores.log_bayes(shape, i)).collect();
        let mass = normalise(&only(&near, &logs));
        let weights = only(&near, &self.log_weights);
        self.found(series, rhythms, shape, p_value, (self.median(&mass), mass, weights))
    }

    /// The moments in these buckets, by index.
    fn moments_in(&self, buckets: &Range<usize>) -> Vec<usize> {
        self.moments.all().into_iter().filter(|&i| buckets.contains(&self.moments.bucket[i])).collect()
    }

    /// The shape of most posterior at these moments.
    fn likeliest_near(&self, near: &[usize], shapes: &[Shape]) -> Option<Shape> {
        let mass = |shape: &Shape| self.log_mass(*shape, near);
        shapes.iter().copied().max_by(|a, b| mass(a).total_cmp(&mass(b)))
    }

    /// log posterior of a shape at these moments together, up to a constant.
    fn log_mass(&self, shape: Shape, among: &[usize]) -> f64 {
        let logs: Vec<f64> = among.iter().map(|&i| self.scores.log_bayes(shape, i) + self.log_weights[i]).collect();
        shape.prior().ln() + log_sum_exp(&logs)
    }

    /// The moment next to the median of the posterior.
    fn median(&self, mass: &[f64]) -> usize {
        let (moments, onset) = (&self.moments.unix, weighted_quantile(&self.moments.unix, mass, 0.5));
        let after = moments.partition_point(|&m| m <= onset);
        let before = after.saturating_sub(1);
        let is_after = moments.get(after).is_some_and(|m| m - onset < onset - moments[before]);
        if is_after { after } else { before }
    }

    /// A change in figures: from its likeliest moment, the posterior of its onset, and how much each moment counts for its effect.
    fn found(
        &self,
        series: &Series,
        rhythms: &[Rhythm],
        shape: Shape,
        p_value: f64,
        (moment, mass, log_weights): (usize, Vec<f64>, Vec<f64>),
    ) -> Option<Found> {
        // The first moment stands for a while before it as well, but nothing begins before the data.
        let first = self.moments.unix.first().copied().unwrap_or(f64::NEG_INFINITY);
        let at = |p: f64| weighted_quantile(&self.moments.unix, &mass, p).max(first);
        let between = |level: f64| (at(f64::midpoint(0.0, 1.0 - level)), at(f64::midpoint(1.0, level)));
        let effect = self.scores.effect(shape, &self.local, &self.moments, &log_weights)?;
        let bucket = self.first_visible(shape, moment, effect);
        let end = self.end_of(shape, bucket);
        let levels = self.levels(rhythms, shape, moment, effect, end);
        let levels = if series.has_negatives() { levels } else { levels.not_below_zero() };
        let levels = if self.local.is_log() { levels.with_zeros(|level| series.is_zero(level)) } else { levels };
        let levels = if self.is_at_zero(series, bucket, end) { levels.down_to_zero() } else { levels };
        // Of what is over it is told what came, not at which level of all buckets as much would come.
        let expected = end.filter(|_| series.is_divided()).and_then(|end| Some(&series.denominators()?[bucket..end]));
        let levels = levels.times(expected.map_or(1.0, |of| of.iter().sum::<f64>() / of.len() as f64));
        let since = self.local.places().iter().filter(|&&p| p >= bucket).count();
        Some(Found {
            bucket,
            onset: at(0.5),
            interval: between(MOMENT_LEVEL),
            outer_interval: between(OUTER_LEVEL),
            kind: if end.is_some() { ChangeKind::Spike } else { shape.kind() },
            length: end.map(|end| end - bucket),
            young: end.is_none_or(|end| end - bucket <= Spike::LONGEST)
                && since < YOUNG
                && series.len() - bucket <= YOUNG,
            before: levels.before,
            after: levels.after,
            relative: levels.relative,
            relative_interval: levels.interval,
            p_value,
        })
    }

    /// The bucket of a moment; the next one that was observed where it was not, or where too little of it lies after the moment to stand out of the
    /// noise.
    fn first_visible(&self, shape: Shape, moment: usize, effect: Effect) -> usize {
        let bucket = self.moments.bucket[moment];
        let score = self.scores.score(shape, moment);
        let noise = score.fit(self.local.regression()).map_or(0.0, |fit| fit.standard_error * score.size.sqrt());
        let noise = noise.max(self.local.student().least());
        let touched = self.moments.share[moment] * effect.estimate.abs();
        let hidden = shape == Shape::Step && self.moments.share[moment] < 0.5 && touched < noise;
        let first = bucket + usize::from(hidden);
        self.local.places().iter().copied().find(|&p| p >= first).unwrap_or(bucket)
    }

    /// Whether all that was observed from a bucket on, or the first of it, is zero and stands apart: no fit knows better what the level is then.
    fn is_at_zero(&self, series: &Series, bucket: usize, end: Option<usize>) -> bool {
        let after = self.local.places().iter().filter(|&&p| p >= bucket && end.is_none_or(|end| p < end));
        let mut after = after.take(AT_ZERO).peekable();
        after.peek().is_some() && after.all(|&p| series.is_apart(series.values()[p]))
    }

    /// By which share of the full effect of a level shift a bucket moved, and its standard error; none where it was not observed or nothing shifted.
    #[must_use]
    pub fn share_moved(&self, bucket: usize) -> Option<(f64, f64)> {
        let regression = self.local.regression();
        let shift =
            self.scores.effect(Shape::Step, &self.local, &self.moments, &only(&self.among, &self.log_weights))?;
        let k = self.local.places().iter().position(|&p| p == bucket)?;
        let f = Shape::Step.regressor(self.local.places(), k, 0.5);
        let moved = self.local.observation(k) - self.local.baseline(&f, shift.estimate)[k];
        let score = regression.score(&f, k);
        let noise = score.fit(regression)?.standard_error * score.size.sqrt();
        let share = moved / shift.estimate;
        // Of the last bucket alone the full effect is hardly known (the delta method for a ratio; what the two errors share is left out).
        let standard_error = noise.hypot(share * shift.standard_error) / shift.estimate.abs();
        let estimate = self.local.share_of_bucket(share);
        Some((estimate, standard_error))
    }

    /// The shape of the greatest posterior among the supported ones, and its p-value.
    fn likeliest(&self, strongest: Tested, alpha: f64) -> (Shape, f64) {
        let mass = |shape: Shape| self.log_mass(shape, &self.among);
        let supported = |shape: Shape| {
            let p = self.tested(&[shape])?.p_value;
            (p <= alpha).then_some((shape, p))
        };
        Shape::ALL
            .into_iter()
            .filter_map(supported)
            .max_by(|a, b| mass(a.0).total_cmp(&mass(b.0)))
            .unwrap_or((strongest.shape, strongest.p_value))
    }

    /// The first bucket after what does not last and begins in this one; none where it lasts.
    fn end_of(&self, shape: Shape, bucket: usize) -> Option<usize> {
        match (shape, &self.outage) {
            (Shape::Pulse(length), _) => {
                // What was not observed does not make it longer.
                let observed = self.local.places().iter().rev().find(|&&p| p < bucket + length);
                Some(observed.map_or(bucket, |&p| p.max(bucket)) + 1)
            }
            (Shape::Step, Some(outage)) => {
                (outage.start.saturating_sub(NEAR)..outage.end).contains(&bucket).then_some(outage.end)
            }
            _ => None,
        }
    }

    /// Levels before and after on the metric's own scale, and the relative effect with its interval. Of what is over by `end`, and of what began less
    /// than a day or a week that recurs ago, they are what was expected of its buckets, and what came instead.
    fn levels(&self, rhythms: &[Rhythm], shape: Shape, moment: usize, effect: Effect, end: Option<usize>) -> Levels {
        let places = self.local.places();
        let k = self.moments.observation[moment].min(places.len() - 1);
        let share = if shape == Shape::Step { self.moments.share[moment] } else { 1.0 };
        let f = shape.regressor(places, k, share);
        let baseline = self.local.baseline_beside(k, &f, effect.estimate);
        // A whole cycle of the longest rhythm, so that a Sunday is not compared with a week.
        let seen = || rhythms.iter().filter(|r| r.is_seen());
        let cycle = seen().map(|r| r.period).max().unwrap_or(1).max(7).min(baseline.len());
        // A trend is told from where it turns: with as much of its old course before that as after it, the mean is the level there.
        let is_kink = shape == Shape::Kink;
        let from = k.saturating_sub(if is_kink { cycle / 2 } else { cycle }).min(baseline.len() - cycle);
        let until = |end: usize| k..places.partition_point(|&p| p < end).max(k + 1);
        // What has lasted for less than a day or a week that recurs has moved its own hours, and not those of the night: what was expected of these.
        let turn = seen().filter(|r| r.name != "year").map(|r| r.period).max().unwrap_or(0);
        let is_of_part = |since: &Range<usize>| !is_kink && since.len() < turn;
        let next = self.local.others().iter().copied().find(|&other| other > places[k]).unwrap_or(usize::MAX);
        let over = end.map(until).or_else(|| Some(until(next)).filter(is_of_part));
        let told = &baseline[over.unwrap_or(from..from + cycle)];
        let back = |x: f64| if self.local.is_log() { x.exp() } else { x };
        let before = told.iter().map(|&b| back(b)).sum::<f64>() / told.len() as f64;
        let reach = if is_kink { f.last().copied().unwrap_or(1.0) } else { 1.0 };
        // What its old course alone would bring until the end of the stretch.
        let old_course = if is_kink { course(&baseline, cycle) * (baseline.len() - 1 - k) as f64 } else { 0.0 };
        let relative = |delta: f64| {
            let moved = old_course + delta * reach;
            if self.local.is_log() { moved.exp_m1() } else { moved / before }
        };
        // A share of a level that might as well be zero says nothing.
        let defined = before > 0.0 && (self.local.is_log() || before > 2.0 * effect.standard_error);
        Levels {
            before,
            after: before + before * relative(effect.estimate),
            relative: defined.then(|| relative(effect.estimate)).filter(|r| r.is_finite()),
            interval: defined
                .then(|| (relative(effect.interval.0), relative(effect.interval.1)))
                .filter(|(from, to)| from.is_finite() && to.is_finite()),
        }
        .on_level_scale(!self.local.is_log(), before + old_course + effect.estimate * reach)
    }
}

/// By how much values move from one to the next in the end: by the means of the last two turns of a cycle, or by the ends where there are no two.
fn course(values: &[f64], cycle: usize) -> f64 {
    let n = values.len();
    if n < 2 * cycle {
        return if n < 2 { 0.0 } else { (values[n - 1] - values[0]) / (n - 1) as f64 };
    }
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    (mean(&values[n - cycle..]) - mean(&values[n - 2 * cycle..n - cycle])) / cycle as f64
}

/// Logarithms of weights of which only those of the given moments count.
fn only(moments: &[usize], logs: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NEG_INFINITY; logs.len()];
    for &i in moments {
        out[i] = logs[i];
    }
    out
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

    /// The same where a level that is so low on the log scale is that of zeros.
    fn with_zeros(self, is_zero: impl Fn(f64) -> bool) -> Self {
        let back = |relative: f64| if is_zero(self.before * (1.0 + relative)) { -1.0 } else { relative };
        let has_before = !is_zero(self.before);
        Self {
            before: if has_before { self.before } else { 0.0 },
            after: if is_zero(self.after) { 0.0 } else { self.after },
            relative: self.relative.filter(|_| has_before).map(back),
            interval: self.interval.filter(|_| has_before).map(|(from, to)| (back(from), back(to))),
        }
    }

    /// The same where the level falls to zero.
    fn down_to_zero(self) -> Self {
        Self {
            after: 0.0,
            relative: self.relative.map(|_| -1.0),
            interval: self.interval.map(|_| (-1.0, -1.0)),
            ..self
        }
    }

    /// The same where each level is so many times as high.
    fn times(self, factor: f64) -> Self {
        Self { before: factor * self.before, after: factor * self.after, ..self }
    }

    /// The same of a metric that is never below zero: estimates and intervals end at what it can be.
    fn not_below_zero(self) -> Self {
        let possible = |relative: f64| relative.max(-1.0);
        Self {
            before: self.before.max(0.0),
            after: self.after.max(0.0),
            relative: self.relative.map(possible),
            interval: self.interval.map(|(from, to)| (possible(from), possible(to))),
        }
    }
}
