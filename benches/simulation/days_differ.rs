//! Hours of which whole days are better or worse than others, by midnight or going over into each other: are these changes, and is a fall told beside them?

use rand::RngExt;
use rayon::prelude::*;
use shiptrace::detect::scan;
use shiptrace::model::Step as Bucket;

use super::levels::day_and_week;
use super::report::{Share, head, row};
use super::series::{autoregression, generator, series};

const ALPHA: f64 = 0.05;
/// What a fall leaves of the level.
const LEFT: f64 = 0.8;
/// Standard deviation of the logarithms of hours.
const HOURS: f64 = 0.03;

/// How days differ.
#[derive(Debug, Clone, Copy)]
struct Days {
    /// Standard deviation of the logarithms of days.
    sd: f64,
    /// Autocorrelation from day to day.
    phi: f64,
    /// Whether they go over into each other, from midnight to midnight on a straight line.
    is_smooth: bool,
    /// Autocorrelation of hours.
    of_hours: f64,
}

const SORTS: [Days; 9] = [
    Days { sd: 0.0, phi: 0.0, is_smooth: false, of_hours: 0.3 },
    Days { sd: 0.01, phi: 0.0, is_smooth: false, of_hours: 0.0 },
    Days { sd: 0.02, phi: 0.3, is_smooth: false, of_hours: 0.3 },
    Days { sd: 0.04, phi: 0.0, is_smooth: false, of_hours: 0.0 },
    Days { sd: 0.04, phi: 0.5, is_smooth: false, of_hours: 0.3 },
    Days { sd: 0.04, phi: 0.8, is_smooth: false, of_hours: 0.0 },
    Days { sd: 0.02, phi: 0.7, is_smooth: true, of_hours: 0.3 },
    Days { sd: 0.04, phi: 0.0, is_smooth: true, of_hours: 0.0 },
    Days { sd: 0.04, phi: 0.5, is_smooth: true, of_hours: 0.3 },
];

impl Days {
    fn name(self) -> String {
        let Self { sd, phi, is_smooth, of_hours } = self;
        let over = if is_smooth { ", smooth" } else { "" };
        format!("days {:.0} % (φ {phi}){over}, hours φ {of_hours}", 100.0 * sd)
    }
}

pub(crate) fn run(runs: u64, only: &str) {
    println!("## Days that differ as a whole ({runs} runs a cell; shares with their standard error)\n");
    let columns =
        ["days", "cell", "reported, unchanged", "a fall by a fifth, told", "within its 99 % interval", "anything else"];
    head(&columns);
    for days in [17, 28, 56, 120] {
        for sort in SORTS.into_iter().filter(|sort| sort.name().contains(only)) {
            let cell = |factor: f64| -> Vec<[bool; 3]> {
                (0..runs).into_par_iter().map(|seed| one(sort, days, factor, seed)).collect()
            };
            let (unchanged, fell) = (cell(1.0), cell(LEFT));
            let share = |k: usize| Share::of(fell.iter().map(|r| r[k]));
            let reported = Share::of(unchanged.iter().map(|r| r[2])).at_most(ALPHA);
            let told = [share(0), share(1), share(2)].map(|share| share.to_string());
            row(&[vec![days.to_string(), sort.name(), reported], told.to_vec()].concat());
        }
    }
}

/// Whether a change is told within a day of where the level moves, whether within its 99 % interval, and whether anything else is; of an unchanged metric all that is told is else.
fn one(sort: Days, days: usize, factor: f64, seed: u64) -> [bool; 3] {
    let mut rng = generator(11_000_000 + seed);
    let n = 24 * days;
    let at = rng.random_range(n / 5..n * 4 / 5);
    let (of_days, of_hours) =
        (autoregression(days + 1, sort.phi, &mut rng), autoregression(n, sort.of_hours, &mut rng));
    let value = |i: usize| {
        let (day, into) = (i / 24, if sort.is_smooth { (i % 24) as f64 / 24.0 } else { 0.0 });
        let of_day = of_days[day] + into * (of_days[day + 1] - of_days[day]);
        let level = if i < at { 1.0 } else { factor };
        2_000.0 * day_and_week(i) * level * (sort.sd * of_day + HOURS * of_hours[i]).exp()
    };
    let series = series(Bucket::Hours(1), (0..n).map(value).collect(), None);
    let moment = series.edges()[at] as f64;
    let changes = scan(&series, ALPHA).changes;
    if factor >= 1.0 {
        return [false, false, !changes.is_empty()];
    }
    let is_near = |bucket: usize| bucket.abs_diff(at) <= 24;
    let holds = |interval: (f64, f64)| (interval.0..=interval.1).contains(&moment);
    let its = changes.iter().filter(|c| is_near(c.bucket) && c.after < c.before).count();
    [its > 0, changes.iter().any(|c| holds(c.outer_interval)), changes.len() > its]
}
