//! Whether an outage hides a step elsewhere, and is told as what it is.

use rand::RngExt;
use rand::rngs::StdRng;
use rayon::prelude::*;
use shiptrace::detect::{Found, scan};
use shiptrace::model::ChangeKind;

use super::report::{Share, head, marked, row};
use super::series::{Kind, Noise, Step, generator, series};
use super::truth::is_near;

const DAYS: usize = 180;
const SIZE: f64 = 3.0;
/// The step and the outage are at least so many buckets apart.
const APART: usize = 10;
const ALPHA: f64 = 0.05;
/// Least share of outages to be told as spikes.
const LEAST_AS_SPIKE: f64 = 0.95;

/// What came out of one run.
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the table")]
struct Run {
    /// Whether the step was found where there was no outage.
    without: bool,
    step: bool,
    as_spike: bool,
    /// Whether the spike has the outage's length.
    as_long: bool,
    anything_else: bool,
}

pub(crate) fn run(runs: u64, only: &str) {
    println!(
        "## A day at zero, and a step of {SIZE} sd elsewhere ({runs} runs a cell; shares with their standard error)\n"
    );
    head(&["cell", "step found", "without the outage", "outage a spike", "of its length", "anything else reported"]);
    for hourly in [false, true] {
        for rhythm in [false, true] {
            for phi in [0.0, 0.3] {
                let kind = Kind { hourly, rhythm, trend: false, noise: Noise::Gaussian { phi } };
                if kind.name().contains(only) {
                    several(kind, runs);
                }
            }
        }
    }
}

fn several(kind: Kind, runs: u64) {
    let done: Vec<Run> = (0..runs).into_par_iter().map(|seed| one(kind, seed)).collect();
    let share = |figure: fn(&Run) -> bool| Share::of(done.iter().map(figure));
    let (with, without) = (share(|r| r.step), share(|r| r.without));
    let hidden = with.value() < without.value() - 2.0 * without.standard_error().max(with.standard_error());
    row(&[
        kind.name(),
        marked(with, hidden),
        without.to_string(),
        share(|r| r.as_spike).at_least(LEAST_AS_SPIKE),
        share(|r| r.as_long).to_string(),
        share(|r| r.anything_else).to_string(),
    ]);
}

fn one(kind: Kind, seed: u64) -> Run {
    let mut rng = generator(5_000_000 + seed);
    let (n, length) = if kind.hourly { (28 * 24, 24) } else { (DAYS, 1) };
    let size = if rng.random_bool(0.5) { SIZE } else { -SIZE };
    let step = Step { after: rng.random_range(0.1 * n as f64..0.9 * n as f64), size };
    let from = outage(n, length, step.after as usize, &mut rng);
    let whole = kind.draw(n, &[step], &mut rng);
    let mut values = whole.values().to_vec();
    values[from..from + length].fill(0.0);
    let changes = scan(&series(kind.step(), values, None), ALPHA).changes;
    let of_step = |f: &Found| is_near(f, &step) && f.kind != ChangeKind::Spike;
    let of_outage = |f: &&Found| f.kind == ChangeKind::Spike && f.bucket.abs_diff(from) <= 1;
    let spike = changes.iter().find(of_outage);
    Run {
        without: scan(&whole, ALPHA).changes.iter().any(of_step),
        step: changes.iter().any(of_step),
        as_spike: spike.is_some(),
        as_long: spike.and_then(|f| f.length).is_some_and(|told| told.abs_diff(length) <= 1),
        anything_else: changes.iter().any(|f| !of_step(f) && !of_outage(&f)),
    }
}

/// The first bucket of an outage somewhere off the step.
fn outage(n: usize, length: usize, step: usize, rng: &mut StdRng) -> usize {
    loop {
        let from = rng.random_range(APART..n - length - APART);
        if from + length + APART <= step || from >= step + APART {
            return from;
        }
    }
}
