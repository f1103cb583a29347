//! Where nothing comes in most buckets, as with errors, refunds or large orders, it is told that something comes more often, no more, or all at once.

use super::*;

/// What comes in each bucket of which `limit` says how far out noise has to be: 1.28 standard deviations are one bucket of ten, .25 are four. What comes are one
/// or two.
fn rare(n: usize, seed: u64, limit: impl Fn(usize) -> f64) -> Vec<f64> {
    let comes = |(i, z): (usize, f64)| if z < limit(i) { 0.0 } else { 1.0 + f64::from(z > limit(i) + 1.0) };
    normals(n, seed).into_iter().enumerate().map(comes).collect()
}

/// The same where it is an amount that scatters, by a factor of three.
fn amounts(n: usize, seed: u64, limit: impl Fn(usize) -> f64) -> Vec<f64> {
    let sizes = normals(n, seed + 1000);
    rare(n, seed, limit).iter().zip(sizes).map(|(v, z)| if *v > 0.0 { 20.0 * (1.1 * z).exp() } else { 0.0 }).collect()
}

#[test]
fn what_comes_four_times_as_often_or_no_more_is_told() {
    let (mut rises, mut falls) = ([0; 2], [0; 2]);
    for seed in 0..20 {
        let more = |i: usize| if i < 300 { 1.28 } else { 0.25 };
        let none = |i: usize| if i < 300 { 0.52 } else { 9.0 };
        for (k, values) in [rare(400, seed, more), amounts(400, seed, more)].into_iter().enumerate() {
            let is_it = |c: &(usize, ChangeKind, bool)| c.1 == ChangeKind::Level && c.2 && c.0.abs_diff(300) <= 40;
            rises[k] += usize::from(found(values).iter().any(is_it));
        }
        for (k, values) in [rare(400, seed, none), amounts(400, seed, none)].into_iter().enumerate() {
            let is_it = |c: &(usize, ChangeKind, bool)| c.1 == ChangeKind::Level && !c.2 && c.0.abs_diff(300) <= 40;
            falls[k] += usize::from(found(values).iter().any(is_it));
        }
    }
    assert!(rises[0] >= 18 && rises[1] >= 6, "{rises:?} of 20 rises are told");
    assert!(falls[0] >= 18 && falls[1] >= 12, "{falls:?} of 20 falls are told");
}

#[test]
fn errors_of_a_part_of_a_day_are_rare_as_well() {
    let more = |i: usize| if i < 300 { 1.28 } else { 0.25 };
    let is_it = |c: &(usize, ChangeKind, bool)| c.1 == ChangeKind::Level && c.2 && c.0.abs_diff(300) <= 40;
    let of = |seed| found_in(&five_minutes(rare(400, seed, more)));
    let told = (0..20).filter(|&seed| of(seed).iter().any(is_it)).count();
    assert!(told >= 18, "{told} of 20 rises are told");
}

#[test]
fn what_comes_no_more_by_day_is_told_where_little_comes_by_night() {
    for seed in 0..6 {
        // Half an error an hour by day, and one of fifty by night.
        let usual = |i: usize| if (8..20).contains(&(i % 24)) { 0.3 } else { 2.05 };
        let values = rare(1344, seed, |i| if i < 1008 { usual(i) } else { 9.0 });
        let changes = scan(&hours(values), 0.05).changes;
        let is_it = |c: &Found| c.kind == ChangeKind::Level && c.after < c.before && c.bucket.abs_diff(1008) <= 24;
        assert!(changes.iter().any(is_it), "seed {seed}: {changes:?}");
        let nothing = scan(&hours(rare(1344, seed, usual)), 0.05).changes;
        assert_eq!(nothing, [], "seed {seed}");
    }
}

#[test]
fn many_at_once_are_a_spike_of_as_many_days_and_a_level_where_they_are_the_last() {
    for seed in 0..6 {
        for days in [1, 3] {
            let mut values = rare(400, seed, |_| 0.84);
            values[200..200 + days].iter_mut().enumerate().for_each(|(i, v)| *v = 30.0 - i as f64);
            let changes = scan(&crate::simulation::days(values), 0.05).changes;
            let [Found { bucket: 200, kind: ChangeKind::Spike, length, .. }] = changes[..] else {
                panic!("seed {seed}, {days} days: {changes:?}");
            };
            assert_eq!(length, Some(days), "seed {seed}");
        }
        let mut values = rare(400, seed, |_| 0.84);
        values[399] = 30.0;
        assert_eq!(found(values), [(399, ChangeKind::Level, true)], "seed {seed}");
    }
}

#[test]
fn nothing_is_told_where_it_comes_as_ever_and_hardly_anything_where_it_grows() {
    let (mut still, mut growing) = (0, 0);
    for seed in 0..40 {
        still += usize::from(!found(rare(400, seed, |_| 1.28)).is_empty());
        still += usize::from(!found(amounts(400, seed, |_| 0.52)).is_empty());
        growing += usize::from(!found(rare(400, seed, |i| 1.6 - 1.3 * i as f64 / 400.0)).is_empty());
    }
    assert!(still <= 5 && growing <= 10, "{still} of 80 that are as ever, {growing} of 40 that grow");
}

#[test]
fn a_gauge_that_moves_by_less_than_it_is_rounded_to_has_no_outliers() {
    let mut missed = 0;
    for seed in 0..10 {
        // It is mostly four: three and five tell of the level as well as what was rounded does.
        let level = |i: usize| if i < 200 { 3.85 } else { 4.25 };
        let values = normals(400, seed).into_iter().enumerate().map(|(i, z)| (level(i) + 0.4 * z).round()).collect();
        let is_it = |c: &(usize, ChangeKind, bool)| c.1 == ChangeKind::Level && c.2 && c.0.abs_diff(200) <= 15;
        missed += usize::from(!found(values).iter().any(is_it));
    }
    assert!(missed <= 3, "{missed} of 10 rises are not told");
}
