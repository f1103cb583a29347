//! What must be true of any series.

use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::model::{ChangeKind, Series, SeriesError, Step};
use crate::simulation::{days, hours, normals};

const ALPHA: f64 = 0.05;
/// Standard deviation of the noise of the made-up series.
const SD: f64 = 20.0;
/// So many buckets from a change, or from an end, nothing speaks for another moment.
const AWAY: usize = 8;
/// 2024-01-01 UTC.
const START: i64 = 1_704_067_200;

/// What can be said of a change without its unit: bucket, kind, whether it rose, length of a spike.
type Outline = (usize, ChangeKind, bool, Option<usize>);

fn outlines(series: &Series) -> Vec<Outline> {
    scan(series, ALPHA).changes.iter().map(|c| (c.bucket, c.kind, rose(c), c.length)).collect()
}

fn rose(change: &Found) -> bool {
    change.after > change.before
}

/// More than four standard deviations of the noise, and not just about told: that may be told in one series and not in one that is nearly the same.
fn is_great(change: &Found) -> bool {
    (change.after - change.before).abs() > 4.0 * SD && change.p_value < 0.5 * ALPHA
}

/// Level shifts that a metric has, ascending: bucket and size in standard deviations of the noise.
type Steps = Vec<(usize, f64)>;

/// Up to three shifts of these sizes at least 25 buckets from each other and from the ends, and the length of the series.
fn steps(sizes: std::ops::Range<f64>) -> impl Strategy<Value = (usize, Steps)> {
    let step = (25..60_usize, sizes, any::<bool>()).prop_map(|(gap, size, up)| (gap, if up { size } else { -size }));
    (prop::collection::vec(step, 0..=3), 25..60_usize).prop_map(|(steps, tail)| {
        let ends = steps.iter().scan(0, |at, (gap, size)| {
            *at += gap;
            Some((*at, *size))
        });
        let steps: Steps = ends.collect();
        (steps.last().map_or(25, |s| s.0) + tail, steps)
    })
}

/// Independent Gaussian noise of standard deviation [`SD`] about 0, with shifts.
fn shifted(n: usize, steps: &Steps, seed: u64) -> Vec<f64> {
    let level = |i: usize| steps.iter().filter(|s| s.0 <= i).map(|s| s.1).sum::<f64>();
    normals(n, seed).into_iter().enumerate().map(|(i, z)| SD * (z + level(i))).collect()
}

fn about(level: f64, noise: Vec<f64>) -> Vec<f64> {
    noise.into_iter().map(|v| level + v).collect()
}

fn multiplied(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|v| factor * v).collect()
}

/// A number as no one should record it, but someone will.
fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -1e3..1e3_f64,
        4 => (0..4_i32).prop_map(f64::from),
        2 => Just(f64::NAN),
        1 => -1e300..1e300_f64,
        1 => -1e-300..1e-300_f64,
        1 => prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
    ]
}

/// Series of all sorts: of any numbers, of one sort of them only, of two values, with long gaps.
fn any_values() -> impl Strategy<Value = Vec<f64>> {
    let many = || prop_oneof![3 => 0..20_usize, 3 => 20..80_usize, 1 => 80..400_usize];
    let of = |value: BoxedStrategy<f64>| many().prop_flat_map(move |n| prop::collection::vec(value.clone(), n));
    let pair = (any_value(), any_value(), many()).prop_flat_map(|(a, b, n)| {
        prop::collection::vec(any::<bool>().prop_map(move |first| if first { a } else { b }), n)
    });
    let noise =
        (many(), any::<u64>(), -300..300_i32, -3.0..3.0_f64, 0.0..9.0_f64).prop_map(|(n, seed, power, level, step)| {
            let at = |i: usize| if i >= n / 2 { step } else { 0.0 };
            let unit = 10.0_f64.powi(power);
            normals(n, seed).into_iter().enumerate().map(|(i, z)| unit * (z + level + at(i))).collect::<Vec<f64>>()
        });
    let values = prop_oneof![
        3 => of(any_value().boxed()),
        1 => of((1e-300..1e300_f64).boxed()),
        1 => of((-700.0..700.0_f64).prop_map(f64::exp).boxed()),
        1 => of((1e-300..1e-299_f64).boxed()),
        1 => of((1e299..1e300_f64).boxed()),
        1 => of((-1e300..0.0_f64).boxed()),
        2 => pair,
        1 => (any_value(), many()).prop_map(|(v, n)| vec![v; n]),
        3 => noise,
    ];
    (values, 0..400_usize, prop_oneof![2 => Just(0_usize), 1 => 0..60_usize]).prop_map(|(mut values, from, gap)| {
        values.iter_mut().skip(from).take(gap).for_each(|v| *v = f64::NAN);
        values
    })
}

fn any_denominators(n: usize) -> impl Strategy<Value = Option<Vec<f64>>> {
    let one = prop_oneof![
        6 => 1.0..1e6_f64, 2 => Just(100.0), 1 => Just(0.0), 1 => Just(f64::NAN), 1 => -5.0..0.0_f64,
        1 => Just(f64::INFINITY), 1 => (-600.0..600.0_f64).prop_map(f64::exp)
    ];
    prop_oneof![1 => Just(None), 1 => prop::collection::vec(one, n).prop_map(Some)]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Minutes(1)),
        Just(Step::Minutes(30)),
        Just(Step::Hours(1)),
        Just(Step::Hours(12)),
        Just(Step::Day),
        Just(Step::Week),
        Just(Step::Months(1)),
        Just(Step::Months(3)),
        Just(Step::Months(12))
    ]
}

fn series_of(step: Step, values: Vec<f64>) -> Result<Series, SeriesError> {
    let seconds = match step {
        Step::Minutes(n) => 60 * i64::from(n),
        Step::Hours(n) => 3_600 * i64::from(n),
        Step::Day => 86_400,
        Step::Week => 7 * 86_400,
        Step::Months(n) => 2_629_746 * i64::from(n),
    };
    let edges = (0..).map(|i| START + seconds * i).take(values.len() + 1).collect();
    Series::new("m", Tz::Europe__Berlin, step, edges, values)
}

/// What is wrong with a change, if anything is.
fn unsound(change: &Found, series: &Series) -> Option<&'static str> {
    let (inner, outer) = (change.interval, change.outer_interval);
    let moments = [outer.0, inner.0, change.onset, inner.1, outer.1, series.edges()[series.len()] as f64];
    let ordered = |(from, to): (f64, f64)| from <= to;
    [
        (change.bucket < series.len(), "the bucket is none of the series"),
        ((0.0..=ALPHA).contains(&change.p_value), "the p-value is not one"),
        (moments.iter().all(|m| m.is_finite()), "a moment is not finite"),
        (moments.is_sorted(), "the moments are not in order"),
        (change.before.is_finite() && change.after.is_finite(), "a level is not finite"),
        (change.relative.is_none_or(|r| !r.is_nan()), "the effect is no number"),
        (change.relative_interval.is_none_or(ordered), "the interval of the effect is not in order"),
        (change.length.is_some() == (change.kind == ChangeKind::Spike), "only a spike has a length"),
        (change.length != Some(0), "a spike has no length"),
    ]
    .into_iter()
    .find_map(|(sound, what)| (!sound).then_some(what))
}

#[test]
fn a_stretch_above_zero_of_a_metric_that_was_below_it_has_no_logarithms() {
    let values = shifted(71, &vec![(41, 7.6)], 83_434);
    let found = |constant: f64| outlines(&days(about(constant, values.clone())));
    assert_eq!(found(0.0), found(-1000.0));
}

#[test]
fn a_stretch_above_zero_of_a_metric_that_was_below_it_has_not_the_noise_of_counts() {
    let steps = vec![(31, 1.0), (82, 3.913_192_388_832_192), (112, -2.539_765_335_414_117)];
    let values = shifted(152, &steps, 78_034);
    let least = values.iter().copied().fold(0.0, f64::min);
    let lower = about(SD * -211.946_252_635_686_22 - least, values.clone());
    assert_eq!(outlines(&days(values)), outlines(&days(lower)));
}

#[test]
fn the_last_day_before_a_fall_is_no_spike_where_it_is_one_of_the_days_before() {
    // It is two standard deviations above them, and as many as eight above those that follow.
    let steps = vec![(58, 5.0), (104, 5.0), (133, -6.499_011_808_350_864)];
    let changes = scan(&days(about(1000.0, shifted(173, &steps, 38_058))), ALPHA).changes;
    let told: Vec<(usize, ChangeKind)> = changes.iter().map(|c| (c.bucket, c.kind)).collect();
    assert_eq!(told, [58, 104, 133].map(|bucket| (bucket, ChangeKind::Level)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn on_the_level_scale_neither_zero_nor_the_unit_matters(
        (n, steps) in steps(1.0..8.0), seed in 0..100_000_u64, factor in -7.0..7.0_f64, lowest in -300.0..-0.1_f64, hourly in any::<bool>()
    ) {
        let series = if hourly { hours } else { days };
        let values = shifted(n, &steps, seed);
        // Both have values below zero, and so no logarithms.
        let least = values.iter().copied().fold(0.0, f64::min);
        prop_assert!(least < 0.0);
        let moved = about(SD * lowest - least, values.clone());
        let found = outlines(&series(values.clone()));
        prop_assert_eq!(&found, &outlines(&series(moved)), "a constant was added");
        prop_assert_eq!(&found, &outlines(&series(multiplied(&values, factor.exp()))), "the unit was changed");
    }

    #[test]
    fn on_the_scale_that_fits_the_unit_does_not_matter(
        (n, steps) in steps(1.0..8.0), seed in 0..100_000_u64, factor in -7.0..7.0_f64, log in any::<bool>()
    ) {
        let noise = shifted(n, &steps, seed);
        let values = if log { noise.iter().map(|v| (v / 100.0).exp()).collect() } else { about(1000.0, noise) };
        prop_assert!(values.iter().all(|v| *v > 0.0));
        prop_assert_eq!(outlines(&days(values.clone())), outlines(&days(multiplied(&values, factor.exp()))));
    }

    #[test]
    fn a_missing_bucket_where_nothing_happens_does_not_matter(
        (n, steps) in steps(5.0..8.0), seed in 0..100_000_u64, positive in any::<bool>(), place in any::<Index>()
    ) {
        let mut values = about(if positive { 1000.0 } else { 0.0 }, shifted(n, &steps, seed));
        let with = scan(&days(values.clone()), ALPHA).changes;
        let quiet: Vec<usize> = (0..n).filter(|i| steps.iter().all(|s| s.0.abs_diff(*i) >= AWAY)).collect();
        values[*place.get(&quiet)] = f64::NAN;
        let without = scan(&days(values), ALPHA).changes;
        // Where the median moment lies at midnight, a little more on one side makes it another bucket.
        let same = |a: &Found, b: &Found| {
            let inside = (a.interval.0..=a.interval.1).contains(&b.onset);
            inside && a.bucket.abs_diff(b.bucket) <= 1 && a.kind == b.kind && rose(a) == rose(b)
        };
        for (some, others) in [(&with, &without), (&without, &with)] {
            let lost = some.iter().filter(|c| is_great(c)).find(|c| !others.iter().any(|o| same(c, o)));
            prop_assert_eq!(lost, None, "{:?}", others);
        }
    }

    #[test]
    fn backwards_in_time_the_same_changes_are_found(
        (n, steps) in steps(5.0..8.0), seed in 0..100_000_u64, positive in any::<bool>()
    ) {
        let mut values = about(if positive { 1000.0 } else { 0.0 }, shifted(n, &steps, seed));
        let forwards = scan(&days(values.clone()), ALPHA).changes;
        values.reverse();
        let backwards = scan(&days(values), ALPHA).changes;
        let same = |a: &Found, b: &Found| {
            (n - a.bucket).abs_diff(b.bucket) <= 1 && a.kind == b.kind && rose(a) != rose(b)
        };
        let from_ends = |c: &Found| (AWAY..n - AWAY).contains(&c.bucket);
        for (some, others) in [(&forwards, &backwards), (&backwards, &forwards)] {
            let great = some.iter().filter(|c| is_great(c) && from_ends(c));
            let lost = great.into_iter().find(|c| !others.iter().any(|o| same(c, o)));
            prop_assert_eq!(lost, None, "{:?}", others);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_the_numbers_are_each_change_is_sound(
        (values, denominators) in any_values().prop_flat_map(|v| { let d = any_denominators(v.len()); (Just(v), d) }),
        step in any_step(),
    ) {
        let series = series_of(step, values).unwrap();
        let series = match denominators { Some(d) => series.with_denominators(d), None => series };
        let scanned = scan(&series, ALPHA);
        prop_assert!((0.0..=1.0).contains(&scanned.p_value), "{}", scanned.p_value);
        prop_assert!(scanned.breaks.iter().all(|b| *b < series.len()) && scanned.breaks.is_sorted());
        prop_assert!(scanned.changes.is_sorted_by_key(|c| c.bucket));
        for change in &scanned.changes {
            prop_assert_eq!(unsound(change, &series), None, "{:?}", change);
        }
    }

    #[test]
    fn an_infinite_value_makes_no_series(mut values in prop::collection::vec(any_value(), 1..50), place in any::<Index>(), up in any::<bool>()) {
        let at = place.index(values.len());
        values[at] = if up { f64::INFINITY } else { f64::NEG_INFINITY };
        prop_assert_eq!(series_of(Step::Day, values).unwrap_err(), SeriesError::Infinite(at));
    }
}

#[test]
fn no_interval_begins_before_the_series() {
    let values = shifted(20, &vec![(3, 6.0)], 3);
    let series = series_of(Step::Minutes(30), values).unwrap();
    let changes = scan(&series, ALPHA).changes;
    assert!(!changes.is_empty());
    for change in changes {
        assert!(change.outer_interval.0 >= series.edges()[0] as f64, "{change:?}");
    }
}

#[test]
fn the_interval_of_an_effect_beyond_all_numbers_is_none() {
    let mut values = vec![5.562_628_112_054_793e-301; 11];
    (values[0], values[10]) = (f64::NAN, 370.071_438_518_669_94);
    for change in scan(&series_of(Step::Day, values).unwrap(), ALPHA).changes {
        assert!(change.relative_interval.is_none_or(|(from, to)| from.is_finite() && to.is_finite()), "{change:?}");
    }
}

#[test]
fn a_spike_that_begins_and_ends_within_a_bucket_takes_one() {
    let mut values = [0.0; 20];
    (values[5], values[6], values[7], values[10]) = (688.749_378_649_877_8, 624.533_376_469_702_4, 1.0, 3.0);
    (values[11], values[12], values[13]) = (329.023_008_380_598, 315.778_238_777_506_54, -114.892_472_474_740_83);
    (values[15], values[17]) = (1.0, 94.485_051_595_988_61);
    for gap in [4, 9, 18, 19] {
        values[gap] = f64::NAN;
    }
    (values[2], values[16]) = (-4.614_769_946_286_312_5e-301, -2.513_055_532_875_601_5e-301);
    (values[8], values[14]) = (6.349_073_998_695_607_5e-133, 1.699_985_487_429_21e-309);
    let series = series_of(Step::Months(1), values.to_vec()).unwrap();
    let changes = scan(&series, ALPHA).changes;
    assert!(changes.iter().any(|c| c.kind == ChangeKind::Spike));
    for change in changes {
        assert_eq!(unsound(&change, &series), None, "{change:?}");
    }
}
