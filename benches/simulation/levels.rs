//! Metrics whose level moves once by a factor: is it followed, and is anything else told?

use rand::RngExt;
use rand::rngs::StdRng;
use rayon::prelude::*;
use shiptrace::detect::scan;
use shiptrace::model::Step as Bucket;

use super::report::{Share, head, row};
use super::series::{autoregression, generator, series};

const ALPHA: f64 = 0.05;
/// Autocorrelation of the noise that values are made of.
const PHI: f64 = 0.3;
/// Monday first; the mean of the week is about .88.
pub(crate) const WEEK: [f64; 7] = [1.0, 1.03, 1.04, 1.02, 0.95, 0.6, 0.55];
/// The hours of a day from midnight on.
pub(crate) const DAY: [f64; 24] = [
    0.3, 0.2, 0.15, 0.12, 0.12, 0.15, 0.25, 0.5, 0.8, 1.0, 1.1, 1.15, 1.1, 1.1, 1.15, 1.2, 1.2, 1.15, 1.1, 1.1, 1.0,
    0.9, 0.7, 0.5,
];

/// What rhythms bring to an hour.
pub(crate) fn day_and_week(i: usize) -> f64 {
    DAY[i % 24] * WEEK[i / 24 % 7]
}

/// A sort of metric.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) step: Bucket,
    pub(crate) buckets: usize,
    pub(crate) value: fn(&Moment, &mut StdRng) -> f64,
}

/// What a value is made of.
pub(crate) struct Moment {
    /// The bucket.
    pub(crate) i: usize,
    /// By what the level has moved: a factor.
    pub(crate) moved: f64,
    /// Noise of variance 1 that remembers.
    pub(crate) noise: f64,
    /// How much of a year had passed when the series began, from 0 to 1.
    pub(crate) began: f64,
}

pub(crate) fn table(kinds: &[Kind], runs: u64, only: &str) {
    head(&["cell", "level times", "anything reported", "the change within a 99 % interval", "anything else"]);
    for kind in kinds.iter().filter(|k| k.name.contains(only)) {
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
    let noise = autoregression(n, PHI, &mut rng);
    let began = generator(8_000_000 + seed).random::<f64>();
    let moment = |i: usize| Moment { i, moved: if i < at { 1.0 } else { factor }, noise: noise[i], began };
    let values = (0..n).map(|i| (kind.value)(&moment(i), &mut rng)).collect();
    let series = series(kind.step, values, None);
    let moment = series.edges()[at] as f64;
    let changes = scan(&series, ALPHA).changes;
    let holds = |interval: (f64, f64)| (interval.0..=interval.1).contains(&moment);
    let is_it = changes.iter().filter(|c| holds(c.outer_interval)).count();
    [!changes.is_empty(), is_it > 0, changes.len() > is_it]
}
