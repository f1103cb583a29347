//! Whether a step is found as well, and nothing else is, where what a metric does every day, or grows by, is far larger than its noise.

use rayon::prelude::*;
use shiptrace::detect::scan;
use shiptrace::model::Step as Bucket;

use super::report::{Share, head, row};
use super::series::{autoregression, generator, series};

const ALPHA: f64 = 0.05;
const PHI: f64 = 0.5;
/// The standard deviation of the noise as a share of the level, of what multiplies.
const NOISE: f64 = 0.05;
/// Steps, in standard deviations of the noise.
const SIZES: [f64; 3] = [1.0, 2.0, 4.0];
/// A step is found within so many buckets.
const NEAR: usize = 5;

/// A sort of metric: its value in a bucket from the noise and what the step adds to it, both in standard deviations of the noise.
struct Kind {
    name: &'static str,
    step: Bucket,
    buckets: usize,
    value: fn(usize, f64) -> f64,
}

const KINDS: [Kind; 6] = [
    Kind { name: "hours, all alike", step: Bucket::Hours(1), buckets: 1_008, value: |i, z| by_hour(i, 0.0, z) },
    Kind {
        name: "hours, nights at half of days",
        step: Bucket::Hours(1),
        buckets: 1_008,
        value: |i, z| by_hour(i, 0.33, z),
    },
    Kind {
        name: "hours, nights at a ninth of days",
        step: Bucket::Hours(1),
        buckets: 1_008,
        value: |i, z| by_hour(i, 0.8, z),
    },
    Kind { name: "days, no growth", step: Bucket::Day, buckets: 200, value: |_, z| 5_000.0 + z },
    Kind { name: "days, growth of 100", step: Bucket::Day, buckets: 200, value: |i, z| 5_000.0 + 0.5 * i as f64 + z },
    Kind { name: "days, growth of 1,000", step: Bucket::Day, buckets: 200, value: |i, z| 5_000.0 + 5.0 * i as f64 + z },
];

/// A day swings by this share of its mean to either side.
fn by_hour(i: usize, swing: f64, z: f64) -> f64 {
    100.0 * (1.0 + swing * (i as f64 / 24.0 * std::f64::consts::TAU).sin()) * (NOISE * z).exp()
}

pub(crate) fn run(runs: u64, only: &str) {
    println!("## What is far larger than the noise ({runs} runs a cell; shares with their standard error)\n");
    let sizes = SIZES.map(|size| format!("a step of {size} is found"));
    head(&[&["cell", "nothing moves: anything"], &sizes.each_ref().map(String::as_str)[..]].concat());
    for kind in KINDS.iter().filter(|k| k.name.contains(only)) {
        let share =
            |size: f64| Share::of((0..runs).into_par_iter().map(|seed| one(kind, size, seed)).collect::<Vec<_>>());
        let found = SIZES.map(|size| share(size).to_string());
        row(&[vec![kind.name.into(), share(0.0).at_most(ALPHA)], found.to_vec()].concat());
    }
}

/// Whether the step is found; where there is none whether anything is.
fn one(kind: &Kind, size: f64, seed: u64) -> bool {
    let (n, at) = (kind.buckets, kind.buckets * 2 / 3);
    let noise = autoregression(n, PHI, &mut generator(12_000_000 + seed)).into_iter().enumerate();
    let values = noise.map(|(i, z)| (kind.value)(i, z + if i < at { 0.0 } else { size })).collect();
    let changes = scan(&series(kind.step, values, None), ALPHA).changes;
    changes.iter().any(|c| size == 0.0 || c.bucket.abs_diff(at) <= NEAR)
}
