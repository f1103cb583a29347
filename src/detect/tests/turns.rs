//! Rhythms that turn a few times only, and what is far away in a calendar or unknown.

use super::*;

/// What is usual of a day, of which so many parts have passed.
fn of_day(passed: f64) -> f64 {
    1.0 + 0.6 * (passed * std::f64::consts::TAU).sin()
}

#[test]
fn a_fall_has_no_echo_at_the_same_time_of_other_days() {
    for seed in 0..8 {
        let level = |i: usize| if i < 700 { 200.0 } else { 130.0 };
        let noise = normals(3 * 288, seed).into_iter().enumerate();
        let values = noise.map(|(i, z)| level(i) * of_day(i as f64 / 288.0) * (0.05 * z).exp()).collect();
        let found = found_in(&five_minutes(values));
        assert!(is_one_change(&found, 700, ChangeKind::Level, false), "seed {seed}: {found:?}");
    }
}

#[test]
fn two_days_of_five_minutes_tell_what_is_usual() {
    for seed in 0..8 {
        let noise = normals(2 * 288, seed).into_iter().enumerate();
        let values = noise.map(|(i, z)| 200.0 * of_day(i as f64 / 288.0) * (0.05 * z).exp()).collect();
        let found = found_in(&five_minutes(values));
        assert!(found.is_empty(), "seed {seed}: {found:?}");
    }
}

#[test]
fn the_weekends_of_two_weeks_are_no_changes_and_hide_none() {
    for seed in 0..8 {
        let weekend = |i: usize| if i / 24 % 7 > 4 { 0.6 } else { 1.0 };
        let usual = |i: usize| 500.0 * of_day((i % 24) as f64 / 24.0) * weekend(i);
        let of = |level: &dyn Fn(usize) -> f64| {
            let noise = normals(14 * 24, seed).into_iter().enumerate();
            found_in(&hours(noise.map(|(i, z)| level(i) * usual(i) * (0.05 * z).exp()).collect()))
        };
        let (quiet, fallen) = (of(&|_| 1.0), of(&|i| if i < 200 { 1.0 } else { 0.7 }));
        assert!(quiet.is_empty(), "seed {seed}: {quiet:?}");
        assert!(is_one_change(&fallen, 200, ChangeKind::Level, false), "seed {seed}: {fallen:?}");
    }
}

#[test]
fn what_ends_for_good_or_rises_tenfold_hides_no_week() {
    let weekend = |i: usize| if i / 24 % 7 > 4 { 0.55 } else { 1.0 };
    let usual = |i: usize| 30.0 * of_day((i % 24) as f64 / 24.0) * weekend(i);
    let (mut told, mut others) = (0, 0);
    for (seed, at) in (0..12).zip((345..).step_by(7)) {
        for times in [0.0, 10.0] {
            let level = |i: usize| usual(i) * if i < at { 1.0 } else { times };
            let noise = normals(664, seed).into_iter().enumerate();
            // Counts that scatter twice as much as those of Poisson, by night about zero.
            let count = |(i, z): (usize, f64)| (level(i) + (2.0 * level(i)).sqrt() * z).round().max(0.0);
            let found = found_in(&hours(noise.map(count).collect()));
            let is_it = |c: &&(usize, ChangeKind, bool)| is_one_change(&[**c], at, ChangeKind::Level, times > 1.0);
            told += usize::from(found.iter().any(|c| is_it(&c)));
            others += usize::from(found.iter().any(|c| !is_it(&c)));
        }
    }
    assert!(told >= 23, "{told} of 24");
    assert!(others <= 4, "something else in {others} of 24");
}

#[test]
fn a_week_about_each_new_year_is_no_change_where_the_level_moves_elsewhere() {
    // From 2024-01-01 on: the last seven days of each year and the first three of the next.
    let years = [0, 366, 731, 1096];
    let is_holiday = |i: usize| years.iter().any(|year| i < year + 3 && i + 7 >= *year);
    for (seed, at) in (0..6).zip((150..).step_by(90)) {
        for days_of in [800, 1110] {
            let level = |i: usize| if i < at { 1000.0 } else { 750.0 };
            let of = |i: usize| level(i) * if is_holiday(i) { 0.6 } else { 1.0 };
            let noise = normals(days_of, seed).into_iter().enumerate();
            let found = found(noise.map(|(i, z)| of(i) * (0.05 * z).exp()).collect());
            assert!(is_one_change(&found, at, ChangeKind::Level, false), "{days_of} days, seed {seed}: {found:?}");
        }
    }
}

#[test]
fn what_changed_in_a_gap_may_have_changed_anywhere_in_it() {
    let level = |i: usize| match i {
        0..150 => 1000.0,
        150..220 => f64::NAN,
        _ => 700.0,
    };
    let values = normals(400, 1).into_iter().enumerate().map(|(i, z)| level(i) + 20.0 * z).collect();
    let series = days(values);
    let changes = scan(&series, 0.05).changes;
    let edges = series.edges();
    let (from, to) = changes[0].outer_interval;
    assert_eq!(changes.len(), 1);
    assert!(
        from < edges[152] as f64 && to > edges[218] as f64,
        "{:?}",
        ((from - edges[0] as f64) / 86_400.0, (to - edges[0] as f64) / 86_400.0)
    );
}

#[test]
fn a_part_of_a_day_is_a_curve_and_a_fall_in_it_is_told() {
    let mut false_ones = 0;
    for (seed, buckets) in (0..8).zip((200..).step_by(40)) {
        let of = |level: &dyn Fn(usize) -> f64| {
            let noise = normals(buckets, seed).into_iter().enumerate();
            let value = |(i, z): (usize, f64)| level(i) * of_day(0.3 + i as f64 / 288.0) * (0.05 * z).exp();
            found_in(&five_minutes(noise.map(value).collect()))
        };
        let (quiet, fallen) = (of(&|_| 200.0), of(&|i| if i < 120 { 200.0 } else { 120.0 }));
        let is_it = |c: &&(usize, ChangeKind, bool)| is_one_change(&[**c], 120, ChangeKind::Level, false);
        assert_eq!(fallen.iter().filter(is_it).count(), 1, "seed {seed}: {fallen:?}");
        false_ones += quiet.len() + fallen.len() - 1;
    }
    // By chance, as at the level of .05 in one of twenty.
    assert!(false_ones <= 2, "{false_ones} false ones in sixteen parts of days");
}

#[test]
fn a_year_that_was_not_seen_twice_is_a_curve_and_a_fall_in_it_is_told() {
    let (mut false_ones, mut told, mut all) = (0, 0, 0);
    for (seed, buckets) in (0..12).zip((250..).step_by(40)) {
        // From another day of the year on each time, with a dip in the summer that lasts a third of it.
        let of_year = |i: usize| {
            let turn = (i as f64 / 365.0 + seed as f64 / 12.0) * std::f64::consts::TAU;
            1.0 + 0.2 * turn.sin() + 0.06 * (2.0 * turn).cos()
        };
        let at = buckets * (3 + buckets / 40 % 5) / 10;
        let of = |level: &dyn Fn(usize) -> f64| {
            let noise = normals(buckets, seed).into_iter().enumerate();
            found(noise.map(|(i, z)| level(i) * of_year(i) * (0.05 * z).exp()).collect())
        };
        let (quiet, fallen) = (of(&|_| 1000.0), of(&|i| if i < at { 1000.0 } else { 800.0 }));
        let is_it = |c: &&(usize, ChangeKind, bool)| is_one_change(&[**c], at, ChangeKind::Level, false);
        let found = fallen.iter().filter(is_it).count();
        (told, all) = (told + found, all + 1);
        false_ones += quiet.len() + fallen.len() - found;
    }
    assert!(told >= all - 1, "{told} of {all}");
    assert!(false_ones <= 3, "{false_ones} false ones in {} parts of years", 2 * all);
}

#[test]
fn a_week_at_zero_is_no_part_of_a_year() {
    let weekend = |i: usize| if i % 7 > 4 { 0.6 } else { 1.0 };
    for (seed, length) in (0..24).zip([8, 15, 30].into_iter().cycle()) {
        let from = 20 + length;
        let level = |i: usize| if (from..from + length).contains(&i) { 0.0 } else { 1000.0 * weekend(i) };
        let noise = normals(60 + 2 * length, seed).into_iter().enumerate();
        let found = found(noise.map(|(i, z)| level(i) * (0.1 * z).exp()).collect());
        let is_told = |at: usize| found.iter().any(|c| c.0.abs_diff(at) <= 2);
        assert!(is_told(from) && is_told(from + length), "seed {seed}, {length} days from {from} on: {found:?}");
    }
}

#[test]
fn weeks_of_less_than_two_years_may_bend() {
    let mut false_ones = 0;
    for seed in 0..20 {
        let of_year = |i: usize| 1.0 + 0.2 * ((i as f64 / 52.0 + seed as f64 / 20.0) * std::f64::consts::TAU).sin();
        let noise = normals(80, seed).into_iter().enumerate();
        let series = weeks(noise.map(|(i, z)| 1000.0 * of_year(i) * (0.05 * z).exp()).collect());
        false_ones += found_in(&series).len();
    }
    assert!(false_ones <= 3, "{false_ones} in 20 series");
}

#[test]
fn a_day_without_noise_and_an_outage_are_told_without_a_number_that_is_none() {
    let value = |i: usize| if (1200..1260).contains(&i) { 0.0 } else { (100.0 * of_day(i as f64 / 288.0)).round() };
    for (buckets, missing) in [(1440, 0), (1440, 300), (864, 0)] {
        let values = (0..buckets).map(|i| if i < missing { f64::NAN } else { value(i) }).collect();
        let scanned = scan(&five_minutes(values), 0.05);
        assert!(scanned.changes.iter().all(|c| c.before.is_finite() && c.after.is_finite()), "{:?}", scanned.changes);
        assert_eq!(scanned.changes.is_empty(), buckets < 1200, "{:?}", scanned.changes);
    }
}
