//! Rhythms that turn a few times only, or not once: some hours or days of minutes, two weeks of hours, a part of a year or two of days. Is a change a part of what is usual, or what is usual a change?

use chrono::{DateTime, Datelike, Days};
use rand::rngs::StdRng;
use shiptrace::model::Step as Bucket;

use super::levels::{DAY, Kind, Moment, WEEK, day_and_week, table};
use super::series::poisson;

const KINDS: [Kind; 19] = [
    Kind { name: "minutes of 6 hours", step: Bucket::Minutes(1), buckets: 360, value: |m, rng| of_day(m, 60, rng) },
    Kind { name: "minutes of a day", step: Bucket::Minutes(1), buckets: 1440, value: |m, rng| of_day(m, 60, rng) },
    Kind { name: "5 minutes of a day", step: Bucket::Minutes(5), buckets: 288, value: |m, rng| of_day(m, 12, rng) },
    Kind { name: "minutes of 3 days", step: Bucket::Minutes(1), buckets: 4320, value: |m, rng| of_day(m, 60, rng) },
    Kind { name: "5 minutes of 2 days", step: Bucket::Minutes(5), buckets: 576, value: |m, rng| of_day(m, 12, rng) },
    Kind { name: "5 minutes of 3 days", step: Bucket::Minutes(5), buckets: 864, value: |m, rng| of_day(m, 12, rng) },
    Kind { name: "5 minutes of 7 days", step: Bucket::Minutes(5), buckets: 2016, value: |m, rng| of_day(m, 12, rng) },
    Kind {
        name: "quarters of hours of 3 days",
        step: Bucket::Minutes(15),
        buckets: 288,
        value: |m, rng| of_day(m, 4, rng),
    },
    Kind { name: "hours of 2 days", step: Bucket::Hours(1), buckets: 48, value: |m, rng| of_day(m, 1, rng) },
    Kind { name: "hours of 14 days, with a week", step: Bucket::Hours(1), buckets: 336, value: of_week },
    Kind { name: "hours of 17 days, with a week", step: Bucket::Hours(1), buckets: 408, value: of_week },
    Kind { name: "17 days, with a week", step: Bucket::Day, buckets: 17, value: |m, _| continuous(m) },
    Kind { name: "100 days of a year", step: Bucket::Day, buckets: 100, value: |m, _| part_of_year(m, 365.0) },
    Kind { name: "200 days of a year", step: Bucket::Day, buckets: 200, value: |m, _| part_of_year(m, 365.0) },
    Kind { name: "400 days of a year", step: Bucket::Day, buckets: 400, value: |m, _| part_of_year(m, 365.0) },
    Kind { name: "600 days of a year", step: Bucket::Day, buckets: 600, value: |m, _| part_of_year(m, 365.0) },
    Kind { name: "80 weeks of a year", step: Bucket::Week, buckets: 80, value: |m, _| part_of_year(m, 52.0) },
    Kind { name: "2 years of days, with holidays", step: Bucket::Day, buckets: 760, value: |m, _| of_year(m) },
    Kind { name: "3 years of days, with holidays", step: Bucket::Day, buckets: 1095, value: |m, _| of_year(m) },
];

/// Counts of an hour at noon.
const AN_HOUR: f64 = 2000.0;
/// Standard deviation of the logarithms of what is continuous.
const NOISE: f64 = 0.05;

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Rhythms that turn a few times ({runs} runs a cell; shares with their standard error)\n");
    table(&KINDS, runs, only);
}

/// Counts of a day that is a smooth curve, in so many parts of an hour.
fn of_day(m: &Moment, parts: usize, rng: &mut StdRng) -> f64 {
    let (hour, into) = (m.i / parts, (m.i % parts) as f64 / parts as f64);
    let usual = DAY[hour % 24] + into * (DAY[(hour + 1) % 24] - DAY[hour % 24]);
    poisson(AN_HOUR / parts as f64 * m.moved * usual, rng)
}

fn of_week(m: &Moment, rng: &mut StdRng) -> f64 {
    poisson(AN_HOUR * m.moved * day_and_week(m.i), rng)
}

/// Days of a week.
fn continuous(m: &Moment) -> f64 {
    1000.0 * m.moved * WEEK[m.i % 7] * (NOISE * m.noise).exp()
}

/// Days or weeks of a year of so many of them that swings by 15 %, from any time of it on.
fn part_of_year(m: &Moment, buckets: f64) -> f64 {
    let turn = (m.i as f64 / buckets + m.began) * std::f64::consts::TAU;
    let of_year = 1.0 + 0.15 * turn.cos() + 0.04 * (2.0 * turn).sin();
    1000.0 * m.moved * of_year * (NOISE * m.noise).exp() * if buckets > 52.0 { WEEK[m.i % 7] } else { 1.0 }
}

/// Days of a year that swings by 15 %, at half about the new year and on two more days.
fn of_year(m: &Moment) -> f64 {
    let day = DateTime::UNIX_EPOCH.date_naive() + Days::new(19_723 + m.i as u64);
    let is_holiday = matches!((day.month(), day.day()), (12, 23..) | (1, ..=2) | (5, 1) | (7, 4));
    let of_year = 1.0 + 0.15 * (f64::from(day.ordinal0()) / 365.25 * std::f64::consts::TAU).cos();
    continuous(m) * of_year * if is_holiday { 0.5 } else { 1.0 }
}
