//! Hours of which whole days are better or worse than others.

use crate::detect::{Found, scan};
use crate::model::{ChangeKind, Series};
use crate::simulation::{hours, normals};

const DAYS: usize = 56;
const FALL: usize = 40 * 24 + 9;

/// Hours of days and weeks whose days scatter by this share; they go over into each other, or give way by midnight.
fn hours_of_days(seed: u64, sd: f64, is_smooth: bool, fall: f64) -> Series {
    let (of_days, of_hours) = (normals(DAYS + 1, 2 * seed), normals(24 * DAYS, 2 * seed + 1));
    let value = |i: usize| {
        let (day, into) = (i / 24, if is_smooth { (i % 24) as f64 / 24.0 } else { 0.0 });
        let of_day = of_days[day] + into * (of_days[day + 1] - of_days[day]);
        let usual = 1.2 - ((i % 24) as f64 / 24.0 * std::f64::consts::TAU).cos();
        let usual = usual * if day % 7 > 4 { 0.8 } else { 1.0 };
        1_000.0 * usual * (sd * of_day + 0.03 * of_hours[i]).exp() * if i < FALL { 1.0 } else { fall }
    };
    hours((0..24 * DAYS).map(value).collect())
}

fn is_the_fall(c: &Found) -> bool {
    c.kind == ChangeKind::Level && c.bucket.abs_diff(FALL) <= 2 && c.after < c.before
}

#[test]
fn a_good_day_is_no_change_and_a_fall_among_good_and_bad_ones_is() {
    for is_smooth in [false, true] {
        let told = |seed: u64, fall: f64| scan(&hours_of_days(seed, 0.04, is_smooth, fall), 0.05).changes;
        let alarms: Vec<Vec<Found>> = (0..6).map(|seed| told(seed, 1.0)).filter(|told| !told.is_empty()).collect();
        assert!(alarms.len() <= 1, "smooth: {is_smooth}: {alarms:?}");
        let others = (0..3).map(|seed| {
            let changes = told(seed, 0.8);
            assert!(changes.iter().any(is_the_fall), "smooth: {is_smooth}, seed {seed}: {changes:?}");
            changes.len() - 1
        });
        assert!(others.sum::<usize>() <= 1, "smooth: {is_smooth}");
    }
}

#[test]
fn days_that_are_alike_take_nothing_from_a_fall() {
    for seed in 0..4 {
        let changes = scan(&hours_of_days(seed, 0.0, false, 0.95), 0.05).changes;
        assert!(changes.len() == 1 && is_the_fall(&changes[0]), "seed {seed}: {changes:?}");
        assert!(changes[0].p_value < 1e-10, "seed {seed}: {changes:?}");
    }
}
