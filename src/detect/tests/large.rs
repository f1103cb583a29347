//! What a metric does every day, or grows by, may be far larger than its noise and than what happens to it.

use super::*;

/// Noise of which each value remembers half of the last one, with a standard deviation of about one.
fn remembering(n: usize, seed: u64) -> Vec<f64> {
    let mut last = 0.0;
    let next = |z: f64| {
        last = 0.5 * last + 0.75_f64.sqrt() * z;
        last
    };
    normals(n, seed).into_iter().map(next).collect()
}

#[test]
fn a_fall_is_as_clear_where_nights_are_a_ninth_of_days_as_where_all_hours_are_alike() {
    for seed in 0..4 {
        let noise = remembering(42 * 24, seed);
        let p_value = |swing: f64| {
            let day = |i: usize| 1.0 + swing * ((i % 24) as f64 / 24.0 * std::f64::consts::TAU).sin();
            let level = |i: usize| if i < 700 { 100.0 } else { 90.0 };
            let values = noise.iter().enumerate().map(|(i, z)| level(i) * day(i) * (0.05 * z).exp()).collect();
            let scanned = scan(&hours(values), 0.05);
            assert!(scanned.changes.iter().any(|c| c.bucket.abs_diff(700) <= 5), "seed {seed}, swing {swing}");
            scanned.p_value
        };
        let (even, swinging) = (p_value(0.0), p_value(0.8));
        assert!(even < 1e-6 && swinging < 100.0 * even, "seed {seed}: {even} and {swinging}");
    }
}

#[test]
fn a_step_is_found_whatever_a_metric_grows_by() {
    for seed in 0..6 {
        for growth in [0.0, 100.0, 1000.0] {
            let noise = remembering(200, seed).into_iter().enumerate();
            let step = |i: usize| if i < 130 { 0.0 } else { 4.0 };
            let values = noise.map(|(i, z)| 5000.0 + z + step(i) + growth * i as f64 / 200.0).collect();
            let changes = found(values);
            let is_it = |c: &(usize, ChangeKind, bool)| c.0.abs_diff(130) <= 2 && c.1 == ChangeKind::Level && c.2;
            assert!(changes.iter().any(is_it), "seed {seed}, growth {growth}: {changes:?}");
        }
    }
}
