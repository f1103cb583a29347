//! Simulations with known truth: whether p-values, intervals and discoveries mean what they say.
//!
//! `cargo bench --no-default-features --bench simulation -- PART [--runs N] [--only WORD]`

#![allow(
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "what is simulated is small, and what cannot be made should stop the run"
)]

mod calibration;
mod clearer;
mod days_differ;
mod discoveries;
mod large;
mod last_days;
mod levels;
mod long;
mod masking;
mod multiplied;
mod not_a_level;
mod outage;
mod rare;
mod report;
mod series;
mod short;
mod spells;
mod tails;
mod truth;
mod turns;
mod untidy;
mod zeros;

use std::env;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|a| a != "--bench").collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1));
    let runs = |usual: u64| value("--runs").map_or(usual, |n| n.parse().expect("--runs takes a number"));
    let only = value("--only").cloned().unwrap_or_default();
    match arguments.first().map(String::as_str) {
        Some("calibration") => calibration::run(runs(1000), &only),
        Some("clearer") => clearer::run(runs(100), &only),
        Some("days-differ") => days_differ::run(runs(200), &only),
        Some("discoveries") => discoveries::run(runs(100), &only),
        Some("large") => large::run(runs(500), &only),
        Some("last-days") => last_days::run(runs(1000), &only),
        Some("long") => long::run(runs(20), &only),
        Some("rare") => rare::run(runs(500), &only),
        Some("outage") => outage::run(runs(1000), &only),
        Some("not-a-level") => not_a_level::run(runs(1000), &only),
        Some("masking") => masking::run(runs(500), &only),
        Some("multiplied") => multiplied::run(runs(1000), &only),
        Some("zeros") => zeros::run(runs(1000), &only),
        Some("short") => short::run(runs(1000), &only),
        Some("spells") => spells::run(runs(500), &only),
        Some("turns") => turns::run(runs(500), &only),
        Some("untidy") => untidy::run(runs(1000), &only),
        Some("tails") => tails::run(runs(20_000), &only),
        _ => eprintln!(
            "say which part: calibration, clearer, days-differ, tails, discoveries, large, last-days, short, long, outage, masking, rare, spells, not-a-level, multiplied, turns, zeros or untidy"
        ),
    }
}
