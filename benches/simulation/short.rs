//! Whether short series alarm without a change, and whether a step in them is found.

use rand::RngExt;
use rayon::prelude::*;
use shiptrace::detect::scan;

use super::report::{Share, head, row};
use super::series::{Kind, Noise, Step, generator};

const BUCKETS: [usize; 5] = [12, 20, 30, 45, 90];
/// Sizes of steps in standard deviations of the noise.
const SIZES: [f64; 2] = [3.0, 5.0];
/// A step that is told so many buckets away is found.
const NEAR: usize = 2;
const ALPHA: f64 = 0.05;

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Short series ({runs} runs a cell; shares with their standard error)\n");
    head(&["cell", "buckets", "alarm, unchanged", "3 sd found", "5 sd found"]);
    for trend in [false, true] {
        for phi in [0.0, 0.3, 0.6] {
            let kind = Kind { hourly: false, rhythm: false, trend, noise: Noise::Gaussian { phi } };
            for n in BUCKETS.into_iter().filter(|_| kind.name().contains(only)) {
                let unchanged = Share::of(counted(runs, |seed| alarms(kind, n, seed)));
                let [three, five] = SIZES.map(|size| Share::of(counted(runs, |seed| finds(kind, n, size, seed))));
                row(&[kind.name(), n.to_string(), unchanged.at_most(ALPHA), three.to_string(), five.to_string()]);
            }
        }
    }
}

fn counted(runs: u64, one: impl Fn(u64) -> bool + Send + Sync) -> impl Iterator<Item = bool> {
    (0..runs).into_par_iter().map(one).collect::<Vec<_>>().into_iter()
}

fn alarms(kind: Kind, n: usize, seed: u64) -> bool {
    !scan(&kind.draw(n, &[], &mut generator(11_000_000 + seed)), ALPHA).changes.is_empty()
}

/// Whether a step in the middle half is found.
fn finds(kind: Kind, n: usize, size: f64, seed: u64) -> bool {
    let mut rng = generator(11_500_000 + seed);
    let at = rng.random_range(n / 4..=3 * n / 4);
    let size = if rng.random_bool(0.5) { size } else { -size };
    let changes = scan(&kind.draw(n, &[Step { after: at as f64, size }], &mut rng), ALPHA).changes;
    changes.iter().any(|c| c.length.is_none() && c.bucket.abs_diff(at) <= NEAR)
}
