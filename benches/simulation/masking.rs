//! Whether days that stand out hide each other, or the last days hide them.

use rand::RngExt;
use rand::rngs::StdRng;
use rayon::prelude::*;
use shiptrace::detect::{Found, scan};
use shiptrace::model::ChangeKind;

use super::report::{Share, head, row};
use super::series::{Kind, Noise, generator, series};

const DAYS: usize = 180;
/// Those that stand out are at least so many days apart, and as many from the last ones.
const APART: usize = 10;
/// The last days move by so many standard deviations, where they do.
const LAST: (usize, f64) = (2, 10.0);
/// The level and the standard deviation of the noise of continuous metrics.
const SD: f64 = 20.0;
const ALPHA: f64 = 0.05;

/// What came out of one run.
struct Run {
    told: Vec<bool>,
    last_told: bool,
    anything_else: bool,
}

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Days that stand out ({runs} runs a cell; shares with their standard error)\n");
    head(&["cell", "days", "their size, sd", "told", "all told", "last days told", "anything else reported"]);
    for noise in [Noise::Gaussian { phi: 0.0 }, Noise::Gaussian { phi: 0.3 }, Noise::Heavy] {
        let kind = Kind { hourly: false, rhythm: false, trend: false, noise };
        if !kind.name().contains(only) {
            continue;
        }
        for (days, size) in [(0, 0.0), (1, 8.0), (2, 8.0), (4, 8.0), (1, 20.0), (2, 20.0), (4, 20.0)] {
            for last in [false, true] {
                several(kind, (days, size, last), runs);
            }
        }
    }
}

fn several(kind: Kind, (days, size, last): (usize, f64, bool), runs: u64) {
    let done: Vec<Run> = (0..runs).into_par_iter().map(|seed| one(kind, (days, size, last), seed)).collect();
    let share = |of: &dyn Fn(&Run) -> bool| Share::of(done.iter().map(of)).to_string();
    let told = |figure: String| if days > 0 { figure } else { "-".into() };
    row(&[
        format!("{}{}", kind.name(), if last { ", the last 2 move by 10 sd" } else { "" }),
        days.to_string(),
        told(size.to_string()),
        told(Share::of(done.iter().flat_map(|r| r.told.iter().copied())).to_string()),
        told(share(&|r| r.told.iter().all(|told| *told))),
        if last { share(&|r| r.last_told) } else { "-".into() },
        share(&|r| r.anything_else),
    ]);
}

fn one(kind: Kind, (days, size, last): (usize, f64, bool), seed: u64) -> Run {
    let mut rng = generator(21_000_000 + seed);
    let mut values = kind.draw(DAYS, &[], &mut rng).values().to_vec();
    let out = places(days, &mut rng);
    let mut sign = || if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    for &day in &out {
        values[day] += sign() * size * SD;
    }
    let moved = if last { sign() * LAST.1 * SD } else { 0.0 };
    values[DAYS - LAST.0..].iter_mut().for_each(|v| *v += moved);
    let changes = scan(&series(kind.step(), values, None), ALPHA).changes;
    let is_day = |f: &Found, day: usize| f.kind == ChangeKind::Spike && f.bucket == day;
    let is_last = |f: &Found| last && f.kind != ChangeKind::Spike && f.bucket.abs_diff(DAYS - LAST.0) <= 1;
    Run {
        told: out.iter().map(|&day| changes.iter().any(|f| is_day(f, day))).collect(),
        last_told: changes.iter().any(is_last),
        anything_else: changes.iter().any(|f| !is_last(f) && !out.iter().any(|&day| is_day(f, day))),
    }
}

/// So many days, none near another or the ends.
fn places(days: usize, rng: &mut StdRng) -> Vec<usize> {
    let mut out: Vec<usize> = Vec::new();
    while out.len() < days {
        let day = rng.random_range(APART..DAYS - LAST.0 - APART);
        if out.iter().all(|other| other.abs_diff(day) >= APART) {
            out.push(day);
        }
    }
    out
}
