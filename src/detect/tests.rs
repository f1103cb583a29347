mod constant;
mod days_differ;
mod hidden;
mod large;
mod rare;
mod turns;

use super::*;
use crate::model::{ChangeKind, Series};
use crate::simulation::{days, five_minutes, hours, normals, weeks};

fn found(values: Vec<f64>) -> Vec<(usize, ChangeKind, bool)> {
    found_in(&days(values))
}

fn found_in(series: &Series) -> Vec<(usize, ChangeKind, bool)> {
    scan(series, 0.05).changes.iter().map(|c| (c.bucket, c.kind, c.after > c.before)).collect()
}

/// About 1,000 with a standard deviation of 20, and `size` standard deviations more from a day to another.
fn moved(n: usize, days: std::ops::Range<usize>, size: f64, seed: u64) -> Vec<f64> {
    let from = |i: usize| if days.contains(&i) { size } else { 0.0 };
    normals(n, seed).into_iter().enumerate().map(|(i, z)| 1000.0 + 20.0 * (z + from(i))).collect()
}

/// Whether one change was found, of this kind and direction, within a bucket of `at`: noise can hide the first bucket or go before it.
fn is_one_change(found: &[(usize, ChangeKind, bool)], at: usize, kind: ChangeKind, rose: bool) -> bool {
    matches!(found, [(bucket, k, r)] if bucket.abs_diff(at) <= 1 && *k == kind && *r == rose)
}

#[test]
fn a_lasting_step_is_one_change_of_level() {
    for seed in 0..10 {
        for size in [5.0, -5.0] {
            let changes = found(moved(120, 70..120, size, seed));
            assert!(is_one_change(&changes, 70, ChangeKind::Level, size > 0.0), "seed {seed}, {size}: {changes:?}");
        }
    }
}

#[test]
fn two_days_that_stand_out_are_a_spike_and_no_change_of_level() {
    for seed in 0..10 {
        let changes = found(moved(120, 70..72, 12.0, seed));
        assert!(is_one_change(&changes, 70, ChangeKind::Spike, true), "seed {seed}: {changes:?}");
    }
}

/// Whether a series that is at zero for `length` buckets says so, as a spike of that length, and tells of the step at `step` nevertheless.
fn tells_both(mut values: Vec<f64>, step: usize, outage: usize, length: usize, series: fn(Vec<f64>) -> Series) -> bool {
    values[outage..outage + length].fill(0.0);
    let changes = scan(&series(values), 0.05).changes;
    let is_step = |c: &Found| c.kind == ChangeKind::Level && c.bucket.abs_diff(step) <= 5 && c.after > c.before;
    let is_outage = |c: &Found| {
        let told = c.length.unwrap_or(0);
        c.kind == ChangeKind::Spike
            && c.bucket.abs_diff(outage) <= 1
            && told.abs_diff(length) <= 1
            && c.after < c.before
    };
    changes.iter().any(is_step) && changes.iter().any(is_outage)
}

#[test]
fn a_day_at_zero_is_a_spike_and_hides_no_step_before_or_after_it() {
    let weekly = |i: usize| if i % 7 < 5 { 1.0 } else { 0.9 };
    for seed in 0..6 {
        for (step, outage) in [(60, 100), (100, 60), (120, 109)] {
            let values = moved(180, step..180, 3.0, seed);
            let of_week = values.iter().enumerate().map(|(i, v)| v * weekly(i)).collect();
            assert!(tells_both(of_week, step, outage, 1, days), "seed {seed}, a week, outage at {outage}");
            assert!(tells_both(values, step, outage, 1, days), "seed {seed}, outage at {outage}");
        }
    }
}

#[test]
fn a_day_of_hours_at_zero_is_one_spike_and_hides_no_step() {
    let daily = |i: usize| 1.0 + 0.06 * ((i % 24) as f64 / 24.0 * std::f64::consts::TAU).cos();
    let weekly = |i: usize| if i / 24 % 7 < 5 { 1.0 } else { 0.9 };
    for (seed, step, outage) in [(0, 200, 300), (1, 300, 150), (2, 400, 366)] {
        let values = moved(700, step..700, 3.0, seed);
        let with_rhythms = values.iter().enumerate().map(|(i, v)| v * daily(i) * weekly(i)).collect();
        assert!(tells_both(with_rhythms, step, outage, 24, hours), "seed {seed}, rhythms, outage at {outage}");
        assert!(tells_both(values, step, outage, 24, hours), "seed {seed}, outage at {outage}");
    }
}

#[test]
fn more_scatter_is_no_change_of_level() {
    let wilder = |seed| {
        normals(180, seed).into_iter().enumerate().map(|(i, z)| 1000.0 + if i < 90 { 20.0 * z } else { 60.0 * z })
    };
    let alarms = (0..60).filter(|&seed| !found(wilder(seed).collect()).is_empty()).count();
    assert!(alarms <= 6, "{alarms} of 60 series that only scatter more have a change");
}

#[test]
fn noise_has_few_changes() {
    let alarms = (0..100).filter(|&seed| !found(moved(120, 0..0, 0.0, seed)).is_empty()).count();
    assert!(alarms <= 9, "{alarms} of 100 series without a change have one");
}

#[test]
fn values_of_which_most_are_the_same_have_few_changes() {
    let rounded = |seed| days(normals(180, seed).iter().map(|z| (3.0 + 0.35 * z).round()).collect());
    let rare = |seed| {
        let amount = |(z, y): (&f64, &f64)| if *z > 0.84 { 50.0 * (0.8 * y).exp() } else { 0.0 };
        days(normals(300, seed).iter().zip(&normals(300, 1_000 + seed)).map(amount).collect())
    };
    let alarms = |of: &dyn Fn(u64) -> Series| (0..60).filter(|&seed| !found_in(&of(seed)).is_empty()).count();
    let (rounded, rare) = (alarms(&rounded), alarms(&rare));
    assert!(rounded <= 3, "{rounded} of 60 series that are rounded to few values have a change");
    assert!(rare <= 4, "{rare} of 60 series that are mostly zero have a change");
}

#[test]
fn a_step_of_rounded_values_is_one_change() {
    let step = |seed| {
        let z = normals(180, seed);
        z.iter().enumerate().map(|(i, z)| (3.0 + 0.35 * z + if i < 100 { 0.0 } else { 1.0 }).round()).collect()
    };
    for seed in 0..10 {
        let changes = found(step(seed));
        assert!(is_one_change(&changes, 100, ChangeKind::Level, true), "seed {seed}: {changes:?}");
    }
}

/// The names of the rhythms that a series shows.
fn seen(scanned: &Scanned) -> Vec<&'static str> {
    scanned.rhythms.iter().filter(|r| r.is_seen()).map(|r| r.name).collect()
}

#[test]
fn a_week_is_found_where_there_is_one() {
    let weekly = |i: usize| if i % 7 < 5 { 1.0 } else { 0.6 };
    for seed in 0..10 {
        let values: Vec<f64> = moved(120, 70..120, 5.0, seed).iter().enumerate().map(|(i, v)| v * weekly(i)).collect();
        let scanned = scan(&days(values.clone()), 0.05);
        assert_eq!(seen(&scanned), ["week"], "seed {seed}");
        let changes = found(values);
        assert!(is_one_change(&changes, 70, ChangeKind::Level, true), "seed {seed}: {changes:?}");
    }
    let weeks = (0..100)
        .filter(|&seed| !without_rhythms(&days(moved(120, 60..120, 8.0, seed)), &[]).rhythms.is_empty())
        .count();
    assert!(weeks <= 3, "{weeks} of 100 series without a rhythm have one");
}

#[test]
fn a_fall_of_what_its_day_and_week_multiply_is_one_change() {
    let day = |i: usize| 0.5 * ((i as f64 - 14.0) / 24.0 * std::f64::consts::TAU).cos();
    let weekend = |i: usize| if i / 24 % 7 < 5 { 0.0 } else { -0.4 };
    // On each weekday, in the midst of the month, in its first week and in its last.
    let moments = (0..7).flat_map(|day| [260 + 24 * day, 106 + 8 * day, 580 - 8 * day]);
    let mut others = 0;
    for (at, seed) in moments.zip(0..) {
        let log = |(i, z): (usize, &f64)| day(i) + weekend(i) + 0.15 * z + if i < at { 0.0 } else { -0.9 };
        let values = normals(672, seed).iter().enumerate().map(|x| 500.0 * log(x).exp()).collect();
        let changes = scan(&hours(values), 0.05).changes;
        assert!(changes.iter().any(|c| c.bucket.abs_diff(at) <= 1 && c.after < c.before), "at {at}: {changes:?}");
        others += changes.len() - 1;
    }
    // A step in the midst of a weekend may hide that there is a week.
    assert!(others <= 8, "{others} other changes in 21 series");
}

/// Hours of four weeks, and more at a time, whose day has a shape of its own at the weekend, with noise of 6 %.
fn hours_of_work(weeks: usize, seed: u64, weekday: fn(usize) -> f64, weekend: fn(usize) -> f64) -> Vec<f64> {
    let usual = |i: usize| if i / 24 % 7 < 5 { weekday(i % 24) } else { weekend(i % 24) };
    normals(weeks * 168, seed).into_iter().enumerate().map(|(i, z)| 400.0 * usual(i) * (0.06 * z).exp()).collect()
}

#[test]
fn a_fall_is_found_in_hours_whose_nights_are_at_zero_and_nothing_where_nothing_falls() {
    let open = |hour: usize| if (7..22).contains(&hour) { 1.0 - 0.1 * hour.abs_diff(14) as f64 } else { 0.0 };
    let mut false_ones = 0;
    for seed in 0..12 {
        let at = 150 + 37 * usize::try_from(seed).unwrap();
        let whole = |values: Vec<f64>| hours(values.into_iter().map(f64::round).collect());
        let usual = hours_of_work(4, seed, open, open);
        let fallen = usual.iter().enumerate().map(|(i, v)| if i < at { *v } else { 0.8 * v }).collect();
        let changes = found_in(&whole(fallen));
        // Of a fall in the night the next morning tells.
        let is_it =
            |c: &(usize, ChangeKind, bool)| (at - 9..at + 11).contains(&c.0) && c.1 == ChangeKind::Level && !c.2;
        assert!(changes.iter().any(is_it), "seed {seed}, at {at}: {changes:?}");
        false_ones += changes.len() - 1 + found_in(&whole(usual)).len();
    }
    assert!(false_ones <= 2, "{false_ones} false changes in 24 series");
}

#[test]
fn an_outage_by_day_and_a_burst_by_night_are_spikes_where_nights_are_at_zero() {
    let open = |hour: usize| if (7..22).contains(&hour) { 1.0 - 0.05 * hour.abs_diff(14) as f64 } else { 0.0 };
    let spikes = |values: &[f64]| -> Vec<(usize, bool)> {
        let changes = found_in(&hours(values.iter().map(|v| v.round()).collect()));
        changes.into_iter().filter(|c| c.1 == ChangeKind::Spike).map(|c| (c.0, c.2)).collect()
    };
    for seed in 0..16 {
        let usual = hours_of_work(4, seed, open, open);
        // Ten in the morning of the eleventh day, until the evening or for six hours.
        for length in [12, 6] {
            let mut out = usual.clone();
            out[250..250 + length].fill(0.0);
            let told = spikes(&out);
            let is_it = matches!(told[..], [(at, false)] if at.abs_diff(250) <= 1);
            assert!(is_it, "seed {seed}, an outage of {length} hours: {told:?}");
        }
        let mut burst = usual.clone();
        burst[243] = 5000.0;
        let told = scan(&hours(burst.iter().map(|v| v.round()).collect()), 0.05).changes;
        let [Found { bucket: 243, kind: ChangeKind::Spike, length: Some(1), before, after, .. }] = told[..] else {
            panic!("seed {seed}, a burst at three in the night: {told:?}");
        };
        // What came, and about nothing was expected.
        assert!(before < 0.02 * 400.0 && (after - 5000.0).abs() < 1.0, "seed {seed}: {before} to {after}");
    }
}

/// Orders an hour over four weeks, few by night: about as many as the hour brings, and as scattered as counts are.
fn orders(seed: u64, of_usual: impl Fn(usize) -> f64) -> Series {
    let day = |i: usize| 60.0 + 55.0 * ((i as f64 - 14.0) / 24.0 * std::f64::consts::TAU).cos();
    let mean = |i: usize| day(i) * if i / 24 % 7 < 5 { 1.0 } else { 0.6 } * of_usual(i);
    let count = |(i, z): (usize, f64)| (mean(i) + mean(i).sqrt() * z).round().max(0.0);
    hours(normals(4 * 168, seed).into_iter().enumerate().map(count).collect())
}

#[test]
fn orders_that_stay_away_for_some_hours_are_one_spike() {
    let mut missed = 0;
    for seed in 0..10 {
        // From about noon on.
        let at = 24 * (8 + usize::try_from(seed).unwrap()) + 11;
        for (length, left) in [(1, 0.0), (2, 0.0), (4, 0.0), (8, 0.0), (24, 0.4)] {
            let series = orders(seed, |i| if (at..at + length).contains(&i) { left } else { 1.0 });
            let changes = scan(&series, 0.05).changes;
            let is_it = |c: &Found| c.kind == ChangeKind::Spike && c.bucket.abs_diff(at) <= 1 && c.after < c.before;
            let told = changes.iter().find(|c| is_it(c));
            missed += usize::from(told.is_none());
            let told_length = told.and_then(|c| c.length).unwrap_or(length);
            assert!(told_length.abs_diff(length) <= 2, "seed {seed}, {length} hours: told as {told_length}");
            assert!(changes.iter().all(is_it), "seed {seed}, {length} hours: {changes:?}");
        }
        assert_eq!(found_in(&orders(seed, |_| 1.0)), [], "seed {seed}");
    }
    assert!(missed == 0, "{missed} of 50 were missed");
}

/// Hours that remember (φ = .9), of which one in 33 is moved four times as far as the others.
fn wandering(seed: u64) -> Vec<f64> {
    let moved = |(i, z): (usize, f64)| if i % 33 == 20 { 4.0 * z } else { z };
    let wander = |x: &mut f64, z: f64| {
        *x = 0.9 * *x + z;
        Some(1000.0 + 10.0 * *x)
    };
    normals(4 * 168, seed).into_iter().enumerate().map(moved).scan(0.0, wander).collect()
}

#[test]
fn three_hours_that_stand_out_of_a_metric_that_wanders_are_a_spike() {
    let spikes = |values: Vec<f64>| {
        found_in(&hours(values)).into_iter().filter(|c| c.1 == ChangeKind::Spike).map(|c| c.0).collect::<Vec<_>>()
    };
    let (mut found, mut false_ones) = (0, 0);
    for seed in 0..20 {
        let mut values = wandering(seed);
        false_ones += spikes(values.clone()).len();
        values[340..343].iter_mut().for_each(|v| *v += 250.0);
        found += usize::from(spikes(values).contains(&340));
    }
    assert!(found >= 16 && false_ones <= 2, "{found} of 20 are found, and {false_ones} are false");
}

#[test]
fn a_wild_hour_is_told_by_itself_and_lends_nothing_to_the_hours_about_it() {
    let noise =
        |seed: u64, sd: f64| -> Vec<f64> { normals(4 * 168, seed).into_iter().map(|z| 100.0 + sd * z).collect() };
    let told = |values: Vec<f64>| -> Vec<(usize, usize)> {
        let changes = scan(&hours(values), 0.05).changes;
        changes.iter().filter_map(|c| Some((c.bucket, c.length?))).collect()
    };
    let (mut borrowed, mut spells) = (0, 0);
    for seed in 0..12 {
        // An hour that hardly stands out, two before one that does.
        let mut values = noise(seed, 1.0);
        (values[298], values[300]) = (104.0, 112.0);
        let spikes = told(values);
        assert!(spikes.contains(&(300, 1)), "seed {seed}: {spikes:?}");
        borrowed += spikes.len() - 1;
        // Eight hours that are lower, and one of them far below the others.
        let mut values = noise(seed, 5.0);
        values[347..355].iter_mut().for_each(|v| *v -= 20.0);
        values[350] -= 60.0;
        let runs = told(values);
        assert!(runs.len() == 1, "seed {seed}: {runs:?}");
        spells += usize::from(runs[0].0.abs_diff(347) <= 1 && runs[0].1.abs_diff(8) <= 2);
    }
    assert!(borrowed <= 2 && spells >= 10, "{borrowed} are told beside the hour, {spells} spells");
}

#[test]
fn an_outage_of_a_few_hours_is_told_once_however_long_the_series_is() {
    // Out from 10:40 to 14:20, so that the first and the last hour are touched by a third; in 13 months one pass is made.
    let at = 200 * 24 + 10;
    for (seed, count) in [(1, 400 * 24), (2, 28 * 24 * 10)] {
        let touched = |i: usize| [1.0 / 3.0, 1.0, 1.0, 1.0, 1.0 / 3.0].get(i.wrapping_sub(at)).copied().unwrap_or(0.0);
        let values = normals(count, seed).into_iter().enumerate().map(|(i, z)| 1000.0 + 10.0 * (z - 30.0 * touched(i)));
        let changes = scan(&hours(values.collect()), 0.05).changes;
        let near: Vec<&Found> = changes.iter().filter(|c| c.bucket.abs_diff(at) < 24).collect();
        let is_it = |c: &Found| c.kind == ChangeKind::Spike && c.bucket.abs_diff(at) <= 1;
        assert!(near.len() == 1 && is_it(near[0]), "seed {seed}: {near:?}");
    }
    // A metric that is never below zero is told no level below it.
    let none = |i: usize| if (300..306).contains(&i) { 0.0 } else { 1.0 };
    let changes = scan(&orders(3, none), 0.05).changes;
    let told = changes.iter().find(|c| c.bucket.abs_diff(300) <= 1).expect("found");
    assert!(told.after >= 0.0 && told.relative.is_none_or(|relative| relative >= -1.0), "{told:?}");
}

#[test]
fn the_level_before_a_change_is_the_one_beside_it() {
    // Half of the orders stay away for three days: the second change comes within a week of the first.
    let mut others = 0;
    for seed in 0..6 {
        let series = orders(seed, |i| if (300..372).contains(&i) { 0.5 } else { 1.0 });
        let changes = scan(&series, 0.05).changes;
        let at = |bucket: usize| changes.iter().find(|c| c.bucket.abs_diff(bucket) <= 2).expect("found");
        let (fell, rose) = (at(300), at(372));
        others += changes.len() - 2;
        let is_near = |a: f64, b: f64| (a / b - 1.0).abs() < 0.12;
        assert!(is_near(fell.after, 0.5 * fell.before), "seed {seed}: {fell:?}");
        assert!(is_near(rose.before, fell.after) && is_near(rose.after, fell.before), "seed {seed}: {fell:?} {rose:?}");
    }
    assert!(others <= 1, "{others} false changes in 6 series");
}

#[test]
fn a_weekend_whose_hours_are_later_is_known_and_no_change() {
    let day = |hour: usize| (-2.0 * ((hour as f64 - 14.0) / 12.0 * std::f64::consts::PI).cos().abs()).exp();
    let late = |hour: usize| (-2.0 * ((hour as f64 - 18.0) / 12.0 * std::f64::consts::PI).cos().abs()).exp();
    let has_own = |series: &Series| without_rhythms(series, &[]).rhythms.iter().any(|r| r.name == Rhythm::WEEKEND);
    for seed in 0..8 {
        let (later, same) = (hours(hours_of_work(8, seed, day, late)), hours(hours_of_work(8, seed, day, day)));
        assert!(has_own(&later) && !has_own(&same), "seed {seed}");
        assert_eq!(found_in(&later), [], "seed {seed}");
    }
}

#[test]
fn a_step_beside_a_slope_is_told_as_one_change_and_where_it_is() {
    let usual = |i: usize| {
        let week = [0.0, 0.6, 0.9, 0.6, 0.0, -3.6, -4.5][i / 24 % 7];
        week + 3.0 * ((i as f64 - 14.0) / 24.0 * std::f64::consts::TAU).cos() + 4.0 * i as f64 / 672.0
    };
    // In each of these the segmentation proposes another place, or one more: its lines explain the slope a second time.
    let places = [(52, 574), (97, 109), (104, 558), (122, 474), (164, 108), (175, 85)];
    let near = places.into_iter().filter(|&(seed, at)| {
        let size = if seed % 2 == 0 { 3.0 } else { -3.0 };
        let mut noise = 0.0;
        let values = normals(672, seed).into_iter().enumerate().map(|(i, z)| {
            noise = 0.6 * noise + 0.8 * z;
            1000.0 + 20.0 * (usual(i) + noise + if i < at { 0.0 } else { size })
        });
        let series = hours(values.collect());
        let changes = scan(&series, 0.05).changes;
        let moment = series.edges()[at] as f64;
        let is_it = |c: &Found| {
            let holds = (c.outer_interval.0..c.outer_interval.1).contains(&moment);
            holds && c.kind == ChangeKind::Level && (c.after > c.before) == (size > 0.0)
        };
        assert!(changes.len() == 1 && changes.iter().all(is_it), "seed {seed}, at {at}: {changes:?}");
        changes[0].bucket.abs_diff(at) <= 3
    });
    assert!(near.count() >= 5);
}

#[test]
fn a_day_that_is_smooth_from_minute_to_minute_is_found_and_no_change() {
    let day = |i: usize| 15.0 * (i as f64 / 288.0 * std::f64::consts::TAU).sin();
    let values = moved(20 * 288, 3000..20 * 288, -5.0, 4);
    let values = values.iter().enumerate().map(|(i, v)| v + 20.0 * day(i)).collect();
    let scanned = scan(&five_minutes(values), 0.05);
    assert!(scanned.rhythms.iter().any(|r| r.name == "day"));
    assert!(
        scanned.changes.iter().any(|c| c.bucket.abs_diff(3000) <= 1 && c.after < c.before),
        "{:?}",
        scanned.changes
    );
    assert!(scanned.changes.len() <= 3, "{:?}", scanned.changes);
}

#[test]
fn a_year_is_found_in_two_of_them_and_none_where_there_is_none() {
    let year = |i: usize| 4.0 * (i as f64 / 365.25 * std::f64::consts::TAU).sin();
    for seed in 0..10 {
        let size = if seed % 2 == 0 { 2.0 } else { 0.0 };
        let values: Vec<f64> = moved(730, 300..730, size, seed);
        let yearly = days(values.iter().enumerate().map(|(i, v)| v + 20.0 * year(i)).collect());
        let names = |series: &Series| without_rhythms(series, &[]).rhythms.iter().map(|r| r.name).collect::<Vec<_>>();
        assert_eq!((names(&yearly), names(&days(values))), (vec!["year"], vec![]), "seed {seed}");
        let changes = found_in(&yearly);
        let is_it = |c: &(usize, ChangeKind, bool)| c.0.abs_diff(300) <= 5 && c.1 == ChangeKind::Level && c.2;
        assert!(changes.len() == usize::from(size > 0.0) && changes.iter().all(is_it), "seed {seed}: {changes:?}");
    }
}

#[test]
fn a_year_and_a_holiday_that_repeats_are_found_in_days_and_no_change() {
    let year = |i: usize| 3.0 * (i as f64 / 365.25 * std::f64::consts::TAU).cos();
    // Christmas of 2024 to 2027, in days from 2024-01-01.
    let christmas = [359, 724, 1089, 1454];
    for seed in 0..5 {
        let values = moved(1460, 900..1460, 3.0, seed).into_iter().enumerate();
        let holiday = |i: usize| if christmas.contains(&i) { -10.0 } else { 0.0 };
        let scanned = scan(&days(values.map(|(i, v)| v + 20.0 * (year(i) + holiday(i))).collect()), 0.05);
        let changes: Vec<_> = scanned.changes.iter().map(|c| (c.bucket, c.kind)).collect();
        assert_eq!(seen(&scanned), ["year"], "seed {seed}");
        assert!(changes.iter().any(|c| c.0.abs_diff(900) <= 3 && c.1 == ChangeKind::Level), "seed {seed}: {changes:?}");
        assert!(changes.iter().all(|c| !christmas.contains(&c.0)) && changes.len() <= 2, "seed {seed}: {changes:?}");
    }
    let years = (0..50)
        .filter(|&seed| !without_rhythms(&days(moved(1200, 600..1200, 8.0, seed)), &[]).rhythms.is_empty())
        .count();
    assert!(years <= 2, "{years} of 50 series without a rhythm have one");
}

#[test]
fn a_ratio_of_few_is_worth_less_than_one_of_many() {
    // Shares of 30 % that scatter as those of so many trials do; on weekends there are a hundred times fewer.
    let trials: Vec<f64> = (0..140).map(|i| if i % 7 < 5 { 3000.0 } else { 30.0 }).collect();
    let share = |i: usize, z: f64| 0.3 + z * (0.21 / trials[i]).sqrt() - if i >= 70 { 0.03 } else { 0.0 };
    let values: Vec<f64> = normals(140, 11).into_iter().enumerate().map(|(i, z)| share(i, z)).collect();
    let width = |series: Series| {
        let change = scan(&series, 0.05).changes.into_iter().find(|c| c.bucket.abs_diff(70) <= 1);
        change.and_then(|c| c.relative_interval).map(|(from, to)| to - from)
    };
    let (with, without) = (width(days(values.clone()).with_denominators(trials.clone())), width(days(values)));
    assert!(with.unwrap() < 0.5 * without.unwrap_or(f64::INFINITY), "{with:?} {without:?}");
}

#[test]
fn nothing_is_found_where_nothing_can_be() {
    for values in [vec![], vec![5.0; 200], vec![f64::NAN; 50], vec![1.0, 2.0, 9.0], vec![0.0; 30]] {
        let scanned = scan(&days(values.clone()), 0.05);
        assert_eq!((scanned.changes, scanned.spikes), (vec![], vec![]), "{values:?}");
    }
}

#[test]
fn the_partial_bucket_tells_the_hour() {
    let mut inside = 0;
    for seed in 0..20 {
        // A quarter of day 60 lies after the change.
        let mut values = moved(120, 61..120, -8.0, seed);
        values[60] -= 0.25 * 8.0 * 20.0;
        let series = days(values);
        let changes = scan(&series, 0.05).changes;
        let change = changes.iter().find(|c| c.bucket.abs_diff(60) <= 1).unwrap();
        let truth = series.edges()[60] as f64 + 18.0 * 3600.0;
        inside += u32::from((change.interval.0..=change.interval.1).contains(&truth));
        let hours = (change.interval.1 - change.interval.0) / 3600.0;
        assert!(hours < 36.0, "seed {seed}: {hours}");
    }
    assert!(inside >= 14, "the 90 % interval holds the moment in {inside} of 20");
}

/// Hours of which the last `length` are at `left` of what is usual, over four weeks that end at four in the afternoon.
fn ends_with(seed: u64, length: usize, left: f64) -> Vec<f64> {
    let open = |hour: usize| if (7..22).contains(&hour) { 1.0 - 0.05 * hour.abs_diff(14) as f64 } else { 0.0 };
    let mut values = hours_of_work(4, seed, open, open);
    values.truncate(27 * 24 + 16);
    let n = values.len();
    values[n - length..].iter_mut().for_each(|v| *v *= left);
    values.into_iter().map(f64::round).collect()
}

#[test]
fn an_outage_that_has_not_ended_is_a_young_fall_of_the_level() {
    let mut missed = 0;
    for seed in 0..8 {
        for (length, left) in [(1, 0.0), (2, 0.0), (3, 0.0), (1, 0.3), (2, 0.3)] {
            let flat = normals(150, seed).into_iter().enumerate().map(|(i, z)| {
                let usual = 400.0 + 24.0 * z;
                if i + length < 150 { usual } else { left * usual }
            });
            for series in [days(flat.collect()), hours(ends_with(seed, length, left))] {
                let at = series.len() - length;
                let changes = scan(&series, 0.05).changes;
                let told = changes.iter().find(|c| c.bucket.abs_diff(at) <= 1);
                missed += usize::from(told.is_none());
                let is_it = |c: &Found| c.kind == ChangeKind::Level && c.after < c.before && c.young;
                assert!(told.is_none_or(is_it), "seed {seed}, {length} at {left}: {told:?}");
            }
        }
    }
    assert!(missed <= 2, "{missed} of 80 were missed");
}

#[test]
fn an_outage_at_the_end_is_told_where_values_are_missing_after_or_before_it() {
    for seed in 0..6 {
        let outage = moved(150, 145..147, -30.0, seed);
        for missing in [147..150, 132..143] {
            let mut values = outage[..if missing.end == 150 { 150 } else { 147 }].to_vec();
            values[missing.clone()].fill(f64::NAN);
            let changes = found(values);
            assert!(is_one_change(&changes, 145, ChangeKind::Level, false), "seed {seed}, {missing:?}: {changes:?}");
        }
    }
}

#[test]
fn an_outage_after_which_one_bucket_is_as_usual_is_a_spike() {
    for seed in 0..8 {
        for length in 2..4 {
            let changes = found(moved(150, 149 - length..149, -30.0, seed));
            assert!(is_one_change(&changes, 149 - length, ChangeKind::Spike, false), "seed {seed}: {changes:?}");
        }
    }
}

#[test]
fn a_level_that_multiplies_with_its_noise_is_one_change_from_its_first_bucket_on() {
    for seed in 0..12 {
        for (factor, length) in [(5.0, 6), (5.0, 40), (0.3, 6), (0.3, 40)] {
            let at = 672 - length;
            let level = |i: usize| if i < at { 400.0 } else { 400.0 * factor };
            let values = normals(672, seed).into_iter().enumerate().map(|(i, z)| level(i) * (0.06 * z).exp());
            let changes = found_in(&hours(values.collect()));
            let is_it = matches!(changes[..], [(bucket, ChangeKind::Level, rose)] if bucket.abs_diff(at) <= 1 && rose == (factor > 1.0));
            assert!(is_it, "seed {seed}, times {factor} for {length}: {changes:?}");
        }
    }
}

#[test]
fn a_low_last_hour_of_counts_is_mostly_no_change() {
    // Orders that scatter by a third more than counts do, fewer at the end of the day.
    let mut told = 0;
    for seed in 0..60 {
        let usual = |i: usize| 30.0 + 25.0 * ((i as f64 - 14.0) / 24.0 * std::f64::consts::TAU).cos();
        let skewed =
            |(i, z): (usize, f64)| (usual(i) * (0.3 * z - 0.045).exp() + 0.5 * usual(i).sqrt() * z).round().max(0.0);
        let values: Vec<f64> = normals(671, seed).into_iter().enumerate().map(skewed).collect();
        let changes = found_in(&hours(values));
        told += usize::from(changes.iter().any(|c| c.0 + 3 >= 671 || c.0 < 3));
    }
    assert!(told <= 3, "{told} of 60 series have a change at one end");
}

#[test]
fn some_hours_far_out_hide_no_rhythm_of_the_week() {
    for seed in 0..8 {
        let usual = |i: usize| {
            let day = 120.0 * ((i as f64 - 14.0) / 24.0 * std::f64::consts::TAU).cos();
            1000.0 + day - if i / 24 % 7 < 5 { 0.0 } else { 80.0 }
        };
        let out = |i: usize| if (332..336).contains(&i) { 1000.0 } else { 0.0 };
        let values = normals(664, seed).into_iter().enumerate().map(|(i, z)| usual(i) + out(i) + 10.0 * z);
        let changes = found_in(&hours(values.collect()));
        assert!(is_one_change(&changes, 332, ChangeKind::Spike, true), "seed {seed}: {changes:?}");
    }
}

#[test]
fn four_days_at_zero_are_one_spike() {
    for seed in 0..8 {
        for (size, at) in [(-15.0, 70), (-50.0, 70), (-50.0, 140), (30.0, 20)] {
            let changes = found(moved(150, at..at + 4, size, seed));
            assert!(is_one_change(&changes, at, ChangeKind::Spike, size > 0.0), "seed {seed}, {size}: {changes:?}");
        }
    }
}
