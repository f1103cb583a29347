//! Whether it is told that something comes more often, no more or all at once, where nothing comes in most buckets; and whether nothing is where all is as ever.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Gamma, LogNormal};
use rayon::prelude::*;
use shiptrace::detect::scan;
use shiptrace::model::{ChangeKind, Step as Bucket};

use super::report::{Share, head, row};
use super::series::{generator, poisson, series};

const ALPHA: f64 = 0.05;
/// A change is found where it is told within this share of the series.
const NEAR: f64 = 0.05;
/// One bucket brings as many times what one that brings something does in the mean.
const MANY: f64 = 30.0;
/// In how many buckets of a hundred something comes.
const RATES: [f64; 3] = [0.03, 0.1, 0.25];

/// What comes, given the rate of each bucket.
type Draw = fn(&dyn Fn(usize) -> f64, usize, &mut StdRng) -> Vec<f64>;

/// A sort of metric.
struct Kind {
    name: &'static str,
    step: Bucket,
    buckets: usize,
    draw: Draw,
}

const KINDS: [Kind; 5] = [
    Kind { name: "days, counts", step: Bucket::Day, buckets: 400, draw: counts },
    Kind { name: "days, amounts", step: Bucket::Day, buckets: 400, draw: amounts },
    Kind { name: "days, scattered counts", step: Bucket::Day, buckets: 400, draw: scattered },
    Kind { name: "days, counts in bursts", step: Bucket::Day, buckets: 400, draw: bursts },
    Kind { name: "hours, counts by day", step: Bucket::Hours(1), buckets: 1_344, draw: by_day },
];

/// What happens.
#[derive(Clone, Copy, PartialEq)]
enum Event {
    Nothing,
    /// The rate grows to four times as much in a straight line.
    Growth,
    /// From three quarters of the series on the rate is so many times as high.
    Times(f64),
    /// Much comes in one bucket.
    Much,
}

pub(crate) fn run(runs: u64, only: &str) {
    println!("## What is rare ({runs} runs a cell; shares with their standard error)\n");
    head(&[
        "cell",
        "rate",
        "nothing moves: anything",
        "grows fourfold: anything",
        "four times",
        "nothing",
        "thirty at once",
    ]);
    for kind in KINDS.iter().filter(|k| k.name.contains(only)) {
        for rate in RATES {
            let share = |event: Event| {
                Share::of((0..runs).into_par_iter().map(|seed| one(kind, rate, event, seed)).collect::<Vec<_>>())
            };
            let told = [Event::Growth, Event::Times(4.0), Event::Times(0.0), Event::Much].map(|e| share(e).to_string());
            let cells = [vec![kind.name.into(), rate.to_string(), share(Event::Nothing).at_most(ALPHA)], told.to_vec()];
            row(&cells.concat());
        }
    }
}

/// Whether the event is found; where nothing happens at once whether anything is told.
fn one(kind: &Kind, rate: f64, event: Event, seed: u64) -> bool {
    let (n, at) = (kind.buckets, kind.buckets * 3 / 4);
    let of_bucket = |i: usize| match event {
        Event::Growth => rate * (1.0 + 3.0 * i as f64 / n as f64),
        Event::Times(factor) if i >= at => rate * factor,
        _ => rate,
    };
    let mut values = (kind.draw)(&of_bucket, n, &mut generator(13_000_000 + seed));
    if event == Event::Much {
        let (sum, count) = values.iter().filter(|v| **v > 0.0).fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
        values[at + 12] = (MANY * if count > 0.0 { sum / count } else { 1.0 }).round();
    }
    let changes = scan(&series(kind.step, values, None), ALPHA).changes;
    let is_near = |bucket: usize, from: usize, near: f64| bucket.abs_diff(from) as f64 <= near;
    changes.iter().any(|c| match event {
        Event::Nothing | Event::Growth => true,
        Event::Times(_) => is_near(c.bucket, at, NEAR * n as f64),
        Event::Much => c.kind == ChangeKind::Spike && is_near(c.bucket, at + 12, 0.0),
    })
}

/// Counts of a Poisson law.
fn counts(rate: &dyn Fn(usize) -> f64, n: usize, rng: &mut StdRng) -> Vec<f64> {
    (0..n).map(|i| poisson(rate(i), rng)).collect()
}

/// Amounts of a log-normal law, of which one in six is more than three times the median.
fn amounts(rate: &dyn Fn(usize) -> f64, n: usize, rng: &mut StdRng) -> Vec<f64> {
    let law = LogNormal::new(3.0, 1.2).expect("valid");
    (0..n).map(|i| if rng.random::<f64>() < rate(i) { law.sample(rng) } else { 0.0 }).collect()
}

/// Counts whose rate scatters by a gamma law of shape .3.
fn scattered(rate: &dyn Fn(usize) -> f64, n: usize, rng: &mut StdRng) -> Vec<f64> {
    let law = Gamma::new(0.3, 1.0 / 0.3).expect("valid");
    (0..n).map(|i| poisson(rate(i) * law.sample(rng), rng)).collect()
}

/// Some two in a bucket, and then mostly in the next one as well: three in five.
fn bursts(rate: &dyn Fn(usize) -> f64, n: usize, rng: &mut StdRng) -> Vec<f64> {
    let mut comes = false;
    let next = |i: usize| {
        let begins = 0.4 * rate(i) / (1.0 - rate(i)).max(0.1);
        comes = rng.random::<f64>() < if comes { 0.6 } else { begins };
        if comes { 1.0 + poisson(1.0, rng) } else { 0.0 }
    };
    (0..n).map(next).collect()
}

/// Counts of which all but one in twelve come from eight to twenty o'clock.
fn by_day(rate: &dyn Fn(usize) -> f64, n: usize, rng: &mut StdRng) -> Vec<f64> {
    let of_hour = |i: usize| if (8..20).contains(&(i % 24)) { 22.0 / 12.0 } else { 2.0 / 12.0 };
    (0..n).map(|i| poisson(rate(i) * of_hour(i), rng)).collect()
}
