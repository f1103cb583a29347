//! Whether hours at zero, or at half, are told as one spike, and those that a series ends with as a change.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Gamma};
use rayon::prelude::*;
use shiptrace::detect::scan;
use shiptrace::model::{ChangeKind, Series, Step as Bucket};

use super::levels::day_and_week;
use super::report::{Share, head, row};
use super::series::{autoregression, generator, poisson, series};

const HOURS: usize = 28 * 24;
/// How long a spell is, and what it leaves of the level.
const SPELLS: [(usize, f64); 8] = [(0, 1.0), (1, 0.0), (2, 0.0), (4, 0.0), (8, 0.0), (8, 0.5), (24, 0.5), (8, 1.5)];
/// How many hours before the end a fall begins that has not ended, and what it leaves of the level.
const LAST: [(usize, f64); 7] = [(0, 1.0), (1, 0.0), (2, 0.0), (3, 0.0), (1, 0.5), (2, 0.5), (3, 0.5)];
/// Autocorrelation of the noise of what is not counted.
const PHI: f64 = 0.3;

/// A sort of metric: its value, from what the hour brings, its noise and chance.
struct Kind {
    name: &'static str,
    value: fn(f64, f64, &mut StdRng) -> f64,
}

const KINDS: [Kind; 4] = [
    Kind { name: "counts, mean 30", value: |usual, _, rng| poisson(30.0 * usual, rng) },
    Kind { name: "counts, mean 100", value: |usual, _, rng| poisson(100.0 * usual, rng) },
    Kind {
        name: "counts, mean 100, scatter of 22 % more",
        value: |usual, _, rng| {
            let scatter: f64 = Gamma::new(20.0, 1.0 / 20.0).expect("valid").sample(rng);
            poisson(100.0 * usual * scatter, rng)
        },
    },
    Kind { name: "continuous, scatter of 6 %", value: |usual, noise, _| 1_000.0 * usual * (0.06 * noise).exp() },
];

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Spells of hours ({runs} runs a cell; shares with their standard error)\n");
    head(&["cell", "hours", "level times", "told as one spike", "of its length", "anything else reported"]);
    table(&SPELLS, one, runs, only);
    println!("\n## Falls that the series ends with ({runs} runs a cell; shares with their standard error)\n");
    head(&["cell", "hours since", "level times", "told", "from its first hour on", "anything else reported"]);
    table(&LAST, last, runs, only);
}

/// A row for each sort of metric and number of hours, with what these leave of the level; without any nothing is to be told.
fn table(cells: &[(usize, f64)], one: fn(&Kind, usize, f64, u64) -> [bool; 3], runs: u64, only: &str) {
    for kind in KINDS.iter().filter(|k| k.name.contains(only)) {
        for &(hours, left) in cells {
            let done: Vec<[bool; 3]> = (0..runs).into_par_iter().map(|seed| one(kind, hours, left, seed)).collect();
            let share = |k: usize| Share::of(done.iter().map(|r| r[k]));
            let of_hours = |k: usize| if hours > 0 { share(k).to_string() } else { "-".into() };
            let others = if hours > 0 { share(2).to_string() } else { share(2).at_most(0.05) };
            row(&[kind.name.into(), hours.to_string(), left.to_string(), of_hours(0), of_hours(1), others]);
        }
    }
}

/// The hours of a metric whose level is `times(hour)` of what is usual.
fn draw(kind: &Kind, hours: usize, times: impl Fn(usize) -> f64, rng: &mut StdRng) -> Series {
    let noise = autoregression(hours, PHI, rng);
    let values = (0..hours).map(|i| (kind.value)(day_and_week(i) * times(i), noise[i], rng)).collect();
    series(Bucket::Hours(1), values, None)
}

/// Whether the spell, which begins in the morning, is told as a spike from about its first hour on, whether as long as it is to an hour, and whether
/// anything else is reported.
fn one(kind: &Kind, length: usize, left: f64, seed: u64) -> [bool; 3] {
    let mut rng = generator(9_000_000 + seed);
    let at = 24 * rng.random_range(4..24) + rng.random_range(9..14);
    let times = |i: usize| if (at..at + length).contains(&i) { left } else { 1.0 };
    let changes = scan(&draw(kind, HOURS, times, &mut rng), 0.05).changes;
    let (its, others): (Vec<_>, Vec<_>) =
        changes.iter().partition(|c| length > 0 && c.kind == ChangeKind::Spike && c.bucket.abs_diff(at) <= 1);
    let is_as_long = its.iter().any(|c| c.length.is_some_and(|told| told.abs_diff(length) <= 1));
    [its.len() == 1, is_as_long, !others.is_empty() || its.len() > 1]
}

/// Whether a fall that began so many hours before the end, in the day, is told, whether from its first hour on, and whether anything else is reported.
fn last(kind: &Kind, since: usize, left: f64, seed: u64) -> [bool; 3] {
    let mut rng = generator(9_500_000 + seed);
    let hours = 24 * rng.random_range(21..28) + rng.random_range(12..20);
    let at = hours - since;
    let times = |i: usize| if i < at { 1.0 } else { left };
    let changes = scan(&draw(kind, hours, times, &mut rng), 0.05).changes;
    let (its, others): (Vec<_>, Vec<_>) =
        changes.iter().partition(|c| since > 0 && c.bucket.abs_diff(at) <= 1 && c.after < c.before);
    [!its.is_empty(), its.iter().any(|c| c.bucket == at), !others.is_empty() || its.len() > 1]
}
