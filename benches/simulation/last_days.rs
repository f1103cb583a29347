//! Whether a change of yesterday is found, and how often the last days alarm without one.

use rand::RngExt;
use rayon::prelude::*;
use shiptrace::detect::{Found, scan};

use super::report::{Share, head, row};
use super::series::{Kind, Noise, Step, generator};
use super::truth::{hits, lasts};

const DAYS: usize = 180;
const SIZE: f64 = 3.0;
/// Buckets since the step, the least share of steps to be found (white noise).
const SINCE: [(usize, f64); 4] = [(2, 0.0), (3, 0.80), (5, 0.95), (10, 0.95)];
/// Buckets at the end in which an unchanged series should not alarm.
const LAST: usize = 10;
const ALPHA: f64 = 0.05;

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Steps of {SIZE} sd in the last days ({runs} runs a cell; shares with their standard error)\n");
    head(&["cell", "buckets since", "found", "and told to last", "found, told as young"]);
    let kinds =
        [0.0, 0.3].map(|phi| Kind { hourly: false, rhythm: false, trend: false, noise: Noise::Gaussian { phi } });
    let kinds: Vec<Kind> = kinds.into_iter().filter(|k| k.name().contains(only)).collect();
    for kind in &kinds {
        let is_white = kind.noise == Noise::Gaussian { phi: 0.0 };
        for (since, least) in SINCE {
            changed(*kind, since, if is_white { least } else { 0.0 }, runs);
        }
    }
    println!("\n## Alarms in the last {LAST} of {DAYS} days, unchanged series ({runs} runs a cell)\n");
    head(&["cell", "alarm", "told to last", "alarm anywhere"]);
    for kind in &kinds {
        unchanged(*kind, runs);
    }
}

fn changed(kind: Kind, since: usize, least: f64, runs: u64) {
    let one = |seed: u64| {
        let mut rng = generator(3_000_000 + seed);
        let size = if rng.random_bool(0.5) { SIZE } else { -SIZE };
        let steps = [Step { after: (DAYS - since) as f64, size }];
        let changes = scan(&kind.draw(DAYS, &steps, &mut rng), ALPHA).changes;
        let found = |of: fn(&&Found) -> bool| hits(&changes.iter().filter(of).collect::<Vec<_>>(), &steps) > 0;
        [found(|_| true), found(|f| lasts(f)), found(|f| f.young)]
    };
    let done: Vec<[bool; 3]> = (0..runs).into_par_iter().map(one).collect();
    let share = |i: usize| Share::of(done.iter().map(|run| run[i]));
    let (lasting, young) = (share(1).to_string(), share(2).to_string());
    row(&[kind.name(), since.to_string(), share(0).at_least(least), lasting, young]);
}

fn unchanged(kind: Kind, runs: u64) {
    let one = |seed: u64| {
        let changes = scan(&kind.draw(DAYS, &[], &mut generator(3_500_000 + seed)), ALPHA).changes;
        let late = |f: &&Found| f.bucket >= DAYS - LAST;
        [changes.iter().any(|f| late(&f)), changes.iter().filter(late).any(lasts), !changes.is_empty()]
    };
    let done: Vec<[bool; 3]> = (0..runs).into_par_iter().map(one).collect();
    let share = |i: usize| Share::of(done.iter().map(|run| run[i]));
    row(&[kind.name(), share(0).at_most(ALPHA), share(1).to_string(), share(2).at_most(ALPHA)]);
}
