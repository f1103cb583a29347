//! Metrics as they are: rounded to a few values, with errors in single buckets, mostly zero.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::{Distribution, LogNormal};
use shiptrace::model::Step as Bucket;

use super::levels::{Kind, day_and_week, table};
use super::series::poisson;

const KINDS: [Kind; 7] = [
    Kind {
        name: "daily, rounded to 9, 10, 11",
        step: Bucket::Day,
        buckets: 180,
        value: |m, _| (10.0 * m.moved * (0.05 * m.noise).exp()).round(),
    },
    Kind {
        name: "daily, rounded to 2, 3, 4",
        step: Bucket::Day,
        buckets: 180,
        value: |m, _| (3.0 * m.moved + 0.35 * m.noise).round(),
    },
    Kind {
        name: "daily, a share in whole percent",
        step: Bucket::Day,
        buckets: 180,
        value: |m, _| ((0.3 * m.moved + 0.012 * m.noise) * 100.0).round() / 100.0,
    },
    Kind {
        name: "hourly, rounded to 0 to 14",
        step: Bucket::Hours(1),
        buckets: 672,
        value: |m, _| (10.0 * m.moved * day_and_week(m.i) * (0.07 * m.noise).exp()).round(),
    },
    Kind {
        name: "hourly, latency, one hour of forty far out",
        step: Bucket::Hours(1),
        buckets: 672,
        value: |m, rng| {
            let usual = 200.0 * m.moved * (1.0 + 0.3 * day_and_week(m.i)) * (0.1 * m.noise).exp();
            usual + if is_one_of(40, rng) { 300.0 } else { 0.0 }
        },
    },
    Kind {
        name: "daily, counts on one day of five",
        step: Bucket::Day,
        buckets: 365,
        value: |m, rng| if is_one_of(5, rng) { poisson(4.0 * m.moved, rng) } else { 0.0 },
    },
    Kind {
        name: "daily, amounts on one day of five",
        step: Bucket::Day,
        buckets: 365,
        value: |m, rng| {
            let amount = LogNormal::new(0.0, 0.8).expect("valid").sample(rng);
            if is_one_of(5, rng) { 50.0 * m.moved * amount } else { 0.0 }
        },
    },
];

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Untidy metrics ({runs} runs a cell; shares with their standard error)\n");
    table(&KINDS, runs, only);
}

fn is_one_of(n: u32, rng: &mut StdRng) -> bool {
    rng.random_range(0..n) == 0
}
