//! Whether the level of counts is followed where some of them are zero, and whether a weekend with hours of its own passes for a change.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Gamma};
use rayon::prelude::*;
use shiptrace::detect::scan;
use shiptrace::model::Step as Bucket;

use super::report::{Share, head, row};
use super::series::{generator, poisson, series};

const ALPHA: f64 = 0.05;
/// Monday first; the mean of the week is about .88.
const WEEK: [f64; 7] = [1.0, 1.03, 1.04, 1.02, 0.95, 0.6, 0.55];
/// The hours of a day from midnight on.
const DAY: [f64; 24] = [
    0.3, 0.2, 0.15, 0.12, 0.12, 0.15, 0.25, 0.5, 0.8, 1.0, 1.1, 1.15, 1.1, 1.1, 1.15, 1.2, 1.2, 1.15, 1.1, 1.1, 1.0,
    0.9, 0.7, 0.5,
];

/// A sort of count.
struct Kind {
    name: &'static str,
    hourly: bool,
    buckets: usize,
    /// Mean count where the rhythms bring 1.
    mean: f64,
    /// The scatter beyond Poisson's is that of a gamma law of this shape.
    shape: f64,
    usual: fn(usize) -> f64,
}

fn day_and_week(i: usize) -> f64 {
    DAY[i % 24] * WEEK[i / 24 % 7]
}

const KINDS: [Kind; 6] = [
    Kind { name: "hourly, mean 3", hourly: true, buckets: 672, mean: 3.0, shape: 1e6, usual: day_and_week },
    Kind {
        name: "hourly, mean 20, overdispersed",
        hourly: true,
        buckets: 672,
        mean: 20.0,
        shape: 5.0,
        usual: day_and_week,
    },
    Kind {
        name: "hourly, nights at zero",
        hourly: true,
        buckets: 672,
        mean: 50.0,
        shape: 20.0,
        usual: |i| if i % 24 < 6 { 0.0 } else { day_and_week(i) },
    },
    Kind {
        name: "hourly, weekends three hours later, 56 days",
        hourly: true,
        buckets: 1_344,
        mean: 1_000.0,
        shape: 250.0,
        usual: |i| if i / 24 % 7 < 5 { DAY[i % 24] } else { 0.7 * DAY[(i + 21) % 24] },
    },
    Kind { name: "daily, mean 3", hourly: false, buckets: 180, mean: 3.0, shape: 1e6, usual: |i| WEEK[i % 7] },
    Kind {
        name: "daily, weekends at zero",
        hourly: false,
        buckets: 180,
        mean: 200.0,
        shape: 30.0,
        usual: |i| if i % 7 < 5 { 1.0 } else { 0.0 },
    },
];

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Counts with zeros ({runs} runs a cell; shares with their standard error)\n");
    head(&["cell", "level times", "anything reported", "the change within a 99 % interval", "anything else"]);
    for kind in KINDS.iter().filter(|k| k.name.contains(only)) {
        for factor in [1.0, 0.7, 1.4] {
            let done: Vec<[bool; 3]> = (0..runs).into_par_iter().map(|seed| one(kind, factor, seed)).collect();
            let share = |k: usize| Share::of(done.iter().map(|r| r[k]));
            let is_changed = (factor - 1.0_f64).abs() > 0.0;
            let reported = if is_changed { share(0).to_string() } else { share(0).at_most(ALPHA) };
            let of_change = |k: usize| if is_changed { share(k).to_string() } else { "-".into() };
            row(&[kind.name.into(), factor.to_string(), reported, of_change(1), of_change(2)]);
        }
    }
}

/// Whether anything was reported, a change whose 99 % interval holds the moment, and any other.
fn one(kind: &Kind, factor: f64, seed: u64) -> [bool; 3] {
    let mut rng = generator(7_000_000 + seed);
    let n = kind.buckets;
    let at = rng.random_range(n / 10..n * 9 / 10);
    let mean = |i: usize| kind.mean * (kind.usual)(i) * if i < at { 1.0 } else { factor };
    let values = (0..n).map(|i| count(mean(i), kind.shape, &mut rng)).collect();
    let bucket = if kind.hourly { Bucket::Hours(1) } else { Bucket::Day };
    let series = series(bucket, values, None);
    let moment = series.edges()[at] as f64;
    let changes = scan(&series, ALPHA).changes;
    let holds = |interval: (f64, f64)| (interval.0..=interval.1).contains(&moment);
    let is_it = changes.iter().filter(|c| holds(c.outer_interval)).count();
    [!changes.is_empty(), is_it > 0, changes.len() > is_it]
}

fn count(mean: f64, shape: f64, rng: &mut StdRng) -> f64 {
    let scatter: f64 = Gamma::new(shape, 1.0 / shape).expect("valid").sample(rng);
    poisson(mean * scatter, rng)
}
