//! Whether a metric has a rhythm.

use std::cell::OnceCell;

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

use super::{DAYS_OF_YEAR, MOST_RANKED, OUTLYING};
use crate::model::Step;
use crate::stats::{Design, EventRegression, Precision, Score, mad_sd, median, spread};

/// A correlation of differences one period apart counts from so many standard errors on, and two periods apart as well.
const THRESHOLD: f64 = 2.6;
/// Without a rhythm its phases would differ as much in so many cases, where there are ten periods or fewer. With more of them a
/// rhythm shows so clearly that chance must be rarer (Lindley 1957): what a rhythm that is not there brings, it brings as steps.
const SURELY: f64 = 0.01;
const FEW_PERIODS: f64 = 10.0;
/// A run whose begin and end were sought costs as many degrees of freedom as this many parameters: twice what a moment costs (Hall, Osborn & Sakkas 2013).
const RUN_PARAMETERS: f64 = 6.0;
/// Of so many values all runs are tried.
const MOST_EVENTS: usize = 120;
/// A rhythm weaker than this explains too little to be worth its coefficients.
const LEAST_CORRELATION: f64 = 0.1;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Rhythms that a metric with this step may have, with their length in buckets.
pub(super) fn candidates(step: Step) -> Vec<(&'static str, usize)> {
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

/// Fewest periods that tell a rhythm.
pub(super) const LEAST_PERIODS: usize = 2;

/// Whether values show a rhythm of this name and period, from bucket to bucket or in the means of longer stretches. What the clocks show is asked for
/// only for these. What the first differences are, clipped, is told once for all rhythms of the same values.
pub(super) fn has_rhythm<'a>(
    step: Step,
    clocks: impl Fn() -> &'a [i64],
    values: &[f64],
    told: &OnceCell<Option<Vec<f64>>>,
    (name, period): (&'static str, usize),
) -> bool {
    let in_means = |seconds: i64, period: usize| {
        step.seconds() < seconds as f64 && recurs_in_means(clocks(), values, seconds, period)
    };
    // The hours of a day show in means as well.
    let by_itself = || {
        if step < Step::Day {
            told.get_or_init(|| clipped(&differences(values))).as_ref().is_some_and(|clipped| recurs(clipped, period))
        } else {
            shows(values, period)
        }
    };
    (period != DAYS_OF_YEAR && by_itself())
        || match name {
            "year" => in_means(28 * DAY, 13),
            "week" => in_means(DAY, 7),
            "day" => in_means(HOUR, 24) || in_means(6 * HOUR, 4),
            _ => false,
        }
}

/// Whether the means of longer stretches, of so many seconds by the local clock, have a rhythm of `period` of them: a smooth day or a weekend
/// is a difference of these, and hardly one from bucket to bucket.
fn recurs_in_means(clocks: &[i64], values: &[f64], seconds: i64, period: usize) -> bool {
    let (mut means, mut first) = (Vec::new(), None);
    let mut add = |at: i64, held: &mut Vec<f64>| {
        if !held.is_empty() {
            let place = usize::try_from((at - *first.get_or_insert(at)) / seconds).unwrap_or(0);
            means.resize(means.len().max(place + 1), f64::NAN);
            means[place] = mean_of_most(held);
            held.clear();
        }
    };
    // The stretch begins at `at` and has held so much yet.
    let (mut at, mut held) = (i64::MIN, Vec::new());
    for (clock, value) in clocks.iter().zip(values).filter(|(_, value)| !value.is_nan()) {
        if !(at..at.saturating_add(seconds)).contains(clock) {
            add(at, &mut held);
            at = clock - clock.rem_euclid(seconds);
        }
        held.push(*value);
    }
    add(at, &mut held);
    shows(&means, period)
}

/// Whether values show a rhythm.
fn shows(values: &[f64], period: usize) -> bool {
    let differences = differences(values);
    clipped(&differences).is_some_and(|clipped| recurs(&clipped, period))
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

/// First differences about their median, which no outlier moves far; none where most are the same.
fn clipped(differences: &[f64]) -> Option<Vec<f64>> {
    let told: Vec<f64> = spread(differences.len()).map(|i| differences[i]).collect();
    let centre = median(&told);
    let bound = 4.0 * mad_sd(&told, centre);
    (bound > 0.0).then(|| differences.iter().map(|d| (d - centre).clamp(-bound, bound)).collect())
}

/// Whether clipped first differences resemble those one and two periods later.
fn recurs(clipped: &[f64], period: usize) -> bool {
    [period, 2 * period].iter().all(|&lag| {
        let (r, pairs) = correlation_at(clipped, lag);
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
