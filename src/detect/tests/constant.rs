//! Metrics that are constant but for what happened to them.

use super::*;

fn told(series: &Series) -> Vec<(usize, Option<usize>, f64, f64)> {
    let round = |x: f64| (10.0 * x).round() / 10.0;
    let of = |c: Found| (c.bucket, c.length, round(c.before), round(c.after));
    scan(series, 0.05).changes.into_iter().map(of).collect()
}

/// 90 values: a constant but in these places.
fn but(constant: f64, others: &[(usize, f64)]) -> Vec<f64> {
    let of = |i: usize| others.iter().find(|(at, _)| *at == i).map_or(constant, |(_, value)| *value);
    (0..90).map(of).collect()
}

#[test]
fn errors_where_none_ever_were_are_told() {
    let three = but(0.0, &[(50, 20.0), (51, 25.0), (52, 20.0)]);
    let changes = told(&days(three.clone()));
    assert!(matches!(changes[..], [(50, Some(3), 0.0, after)] if (19.0..26.0).contains(&after)), "{changes:?}");
    assert_eq!(told(&hours(three)), changes);
    let two = told(&days(but(0.0, &[(20, 17.0), (21, 23.0), (70, 20.0), (71, 19.0), (72, 22.0)])));
    assert_eq!(two.iter().map(|c| (c.0, c.1)).collect::<Vec<_>>(), [(20, Some(2)), (70, Some(3))]);
    let last = told(&days(but(0.0, &[(88, 40.0), (89, 40.0)])));
    assert_eq!(last, [(88, None, 0.0, 40.0)]);
}

#[test]
fn a_constant_that_moves_is_told_with_its_levels() {
    let from = |at: usize| (at..90).map(|i| (i, 90.0)).collect::<Vec<_>>();
    assert_eq!(told(&days(but(100.0, &from(60)))), [(60, None, 100.0, 90.0)]);
    assert_eq!(told(&days(but(100.0, &[(50, 50.0)]))), [(50, Some(1), 100.0, 50.0)]);
    let last = told(&days(but(100.0, &from(88))));
    assert!(matches!(last[..], [(88, None, 100.0, after)] if (after - 90.0).abs() < 0.2), "{last:?}");
    let plateaus = (0..200)
        .map(|i| {
            if i < 60 {
                2.0
            } else if i < 120 {
                7.0
            } else {
                3.0
            }
        })
        .collect();
    assert_eq!(told(&days(plateaus)), [(60, None, 2.0, 7.0), (120, None, 7.0, 3.0)]);
}

#[test]
fn a_beat_that_stops_for_hours_is_told() {
    let beats = (0..700).map(|i| if (500..520).contains(&i) { 0.0 } else { 1.0 }).collect();
    assert_eq!(told(&hours(beats)), [(500, Some(20), 1.0, 0.0)]);
}

#[test]
fn amounts_that_come_now_and_then_are_the_noise_of_a_metric_at_zero() {
    for values in [
        but(0.0, &[(12, 37.5), (40, 12.25), (41, 80.0), (66, 19.9), (85, 44.0)]),
        but(0.0, &[(44, 1.0)]),
        but(0.0, &[(44, 1.0), (51, 1.0)]),
        but(0.0, &[(89, 1.0)]),
        but(7.0, &[]),
    ] {
        assert_eq!(told(&days(values.clone())), [], "{values:?}");
    }
}
