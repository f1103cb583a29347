//! Whether recall falls with length.

use rand::RngExt;
use rand::rngs::StdRng;
use rayon::prelude::*;
use shiptrace::detect::{Found, scan};
use shiptrace::model::Step as Bucket;

use super::report::{head, marked, row};
use super::series::{Step, autoregression, continuous, generator};
use super::truth::{false_ones, hits};

const SIZE: f64 = 3.0;
/// Two steps, and a step and an end, are so many points apart at least.
const APART: usize = 50;
/// The level stays within so many standard deviations of where it began.
const WITHIN: f64 = 12.0;
/// Points, changes, and how many of them are to be found at least (white noise).
const LENGTHS: [(usize, usize, usize); 2] = [(100_000, 100, 97), (1_000_000, 1_000, 950)];
const ALPHA: f64 = 0.05;

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Minutes with changes of {SIZE} sd at least {APART} points apart ({runs} runs a cell)\n");
    head(&["cell", "changes", "found, mean", "found, least", "false ones, mean", "false ones, most"]);
    for (n, changes, least) in LENGTHS {
        for phi in [0.0, 0.3] {
            let cell = format!("{n} points, AR {phi}");
            if cell.contains(only) {
                let least = if phi == 0.0 { least } else { 0 };
                several(&cell, n, changes, phi, least, runs);
            }
        }
    }
}

fn several(cell: &str, n: usize, changes: usize, phi: f64, least: usize, runs: u64) {
    let done: Vec<(usize, usize)> = (0..runs).into_par_iter().map(|seed| one(n, changes, phi, seed)).collect();
    let mean = |figure: fn(&(usize, usize)) -> usize| done.iter().map(figure).sum::<usize>() as f64 / runs as f64;
    let fewest = done.iter().map(|run| run.0).min().unwrap_or(0);
    let most = done.iter().map(|run| run.1).max().unwrap_or(0);
    row(&[
        cell.into(),
        changes.to_string(),
        format!("{:.1}", mean(|run| run.0)),
        marked(fewest, fewest < least),
        format!("{:.1}", mean(|run| run.1)),
        most.to_string(),
    ]);
}

/// How many changes are found, and how many false ones are reported.
fn one(n: usize, changes: usize, phi: f64, seed: u64) -> (usize, usize) {
    let mut rng = generator(4_000_000 + seed);
    let steps = steps(n, changes, &mut rng);
    let series = continuous(Bucket::Minutes(1), &stepped(autoregression(n, phi, &mut rng), &steps), &[]);
    let scanned = scan(&series, ALPHA);
    let found: Vec<&Found> = scanned.changes.iter().collect();
    (hits(&found, &steps), false_ones(&found, &steps))
}

/// Steps anywhere, up or down.
fn steps(n: usize, changes: usize, rng: &mut StdRng) -> Vec<Step> {
    let free = n - APART * (changes + 1);
    let mut at: Vec<usize> = (0..changes).map(|_| rng.random_range(0..=free)).collect();
    at.sort_unstable();
    let mut level: f64 = 0.0;
    let step = |(i, at): (usize, usize)| {
        let up = rng.random_bool(0.5);
        let size = if up { SIZE } else { -SIZE };
        let size = if (level + size).abs() > WITHIN { -size } else { size };
        level += size;
        Step { after: (at + APART * (i + 1)) as f64, size }
    };
    at.into_iter().enumerate().map(step).collect()
}

/// Noise with whole steps, which lie in the order of time.
fn stepped(mut noise: Vec<f64>, steps: &[Step]) -> Vec<f64> {
    for (i, step) in steps.iter().enumerate() {
        let until = steps.get(i + 1).map_or(noise.len(), |next| next.after as usize);
        let level: f64 = steps[..=i].iter().map(|s| s.size).sum();
        noise[step.after as usize..until].iter_mut().for_each(|v| *v += level);
    }
    noise
}
