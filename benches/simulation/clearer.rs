//! Whether what is clearer is told as surely, of metrics of many sorts: falls to nothing and rises by a multiple, for good and for a while.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Gamma, StandardNormal, StudentT};
use rayon::prelude::*;
use shiptrace::detect::scan;
use shiptrace::model::Step as Bucket;

use super::levels::{WEEK, day_and_week};
use super::report::{Share, head, row};
use super::series::{generator, poisson, series};

const ALPHA: f64 = 0.05;
/// What the level is multiplied by: from what is clear to what nobody can overlook.
const TIMES: [f64; 5] = [0.0, 0.3, 2.0, 6.0, 25.0];
/// A change is told within so many buckets.
const NEAR: usize = 2;

/// A sort of metric: its value in a bucket, from what the level has been multiplied by.
struct Kind {
    name: &'static str,
    hourly: bool,
    buckets: usize,
    value: fn(usize, f64, &mut StdRng) -> f64,
}

const KINDS: [Kind; 9] = [
    Kind {
        name: "daily, 60 days, a week",
        hourly: false,
        buckets: 60,
        value: |i, x, rng| 1000.0 * week(i) * x * scatter(0.1, rng),
    },
    Kind {
        name: "daily, grows tenfold, a week",
        hourly: false,
        buckets: 730,
        value: |i, x, rng| 100.0 * (i as f64 / 300.0).exp() * week(i) * x * scatter(0.1, rng),
    },
    Kind {
        name: "daily, scatter of 50 %",
        hourly: false,
        buckets: 365,
        value: |i, x, rng| 1000.0 * week(i) * x * scatter(0.5, rng),
    },
    Kind {
        name: "daily, tails of t(3)",
        hourly: false,
        buckets: 365,
        value: |_, x, rng| 200.0 * x + 12.0 * StudentT::new(3.0).expect("valid").sample(rng),
    },
    Kind {
        name: "daily, one of five missing",
        hourly: false,
        buckets: 365,
        value: |i, x, rng| if rng.random::<f64>() < 0.2 { f64::NAN } else { 1000.0 * week(i) * x * scatter(0.1, rng) },
    },
    Kind {
        name: "daily, counts of mean 50",
        hourly: false,
        buckets: 180,
        value: |i, x, rng| counts(50.0 * week(i) * x, 2.0, rng),
    },
    Kind {
        name: "daily, counts, weekends at zero",
        hourly: false,
        buckets: 365,
        value: |i, x, rng| if i % 7 >= 5 { 0.0 } else { counts(100.0 * x, 2.0, rng) },
    },
    Kind {
        name: "hourly, counts of mean 30",
        hourly: true,
        buckets: 664,
        value: |i, x, rng| counts(30.0 * day_and_week(i) * x, 2.0, rng),
    },
    Kind { name: "hourly, about one error", hourly: true, buckets: 664, value: |_, x, rng| counts(x, 1.5, rng) },
];

/// An event: how many buckets before the end it begins, or in the middle, and for how long it lasts, or for good.
const EVENTS: [(&str, Option<usize>, Option<usize>); 6] = [
    ("for good", None, None),
    ("the last 2", Some(2), None),
    ("1 bucket", None, Some(1)),
    ("4 buckets", None, Some(4)),
    ("8 buckets", None, Some(8)),
    ("60 buckets", None, Some(60)),
];

fn week(i: usize) -> f64 {
    WEEK[i % 7]
}

fn scatter(share: f64, rng: &mut StdRng) -> f64 {
    (share * rng.sample::<f64, _>(StandardNormal)).exp()
}

/// A count of this mean, whose variance is `dispersion` times as large: gamma-Poisson.
fn counts(mean: f64, dispersion: f64, rng: &mut StdRng) -> f64 {
    let shape = mean / (dispersion - 1.0);
    if shape > 0.0 { poisson(mean * Gamma::new(shape, 1.0 / shape).expect("valid").sample(rng), rng) } else { 0.0 }
}

pub(crate) fn run(runs: u64, only: &str) {
    println!("## What is clearer ({runs} runs a cell; share told / share with anything else)\n");
    let times = TIMES.map(|x| format!("times {x}"));
    head(&[&["cell", "event", "nothing moves"], &times.each_ref().map(String::as_str)[..]].concat());
    for kind in KINDS.iter().filter(|k| k.name.contains(only)) {
        let unchanged =
            Share::of((0..runs).into_par_iter().map(|seed| one(kind, (None, None), 1.0, seed).1).collect::<Vec<_>>());
        for (event, last, length) in EVENTS {
            let cells = TIMES.map(|times| {
                let done: Vec<(bool, bool)> =
                    (0..runs).into_par_iter().map(|seed| one(kind, (last, length), times, seed)).collect();
                let told = Share::of(done.iter().map(|(told, _)| *told));
                let others = Share::of(done.iter().map(|(_, others)| *others));
                format!("{:.2} / {:.2}", told.value(), others.value())
            });
            row(&[vec![kind.name.into(), event.into(), unchanged.at_most(ALPHA)], cells.to_vec()].concat());
        }
    }
}

/// Whether a change is told where the event begins, and whether any is told that is neither there nor where it ends; without an event whether any is.
fn one(kind: &Kind, (last, length): (Option<usize>, Option<usize>), times: f64, seed: u64) -> (bool, bool) {
    let mut rng = generator(8_000_000 + seed);
    let n = kind.buckets;
    // By day, and on a weekday.
    let middle = if kind.hourly { 14 * 24 + 13 } else { n / 14 * 7 + 1 };
    let from = last.map_or(middle, |last| n - last);
    let until = length.map_or(n, |length| from + length);
    let is_changed = (times - 1.0).abs() > 0.0;
    let moved = |i: usize| if (from..until).contains(&i) { times } else { 1.0 };
    let values = (0..n).map(|i| (kind.value)(i, moved(i), &mut rng)).collect();
    let bucket = if kind.hourly { Bucket::Hours(1) } else { Bucket::Day };
    let changes = scan(&series(bucket, values, None), ALPHA).changes;
    let is_near = |bucket: usize, at: usize| is_changed && bucket.abs_diff(at) <= NEAR;
    let told = changes.iter().any(|c| is_near(c.bucket, from));
    (told, changes.iter().any(|c| !is_near(c.bucket, from) && !is_near(c.bucket, until)))
}
