//! Made-up series for tests, the same in each run.

use chrono_tz::Tz;

use crate::model::{Series, Step};

/// A daily series from 2024-01-01 UTC on.
pub(crate) fn days(values: Vec<f64>) -> Series {
    series(Step::Day, 86_400, values)
}

/// A weekly series from 2024-01-01 UTC on.
pub(crate) fn weeks(values: Vec<f64>) -> Series {
    series(Step::Week, 7 * 86_400, values)
}

/// An hourly series from 2024-01-01 UTC on.
pub(crate) fn hours(values: Vec<f64>) -> Series {
    series(Step::Hours(1), 3_600, values)
}

/// A series of five minutes each from 2024-01-01 UTC on.
pub(crate) fn five_minutes(values: Vec<f64>) -> Series {
    series(Step::Minutes(5), 300, values)
}

fn series(step: Step, seconds: usize, values: Vec<f64>) -> Series {
    let edges = (0..=values.len()).map(|i| 1_704_067_200 + i64::try_from(seconds * i).unwrap()).collect();
    Series::new("m", Tz::UTC, step, edges, values).unwrap()
}

/// Standard normal numbers: sums of twelve uniform ones of a linear congruential generator (Knuth's MMIX).
pub(crate) fn normals(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
}
