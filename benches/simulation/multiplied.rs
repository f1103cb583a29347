//! Whether a fall or rise of a metric whose day and week multiply is told as the one change that it is.

use rand::RngExt;
use rayon::prelude::*;
use shiptrace::detect::scan;
use shiptrace::model::Step as Bucket;

use super::report::{Share, head, row};
use super::series::{Step, autoregression, generator, series};
use super::truth::{false_ones, hits};

const LEVEL: f64 = 2_000.0;
/// Standard deviation of the logarithms of the noise.
const NOISE: f64 = 0.06;
const PHI: f64 = 0.3;
/// What the hour of the day and the weekend bring at most, in logarithms.
const DAY: f64 = 0.8;
const WEEKEND: f64 = -0.7;
const ALPHA: f64 = 0.05;

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Rhythms that multiply ({runs} runs a cell; shares with their standard error)\n");
    head(&["cell", "level times", "found", "anything else reported", "reported, mean"]);
    for (name, hourly, n) in [("hourly, 28 days", true, 672), ("hourly, 56 days", true, 1_344), ("daily", false, 180)] {
        for factor in [1.0, 0.4, 0.7, 1.4, 2.5] {
            if name.contains(only) {
                several(name, hourly, n, factor, runs);
            }
        }
    }
}

fn several(name: &str, hourly: bool, n: usize, factor: f64, runs: u64) {
    let done: Vec<(bool, bool, usize)> = (0..runs).into_par_iter().map(|seed| one(hourly, n, factor, seed)).collect();
    let found = Share::of(done.iter().filter(|_| factor.to_bits() != 1.0_f64.to_bits()).map(|r| r.0));
    let mean = done.iter().map(|r| r.2).sum::<usize>() as f64 / done.len() as f64;
    let else_reported = Share::of(done.iter().map(|r| r.1)).to_string();
    row(&[name.into(), factor.to_string(), found.to_string(), else_reported, format!("{mean:.2}")]);
}

/// Whether the change was found, whether anything else was reported, and how many were.
fn one(hourly: bool, n: usize, factor: f64, seed: u64) -> (bool, bool, usize) {
    let mut rng = generator(6_000_000 + seed);
    let step = Step { after: rng.random_range(0.1 * n as f64..0.9 * n as f64), size: factor };
    let steps: &[Step] = if factor.to_bits() == 1.0_f64.to_bits() { &[] } else { &[step] };
    let noise = autoregression(n, PHI, &mut rng);
    let value = |(i, z): (usize, &f64)| {
        let (day, hour) = if hourly { (i / 24, i % 24) } else { (i, 14) };
        let usual =
            DAY * ((hour as f64 - 14.0) / 12.0 * std::f64::consts::PI).cos() + if day % 7 >= 5 { WEEKEND } else { 0.0 };
        let share = (i as f64 + 1.0 - step.after).clamp(0.0, 1.0);
        (LEVEL * (usual + NOISE * z).exp() * (1.0 + share * (factor - 1.0))).round()
    };
    let values = noise.iter().enumerate().map(value).collect();
    let bucket = if hourly { Bucket::Hours(1) } else { Bucket::Day };
    let changes = scan(&series(bucket, values, None), ALPHA).changes;
    let all: Vec<_> = changes.iter().collect();
    (hits(&all, steps) > 0, false_ones(&all, steps) > 0, all.len())
}
