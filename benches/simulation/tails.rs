//! Whether small p-values are as rare as they say, which many metrics at once depend on.

use rayon::prelude::*;
use shiptrace::detect::scan;

use super::report::{Share, head, row};
use super::series::{Kind, Noise, generator};

const DAYS: usize = 180;

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Small p-values, unchanged series ({runs} runs a cell)\n");
    head(&["cell", "p <= .01", "p <= .003", "p <= .001", "p <= .0003"]);
    for trend in [false, true] {
        for phi in [0.0, 0.3, 0.6, 0.8] {
            let kind = Kind { hourly: false, rhythm: false, trend, noise: Noise::Gaussian { phi } };
            if !kind.name().contains(only) {
                continue;
            }
            let p: Vec<f64> = (0..runs)
                .into_par_iter()
                .map(|seed| scan(&kind.draw(DAYS, &[], &mut generator(20_000_000 + seed)), 0.05).p_value)
                .collect();
            let share = |level: f64| Share::of(p.iter().map(|p| *p <= level)).at_most(level);
            row(&[kind.name(), share(0.01), share(0.003), share(0.001), share(0.0003)]);
        }
    }
}
