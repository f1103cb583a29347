//! The neighbourhood of a moment in detail: one regression that explains it without any event.

mod builder;
mod noise;

use std::ops::Range;

use crate::model::Series;
use crate::stats::{Design, EventRegression, Fit, Memory, Precision, Score, StudentNoise, lag_one_autocorrelation};

use super::days::Days;
use super::rare::Rare;
use super::rhythm::KnownEffects;
use super::{Moments, Rhythm};
use builder::Builder;
use noise::{Noise, Surroundings};

/// A stretch of a series, explained by level, slope, rhythms and earlier or later changes, under autocorrelated noise with outliers.
#[derive(Debug, Clone)]
pub struct Local {
    places: Vec<usize>,
    others: Vec<usize>,
    /// Those of the others that lie inside the stretch: the last columns of the design.
    explained: Vec<usize>,
    /// The observations on the analysed scale, less `centre`: what is far from zero would lose its digits.
    y: Vec<f64>,
    centre: f64,
    log: bool,
    /// Whether values may be counts: no logarithms, of a metric that is never below zero (a stretch of it that happens to lie above tells nothing).
    may_be_counts: bool,
    design: Design,
    /// The design as if nothing that stands apart at zero did, where something does.
    usual: Option<Design>,
    regression: EventRegression,
    noise: Noise,
    memory: Memory,
    step: f64,
    /// The unit in which values are counted; 0 where they are not.
    unit: f64,
    /// The observations, where most have one value and what comes beside it is rare.
    rare: Option<Rare>,
    /// How strongly a slope may be believed: its ridges.
    slope_ridges: Vec<f64>,
    rival: Option<Rival>,
    /// Whether a year that was not seen twice is a part of the explanation.
    moves_with_year: bool,
    /// Degrees of freedom with which it is known how much the noise scatters in the long run.
    freedom: f64,
}

/// A slope that explains without an event what an event explains without it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rival {
    /// How strongly the slope is believed: its ridge.
    ridge: f64,
    /// How much likelier the data is with the event instead: log Bayes factor.
    log_bayes: f64,
}

/// Why a stretch cannot be analysed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// Too few buckets with a value.
    #[error("{0} buckets with a value are too few")]
    TooFew(usize),
    /// All values are equal, so there is no noise to compare with.
    #[error("all values are equal")]
    Constant,
}

/// What a [`Local`] is to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope<'a> {
    /// The buckets of the stretch.
    pub range: Range<usize>,
    /// The buckets in which the event may have started.
    pub focus: Range<usize>,
    /// First buckets of other changes, ascending; those inside the range are taken into the explanation.
    pub others: &'a [usize],
    /// Buckets to leave out, ascending: spikes that are not what is looked at.
    pub without: &'a [usize],
    /// The autocorrelation of the noise, where it is known from more data than this.
    pub phi: Option<f64>,
    /// What each day brings by itself, where days differ.
    pub days: Option<&'a Days>,
    /// Whether the scatter may change in the course of the stretch.
    pub uneven: bool,
    /// Whether there is an event in the focus for sure, so that what counts scatters as its level tells.
    pub is_sure: bool,
}

/// An event whose moment was sought costs as many degrees of freedom as this many parameters (Hall, Osborn & Sakkas 2013).
pub(super) const EVENT_PARAMETERS: f64 = 3.0;
/// Prior precision of the change of the level that a slope brings over half the stretch, in standard deviations of the noise.
const SLOPE_RIDGES: [f64; 3] = [0.25, 4.0, Design::HELD];
/// Rounds of reweighted least squares for what is usual without an event.
const NULL_ROUNDS: usize = 3;
/// The column of the slope.
const SLOPE: usize = 1;
/// A step of this share of the level may change how much counts scatter.
const SCATTERS: f64 = 0.2;
/// Fewest observations that can be analysed.
const FEWEST: usize = 8;

/// Of a run of zeros that stand apart so many buckets beside other values are observations. There is no noise in them: more would say that the noise elsewhere is
/// small.
const ZEROS: usize = 8;

/// Whether a bucket lies deep in a run of zeros that stand apart.
fn is_deep(series: &Series, bucket: usize) -> bool {
    let values = series.values();
    let is_apart = |i: usize| values.get(i).is_none_or(|v| v.is_nan() || series.is_apart(*v));
    (bucket.saturating_sub(ZEROS)..=bucket + ZEROS).all(is_apart)
}

impl Local {
    /// Explains a stretch of a series.
    ///
    /// The scale (log where all values have logarithms, no other of the series is negative, and that fits better: Box & Cox 1964 at λ = 0 and 1), how strongly rhythms and
    /// slope are believed (by marginal likelihood, the event averaged over the focus), and the noise are found from the data, the noise
    /// under the best event: its autocorrelation (Cochrane & Orcutt 1949), its spread at each time of day and its tails. On that scale a rhythm that may not be there is taken where
    /// the stretch is likelier with it, by its odds and by marginal likelihood.
    ///
    /// # Errors
    /// Where fewer than eight buckets have a value, or all values are equal.
    pub fn new(series: &Series, rhythms: &[Rhythm], scope: &Scope<'_>) -> Result<Self, LocalError> {
        let places: Vec<usize> = scope
            .range
            .clone()
            .filter(|i| !series.values()[*i].is_nan() && scope.without.binary_search(i).is_err())
            .filter(|i| !is_deep(series, *i))
            .collect();
        if places.len() < FEWEST {
            return Err(LocalError::TooFew(places.len()));
        }
        let values: Vec<f64> = places.iter().map(|&i| series.values()[i]).collect();
        if values.iter().all(|v| v.to_bits() == values[0].to_bits()) {
            return Err(LocalError::Constant);
        }
        let known: Vec<&Rhythm> = rhythms.iter().filter(|r| r.known.is_some()).collect();
        let rhythms: Vec<&Rhythm> = rhythms.iter().filter(|r| r.known.is_none() || r.waves > 0).collect();
        let less_known = |y: &dyn Fn(f64) -> f64, of: fn(&KnownEffects) -> Option<&[f64]>| -> Vec<f64> {
            let effect = |r: &&Rhythm, p: usize| r.known.as_ref().and_then(of).map_or(0.0, |e| e[r.phases[p]]);
            let usual = |p: usize| known.iter().map(|r| effect(r, p)).sum::<f64>();
            let rest = |(v, &p): (&f64, &usize)| y(*v) - if series.is_apart(*v) { 0.0 } else { usual(p) };
            values.iter().zip(&places).map(rest).collect()
        };
        let rare = match series.denominators() {
            Some(usual) if series.is_divided() => Rare::told_by(&values, places.iter().map(|&p| usual[p]).collect()),
            None if known.is_empty() && rhythms.iter().all(|r| !r.is_seen()) => Rare::told(&values),
            _ => None,
        };
        // Of what comes rarely rhythms bring nothing more than it was divided by.
        let rhythms = if rare.is_some() { Vec::new() } else { rhythms };
        let surroundings = Surroundings::new(series, &known, &places, &values, rare.as_ref(), scope);
        let seen: Vec<&Rhythm> = rhythms.iter().copied().filter(|r| r.odds.is_none()).collect();
        let odds = rhythms.iter().find_map(|r| r.odds);
        let with = |rhythms| Builder { series, rhythms, scope, places: &places, surroundings: &surroundings };
        let (seen, all) = (with(seen), with(rhythms));
        // A stretch that happens to lie above zero has the scale of the others.
        let has_logs = !(series.has_negatives() || series.is_divided() || rare.is_some())
            && (series.has_logs() || values.iter().all(|v| *v > 0.0))
            && known.iter().all(|r| r.known.as_ref().is_none_or(|k| k.log.is_some()));
        let on_level = less_known(&|v| v, |k| Some(&k.level));
        let on_logs = has_logs.then(|| less_known(&|v| series.log(v), |k| k.log.as_deref()));
        let (level, logs) = rayon::join(|| seen.begin(&on_level, false), || seen.begin(on_logs.as_deref()?, true));
        let level = level.ok_or(LocalError::Constant)?;
        let jacobian = if has_logs { Series::mean_log(&values) * values.len() as f64 } else { 0.0 };
        let begun = logs.filter(|log| log.evidence - jacobian > level.evidence).unwrap_or(level);
        // Of what was not seen twice it is asked whether it is there at all.
        let (y, log) = if begun.log { (on_logs.as_deref().unwrap_or(&on_level), true) } else { (&*on_level, false) };
        let is_likelier = |odds: f64| all.log_bayes_factor(&seen, y, log).is_some_and(|bayes| bayes + odds.ln() > 0.0);
        let with_all = odds.is_some_and(is_likelier).then(|| all.begin(y, log)).flatten();
        let with_all = with_all.and_then(|begun| all.finish(begun));
        with_all.or_else(|| seen.finish(begun)).ok_or(LocalError::Constant)
    }

    /// The buckets of the observations.
    #[must_use]
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// First buckets of the other changes that are taken for given.
    #[must_use]
    pub fn others(&self) -> &[usize] {
        &self.others
    }

    /// Whether the analysis is on the log scale, so that effects multiply.
    #[must_use]
    pub fn is_log(&self) -> bool {
        self.log
    }

    /// Whether the metric cannot fall below zero.
    pub(super) fn is_never_negative(&self) -> bool {
        self.log || self.may_be_counts
    }

    /// The moments with the shares as they count on the analysed scale.
    ///
    /// A bucket of which the share s has changed by the factor exp(δ) stands at 1 + s (exp(δ) − 1), whose logarithm is not sδ.
    #[must_use]
    pub fn on_scale(&self, moments: Moments) -> Moments {
        let share = moments.share.iter().map(|s| self.share_on_scale(*s)).collect();
        Moments { share, ..moments }
    }

    /// The share of a bucket that has changed, as it counts on the analysed scale.
    #[must_use]
    pub fn share_on_scale(&self, share: f64) -> f64 {
        if !self.log || self.step.abs() < 1e-6 {
            return share;
        }
        (share * self.step.exp_m1()).ln_1p() / self.step
    }

    /// The share of a bucket that has changed, from the share by which it moved on the analysed scale.
    #[must_use]
    pub fn share_of_bucket(&self, moved: f64) -> f64 {
        if self.log && self.step.abs() >= 1e-6 { (moved * self.step).exp_m1() / self.step.exp_m1() } else { moved }
    }

    /// Whether it moves with a year that was not seen twice.
    pub(super) fn moves_with_year(&self) -> bool {
        self.moves_with_year
    }

    /// The regression without an event.
    #[must_use]
    pub fn regression(&self) -> &EventRegression {
        &self.regression
    }

    /// The autocorrelation of the noise from bucket to bucket.
    #[must_use]
    pub fn phi(&self) -> f64 {
        self.noise.phi
    }

    /// Degrees of freedom with which it is known how much a mean of the noise scatters in the long run.
    pub(super) fn long_run_freedom(&self) -> f64 {
        self.freedom
    }

    /// The estimated effect of an event under a regression of this stretch, and its standard error.
    ///
    /// Of Student's t a weighted sum of squares tells less than it seems to: the information is (ν + 1)/(ν + 3) of that of Gaussian noise
    /// (Lange, Little & Taylor 1989).
    #[must_use]
    pub fn fit(&self, regression: &EventRegression, score: Score) -> Option<Fit> {
        let fit = score.fit(regression)?;
        let nu = self.noise.student.freedom();
        Some(Fit { standard_error: fit.standard_error * ((nu + 3.0) / (nu + 1.0)).sqrt(), ..fit })
    }

    /// The innovations that are left without an event, where all that stands out is noise: by reweighted least squares, with tails as heavy
    /// as it takes.
    ///
    /// The autocorrelation is that beside the event: an outlier of several buckets would seem to be one.
    #[must_use]
    pub fn innovations_without_event(&self) -> Vec<f64> {
        let Noise { phi, spread, .. } = &self.noise;
        let mut innovations = self.regression.innovations.clone();
        for _ in 0..NULL_ROUNDS {
            let weights = StudentNoise::fitted(&innovations, self.student().least()).weights(&innovations);
            let precision = Precision::new(&self.places, *phi, spread, &weights);
            let Some(regression) = EventRegression::new(&self.y, &self.design, precision) else { break };
            innovations = regression.innovations;
        }
        innovations
    }

    /// The regression under each strength of belief in a slope, with its log marginal likelihood without an event: a slope and a step explain
    /// much of the same, and an effect that forgot that one of them was chosen would seem too certain.
    #[must_use]
    pub fn slopes(&self) -> Vec<(EventRegression, f64)> {
        let precision = self.regression.precision();
        let series = [self.y.as_slice()];
        let evidence = self.design.evidence(precision, &series);
        let under = |slope: &f64| {
            let mut ridge = self.design.ridge.clone();
            ridge[SLOPE] = *slope;
            Some((self.regression.with_ridge(SLOPE, *slope)?, evidence(&ridge)[0].log_likelihood))
        };
        self.slope_ridges.iter().filter_map(under).collect()
    }

    /// The stretch explained by a slope instead of an event, where that was thought possible, and the log Bayes factor of the event against
    /// it.
    #[must_use]
    pub fn with_slope(&self) -> Option<(Self, f64)> {
        let Rival { ridge, log_bayes } = self.rival?;
        let mut design = self.design.clone();
        design.ridge[SLOPE] = ridge;
        let regression = self.regression.with_ridge(SLOPE, ridge)?;
        Some((Self { design, regression, rival: None, ..self.clone() }, log_bayes))
    }

    /// How much likelier the data is without an event where its noise is that which it then seems to have, instead of that beside the event:
    /// log marginal likelihood ratio.
    ///
    /// What an event explains may as well be noise that remembers for longer.
    pub(super) fn wandering(&self) -> f64 {
        let none = vec![0.0; self.y.len()];
        let residuals = self.regression.residuals(&none, 0.0);
        let explained = self.regression.explained(&none, Score { cross: 0.0, size: 0.0 }, &self.places, 0.0);
        let phi = lag_one_autocorrelation(&residuals, &self.places, explained, 0.0);
        let wandering = Precision::new(&self.places, phi, &self.noise.spread, &self.noise.weights);
        let series = [self.y.as_slice()];
        let log =
            |q: &Precision| q.log_scaling() + self.design.evidence(q, &series)(&self.design.ridge)[0].log_likelihood;
        (log(&wandering) - log(self.regression.precision())).max(0.0)
    }

    /// The observations about observation `k` between which no other change is taken for given.
    pub(super) fn between_others(&self, k: usize) -> Range<usize> {
        let bucket = self.places.get(k).copied().unwrap_or(usize::MAX);
        let (before, after) = self.explained.split_at(self.explained.partition_point(|b| *b <= bucket));
        let first = |b: &usize| self.places.partition_point(|p| p < b);
        before.last().map_or(0, first)..after.first().map_or(self.places.len(), first)
    }

    /// Whether how much observations scatter may depend on the level that the event leaves: this differs enough from that of the stretch.
    pub(super) fn may_scatter_by_level(&self) -> bool {
        self.may_be_counts && self.step.abs() > SCATTERS * self.centre.abs()
    }

    /// The observations, where most have one value and what comes beside it is rare.
    pub(super) fn rare(&self) -> Option<&Rare> {
        self.rare.as_ref()
    }

    /// The unit in which values of the metric are counted; 0 where they are not, or are ratios.
    pub(super) fn unit(&self) -> f64 {
        self.unit
    }

    /// The levels that observations have without an event, where they are no logarithms and the metric is never below zero.
    pub(super) fn levels_of_counts(&self) -> Option<Vec<f64>> {
        self.may_be_counts.then(|| self.baseline(&vec![0.0; self.y.len()], 0.0))
    }

    /// Standard deviation of each innovation relative to the others.
    pub(super) fn spread(&self) -> &[f64] {
        &self.noise.spread
    }

    /// What the innovations remember of earlier ones.
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The same with a noise of this memory and these tails.
    pub(super) fn with_memory(&self, memory: Memory, student: StudentNoise) -> Self {
        Self { memory, noise: Noise { student, ..self.noise.clone() }, ..self.clone() }
    }

    /// The tails of the noise.
    #[must_use]
    pub fn student(&self) -> StudentNoise {
        self.noise.student
    }

    /// What is expected in each observed bucket without the event, given that the event had this effect; on the analysed scale.
    #[must_use]
    pub fn baseline(&self, f: &[f64], effect: f64) -> Vec<f64> {
        let usual = self.usual.as_ref().unwrap_or(&self.design);
        let explained = usual.explained_by(&self.regression.coefficients(f, effect));
        explained.into_iter().map(|x| self.centre + x).collect()
    }

    /// The same, as if no other change had come between an observation and observation `k`: with the level that there is just before `k`.
    #[must_use]
    pub fn baseline_beside(&self, k: usize, f: &[f64], effect: f64) -> Vec<f64> {
        let steps = self.steps_of_others(f, effect);
        let before = k.checked_sub(1).map_or(self.places[0], |j| self.places[j]);
        let between = |place: usize| {
            let of = |(step, &from): (&f64, &usize)| match (place >= from, before >= from) {
                (false, true) => *step,
                (true, false) => -step,
                _ => 0.0,
            };
            steps.iter().zip(&self.explained).map(of).sum::<f64>()
        };
        self.baseline(f, effect).into_iter().zip(&self.places).map(|(x, &place)| x + between(place)).collect()
    }

    /// By how much the other change that begins in this bucket moves the level, where an event of this regressor has this effect; on the analysed
    /// scale. None where it lies outside of the stretch.
    pub(super) fn step_of_other(&self, bucket: usize, f: &[f64], effect: f64) -> Option<f64> {
        let steps = self.steps_of_others(f, effect);
        self.explained.iter().position(|b| *b == bucket).map(|i| steps[i])
    }

    /// By how much the other changes of the stretch move the level.
    fn steps_of_others(&self, f: &[f64], effect: f64) -> Vec<f64> {
        let coefficients = self.regression.coefficients(f, effect);
        coefficients[coefficients.len() - self.explained.len()..].to_vec()
    }

    /// An observation on the analysed scale.
    #[must_use]
    pub fn observation(&self, j: usize) -> f64 {
        self.centre + self.y[j]
    }
}
