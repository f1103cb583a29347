//! Which share of the changes that are reported of many metrics is false.

use std::iter::{self, zip};

use rand::RngExt;
use rand::rngs::StdRng;
use rayon::prelude::*;
use shiptrace::detect::{Found, Scanned, q_values, scan};
use shiptrace::model::{Series, Step as Bucket};
use shiptrace::stats::FdrMethod;

use super::report::{Mean, head, row};
use super::series::{Step, autoregression, continuous, generator};
use super::truth::{false_ones, hits};

const METRICS: usize = 100;
/// So many of them change.
const CHANGING: usize = 10;
const DAYS: usize = 180;
const PHI: f64 = 0.3;
/// Correlations of each two metrics, by a factor that they share.
const CORRELATIONS: [f64; 2] = [0.0, 0.5];
const RATES: [f64; 2] = [0.05, 0.10];
const METHODS: [(FdrMethod, &str); 2] = [(FdrMethod::Bh, "BH"), (FdrMethod::By, "BY")];
/// Two steps of one metric are so far apart at least.
const APART: f64 = 20.0;

/// What was reported of all metrics together.
struct Run {
    /// Share of false ones; 0 where nothing was reported.
    false_share: f64,
    /// Share of the real changes that were found.
    recall: f64,
    reported: usize,
}

pub(crate) fn run(runs: u64, only: &str) {
    println!("## {METRICS} metrics of which {CHANGING} change ({runs} runs a cell; means with their standard error)\n");
    head(&["cell", "rate", "method", "share of false ones", "recall", "reported"]);
    for correlation in CORRELATIONS {
        let cell = if correlation == 0.0 { "independent".into() } else { format!("correlation {correlation}") };
        for rate in RATES.iter().filter(|_| cell.contains(only)) {
            let done: Vec<Vec<Run>> = (0..runs).into_par_iter().map(|seed| one(correlation, *rate, seed)).collect();
            for (i, (_, name)) in METHODS.iter().enumerate() {
                let of = |figure: fn(&Run) -> f64| Mean::of(done.iter().map(|by_method| figure(&by_method[i])));
                row(&[
                    cell.clone(),
                    format!("{rate:.2}"),
                    (*name).into(),
                    of(|r| r.false_share).at_most(*rate),
                    of(|r| r.recall).to_string(),
                    of(|r| r.reported as f64).to_string(),
                ]);
            }
        }
    }
}

/// One company, scanned as `shiptrace scan` does, by each method.
fn one(correlation: f64, rate: f64, seed: u64) -> Vec<Run> {
    let mut rng = generator(2_000_000 + seed);
    let shared = autoregression(DAYS, PHI, &mut rng);
    let metrics: Vec<(Vec<Step>, Scanned)> = (0..METRICS)
        .map(|i| {
            let steps = if i < CHANGING { steps(&mut rng) } else { Vec::new() };
            let series = correlated(&shared, correlation, &steps, &mut rng);
            (steps, scan(&series, rate))
        })
        .collect();
    METHODS.iter().map(|(method, _)| judged(&metrics, rate, *method)).collect()
}

fn judged(metrics: &[(Vec<Step>, Scanned)], rate: f64, method: FdrMethod) -> Run {
    let q_values = q_values(metrics.iter().map(|(_, scanned)| scanned), method);
    let (mut wrong, mut right, mut real, mut reported) = (0, 0, 0, 0);
    for ((steps, scanned), q) in zip(metrics, q_values) {
        let found: Vec<&Found> = zip(&scanned.changes, q).filter(|(_, q)| *q <= rate).map(|(found, _)| found).collect();
        wrong += false_ones(&found, steps);
        right += hits(&found, steps);
        real += steps.len();
        reported += found.len();
    }
    Run { false_share: wrong as f64 / reported.max(1) as f64, recall: right as f64 / real as f64, reported }
}

/// One or two steps of 2 to 5 standard deviations in the middle of the days.
fn steps(rng: &mut StdRng) -> Vec<Step> {
    let (first, last) = (0.1 * DAYS as f64, 0.9 * DAYS as f64);
    let mut at = vec![rng.random_range(first..last)];
    if rng.random_bool(0.5) {
        let others = iter::repeat_with(|| rng.random_range(first..last));
        at.extend(others.filter(|other| (other - at[0]).abs() >= APART).take(1).collect::<Vec<f64>>());
    }
    let mut size = || rng.random_range(2.0..5.0) * if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    at.into_iter().map(|after| Step { after, size: size() }).collect()
}

fn correlated(shared: &[f64], correlation: f64, steps: &[Step], rng: &mut StdRng) -> Series {
    let own = autoregression(DAYS, PHI, rng);
    let (of_shared, of_own) = (correlation.sqrt(), (1.0 - correlation).sqrt());
    let noise: Vec<f64> = zip(shared, own).map(|(s, o)| of_shared * s + of_own * o).collect();
    continuous(Bucket::Day, &noise, steps)
}
