//! Seasonality: which rhythms a metric has, tested and never assumed.

mod curve;
mod divided;
mod moved;
mod shown;
mod unseen;
mod year;

use std::cell::{LazyCell, OnceCell};

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use rayon::prelude::*;

use super::Scatter;
use super::scatter::rounding;
use crate::model::{Series, Step};
use crate::stats::{median, usual_value};
use curve::{curve, is_curve};
pub use divided::Divided;
pub(super) use divided::are_likelier;
use divided::{laplace, present_in_both};
pub use moved::Moved;
use moved::Moves;
use shown::{LEAST_PERIODS, candidates, has_rhythm};
use year::{above_weeks, may_have_holidays};

/// A rhythm: each bucket has a phase, and buckets of one phase share an effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Rhythm {
    /// `day`, `week`, `year`, [`Self::WEEKEND`], [`Self::PART_OF_DAY`] or [`Self::PART_OF_YEAR`].
    pub name: &'static str,
    /// Nominal length in buckets. The week of buckets below a day has 28 phases, a quarter of a weekday each: four weeks of 168 hours
    /// would leave four values a phase.
    pub period: usize,
    /// The phase of each bucket, below `count`. By the local clock, so that a day of 23 hours keeps its rhythm. None of what has waves alone.
    pub phases: Vec<usize>,
    /// Number of phases.
    pub count: usize,
    /// What the phases bring, where that is told from the whole series at once: of buckets below an hour no stretch holds enough of them.
    /// Of the days of a year these are the holidays.
    pub known: Option<KnownEffects>,
    /// Waves that fit into a period and whose size a stretch tells by itself, instead of an effect for each phase: of the days of a year, and of a day or a year
    /// that was not seen twice.
    pub waves: usize,
    /// Where it may as well not be there: how likely it is, relative to that it is not, before a stretch was looked at.
    pub odds: Option<f64>,
}

/// The effect of each phase of a rhythm, about a mean of zero.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownEffects {
    /// On the metric's own scale.
    pub level: Vec<f64>,
    /// On the log scale, where the metric has logarithms.
    pub log: Option<Vec<f64>>,
    /// Standard deviation of the noise of each phase relative to the others, on the metric's own scale (of its quotients, where it was divided) and on the log scale, where the
    /// whole series tells it: a stretch of some hours would tell it from hardly more than the event that is looked at.
    pub scatter: [Option<Vec<f64>>; 2],
}

impl KnownEffects {
    /// Whether any phase brings something.
    pub(super) fn is_any(&self) -> bool {
        self.level.iter().chain(self.log.iter().flatten()).any(|effect| *effect != 0.0)
    }
}

/// The rhythms of a metric, shortest first, and what is left of it without them.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjusted {
    /// Those that were found.
    pub rhythms: Vec<Rhythm>,
    /// The values without them.
    pub rest: Vec<f64>,
    /// The logarithms without them, where the rhythms multiply.
    pub logs: Option<Vec<f64>>,
    /// The values divided by what their phases multiply, where rhythms multiply and the metric has zeros and no logarithms; missing
    /// where nothing is expected.
    pub divided: Option<Divided>,
}

/// What the phases of a rhythm bring, as told from a whole series.
struct Effects {
    all: Vec<f64>,
    /// The part that no stretch tells by itself.
    known: Vec<f64>,
}

const DAYS_OF_YEAR: usize = 365;
/// Of more values than this a rhythm shows without ranks, which cost more.
const MOST_RANKED: usize = 10_000;
/// One of so many values of a phase may be an outlier to either side.
const OUTLYING: usize = 20;
const WEEKS: usize = 52;
/// Waves that make up the time of the year.
const WAVES: usize = 3;

/// The rhythms that a metric has, and what is left of it without them.
///
/// Candidates follow from the step: a day and a week for buckets below a day, a week for days, a year for weeks, months and
/// quarters, and for two years of days. A candidate of p buckets is taken where the first differences correlate with those p and 2p buckets later; differences
/// because a level shift or a trend barely touches them (Box, Jenkins & Reinsel 2008, ch. 9), clipped because an outlier must not. Means of longer stretches,
/// and days, are asked by their ranks and beside an event as well, and the logarithms where there are some.
///
/// Rhythms are told beside the changes of level that are known: in a few periods these would be a part of them.
#[must_use]
pub fn without_rhythms(series: &Series, known: &[Moved]) -> Adjusted {
    let moves = Moves::new(series.len(), known);
    let mut rest: Vec<f64> = series.values().iter().zip(&moves.by).map(|(v, by)| v - by).collect();
    let log = |(v, times): (&f64, &f64)| series.log(*v) - times.ln();
    let to_logs = || series.has_logs().then(|| series.values().iter().zip(&moves.times).map(log).collect::<Vec<f64>>());
    // What multiplies shows in logarithms where the level moves, but few periods are told in vain on both scales.
    let is_ranked = rest.len() <= MOST_RANKED;
    let mut logs = if is_ranked { to_logs() } else { None };
    let mut told = OnceCell::new();
    let before = |((v, times), has_ended): ((&f64, &f64), &bool)| if *has_ended { f64::NAN } else { v / times };
    let as_before: LazyCell<Vec<f64>, _> =
        LazyCell::new(|| series.values().iter().zip(&moves.times).zip(&moves.has_ended).map(before).collect());
    let whole = || Divided { values: as_before.to_vec(), expected: vec![1.0; series.len()] };
    let mut divided = (series.has_zeros() && !series.has_logs() && series.denominators().is_none()).then(whole);
    // Neither what stands apart nor what came to an end has a rhythm.
    let has_none = |(v, has_ended): (&f64, &bool)| *has_ended || series.is_apart(*v);
    let apart: Vec<bool> = series.values().iter().zip(&moves.has_ended).map(has_none).collect();
    let apart = apart.iter().any(|apart| *apart).then_some(apart);
    // Nothing adds to what is mostly zero, and its year is told by too little.
    let comes_rarely = usual_value(series.values()) == Some(0.0);
    let mut rhythms = Vec::new();
    let clocks: LazyCell<Vec<i64>, _> = LazyCell::new(|| clocks(series));
    for (name, period) in candidates(series.step()) {
        let shows_in = |values: &[f64], told: &OnceCell<Option<Vec<f64>>>| {
            let others = apart.as_deref().map(|apart| without(values, apart));
            has_rhythm(series.step(), || clocks.as_slice(), others.as_deref().unwrap_or(values), told, (name, period))
        };
        let may_multiply = period != DAYS_OF_YEAR && is_ranked;
        let in_logs = || logs.as_deref().filter(|_| may_multiply).is_some_and(|logs| shows_in(logs, &OnceCell::new()));
        // Beside a change by a factor a rhythm that multiplies shows where the metric is divided by it.
        let is_beside = may_multiply && !known.is_empty();
        let in_quotients =
            || divided.as_ref().filter(|_| is_beside).is_some_and(|d| shows_in(&d.values, &OnceCell::new()));
        let is_open = rest.len() >= LEAST_PERIODS * period && !(comes_rarely && period == DAYS_OF_YEAR);
        let of_name = || Rhythm::new(series.step(), &clocks, name, period);
        let has_holidays = || {
            let above = if period == DAYS_OF_YEAR { above_weeks(&rest) } else { return false };
            may_have_holidays(&above) && of_name().holidays(&above).iter().any(|holiday| *holiday != 0.0)
        };
        if is_open && (shows_in(&rest, &told) || in_logs() || in_quotients() || has_holidays()) {
            let mut rhythm = of_name();
            let level = rhythm.take_from(&mut rest, apart.as_deref()).known;
            told = OnceCell::new();
            logs = logs.or_else(to_logs);
            let log = logs.as_mut().map(|logs| rhythm.take_from(logs, apart.as_deref()).known);
            // What the waves of a year bring is told by each stretch, and adds.
            divided = divided.filter(|_| rhythm.waves == 0);
            if let Some(divided) = &mut divided {
                divided.take(&rhythm, &as_before);
            }
            if series.step() < Step::Hours(1) || period == DAYS_OF_YEAR {
                rhythm.known = Some(KnownEffects { level, log, scatter: [None, None] });
            }
            rhythms.push(rhythm);
        }
    }
    // Without a rhythm the scale matters little to a search, and people see changes of the level.
    let logs = logs.filter(|logs| !rhythms.is_empty() && are_likelier(logs, Series::mean_log(series.values()), &rest));
    // As it is: the noise moves with the level of what is divided, and stays where it was beside what adds.
    let is_likelier = |d: &Divided, longest: &Rhythm| {
        let scales = || d.of(series.values()).is_likelier(&moves.added_to(&rest), longest.period);
        d.has_nothing() || comes_rarely || scales()
    };
    let divided = divided.filter(|d| rhythms.last().is_some_and(|longest| is_likelier(d, longest)));
    let mut adjusted = Adjusted { rhythms, rest, logs, divided };
    if let Some(weekend) = Rhythm::weekend(series, &adjusted.rhythms) {
        adjusted = adjusted.with_weekend(weekend, &as_before, apart.as_deref());
    }
    moves.put_back(adjusted, series.values())
}

impl Adjusted {
    /// What is left on the scale on which changes are searched for.
    #[must_use]
    pub fn for_search(&self) -> &[f64] {
        self.logs.as_ref().or(self.divided.as_ref().map(|d| &d.values)).unwrap_or(&self.rest)
    }

    /// How much each value of the metric scatters, of what is left on its own scale, and on that on which changes are searched for.
    pub(super) fn scatter(&self, series: &Series) -> [Scatter; 2] {
        if self.rhythms.is_empty() {
            // Without a rhythm there is one scale.
            let rest = Scatter::even(&self.rest).of_constant(&self.rest);
            return [rest.clone(), rest];
        }
        // What stands apart at zero tells nothing of the noise.
        let usual = |(value, rest): (&f64, &f64)| if series.is_apart(*value) { f64::NAN } else { value - rest };
        let usual: Vec<f64> = series.values().iter().zip(&self.rest).map(usual).collect();
        let values: Vec<f64> = series.values().iter().map(|v| series.unless_apart(*v)).collect();
        let lost = rounding(&values, series.denominators().map(<[f64]>::to_vec));
        let over = |by: &[f64]| lost.iter().zip(by).map(|(lost, by)| lost / by).collect::<Vec<f64>>();
        let rest = Scatter::told(&self.rest, &usual, &lost);
        let searched = match (&self.logs, &self.divided) {
            (Some(logs), _) => {
                let values: Vec<f64> = series.values().iter().map(|v| series.or_apart(*v)).collect();
                Scatter::told(logs, &usual, &over(&values))
            }
            (None, Some(divided)) => Scatter::told(&divided.values, &usual, &over(&divided.denominators())),
            (None, None) => rest.clone(),
        };
        [rest.of_constant(&self.rest), searched.of_constant(self.for_search())]
    }
}

impl Adjusted {
    /// The same without the hours of the weekend, where that is worth their coefficients: ½ log n of the likelihood for each (Schwarz 1978).
    fn with_weekend(self, weekend: Rhythm, values: &[f64], apart: Option<&[bool]>) -> Self {
        let mut without = self.clone();
        weekend.take_from(&mut without.rest, apart);
        if let Some(logs) = &mut without.logs {
            weekend.take_from(logs, apart);
        }
        let gain = if let (Some(before), Some(after)) = (&self.divided, &mut without.divided) {
            after.take(&weekend, values);
            let both = present_in_both(&before.values, &after.values);
            after.log_likelihood(&both, weekend.period) - before.log_likelihood(&both, weekend.period)
        } else {
            laplace(without.for_search()) - laplace(self.for_search())
        };
        let cost = 0.5 * (weekend.count / 2) as f64 * (self.rest.len() as f64).ln();
        if gain <= cost {
            return self;
        }
        without.rhythms.push(weekend);
        without
    }
}

impl Rhythm {
    /// The days and weeks of which a series is long enough for two, no longer than for `most`, and which are not among the rhythms that were found. None of a series of so many values
    /// that a rhythm shows whatever else happens.
    pub(super) fn hidden(series: &Series, found: &[Self], most: usize) -> Vec<Self> {
        let may_hide =
            |(name, period): &(&str, usize)| *name != "year" && series.len() <= MOST_RANKED.min(most * period);
        let clocks = LazyCell::new(|| clocks(series));
        let open = open(series, found).filter(may_hide);
        open.map(|(name, period)| Self::new(series.step(), &clocks, name, period)).collect()
    }

    /// Whether a series is long enough for a rhythm that is not among those that were found.
    pub(super) fn may_have_more(series: &Series, found: &[Self]) -> bool {
        open(series, found).next().is_some()
    }

    /// The name of the hours that a day has at the weekend: a part of what day and week are together.
    pub const WEEKEND: &'static str = "weekend";

    fn new(step: Step, clocks: &[i64], name: &'static str, period: usize) -> Self {
        let per_day = step.per_day().map_or(1, |n| n as usize);
        let phase = |clock: &i64| {
            let at: NaiveDateTime = DateTime::from_timestamp(*clock, 0).unwrap_or_default().naive_utc();
            let in_day = at.num_seconds_from_midnight() as usize * per_day / 86_400;
            match (name, step) {
                ("day", _) => in_day,
                ("week", Step::Minutes(_) | Step::Hours(_)) => {
                    at.weekday().num_days_from_monday() as usize * 4 + at.hour() as usize / 6
                }
                ("week", _) => at.weekday().num_days_from_monday() as usize,
                ("year", Step::Day) => at.month0() as usize * 31 + at.day0() as usize,
                (_, Step::Months(n)) => at.month0() as usize / n as usize,
                _ => (at.ordinal0() as usize / 7).min(51),
            }
        };
        let phases: Vec<usize> = clocks.iter().map(phase).collect();
        let count = phases.iter().max().map_or(1, |m| m + 1);
        let waves = if period == DAYS_OF_YEAR { WAVES } else { 0 };
        Self { name, period, phases, count, known: None, waves, odds: None }
    }

    /// The hours of a weekend beside those of a working day, for hours that have both a day and a week, which tells quarters of a weekday; none
    /// where they are among the rhythms already.
    #[must_use]
    pub fn weekend(series: &Series, rhythms: &[Self]) -> Option<Self> {
        let has = |name: &str| rhythms.iter().any(|rhythm| rhythm.name == name);
        if series.step() != Step::Hours(1) || !has("day") || !has("week") || has(Self::WEEKEND) {
            return None;
        }
        let phase = |i: usize| {
            let at = series.moment(i);
            at.hour() as usize + if at.weekday().num_days_from_monday() >= 5 { 24 } else { 0 }
        };
        let phases = (0..series.len()).map(phase).collect();
        Some(Self { name: Self::WEEKEND, period: 168, phases, count: 48, known: None, waves: 0, odds: None })
    }

    /// Takes the effect of each phase off the values.
    /// Where something is `apart` nothing is taken off.
    fn take_from(&self, values: &mut [f64], apart: Option<&[bool]>) -> Effects {
        let others = apart.map(|apart| without(values, apart));
        let effects = self.effects(others.as_deref().unwrap_or(values));
        for (i, (v, &phase)) in values.iter_mut().zip(&self.phases).enumerate() {
            if !apart.is_some_and(|apart| apart[i]) {
                *v -= effects.all[phase];
            }
        }
        effects
    }

    /// The effect of each phase: the median of what its buckets stand above a running mean of one period, less the mean of all phases.
    fn effects(&self, values: &[f64]) -> Effects {
        if self.waves > 0 {
            return self.days_of_year(values);
        }
        let trend = running_mean(values, self.period);
        let above: Vec<f64> = values.iter().zip(&trend).map(|(v, t)| v - t).collect();
        // Of all periods, or every other one.
        let told = |half: Option<usize>| -> Vec<f64> {
            let mut by_phase: Vec<Vec<f64>> = vec![Vec::new(); self.count];
            for (i, above) in above.iter().enumerate().filter(|(i, v)| !v.is_nan() && self.is_in(*i, half)) {
                by_phase[self.phases[i]].push(*above);
            }
            by_phase.iter().map(|v| median(v)).collect()
        };
        let mut effects = told(None);
        if is_curve(self.name, self.count, values.len()) {
            let miss = |half: usize, effects: &[f64]| {
                let of_half = above.iter().enumerate().filter(|(i, v)| !v.is_nan() && self.is_in(*i, Some(half)));
                of_half.map(|(i, v)| (v - effects[self.phases[i]]).abs()).sum()
            };
            effects = curve(effects, [told(Some(0)), told(Some(1))], miss);
        }
        effects.iter_mut().filter(|effect| effect.is_nan()).for_each(|effect| *effect = 0.0);
        let mean = effects.iter().sum::<f64>() / self.count as f64;
        let all: Vec<f64> = effects.into_iter().map(|e| e - mean).collect();
        Effects { known: all.clone(), all }
    }

    /// Whether a bucket is in one of the periods of a half of them, every other one; or of all.
    fn is_in(&self, bucket: usize, half: Option<usize>) -> bool {
        half.is_none_or(|half| bucket / self.period % 2 == half)
    }

    /// The waves at a bucket: sines and cosines of one period, a half, a third and so on.
    pub(super) fn waves_at(&self, bucket: usize) -> impl Iterator<Item = f64> {
        let turn = std::f64::consts::TAU * bucket as f64 / self.period as f64;
        (1..=self.waves).flat_map(move |k| {
            let (size, turn) = (self.size_of_wave(k), k as f64 * turn);
            [size * turn.sin(), size * turn.cos()]
        })
    }

    /// The mean of the values in each phase, weighted where there are weights; missing where no bucket has it. No value is missing.
    pub(super) fn means(&self, values: &[f64], weights: Option<&[f64]>) -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0); self.count];
        for (i, (v, &phase)) in values.iter().zip(&self.phases).enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[i]);
            let (sum, count) = sums[phase];
            sums[phase] = (sum + weight * v, count + weight);
        }
        sums.into_iter().map(|(sum, count)| sum / count).collect()
    }
}

/// Rhythms for which a series is long enough, with their length in buckets, and which are not among those that were found.
fn open(series: &Series, found: &[Rhythm]) -> impl Iterator<Item = (&'static str, usize)> {
    let is_open = |(name, period): &(&str, usize)| {
        series.len() >= LEAST_PERIODS * period && found.iter().all(|rhythm| rhythm.name != *name)
    };
    candidates(series.step()).into_iter().filter(is_open)
}

/// What the clocks of the series' zone show as a bucket begins, in seconds since 1970 there.
pub(super) fn clocks(series: &Series) -> Vec<i64> {
    (0..series.len()).into_par_iter().map(|i| series.moment(i).naive_local().and_utc().timestamp()).collect()
}

/// Values of which those that are `apart` are missing.
fn without(values: &[f64], apart: &[bool]) -> Vec<f64> {
    values.iter().zip(apart).map(|(v, apart)| if *apart { f64::NAN } else { *v }).collect()
}

/// Mean of the `window` values about each place without the missing ones; shorter at the ends.
fn running_mean(values: &[f64], window: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); values.len() + 1];
    for (i, v) in values.iter().enumerate() {
        let (sum, count) = sums[i];
        sums[i + 1] = if v.is_nan() { (sum, count) } else { (sum + v, count + 1.0) };
    }
    let mean = |i: usize| {
        let from = i.saturating_sub(window / 2).min(values.len().saturating_sub(window));
        let to = (from + window).min(values.len());
        (sums[to].0 - sums[from].0) / (sums[to].1 - sums[from].1)
    };
    (0..values.len()).map(mean).collect()
}
