//! Events that hid something: a rhythm, the logarithms, each other.

use super::*;

const WEEK: [f64; 7] = [1.0, 1.05, 1.08, 1.05, 1.0, 0.7, 0.62];

fn of_day(i: usize) -> f64 {
    WEEK[i % 7]
}

fn of_hour(i: usize) -> f64 {
    of_day(i / 24) * (1.0 + 0.7 * ((i as f64 % 24.0 - 14.0) / 12.0 * std::f64::consts::PI).cos())
}

/// What is usual times the level, and noise in proportion to it.
fn multiplied(n: usize, seed: u64, share: f64, level: impl Fn(usize) -> f64) -> Vec<f64> {
    normals(n, seed).into_iter().enumerate().map(|(i, z)| level(i) * (share * z).exp()).collect()
}

/// Counts of these means, whose variance is `dispersion` times as large as Poisson's law has it.
fn counts(n: usize, seed: u64, dispersion: f64, mean: impl Fn(usize) -> f64) -> Vec<f64> {
    let count = |(i, z): (usize, f64)| (mean(i) + (dispersion * mean(i)).sqrt() * z).round().max(0.0);
    normals(n, seed).into_iter().enumerate().map(count).collect()
}

fn outlines(changes: &[(usize, ChangeKind, bool)]) -> Vec<(usize, bool)> {
    changes.iter().map(|(bucket, _, rose)| (*bucket, *rose)).collect()
}

/// Whether these changes are told, each within two buckets, and no other.
fn are_told(changes: &[(usize, ChangeKind, bool)], expected: &[(usize, bool)]) -> bool {
    let near = |((a, rose), (b, told)): (&(usize, bool), &(usize, bool))| a.abs_diff(*b) <= 2 && rose == told;
    changes.len() == expected.len() && outlines(changes).iter().zip(expected).all(near)
}

#[test]
fn a_few_days_at_twice_the_level_hide_no_week() {
    for seed in 0..8 {
        let level = |i: usize| 1000.0 * of_day(i) * if (33..38).contains(&i) { 2.0 } else { 1.0 };
        let series = days(multiplied(60, seed, 0.1, level));
        let scanned = scan(&series, 0.05);
        assert_eq!(seen(&scanned), ["week"], "seed {seed}");
        let changes = found_in(&series);
        assert!(are_told(&changes, &[(33, true), (38, false)]), "seed {seed}: {changes:?}");
    }
}

#[test]
fn days_at_zero_hide_no_week_of_hours() {
    let mut odd = 0;
    for seed in 0..8 {
        for left in [0.0, 0.2] {
            let mean = |i: usize| 300.0 * of_hour(i) * if (349..409).contains(&i) { left } else { 1.0 };
            let changes = found_in(&hours(counts(664, seed, 5.0, mean)));
            odd += usize::from(!are_told(&changes, &[(349, false), (409, true)]));
        }
    }
    assert!(odd <= 4, "{odd} of 16 are told otherwise");
}

#[test]
fn a_metric_that_grows_keeps_its_logarithms_where_it_was_at_zero() {
    let mut odd = 0;
    for seed in 0..6 {
        for (from, length) in [(368, 1), (368, 3), (729, 1), (727, 3), (700, 30)] {
            let is_out = |i: usize| (from..from + length).contains(&i);
            let level = |i: usize| if is_out(i) { 0.0 } else { 100.0 * of_day(i) * (i as f64 / 300.0).exp() };
            let changes = scan(&days(multiplied(730, seed, 0.1, level)), 0.05).changes;
            let is_it = |c: &Found| c.bucket == from && c.after == 0.0 && c.relative == Some(-1.0);
            odd += usize::from(changes.len() != 1 || !is_it(&changes[0]));
        }
    }
    assert!(odd <= 3, "{odd} of 30 are told otherwise");
}

#[test]
fn a_week_at_half_is_told_as_two_changes() {
    for seed in 0..8 {
        for (length, left) in [(5, 0.4), (6, 0.5), (9, 0.5), (12, 1.6)] {
            let mean = |i: usize| 500.0 * of_day(i) * if (185..185 + length).contains(&i) { left } else { 1.0 };
            let changes = found_in(&days(counts(365, seed, 10.0, mean)));
            let expected = [(185, left > 1.0), (185 + length, left < 1.0)];
            assert!(are_told(&changes, &expected), "seed {seed}, {length} days at {left}: {changes:?}");
        }
    }
}

#[test]
fn hours_full_of_errors_are_told_where_there_is_mostly_one_or_none() {
    // An exponential law, rounded down: about one an hour, and as skewed as that.
    let errors = |seed: u64, times: &dyn Fn(usize) -> f64| {
        let (a, b) = (normals(664, 2 * seed + 900), normals(664, 2 * seed + 901));
        let of = |(i, (a, b)): (usize, (f64, f64))| (0.72 * (a * a + b * b) + times(i)).floor();
        hours(a.into_iter().zip(b).enumerate().map(of).collect())
    };
    let mut odd = 0;
    for seed in 0..10 {
        let quiet = found_in(&errors(seed, &|_| 0.0));
        odd += quiet.len();
        for (length, more) in [(1, 50.0), (2, 30.0), (8, 15.0), (40, 10.0)] {
            let series = errors(seed, &|i| if (349..349 + length).contains(&i) { more } else { 0.0 });
            let changes = found_in(&series);
            let is_it = is_one_change(&changes, 349, ChangeKind::Spike, true);
            odd += usize::from(!is_it && !are_told(&changes, &[(349, true), (349 + length, false)]));
        }
    }
    assert!(odd <= 4, "{odd} of 50 are told otherwise");
}

#[test]
fn a_rise_of_counts_is_told_from_its_first_bucket_on_and_its_scatter_is_no_change() {
    let mut odd = 0;
    for seed in 0..8 {
        for length in [8, 24] {
            let mean = |i: usize| 5.0 * if (93..93 + length).contains(&i) { 28.0 } else { 1.0 };
            let changes = found_in(&days(counts(180, seed, 1.5, mean)));
            odd += usize::from(!are_told(&changes, &[(93, true), (93 + length, false)]));
        }
    }
    assert!(odd <= 1, "{odd} of 16 are told otherwise");
}

#[test]
fn the_further_out_the_last_days_are_the_surer_they_are_told() {
    // Student's t with three degrees of freedom.
    let wild = |seed: u64| {
        let rows: Vec<Vec<f64>> = (0..4).map(|k| normals(365, 4 * seed + 70 + k)).collect();
        let chi = move |i: usize| rows[1..].iter().map(|row| row[i] * row[i]).sum::<f64>() / 3.0;
        let first = normals(365, 4 * seed + 70);
        (0..365).map(|i| first[i] / chi(i).sqrt()).collect::<Vec<f64>>()
    };
    let mut odd = 0;
    for seed in 0..8 {
        for times in [3.0, 6.0, 50.0] {
            let values = wild(seed).into_iter().enumerate();
            let series = days(values.map(|(i, z)| 200.0 * if i >= 363 { times } else { 1.0 } + 12.0 * z).collect());
            let changes = found_in(&series);
            let is_it = |(bucket, kind, rose): &(usize, ChangeKind, bool)| {
                bucket.abs_diff(363) <= 1 && *kind == ChangeKind::Level && *rose
            };
            assert!(changes.iter().any(is_it), "seed {seed}, {times}: {changes:?}");
            odd += usize::from(changes.len() > 1);
        }
    }
    assert!(odd <= 2, "something else is told in {odd} of 24");
}

#[test]
fn days_that_stand_out_hide_each_other_no_more_than_the_last_days_do() {
    let spikes = [40, 80, 120, 160];
    for seed in 0..6 {
        for left in [0.0, 0.5, 0.7] {
            for count in [2, 4] {
                let is_out = |i: usize| spikes[..count].contains(&i);
                let noise = normals(200, seed).into_iter().enumerate();
                let value = |(i, z): (usize, f64)| (1000.0 + 30.0 * z) * if is_out(i) { left } else { 1.0 };
                let changes = found_in(&days(noise.map(value).collect()));
                let expected: Vec<_> = spikes[..count].iter().map(|&i| (i, ChangeKind::Spike, false)).collect();
                assert_eq!(changes, expected, "seed {seed}, {count} days at {left}");
            }
        }
        for last in [1, 2, 4] {
            let noise = normals(200, seed + 100).into_iter().enumerate();
            let times = |i: usize| if i == 150 { 0.0 } else { 1.0 } * if i >= 200 - last { 1.5 } else { 1.0 };
            let changes = found_in(&days(noise.map(|(i, z)| (1000.0 + 30.0 * z) * times(i)).collect()));
            let expected = [(150, ChangeKind::Spike, false), (200 - last, ChangeKind::Level, true)];
            assert!(changes.ends_with(&expected), "seed {seed}, the last {last} days: {changes:?}");
        }
    }
}

#[test]
fn missing_values_take_no_logarithms_away() {
    for seed in 0..8 {
        let level = |i: usize| 1000.0 * of_day(i) * if i >= 345 { 6.0 } else { 1.0 };
        let mut values = multiplied(365, seed, 0.1, level);
        let missing = normals(365, seed + 500);
        (0..365).filter(|&i| missing[i] < -0.85 && i != 344 && i != 345).for_each(|i| values[i] = f64::NAN);
        let changes = found_in(&days(values));
        assert!(is_one_change(&changes, 345, ChangeKind::Level, true), "seed {seed}: {changes:?}");
    }
}

#[test]
fn missing_values_hide_no_fall_to_zero() {
    for seed in 0..8 {
        let level = |i: usize| if i >= 183 { 0.0 } else { 1000.0 * of_day(i) };
        let mut values = multiplied(365, seed, 0.1, level);
        let missing = normals(365, seed + 600);
        (0..365).filter(|&i| missing[i] < -0.85).for_each(|i| values[i] = f64::NAN);
        let first = (183..365).find(|&i| !values[i].is_nan()).unwrap();
        let changes = found_in(&days(values));
        let is_it = matches!(changes[..], [(bucket, ChangeKind::Level, false)] if bucket.abs_diff(first) <= 2);
        assert!(is_it, "seed {seed}, {first}: {changes:?}");
    }
}

#[test]
fn a_rise_of_what_is_at_zero_on_weekends_is_one_change() {
    for seed in 0..8 {
        for factor in [0.4, 2.5, 8.0] {
            let mean = |i: usize| if i % 7 >= 5 { 0.0 } else { 100.0 * if i >= 345 { factor } else { 1.0 } };
            let changes = found_in(&days(counts(365, seed, 2.0, mean)));
            let is_it = is_one_change(&changes, 345, ChangeKind::Level, factor > 1.0);
            assert!(is_it, "seed {seed}, times {factor}: {changes:?}");
        }
    }
}

#[test]
fn a_week_of_orders_with_weekends_at_zero_is_told_from_ten_weeks() {
    for seed in 0..6 {
        let mean = |i: usize| if i % 7 >= 5 { 0.0 } else { 100.0 * if i >= 50 { 0.7 } else { 1.0 } };
        let changes = found_in(&days(counts(70, seed, 2.0, mean)));
        let is_it = |c: &(usize, ChangeKind, bool)| c.1 == ChangeKind::Level && !c.2 && c.0.abs_diff(50) <= 3;
        assert!(changes.len() == 1 && is_it(&changes[0]), "seed {seed}: {changes:?}");
    }
}

#[test]
fn a_metric_that_was_at_zero_for_most_of_its_time_says_since_when() {
    for seed in 0..8 {
        let mean = |i: usize| if i < 85 { 300.0 * of_hour(i) } else { 0.0 };
        let changes = found_in(&hours(counts(664, seed, 5.0, mean)));
        assert!(is_one_change(&changes, 85, ChangeKind::Level, false), "hours, seed {seed}: {changes:?}");
    }
}

#[test]
fn the_interval_of_a_fall_on_the_last_day_knows_that_it_fell() {
    let (mut told, mut covers) = (0, 0);
    for seed in 0..20 {
        // It began at eight: the day shows two thirds of a fall by forty.
        let noise = normals(90, seed).into_iter().enumerate();
        let values = noise.map(|(i, z)| 100.0 + 3.0 * z - if i == 89 { 40.0 * 2.0 / 3.0 } else { 0.0 }).collect();
        let changes = scan(&days(values), 0.05).changes;
        for fall in &changes {
            let (from, to) = fall.relative_interval.unwrap();
            assert!(to < -0.1 && fall.relative.unwrap() < -0.2, "seed {seed}: {fall:?}");
            covers += usize::from(from <= -0.4 && -0.4 <= to);
        }
        told += changes.len();
    }
    assert!(told >= 18 && covers + 2 >= told, "{told} are told, {covers} cover");
}
