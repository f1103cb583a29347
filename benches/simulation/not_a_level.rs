//! Whether a change in the weekly pattern or in the scatter passes for one of the level.

use std::fmt;

use rayon::prelude::*;
use shiptrace::detect::{Found, scan};
use shiptrace::model::Step as Bucket;

use super::report::{Share, head, row};
use super::series::{autoregression, continuous, generator};
use super::truth::lasts;

const LENGTHS: [usize; 2] = [180, 365];
/// What a weekend takes off, in standard deviations of the noise.
const WEEKEND: f64 = 4.0;
/// Buckets about the middle, where it changes.
const ABOUT: usize = 14;
const ALPHA: f64 = 0.05;

/// What is different in the second half.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    Nothing,
    /// The weekend takes off so many percent of [`WEEKEND`] before and after.
    Weekend {
        before: u8,
        after: u8,
        mean_kept: bool,
    },
    /// The noise has this standard deviation.
    Scatter(f64),
}

const CHANGES: [Change; 10] = [
    Change::Nothing,
    Change::Weekend { before: 100, after: 100, mean_kept: true },
    Change::Weekend { before: 0, after: 100, mean_kept: true },
    Change::Weekend { before: 100, after: 0, mean_kept: true },
    Change::Weekend { before: 100, after: 50, mean_kept: true },
    Change::Weekend { before: 0, after: 100, mean_kept: false },
    Change::Weekend { before: 100, after: 0, mean_kept: false },
    Change::Weekend { before: 100, after: 50, mean_kept: false },
    Change::Scatter(2.0),
    Change::Scatter(3.0),
];

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Nothing => write!(f, "nothing changes"),
            Self::Scatter(sd) => write!(f, "scatter x{sd}"),
            Self::Weekend { before, after, .. } if before == after => write!(f, "a weekend that stays"),
            Self::Weekend { before, after, mean_kept } => {
                let how = match (before, after) {
                    (_, 0) => "disappears",
                    (0, _) => "appears",
                    _ => "halves",
                };
                write!(f, "weekend {how}, {} kept", if mean_kept { "mean of the week" } else { "weekdays" })
            }
        }
    }
}

impl Change {
    /// Whether the mean of a week is another one after it, so that it is a change of level as well.
    fn moves_the_mean(self) -> bool {
        matches!(self, Self::Weekend { before, after, mean_kept: false } if before != after)
    }

    /// The level and the standard deviation of the noise on a day; the first is a Monday.
    fn on(self, day: usize, later: bool) -> (f64, f64) {
        match self {
            Self::Nothing => (0.0, 1.0),
            Self::Scatter(sd) => (0.0, if later { sd } else { 1.0 }),
            Self::Weekend { before, after, mean_kept } => {
                let depth = WEEKEND / 100.0 * f64::from(if later { after } else { before });
                let taken = if day % 7 >= 5 { depth } else { 0.0 };
                (if mean_kept { depth * 2.0 / 7.0 } else { 0.0 } - taken, 1.0)
            }
        }
    }
}

pub(crate) fn run(runs: u64, only: &str) {
    println!("## What is no change of level, half way ({runs} runs a cell; shares with their standard error)\n");
    head(&["change", "days", "AR", "level or trend reported", "within two weeks of the middle", "spike reported"]);
    for change in CHANGES.into_iter().filter(|c| c.to_string().contains(only)) {
        for days in LENGTHS {
            for phi in [0.0, 0.3] {
                several(change, days, phi, runs);
            }
        }
    }
}

fn several(change: Change, days: usize, phi: f64, runs: u64) {
    let one = |seed: u64| {
        let noise = autoregression(days, phi, &mut generator(6_000_000 + seed));
        let value = |(i, z): (usize, f64)| {
            let (level, sd) = change.on(i, i >= days / 2);
            level + sd * z
        };
        let values: Vec<f64> = noise.into_iter().enumerate().map(value).collect();
        let found = scan(&continuous(Bucket::Day, &values, &[]), ALPHA).changes;
        let near = |f: &Found| lasts(f) && f.bucket.abs_diff(days / 2) <= ABOUT;
        [found.iter().any(lasts), found.iter().any(near), !found.iter().all(lasts)]
    };
    let done: Vec<[bool; 3]> = (0..runs).into_par_iter().map(one).collect();
    let share = |i: usize| Share::of(done.iter().map(|run| run[i]));
    let lasting = if change.moves_the_mean() { share(0).to_string() } else { share(0).at_most(ALPHA) };
    let cells = [change.to_string(), days.to_string(), phi.to_string(), lasting];
    row(&cells.into_iter().chain((1..3).map(|i| share(i).to_string())).collect::<Vec<_>>());
}
