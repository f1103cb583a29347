//! Whether the level of counts is followed where some of them are zero, and whether a weekend with hours of its own passes for a change.

use rand::rngs::StdRng;
use rand_distr::{Distribution, Gamma};
use shiptrace::model::Step as Bucket;

use super::levels::{DAY, Kind, Moment, WEEK, day_and_week, table};
use super::series::poisson;

const KINDS: [Kind; 6] = [
    Kind {
        name: "hourly, mean 3",
        step: Bucket::Hours(1),
        buckets: 672,
        value: |m, rng| poisson(3.0 * m.moved * day_and_week(m.i), rng),
    },
    Kind {
        name: "hourly, mean 20, overdispersed",
        step: Bucket::Hours(1),
        buckets: 672,
        value: |m, rng| count(20.0 * day_and_week(m.i), 5.0, m, rng),
    },
    Kind {
        name: "hourly, nights at zero",
        step: Bucket::Hours(1),
        buckets: 672,
        value: |m, rng| if m.i % 24 < 6 { 0.0 } else { count(50.0 * day_and_week(m.i), 20.0, m, rng) },
    },
    Kind {
        name: "hourly, weekends three hours later, 56 days",
        step: Bucket::Hours(1),
        buckets: 1_344,
        value: |m, rng| {
            let usual = if m.i / 24 % 7 < 5 { DAY[m.i % 24] } else { 0.7 * DAY[(m.i + 21) % 24] };
            count(1_000.0 * usual, 250.0, m, rng)
        },
    },
    Kind {
        name: "daily, mean 3",
        step: Bucket::Day,
        buckets: 180,
        value: |m, rng| poisson(3.0 * m.moved * WEEK[m.i % 7], rng),
    },
    Kind {
        name: "daily, weekends at zero",
        step: Bucket::Day,
        buckets: 180,
        value: |m, rng| if m.i % 7 < 5 { count(200.0, 30.0, m, rng) } else { 0.0 },
    },
];

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Counts with zeros ({runs} runs a cell; shares with their standard error)\n");
    table(&KINDS, runs, only);
}

/// A count whose scatter beyond Poisson's is that of a gamma law of this shape.
fn count(usual: f64, shape: f64, moment: &Moment, rng: &mut StdRng) -> f64 {
    let scatter: f64 = Gamma::new(shape, 1.0 / shape).expect("valid").sample(rng);
    poisson(usual * moment.moved * scatter, rng)
}
