//! Deployments whose effect has another end: they were reverted, or they revert another.

use crate::detect::{Found, NEAR, Neighbourhood, Scanned, Shape};
use crate::model::{ChangeKind, Series};
use crate::stats::{log_mean, log_sum_exp};

use super::likelihood::believed;

/// A candidate that was undone at a known moment, or that undoes what went out at one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OtherEnd {
    /// The candidate, by its place among the hypotheses.
    pub candidate: usize,
    /// When it went out, Unix seconds.
    pub at: f64,
    /// When its revert went out; where that is before `at`, when its target did.
    pub other: f64,
}

/// That a revert undoes the effect, where the target had one. A revert need not undo everything: data was lost, users have left, or only
/// a part went back. An assumption.
const UNDOES: f64 = 0.8;
/// That something else moves the metric just as a revert would, just then. So a metric that moves back at a revert counts at most 0.8/0.05 = 16
/// times for its target, before the power. An assumption.
const BY_CHANCE: f64 = 0.05;
/// An undoing takes as long to act as the deployment did, but that is not told beyond this time, in seconds.
const LONGEST: f64 = 86_400.0;
/// Ends that are looked at: the earliest ones. Each costs as much as a neighbourhood.
const MOST: usize = 6;
/// Moments inside of buckets are looked at for so many of the likeliest buckets.
const FINE: usize = 12;

/// What the other ends say, as log likelihoods of a level that moves at each moment of the neighbourhood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ends {
    /// For everything else: the effect may end just then by chance.
    pub(super) by_chance: Vec<f64>,
    /// For each candidate with another end, by its place: with the effect ended there, most likely.
    pub(super) own: Vec<(usize, Vec<f64>)>,
}

/// Weighs the other ends, all data to a power.
///
/// With B(τ) the Bayes factor of an effect from τ to the other end and L(τ) that of one that lasts,
/// - of the candidate: 0.8 B(τ) + 0.2 L'(τ), because a revert need not undo everything;
/// - of everything else: L'(τ) = 0.95 L(τ) + 0.05 B(τ), because something else may end it just then; of several with one other end B is their mean.
///
/// Where a change at the other end is known already and taken into the explanation, as it is not the one asked about, a level explains
/// the data as well as a box, and what counts is that there is such a change, of the other direction: B = L/0.05, and nothing
/// where it goes the same way. The end of an outage that is asked about is known as well.
pub(super) fn weigh(
    (near, series): (&Neighbourhood, &Series),
    scanned: &Scanned,
    ends: &[OtherEnd],
    power: f64,
) -> Ends {
    let level = believed((series, near), power).log_bayes_of(ChangeKind::Level);
    let mut ends: Vec<&OtherEnd> = ends.iter().collect();
    ends.sort_by(|a, b| a.other.total_cmp(&b.other));
    ends.truncate(MOST);
    let prior: f64 = Shape::ALL.into_iter().filter(|s| s.kind() == ChangeKind::Level).map(Shape::prior).sum();
    let mut boxes: Vec<(usize, Vec<f64>)> = Vec::new();
    // Those that end at one moment, as what a rollback takes back, do so by one chance.
    let mut at_once: Vec<(f64, Vec<Vec<f64>>)> = Vec::new();
    for end in ends {
        let known = known_end(near, series, end)
            .or_else(|| known_change(near, series, scanned, end).map(|known| undoes(near, known, end)));
        let boxed: Vec<f64> = if let Some(undoes) = known {
            let gain = if undoes { -power * BY_CHANCE.ln() } else { f64::NEG_INFINITY };
            level.iter().map(|l| l + gain).collect()
        } else {
            let boxed: Vec<f64> = boxed(near, series, end, power).into_iter().map(|log| prior.ln() + log).collect();
            match at_once.last_mut().filter(|(other, _)| other.total_cmp(&end.other).is_eq()) {
                Some((_, boxes)) => boxes.push(boxed.clone()),
                None => at_once.push((end.other, vec![boxed.clone()])),
            }
            boxed
        };
        boxes.push((end.candidate, boxed));
    }
    let mean = |boxes: &[Vec<f64>], i: usize| log_mean(&boxes.iter().map(|of| of[i]).collect::<Vec<f64>>());
    let mut by_chance = level;
    for (_, boxes) in &at_once {
        let mean: Vec<f64> = (0..by_chance.len()).map(|i| mean(boxes, i)).collect();
        by_chance = mix(BY_CHANCE, &mean, &by_chance);
    }
    let own = boxes.into_iter().map(|(candidate, boxed)| (candidate, mix(UNDOES, &boxed, &by_chance))).collect();
    Ends { by_chance, own }
}

/// log(share exp(a) + (1 − share) exp(b)) at each moment.
fn mix(share: f64, a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| log_sum_exp(&[share.ln() + a, (1.0 - share).ln() + b])).collect()
}

/// The log Bayes factor of an effect between each moment and the other end, the likelihood to a power.
///
/// At the start of each bucket, and inside of the likeliest; elsewhere inside it differs from the start as that of a step does.
fn boxed(near: &Neighbourhood, series: &Series, end: &OtherEnd, power: f64) -> Vec<f64> {
    let moments = &near.moments;
    let pair = |i: usize| {
        let moment = moments.unix[i];
        let other = end.other + (moment - end.at).clamp(0.0, LONGEST);
        if end.other > end.at { (moment, other.max(moment)) } else { (other.min(moment), moment) }
    };
    let mut starts: Vec<usize> = moments.all();
    starts.dedup_by_key(|i| moments.bucket[*i]);
    let boxes = |of: &[usize]| near.log_bayes_of_boxes(series, &of.iter().map(|i| pair(*i)).collect::<Vec<_>>(), power);
    let at_starts = boxes(&starts);
    let mut likeliest: Vec<usize> = (0..starts.len()).collect();
    let value = |j: usize| at_starts[j].max(at_starts.get(j + 1).copied().unwrap_or(f64::NEG_INFINITY));
    likeliest.sort_by(|a, b| value(*b).total_cmp(&value(*a)));
    likeliest.truncate(FINE);
    let step = |i: usize| near.scores.log_bayes(Shape::Step, i);
    let mut out = Vec::with_capacity(moments.len());
    for (j, &start) in starts.iter().enumerate() {
        let inside: Vec<usize> = (start..starts.get(j + 1).copied().unwrap_or(moments.len())).collect();
        if likeliest.contains(&j) {
            out.extend(boxes(&inside));
        } else {
            out.extend(inside.iter().map(|i| at_starts[j] + power * (step(*i) - step(start))));
        }
    }
    out
}

/// Whether the outage that is asked about ended when this revert went out; none where it is none, or the candidate is the revert.
fn known_end(near: &Neighbourhood, series: &Series, end: &OtherEnd) -> Option<bool> {
    let outage = near.outage.as_ref().filter(|_| end.other > end.at)?;
    let (bucket, ended) = (series.step().seconds(), series.edges()[outage.end] as f64);
    Some((ended - LONGEST - bucket..=ended + bucket).contains(&end.other))
}

/// The lasting change at the other end that the explanation of the neighbourhood takes for given.
fn known_change<'a>(near: &Neighbourhood, series: &Series, scanned: &'a Scanned, end: &OtherEnd) -> Option<&'a Found> {
    let bucket = series.step().seconds();
    let (first, last) = (near.moments.bucket.first()?, near.moments.bucket.last()?);
    let is_given = |f: &Found| near.local.others().iter().any(|b| b.abs_diff(f.bucket) <= NEAR);
    let outside = |f: &&Found| f.kind != ChangeKind::Spike && (!(*first..=*last).contains(&f.bucket) || is_given(f));
    let there = |f: &&Found| f.interval.0 - bucket <= end.other + LONGEST && f.interval.1 + bucket >= end.other;
    scanned.changes.iter().filter(outside).find(there)
}

/// Whether a change at the other end goes the other way than the one near the candidate.
fn undoes(near: &Neighbourhood, known: &Found, end: &OtherEnd) -> bool {
    let from = near.moments.unix.partition_point(|m| *m < end.at);
    let reach = near.moments.unix.partition_point(|m| *m < end.at + LONGEST);
    let strongest = (from..reach.max(from + 1).min(near.moments.len()))
        .max_by(|a, b| near.scores.log_bayes(Shape::Step, *a).total_cmp(&near.scores.log_bayes(Shape::Step, *b)));
    let rose = strongest.is_some_and(|i| near.scores.score(Shape::Step, i).cross > 0.0);
    rose != (known.after > known.before)
}
