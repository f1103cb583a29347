//! Further metrics as witnesses: what moved together, and what did not.

use crate::detect::{Neighbourhood, Scanned, Shape};
use crate::model::Series;
use crate::stats::{cell, log_mean, log_sum_exp, median};

use super::likelihood::{Likelihood, believed};
use super::priors::KINDS;

/// What another metric says of each moment at which the cause may have acted.
#[derive(Debug, Clone, PartialEq)]
pub struct Companion {
    /// Ends of the stretches around its moments.
    ends: Vec<f64>,
    /// log of how much likelier it is if the cause acted at a moment than if it has nothing to do with it.
    gain: Vec<f64>,
    /// The same where it was not looked at.
    elsewhere: f64,
    /// How much of that is news: what it shares in its noise with those heard before counts once.
    news: f64,
}

/// That a cause that moved one metric moves a given other one as well: even odds, for want of a better reason.
const AFFECTED: f64 = 0.5;
/// Two metrics are rarely moved to the minute: within an hour, or a bucket where that is shorter, is at one moment.
const AT_ONCE: f64 = 3600.0;
/// Innovations beyond so many robust standard deviations count as so many: a change that both metrics have shall not make their noise alike.
const CLIPPED: f64 = 3.0;
/// With fewer common buckets nothing is known of how the noise of two metrics goes together.
const FEWEST: usize = 20;

impl Companion {
    /// What a metric says about the cause of a change of another one, where that and further ones were `heard` before, each in its neighbourhood
    /// of the date.
    ///
    /// With L(τ) the Bayes factor of a change at τ (averaged over shapes, smoothed over an hour), and M = 1 − s + s mean L that of a metric that
    /// has nothing to do with it and moves near the date with probability s, the gain is log(½ L(τ)/M + ½): the cause moves it with
    /// probability one half.
    ///
    /// The noise of two metrics may be the same noise: sign-ups and confirmed sign-ups. So the gain is multiplied by 1 − |ρ|, with ρ the
    /// correlation of what is left of it without level, slope and rhythms with what is left of that one of those heard before with which it has
    /// most in common.
    #[must_use]
    pub fn new((series, near): Seen<'_>, scanned: &Scanned, heard: &[Seen<'_>], power: f64) -> Self {
        let moments = &near.moments.unix;
        let scores = believed((series, near), power);
        let by_kind: Vec<Vec<f64>> = KINDS.iter().map(|kind| scores.log_bayes_of(*kind)).collect();
        let at = |i: usize| log_sum_exp(&by_kind.iter().map(|l| l[i]).collect::<Vec<_>>());
        let log: Vec<f64> = (0..moments.len()).map(at).collect();
        let reach = AT_ONCE.min(series.step().seconds());
        let smooth = |i: usize| {
            let (from, to) = (moments[i] - reach, moments[i] + reach);
            log_mean(&log[moments.partition_point(|m| *m < from)..moments.partition_point(|m| *m <= to)])
        };
        let mean = log_mean(&log);
        let moved = by_itself(series, near, scanned);
        let unrelated = log_sum_exp(&[(1.0 - moved).ln(), moved.ln() + mean]);
        let gain = |l: f64| log_sum_exp(&[AFFECTED.ln() + l - unrelated, (1.0 - AFFECTED).ln()]);
        let mut ends: Vec<f64> = (0..moments.len()).map(|i| cell(moments, i).0).collect();
        ends.extend(moments.len().checked_sub(1).map(|last| cell(moments, last).1));
        Self {
            ends,
            gain: (0..moments.len()).map(|i| gain(smooth(i))).collect(),
            elsewhere: gain(mean),
            news: 1.0 - heard.iter().map(|other| correlation((series, near), *other).abs()).fold(0.0, f64::max),
        }
    }

    /// How much of what it says is news, 0..1.
    #[must_use]
    pub fn news(&self) -> f64 {
        self.news
    }

    /// What it says of a cause that acted at a moment, Unix seconds.
    fn at(&self, unix: f64) -> f64 {
        let place = self.ends.partition_point(|end| *end <= unix).checked_sub(1);
        self.news * place.and_then(|i| self.gain.get(i)).copied().unwrap_or(self.elsewhere)
    }
}

impl Likelihood {
    /// With what other metrics say: given the cause, the metrics are independent, and their log likelihoods add.
    #[must_use]
    pub fn together(self, companions: &[&Companion]) -> Self {
        let said: Vec<f64> =
            self.moments().iter().map(|m| companions.iter().map(|companion| companion.at(*m)).sum()).collect();
        self.plus(&said)
    }
}

/// A metric with its neighbourhood of the date.
pub type Seen<'a> = (&'a Series, &'a Neighbourhood);

/// How likely a metric moves by itself in a stretch as long as the neighbourhood, by its own history: with c changes in n such stretches
/// elsewhere, (c + 1)/(n + 2) (Laplace's rule of succession).
fn by_itself(series: &Series, near: &Neighbourhood, scanned: &Scanned) -> f64 {
    let buckets = &near.moments.bucket;
    let (first, last) = (buckets.first().copied().unwrap_or(0), buckets.last().copied().unwrap_or(0));
    let stretches = (series.len() as f64 / (last - first + 1) as f64 - 1.0).max(0.0);
    let elsewhere = scanned.changes.iter().filter(|found| !(first..=last).contains(&found.bucket)).count() as f64;
    (elsewhere.min(stretches) + 1.0) / (stretches + 2.0)
}

/// What is left of a neighbourhood without level, slope, rhythms and its likeliest step: the innovations of its noise.
fn noise(near: &Neighbourhood) -> Vec<f64> {
    let (places, regression) = (near.local.places(), near.local.regression());
    let value = |i: &usize| near.scores.log_bayes(Shape::Step, *i);
    let likeliest = near.moments.all().into_iter().max_by(|a, b| value(a).total_cmp(&value(b)));
    let step = likeliest.map(|i| (i, near.scores.score(Shape::Step, i))).filter(|(_, score)| score.is_testable());
    let Some((i, score)) = step else { return regression.innovations.clone() };
    let k = near.moments.observation[i];
    let footprint = regression.footprint(&Shape::Step.regressor(places, k, near.moments.share[i]), k);
    let effect = score.cross / score.size;
    footprint.taken_from(&regression.innovations, effect)
}

/// The correlation of what is left of two metrics without level, slope and rhythms, in the buckets that they share; 0 where they share too few
/// or have other steps.
fn correlation((a, near_a): Seen<'_>, (b, near_b): Seen<'_>) -> f64 {
    if a.step() != b.step() {
        return 0.0;
    }
    let innovations = |series: &Series, near: &Neighbourhood| -> Vec<(i64, f64)> {
        let starts = near.local.places().iter().map(|&place| series.edges()[place]);
        starts.zip(noise(near)).collect()
    };
    let (left, right) = (innovations(a, near_a), innovations(b, near_b));
    let common = |(start, x): &(i64, f64)| {
        let place = right.binary_search_by_key(start, |(other, _)| *other).ok()?;
        Some((*x, right[place].1))
    };
    let (x, y): (Vec<f64>, Vec<f64>) = left.iter().filter_map(common).unzip();
    if x.len() < FEWEST {
        return 0.0;
    }
    let (x, y) = (clipped(&x), clipped(&y));
    let inner = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let size = (inner(&x, &x) * inner(&y, &y)).sqrt();
    if size > 0.0 { (inner(&x, &y) / size).clamp(-1.0, 1.0) } else { 0.0 }
}

/// Innovations about their median, as far out as [`CLIPPED`] at most.
fn clipped(innovations: &[f64]) -> Vec<f64> {
    let middle = median(innovations);
    let away: Vec<f64> = innovations.iter().map(|d| (d - middle).abs()).collect();
    // 1.4826 times the median distance is a standard deviation of Gaussian noise.
    let most = CLIPPED * 1.4826 * median(&away);
    innovations.iter().map(|d| (d - middle).clamp(-most, most)).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::attribute::{Asked, near};
    use crate::detect::scan;
    use crate::model::Span;
    use crate::simulation::{days, normals};

    #[test]
    fn metrics_of_one_noise_are_known_by_what_their_rhythms_leave() {
        let noise = |seed: u64| normals(120, seed);
        // A week and a step that all of them have.
        let level = |i: usize| if i.is_multiple_of(7) { 60.0 } else { 100.0 } * if i > 60 { 0.5 } else { 1.0 };
        let series = |z: &[f64]| days(z.iter().enumerate().map(|(i, z)| level(i) * (1.0 + 0.02 * z)).collect());
        let mixed: Vec<f64> = noise(1).iter().zip(noise(3)).map(|(a, b)| 0.95 * a + 0.3 * b).collect();
        let all = [noise(1), mixed, noise(2)].map(|z| series(&z));
        let seen = all.each_ref().map(|series| {
            let from = series.moment(60).to_utc();
            let asked = Asked::new(series, Span { from, to: from + TimeDelta::days(1) }).unwrap();
            near(series, &scan(series, 0.05), &asked, 3.0 * 86_400.0).unwrap()
        });
        let rho = |i: usize, j: usize| correlation((&all[i], &seen[i]), (&all[j], &seen[j]));
        assert!(rho(0, 1) > 0.75 && rho(0, 2).abs() < 0.35, "{} {}", rho(0, 1), rho(0, 2));
        assert!((rho(0, 0) - 1.0).abs() < 1e-9);
        // Whoever speaks second of one noise has little to add, to whomever.
        let news = |i: usize, heard: &[usize]| {
            let heard: Vec<Seen<'_>> = heard.iter().map(|j| (&all[*j], &seen[*j])).collect();
            Companion::new((&all[i], &seen[i]), &scan(&all[i], 0.05), &heard, 1.0).news()
        };
        assert!(news(1, &[2]) > 0.65 && news(1, &[2, 0]) < 0.25, "{} {}", news(1, &[2]), news(1, &[2, 0]));
    }
}
