//! Whether p-values and intervals mean what they say, in one cell after the other.

use rand::RngExt;
use rayon::prelude::*;
use shiptrace::detect::{Found, effect_at, scan, strongest};

use super::report::{Share, head, marked, row};
use super::series::{Kind, Noise, Step, generator};

const HOURS: usize = 28 * 24;
const DAYS: usize = 180;
/// Sizes of the steps, in standard deviations of the noise.
const SIZES: [f64; 2] = [1.0, 3.0];

pub(crate) fn kinds() -> Vec<Kind> {
    let mut all = Vec::new();
    for hourly in [false, true] {
        for rhythm in [false, true] {
            for trend in [false, true] {
                for phi in [0.0, 0.3, 0.6] {
                    all.push(Kind { hourly, rhythm, trend, noise: Noise::Gaussian { phi } });
                }
            }
        }
        for rhythm in [false, true] {
            for noise in [Noise::Heavy, Noise::Counts, Noise::Ratio] {
                all.push(Kind { hourly, rhythm, trend: false, noise });
            }
        }
    }
    all
}

/// What came out of one run with a step.
struct Run {
    covered: bool,
    width: f64,
    reported: bool,
    reported_covered: bool,
    /// Whether the effect's interval at the known moment holds the truth; none where there is no estimate.
    effect: Option<bool>,
    /// The same of a reported change whose 99 % interval holds the moment.
    matched_effect: Option<bool>,
}

pub(crate) fn run(runs: u64, only: &str) {
    let kinds: Vec<Kind> = kinds().into_iter().filter(|k| k.name().contains(only)).collect();
    println!("## P-values of the strongest candidate, unchanged series ({runs} runs a cell)\n");
    head(&["cell", "p <= .01", "p <= .05", "p <= .10", "median"]);
    for kind in &kinds {
        unchanged(*kind, runs);
    }
    println!("\n## Intervals, series with a step ({runs} runs a cell; shares with their standard error)\n");
    head(&[
        "cell",
        "step",
        "found",
        "moment 90 %",
        "its width, buckets",
        "moment 90 %, reported",
        "effect 95 %, known moment",
        "effect 95 %, reported",
    ]);
    for kind in &kinds {
        for size in SIZES {
            changed(*kind, size, runs);
        }
    }
}

fn length(kind: Kind) -> usize {
    if kind.hourly { HOURS } else { DAYS }
}

fn unchanged(kind: Kind, runs: u64) {
    let mut p: Vec<f64> = (0..runs)
        .into_par_iter()
        .map(|seed| scan(&kind.draw(length(kind), &[], &mut generator(seed)), 0.05).p_value)
        .collect();
    p.sort_by(f64::total_cmp);
    let share = |level: f64| Share::of(p.iter().map(|p| *p <= level)).at_most(level);
    let median = format!("{:.2}", p[p.len() / 2]);
    row(&[kind.name(), share(0.01), share(0.05), share(0.10), median]);
}

fn changed(kind: Kind, size: f64, runs: u64) {
    let done: Vec<Run> = (0..runs).into_par_iter().map(|seed| one(kind, size, seed)).collect();
    let found = Share::of(done.iter().map(|r| r.reported));
    let within = |share: Share, least: f64, most: f64| {
        marked(share, share.count() > 0 && !(least..=most).contains(&share.value()))
    };
    let mut widths: Vec<f64> = done.iter().map(|r| r.width).collect();
    widths.sort_by(f64::total_cmp);
    let least = if found.value() >= 0.5 { 0.90 } else { 0.0 };
    row(&[
        kind.name(),
        format!("{size} sd"),
        found.to_string(),
        within(Share::of(done.iter().map(|r| r.covered)), 0.87, 1.0),
        format!("{:.1}", widths[widths.len() / 2]),
        Share::of(done.iter().filter(|r| r.reported).map(|r| r.reported_covered)).to_string(),
        within(Share::of(done.iter().filter_map(|r| r.effect)), 0.92, 0.98),
        within(Share::of(done.iter().filter_map(|r| r.matched_effect)), least, 1.0),
    ]);
}

fn one(kind: Kind, size: f64, seed: u64) -> Run {
    let n = length(kind);
    let mut rng = generator(1_000_000 + seed);
    let after = rng.random_range(0.1 * n as f64..0.9 * n as f64);
    let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let step = Step { after, size: sign * size };
    let series = kind.draw(n, &[step], &mut rng);
    let bucket = (series.edges()[1] - series.edges()[0]) as f64;
    let moment = series.edges()[0] as f64 + after * bucket;
    let truth = kind.relative(step, n);
    let holds = |interval: (f64, f64)| (interval.0..=interval.1).contains(&moment);
    let right = |found: &Found| found.relative_interval.is_some_and(|(from, to)| (from..=to).contains(&truth));
    let scanned = scan(&series, 0.05);
    let best = strongest(&series, &scanned);
    let reported: Vec<&Found> = scanned.changes.iter().collect();
    let nearest = reported.iter().min_by(|a, b| (a.onset - moment).abs().total_cmp(&(b.onset - moment).abs())).copied();
    Run {
        covered: best.as_ref().is_some_and(|b| holds(b.interval)),
        width: best.as_ref().map_or(f64::INFINITY, |b| (b.interval.1 - b.interval.0) / bucket),
        reported: nearest.is_some(),
        reported_covered: nearest.is_some_and(|f| holds(f.interval)),
        effect: effect_at(&series, &scanned, moment).map(|f| right(&f)),
        matched_effect: reported.iter().find(|f| holds(f.outer_interval)).map(|f| right(f)),
    }
}
