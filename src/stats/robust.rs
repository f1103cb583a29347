//! Location and scale that a few wild values do not move.

use rayon::prelude::*;

/// Makes the median absolute deviation estimate the standard deviation of Gaussian data: 1 / Φ⁻¹(3/4).
pub const MAD_TO_SD: f64 = 1.482_602_218_505_602;

/// The quantile of `values` at `p` (0..1), by linear interpolation (type 7 of Hyndman & Fan 1996).
///
/// NaN are left out; NaN where nothing is left.
#[must_use]
pub fn quantile(values: &[f64], p: f64) -> f64 {
    let mut v: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    if v.is_empty() {
        return f64::NAN;
    }
    let at = p.clamp(0.0, 1.0) * (v.len() - 1) as f64;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let low = at.floor() as usize;
    let (_, &mut a, rest) = v.select_nth_unstable_by(low, f64::total_cmp);
    let b = rest.iter().copied().min_by(f64::total_cmp).unwrap_or(a);
    let share = at - at.floor();
    if share == 0.0 { a } else { a + share * (b - a) }
}

/// The median; NaN are left out, NaN where nothing is left.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Standard deviation estimated by the median absolute deviation about `centre` (Hampel 1974).
///
/// Zero where more than half of the values equal the centre.
#[must_use]
pub fn mad_sd(values: &[f64], centre: f64) -> f64 {
    let distances: Vec<f64> = values.iter().map(|x| (x - centre).abs()).collect();
    MAD_TO_SD * median(&distances)
}

/// Values that differ by less than this share of the greatest are the same, told in different ways.
const SAME: f64 = 1e-9;

/// So many values tell whether any repeats another.
const FEW: usize = 64;

/// What values are rounded to: the least distance between two that differ, where at least two thirds of them repeat others. Else 0, because
/// it is too fine to matter.
///
/// Where most have one value, as zero, the others need not be rounded: it is the distance from it within which a quarter of the others are, if
/// that is more. NaN are left out.
#[must_use]
pub fn resolution(values: &[f64]) -> f64 {
    let sorted = |every: usize| {
        let mut some: Vec<f64> = values.iter().step_by(every).copied().filter(|v| !v.is_nan()).collect();
        some.sort_unstable_by(f64::total_cmp);
        some
    };
    // Where most repeat others a few of them do.
    if values.len() > FEW && sorted(values.len().div_ceil(FEW)).windows(2).all(|w| w[0] < w[1]) {
        return 0.0;
    }
    let sorted = sorted(1);
    let same = SAME * sorted.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let runs: Vec<&[f64]> = sorted.chunk_by(|a, b| b - a <= same).collect();
    if 3 * runs.len() > sorted.len() {
        return 0.0;
    }
    let least = runs.windows(2).map(|w| w[1][0] - w[0][0]).fold(f64::INFINITY, f64::min);
    let mode = runs.iter().max_by_key(|run| run.len()).filter(|run| 2 * run.len() > sorted.len());
    let beside = mode.map_or(0.0, |mode| {
        let others = sorted.iter().map(|v| (v - mode[0]).abs()).filter(|d| *d > same);
        quantile(&others.collect::<Vec<_>>(), 0.25)
    });
    if least.is_finite() { least.max(beside) } else { 0.0 }
}

/// A stretch of this length is left to one thread.
const STRETCH: usize = 16_384;

/// Median of the values within `half` places of each place; the window is cut at the ends.
#[must_use]
pub fn running_median(values: &[f64], half: usize) -> Vec<f64> {
    let n = values.len();
    let stretch = |from: usize| {
        let to = n.min(from + STRETCH);
        let (first, last) = (from.saturating_sub(half), n.min(to + half));
        let medians = medians(&values[first..last], half);
        medians[from - first..to - first].to_vec()
    };
    let starts: Vec<usize> = (0..n).step_by(STRETCH).collect();
    starts.into_par_iter().flat_map_iter(stretch).collect()
}

/// The running medians of a stretch.
fn medians(values: &[f64], half: usize) -> Vec<f64> {
    // A sorted window is updated by one removal and one insertion a step: O(n · half), and half is small.
    let n = values.len();
    let mut window: Vec<f64> = values[..n.min(half)].iter().copied().filter(|x| !x.is_nan()).collect();
    window.sort_by(f64::total_cmp);
    let mut out = Vec::with_capacity(n);
    for i in 0..n {
        if let Some(&enters) = values.get(i + half).filter(|x| !x.is_nan()) {
            let at = window.partition_point(|x| x.total_cmp(&enters).is_lt());
            window.insert(at, enters);
        }
        if i > half && !values[i - half - 1].is_nan() {
            let at = window.partition_point(|x| x.total_cmp(&values[i - half - 1]).is_lt());
            window.remove(at);
        }
        let m = window.len();
        out.push(match m {
            0 => f64::NAN,
            _ if m % 2 == 1 => window[m / 2],
            _ => f64::midpoint(window[m / 2 - 1], window[m / 2]),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_the_midpoint_and_ignores_missing_values() {
        assert!((median(&[4.0, f64::NAN, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-12);
        assert!(median(&[f64::NAN]).is_nan());
    }

    #[test]
    fn the_resolution_is_what_values_are_rounded_to() {
        let rounded: Vec<f64> = (0..60).map(|i| f64::from((i * 7919) % 7) / 100.0).collect();
        assert!((resolution(&rounded) - 0.01).abs() < 1e-9);
        let fine: Vec<f64> = (0..60).map(|i| f64::from((i * 7919) % 61)).collect();
        assert!(resolution(&fine).abs() < 1e-12);
        assert!(resolution(&[3.0; 20]).abs() < 1e-12);
    }

    #[test]
    fn where_most_are_zero_the_resolution_is_how_far_the_others_are() {
        let amounts = |i: u32| if i.is_multiple_of(5) { 10.0 + f64::from(i) * 0.037 } else { 0.0 };
        let values: Vec<f64> = (0..100).map(amounts).collect();
        assert!((10.0..12.0).contains(&resolution(&values)), "{}", resolution(&values));
    }

    #[test]
    fn the_running_median_agrees_with_the_median_of_each_window() {
        let v: Vec<f64> = (0..40).map(|i| f64::from((i * 7919) % 101)).collect();
        for half in [0, 1, 3, 10, 60] {
            let fast = running_median(&v, half);
            for i in 0..v.len() {
                let slow = median(&v[i.saturating_sub(half)..(i + half + 1).min(v.len())]);
                assert!((fast[i] - slow).abs() < 1e-12, "half {half}, place {i}: {} against {slow}", fast[i]);
            }
        }
    }

    #[test]
    fn the_running_median_knows_no_seams() {
        let v: Vec<f64> = (0..2 * STRETCH + 5).map(|i| ((i * 7919) % 1009) as f64).collect();
        let fast = running_median(&v, 3);
        assert_eq!(fast.len(), v.len());
        for i in (STRETCH - 10..STRETCH + 10).chain(2 * STRETCH - 10..v.len()) {
            let slow = median(&v[i - 3..(i + 4).min(v.len())]);
            assert!((fast[i] - slow).abs() < 1e-12, "place {i}: {} against {slow}", fast[i]);
        }
    }

    #[test]
    fn one_wild_value_does_not_move_the_scale() {
        let mut v: Vec<f64> = (0..101).map(|i| f64::from(i) - 50.0).collect();
        let before = mad_sd(&v, 0.0);
        v[100] = 1e9;
        assert!((mad_sd(&v, 0.0) / before - 1.0).abs() < 0.05);
    }
}
