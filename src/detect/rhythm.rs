//! Seasonality: which rhythms a metric has, tested and never assumed.

use std::cell::LazyCell;

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use rayon::prelude::*;
use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

use super::Scatter;
use super::scatter::rounding;
use crate::model::{Series, Step};
use crate::stats::{Design, EventRegression, Precision, Score, mad_sd, median};

/// A rhythm: each bucket has a phase, and buckets of one phase share an effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Rhythm {
    /// `day`, `week`, `year`, or [`Self::WEEKEND`].
    pub name: &'static str,
    /// Nominal length in buckets. The week of buckets below a day has 28 phases, a quarter of a weekday each: four weeks of 168 hours
    /// would leave four values a phase.
    pub period: usize,
    /// The phase of each bucket, below `count`. By the local clock, so that a day of 23 hours keeps its rhythm.
    pub phases: Vec<usize>,
    /// Number of phases.
    pub count: usize,
    /// What the phases bring, where that is told from the whole series at once: of buckets below an hour no stretch holds enough of them.
    /// Of the days of a year these are the holidays.
    pub known: Option<KnownEffects>,
    /// Waves that fit into a period and whose size a stretch tells by itself, instead of an effect for each phase: of the days of a year.
    pub waves: usize,
}

/// The effect of each phase of a rhythm, about a mean of zero.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownEffects {
    /// On the metric's own scale.
    pub level: Vec<f64>,
    /// On the log scale, where the metric has logarithms.
    pub log: Option<Vec<f64>>,
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

/// A series divided by what its rhythms multiply.
#[derive(Debug, Clone, PartialEq)]
pub struct Divided {
    /// The values over `expected`; missing where nothing is expected.
    pub values: Vec<f64>,
    /// What the rhythms let expect in each bucket, as a multiple of the level; zero where they never bring anything.
    pub expected: Vec<f64>,
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
        let rest = Scatter::told(&self.rest, &usual, &lost).of_constant(&self.rest);
        let searched = match (&self.logs, &self.divided) {
            (Some(logs), _) => {
                let values: Vec<f64> = series.values().iter().map(|v| series.or_apart(*v)).collect();
                Scatter::told(logs, &usual, &over(&values)).of_constant(logs)
            }
            (None, Some(divided)) => {
                Scatter::told(&divided.values, &usual, &over(&divided.denominators())).of_constant(&divided.values)
            }
            (None, None) => rest.clone(),
        };
        [rest, searched]
    }
}

/// What the phases of a rhythm bring, as told from a whole series.
struct Effects {
    all: Vec<f64>,
    /// The part that no stretch tells by itself.
    known: Vec<f64>,
}

/// A correlation of differences one period apart counts from so many standard errors on, and two periods apart as well.
const THRESHOLD: f64 = 2.6;
/// Without a rhythm its phases would differ as much in so many cases, where there are ten periods or fewer. With more of them a
/// rhythm shows so clearly that chance must be rarer (Lindley 1957): what a rhythm that is not there brings, it brings as steps.
const SURELY: f64 = 0.01;
const FEW_PERIODS: f64 = 10.0;
/// A run whose begin and end were sought costs as many degrees of freedom as this many parameters: twice what a moment costs (Hall, Osborn & Sakkas 2013).
const RUN_PARAMETERS: f64 = 6.0;
/// Of more values than this a rhythm shows without ranks, which cost more.
const MOST_RANKED: usize = 10_000;
/// Of so many values all runs are tried.
const MOST_EVENTS: usize = 120;
/// A rhythm weaker than this explains too little to be worth its coefficients.
const LEAST_CORRELATION: f64 = 0.1;

/// Where less than this share of the level is expected, nothing is.
const NOTHING: f64 = 0.02;
/// One of so many buckets is in a phase in which nothing comes, or that is chance.
const EMPTY: usize = 10;
/// A phase that lasts for so many buckets is told by the median of its turns: one of a few may be unlike the others, as in a week with an outage.
const LONG_TURN: usize = 5;
/// One of so many values of a phase may be an outlier to either side.
const OUTLYING: usize = 20;

/// The rhythms that a metric has, and what is left of it without them.
///
/// Candidates follow from the step: a day and a week for buckets below a day, a week for days, a year for weeks, months and
/// quarters, and for two years of days. A candidate of p buckets is taken where the first differences correlate with those p and 2p buckets later; differences
/// because a level shift or a trend barely touches them (Box, Jenkins & Reinsel 2008, ch. 9), clipped because an outlier must not. Means of longer stretches,
/// and days, are asked by their ranks and beside an event as well, and the logarithms where there are some.
#[must_use]
pub fn without_rhythms(series: &Series) -> Adjusted {
    let mut rest = series.values().to_vec();
    let mut logs = series.has_logs().then(|| rest.iter().map(|v| series.log(*v)).collect::<Vec<f64>>());
    let whole = || Divided { values: series.values().to_vec(), expected: vec![1.0; series.len()] };
    let mut divided = (series.has_zeros() && !series.has_logs() && series.denominators().is_none()).then(whole);
    let is_apart = |v: &f64| series.is_apart(*v);
    let apart: Option<Vec<bool>> = rest.iter().any(is_apart).then(|| rest.iter().map(is_apart).collect());
    let mut rhythms = Vec::new();
    // What the clocks of the series' zone show as a bucket begins, in seconds since 1970 there.
    let clocks = || (0..series.len()).into_par_iter().map(|i| series.moment(i).naive_local().and_utc().timestamp());
    let clocks: LazyCell<Vec<i64>, _> = LazyCell::new(|| clocks().collect());
    for (name, period) in candidates(series.step()) {
        let shows_in = |values: &[f64]| {
            let others = apart.as_deref().map(|apart| without(values, apart));
            has_rhythm(series.step(), || clocks.as_slice(), others.as_deref().unwrap_or(values), (name, period))
        };
        // What multiplies shows in logarithms where the level moves, but few periods are told in vain on both scales.
        let may_multiply = period != DAYS_OF_YEAR && rest.len() <= MOST_RANKED;
        let in_logs = || logs.as_deref().filter(|_| may_multiply).is_some_and(shows_in);
        if rest.len() >= least_periods(period) * period && (shows_in(&rest) || in_logs()) {
            let mut rhythm = Rhythm::new(series.step(), &clocks, name, period);
            let level = rhythm.take_from(&mut rest, apart.as_deref()).known;
            let log = logs.as_mut().map(|logs| rhythm.take_from(logs, apart.as_deref()).known);
            // What the waves of a year bring is told by each stretch, and adds.
            divided = divided.filter(|_| rhythm.waves == 0);
            if let Some(divided) = &mut divided {
                rhythm.divide(divided, series.values());
            }
            if series.step() < Step::Hours(1) || period == DAYS_OF_YEAR {
                rhythm.known = Some(KnownEffects { level, log });
            }
            rhythms.push(rhythm);
        }
    }
    // Without a rhythm the scale matters little to a search, and people see changes of the level.
    let logs = logs.filter(|logs| !rhythms.is_empty() && are_likelier(logs, Series::mean_log(series.values()), &rest));
    let is_likelier = |d: &Divided, longest: &Rhythm| d.has_nothing() || d.is_likelier(&rest, longest.period);
    let divided = divided.filter(|d| rhythms.last().is_some_and(|longest| is_likelier(d, longest)));
    let mut adjusted = Adjusted { rhythms, rest, logs, divided };
    if let Some(weekend) = Rhythm::weekend(series, &adjusted.rhythms) {
        adjusted = adjusted.with_weekend(weekend, series.values(), apart.as_deref());
    }
    adjusted
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
            weekend.divide(after, values);
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

impl Divided {
    /// The values of the metric over what is expected. Where nothing is, a value is missing, unless it is as large as those elsewhere.
    #[must_use]
    pub fn quotients(&self, values: &[f64]) -> Vec<f64> {
        let (sum, count) = values.iter().filter(|v| !v.is_nan()).fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
        let usual = sum / count;
        let quotient = |(v, e): (&f64, &f64)| if *e < NOTHING && *v <= usual { f64::NAN } else { v / e.max(NOTHING) };
        values.iter().zip(&self.expected).map(quotient).collect()
    }

    /// What is expected in each bucket, at least the share that counts as something: by it a quotient scatters as a ratio by its denominator.
    #[must_use]
    pub fn denominators(&self) -> Vec<f64> {
        self.expected.iter().map(|e| e.max(NOTHING)).collect()
    }

    /// log likelihood of the metric in these buckets, as by [`laplace`], if it scatters about a running mean of `period` buckets as counts do, whose
    /// variance is in proportion to what is expected.
    fn log_likelihood(&self, buckets: &[usize], period: usize) -> f64 {
        let (level, expected) = (running_mean(&self.values, period), self.denominators());
        let even = |&i: &usize| (self.values[i] - level[i]) * expected[i].sqrt();
        let jacobian: f64 = buckets.iter().map(|&i| 0.5 * expected[i].ln()).sum();
        laplace(&buckets.iter().map(even).collect::<Vec<f64>>()) - jacobian
    }

    /// Whether there are phases in which nothing ever comes, as a weekend at zero: whatever the level is, it is no part of these.
    fn has_nothing(&self) -> bool {
        let empty = self.expected.iter().filter(|e| **e < NOTHING).count();
        EMPTY * empty >= self.expected.len()
    }

    /// Whether the metric is likelier where its rhythms multiply than where they add to what is left without them.
    fn is_likelier(&self, rest: &[f64], period: usize) -> bool {
        let both = present_in_both(&self.values, rest);
        self.log_likelihood(&both, period) > laplace(&both.iter().map(|&i| rest[i]).collect::<Vec<_>>())
    }
}

/// The buckets in which neither is missing.
fn present_in_both(a: &[f64], b: &[f64]) -> Vec<usize> {
    (0..a.len()).filter(|&i| !a[i].is_nan() && !b[i].is_nan()).collect()
}

/// Whether a metric is likelier where its rhythms multiply, by what is left of it on the log scale and on its own: the first differences
/// as Laplace's noise, which outliers and steps do not rule (Box & Cox 1964 at λ = 0 and 1). `mean_log` is the mean of its logarithms, the log Jacobian
/// of each difference.
pub(super) fn are_likelier(logs: &[f64], mean_log: f64, rest: &[f64]) -> bool {
    let (Some((of_log, _)), Some((of_rest, _))) = (mean_step(logs), mean_step(rest)) else { return false };
    of_log.ln() + mean_log < of_rest.ln()
}

/// log likelihood of the first differences as Laplace's noise of unknown scale, up to a constant.
fn laplace(values: &[f64]) -> f64 {
    mean_step(values).map_or(0.0, |(mean, count)| -count * mean.ln())
}

/// The mean size of the first differences, and how many there are; none where there are none.
fn mean_step(values: &[f64]) -> Option<(f64, f64)> {
    let steps = values.windows(2).map(|w| (w[1] - w[0]).abs()).filter(|d| !d.is_nan());
    let (count, sum) = steps.fold((0.0, 0.0), |(count, sum), step| (count + 1.0, sum + step));
    (count > 0.0).then(|| (sum / count, count))
}

const DAYS_OF_YEAR: usize = 365;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

const WEEKS: usize = 52;
/// Waves that make up the time of the year.
const WAVES: usize = 3;
/// So many standard deviations from what is usual at its time of the year a day stands out.
const HOLIDAY: f64 = 2.5;

/// Whether values show a rhythm of this name and period, from bucket to bucket or in the means of longer stretches. What the clocks show is asked for
/// only for these.
fn has_rhythm<'a>(
    step: Step,
    clocks: impl Fn() -> &'a [i64],
    values: &[f64],
    (name, period): (&'static str, usize),
) -> bool {
    let in_means = |seconds: i64, period: usize| {
        step.seconds() < seconds as f64 && recurs_in_means(clocks(), values, seconds, period)
    };
    // The hours of a day show in means as well.
    let by_itself = || if step < Step::Day { recurs(&differences(values), period) } else { shows(values, period) };
    (period != DAYS_OF_YEAR && by_itself())
        || match name {
            "year" => in_means(28 * DAY, 13),
            "week" => in_means(DAY, 7),
            "day" => in_means(HOUR, 24) || in_means(6 * HOUR, 4),
            _ => false,
        }
}

/// Values of which those that are `apart` are missing.
fn without(values: &[f64], apart: &[bool]) -> Vec<f64> {
    values.iter().zip(apart).map(|(v, apart)| if *apart { f64::NAN } else { *v }).collect()
}

/// Whether the means of longer stretches, of so many seconds by the local clock, have a rhythm of `period` of them: a smooth day or a weekend
/// is a difference of these, and hardly one from bucket to bucket.
fn recurs_in_means(clocks: &[i64], values: &[f64], seconds: i64, period: usize) -> bool {
    let present: Vec<usize> = (0..values.len()).filter(|&i| !values[i].is_nan()).collect();
    let stretch = |i: &usize| clocks[*i].div_euclid(seconds);
    let (Some(first), Some(last)) = (present.first().map(stretch), present.last().map(stretch)) else { return false };
    let place = |at: i64| usize::try_from(at - first).unwrap_or(0);
    let mut means = vec![f64::NAN; place(last) + 1];
    for buckets in present.chunk_by(|a, b| stretch(a) == stretch(b)) {
        let mut values: Vec<f64> = buckets.iter().map(|&i| values[i]).collect();
        means[place(stretch(&buckets[0]))] = mean_of_most(&mut values);
    }
    shows(&means, period)
}

/// Whether values show a rhythm.
fn shows(values: &[f64], period: usize) -> bool {
    let differences = differences(values);
    recurs(&differences, period)
        || values.len() <= MOST_RANKED && differs_by_phase(&differences, period)
        || values.len() as f64 <= FEW_PERIODS * period as f64
            && values.len() <= MOST_EVENTS
            && explains_beside_an_event(values, period)
}

/// Whether the phases explain more of a few periods than chance would, beside a slope and one step or one run: F tests of nested regressions, each with
/// the one that leaves least. Differences have twice the noise, and of four Mondays a step hides one.
fn explains_beside_an_event(values: &[f64], period: usize) -> bool {
    let places: Vec<usize> = (0..values.len()).filter(|&i| !values[i].is_nan()).collect();
    let n = places.len();
    let mean = places.iter().map(|&i| values[i]).sum::<f64>() / n as f64;
    let y: Vec<f64> = places.iter().map(|&i| values[i] - mean).collect();
    let ones = vec![1.0; n];
    // What is left with so many phases: without an event, less what the best step explains, and less what the best run does.
    let left = |phases: usize| {
        let mut design = Design::with_rows(vec![0.0; phases + 1], vec![1.0; phases + 1]);
        for &i in &places {
            design.push([(i % phases, 1.0), (phases, i as f64 / values.len() as f64)]);
        }
        let regression = EventRegression::new(&y, &design, Precision::new(&places, 0.0, &ones, &ones))?;
        let steps = regression.steps();
        let explained = |score: Score| if score.is_testable() { score.cross * score.cross / score.size } else { 0.0 };
        let step = (1..n).map(|k| explained(steps.score(k, 1.0))).fold(0.0, f64::max);
        let runs = (1..n).flat_map(|from| (from + 1..n).map(move |to| from..to));
        let run = runs.map(|run| explained(regression.pulse(run))).fold(0.0, f64::max);
        Some(([regression.rss - step, regression.rss - run], regression.freedom))
    };
    let (Some((without, most)), Some((with, freedom))) = (left(1), left(period)) else { return false };
    let is_surely = |event: usize, parameters: f64| {
        let (between, within) = (most - freedom, freedom - parameters);
        let f = (without[event] - with[event]) / between / (with[event] / within);
        let law = FisherSnedecor::new(between, within).ok().filter(|_| within >= 1.0 && with[event] > 0.0);
        law.is_some_and(|law| law.sf(f.max(0.0)) < SURELY)
    };
    // Two periods are too few for what has a begin and an end.
    is_surely(0, 1.0) || n >= 3 * period && is_surely(1, RUN_PARAMETERS)
}

fn differences(values: &[f64]) -> Vec<f64> {
    values.windows(2).map(|w| w[1] - w[0]).collect()
}

/// Whether the first differences differ from phase to phase, by the test of Kruskal & Wallis (1952): ranks, because a level shift or an
/// outlier must not count for more than one. A few periods are enough for it.
fn differs_by_phase(differences: &[f64], period: usize) -> bool {
    let mut ranked: Vec<(usize, f64)> = differences.iter().copied().enumerate().filter(|(_, d)| !d.is_nan()).collect();
    let n = ranked.len() as f64;
    if ranked.len() < 3 * period {
        return false;
    }
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut phases = vec![(0.0, 0.0); period];
    for (rank, (i, _)) in ranked.iter().enumerate() {
        phases[i % period].0 += rank as f64 - (n - 1.0) / 2.0;
        phases[i % period].1 += 1.0;
    }
    let between: f64 = phases.iter().filter(|(_, count)| *count > 0.0).map(|(sum, count)| sum * sum / count).sum();
    let statistic = 12.0 / (n * (n + 1.0)) * between;
    ChiSquared::new(period as f64 - 1.0)
        .is_ok_and(|law| law.sf(statistic) < SURELY * (FEW_PERIODS * period as f64 / n).min(1.0))
}

/// How many periods tell a rhythm. Of the year of days its waves alone are told, which two years do.
fn least_periods(period: usize) -> usize {
    if period == DAYS_OF_YEAR { 2 } else { 3 }
}

/// Rhythms that a metric with this step may have, with their length in buckets.
fn candidates(step: Step) -> Vec<(&'static str, usize)> {
    let day = step.per_day().map_or(0, |n| n as usize);
    match step {
        Step::Minutes(_) | Step::Hours(_) => vec![("day", day), ("week", 7 * day)],
        Step::Day => vec![("week", 7), ("year", DAYS_OF_YEAR)],
        Step::Week => vec![("year", 52)],
        Step::Months(n) if n < 12 => vec![("year", 12 / n as usize)],
        Step::Months(_) => Vec::new(),
    }
    .into_iter()
    .filter(|(_, period)| *period >= 2)
    .collect()
}

/// Whether first differences resemble those one and two periods later.
fn recurs(differences: &[f64], period: usize) -> bool {
    let centre = median(differences);
    let bound = 4.0 * mad_sd(differences, centre);
    if bound.is_nan() || bound <= 0.0 {
        return false;
    }
    let clipped: Vec<f64> = differences.iter().map(|d| (d - centre).clamp(-bound, bound)).collect();
    [period, 2 * period].iter().all(|&lag| {
        let (r, pairs) = correlation_at(&clipped, lag);
        // Differences of white noise have variance inflation 1.5 in this estimate: Bartlett 1946.
        r > LEAST_CORRELATION.max(THRESHOLD * (1.5 / pairs).sqrt())
    })
}

/// Autocorrelation at a lag over the pairs without a missing value, and how many pairs there were.
fn correlation_at(values: &[f64], lag: usize) -> (f64, f64) {
    let mut cross = 0.0;
    let mut square = 0.0;
    let mut pairs = 0.0;
    for (a, b) in values.iter().zip(values.iter().skip(lag)).filter(|(a, b)| !a.is_nan() && !b.is_nan()) {
        cross += a * b;
        square += f64::midpoint(a * a, b * b);
        pairs += 1.0;
    }
    if square > 0.0 { (cross / square, pairs) } else { (0.0, f64::max(pairs, 1.0)) }
}

impl Rhythm {
    /// Whether a series is long enough for a rhythm that is not among those that were found.
    pub(super) fn may_have_more(series: &Series, found: &[Self]) -> bool {
        let is_open = |(name, period): &(&str, usize)| {
            series.len() >= least_periods(*period) * period && found.iter().all(|rhythm| rhythm.name != *name)
        };
        candidates(series.step()).iter().any(is_open)
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
        Self { name, period, phases, count, known: None, waves }
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
        Some(Self { name: Self::WEEKEND, period: 168, phases, count: 48, known: None, waves: 0 })
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

    /// Takes what the phases multiply into what is expected: the ratio to a running mean of one period, of each phase or of each of its turns as a
    /// whole, because single counts may be zero (Shiskin, Young & Musgrave 1967). The level stays what it is. `values` are those of the metric.
    fn divide(&self, divided: &mut Divided, values: &[f64]) {
        let trend = running_mean(&divided.values, self.period);
        let mut by_phase: Vec<Vec<(f64, f64)>> = vec![Vec::new(); self.count];
        // The pairs of one Monday are one.
        let mut turns: Vec<Vec<(f64, f64)>> = vec![Vec::new(); self.count];
        let mut last = None;
        for ((&v, &t), &phase) in divided.values.iter().zip(&trend).zip(&self.phases) {
            if last.replace(phase) != Some(phase) {
                turns[phase].push((0.0, 0.0));
            }
            if let (false, true, Some((of, to))) = (v.is_nan(), t > 0.0, turns[phase].last_mut()) {
                by_phase[phase].push((v, t));
                (*of, *to) = (*of + v, *to + t);
            }
        }
        let ratios = |turns: &[(f64, f64)]| -> Vec<f64> {
            turns.iter().filter(|(_, to)| *to > 0.0).map(|(of, to)| of / to).collect()
        };
        let factors: Vec<f64> = by_phase
            .iter_mut()
            .zip(&turns)
            .map(|(pairs, turns)| {
                let is_long = !pairs.is_empty() && pairs.len() >= LONG_TURN * turns.len();
                if is_long { median(&ratios(turns)) } else { ratio_of_most(pairs) }
            })
            .collect();
        let of: f64 = by_phase.iter().flatten().map(|(v, _)| v).sum();
        let explained = by_phase.iter().zip(&factors).flat_map(|(pairs, f)| pairs.iter().map(move |(_, t)| f * t));
        let to: f64 = explained.sum();
        let scale = if of > 0.0 && to > 0.0 { of / to } else { 1.0 };
        for (expected, &phase) in divided.expected.iter_mut().zip(&self.phases) {
            *expected *= scale * factors[phase];
        }
        divided.values = divided.quotients(values);
    }

    /// The effect of each phase: the median of what its buckets stand above a running mean of one period, less the mean of all phases.
    fn effects(&self, values: &[f64]) -> Effects {
        let trend = running_mean(values, self.period);
        if self.waves > 0 {
            return self.days_of_year(values, &trend);
        }
        let mut by_phase: Vec<Vec<f64>> = vec![Vec::new(); self.count];
        for ((v, t), &phase) in values.iter().zip(&trend).zip(&self.phases) {
            if !v.is_nan() && !t.is_nan() {
                by_phase[phase].push(v - t);
            }
        }
        let effects: Vec<f64> = by_phase.iter().map(|v| if v.is_empty() { 0.0 } else { median(v) }).collect();
        let mean = effects.iter().sum::<f64>() / self.count as f64;
        let all: Vec<f64> = effects.into_iter().map(|e| e - mean).collect();
        Effects { known: all.clone(), all }
    }

    /// The waves at a bucket: sines and cosines of one period, a half, a third and so on.
    pub(super) fn waves_at(&self, bucket: usize) -> impl Iterator<Item = f64> {
        let turn = std::f64::consts::TAU * bucket as f64 / self.period as f64;
        (1..=self.waves).flat_map(move |k| [(k as f64 * turn).sin(), (k as f64 * turn).cos()])
    }

    /// For each day of the year the effect of its time of the year, and of a holiday that repeats.
    ///
    /// The time of the year is a week, by the median over all years, smoothed with those beside it. A day is a holiday where it stands out
    /// to the same side in each of three years or more.
    fn days_of_year(&self, values: &[f64], trend: &[f64]) -> Effects {
        let above: Vec<f64> = values.iter().zip(trend).map(|(v, t)| v - t).collect();
        let week = |phase: usize| (phase / 31 * 61 / 2 + phase % 31).min(DAYS_OF_YEAR - 1) / 7 % WEEKS;
        let grouped = |group: &dyn Fn(usize) -> usize, count: usize, values: &[f64]| {
            let mut groups: Vec<Vec<f64>> = vec![Vec::new(); count];
            for (v, &phase) in values.iter().zip(&self.phases).filter(|(v, _)| !v.is_nan()) {
                groups[group(phase)].push(*v);
            }
            groups
        };
        let weeks: Vec<f64> =
            grouped(&week, WEEKS, &above).iter().map(|v| if v.is_empty() { 0.0 } else { median(v) }).collect();
        let mean = weeks.iter().sum::<f64>() / WEEKS as f64;
        let beside = |w: usize| [w + WEEKS - 1, w, w + 1].iter().map(|w| weeks[w % WEEKS]).sum::<f64>() / 3.0 - mean;
        let times: Vec<f64> = (0..WEEKS).map(beside).collect();
        let rest: Vec<f64> = above.iter().zip(&self.phases).map(|(v, &p)| v - times[week(p)]).collect();
        let far = HOLIDAY * mad_sd(&rest, 0.0);
        let holiday = |v: &Vec<f64>| {
            let stands_out = v.len() >= 3 && (v.iter().all(|v| *v > far) || v.iter().all(|v| *v < -far));
            if stands_out { median(v) } else { 0.0 }
        };
        let days = grouped(&|phase| phase, self.count, &rest);
        let known: Vec<f64> = days.iter().map(holiday).collect();
        Effects { all: known.iter().enumerate().map(|(phase, holiday)| times[week(phase)] + holiday).collect(), known }
    }
}

/// The sum of the first ones to that of the second ones, where no pair counts with a ratio beyond those of the others (winsorised, Dixon 1960).
fn ratio_of_most(pairs: &mut [(f64, f64)]) -> f64 {
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let cut = pairs.len() / OUTLYING;
    let ratio = |i: usize| pairs.get(i).map_or(0.0, |(of, to)| of / to);
    let (least, greatest) = (ratio(cut), ratio((pairs.len() - cut).saturating_sub(1)));
    let kept = |(of, to): &(f64, f64)| (of / to).clamp(least, greatest) * to;
    let (of, to) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + kept(pair), sum.1 + pair.1));
    if to > 0.0 { of / to } else { 0.0 }
}

/// The mean without the least and the greatest values, one of [`OUTLYING`] each (trimmed, Tukey 1962): an hour far out is no other day.
fn mean_of_most(values: &mut [f64]) -> f64 {
    let cut = values.len() / OUTLYING;
    let mut kept = values;
    if cut > 0 {
        kept = kept.select_nth_unstable_by(cut - 1, f64::total_cmp).2;
        kept = kept.select_nth_unstable_by(kept.len() - cut, f64::total_cmp).0;
    }
    kept.iter().sum::<f64>() / kept.len() as f64
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
