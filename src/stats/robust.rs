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

/// So many stretches, of so many values each, tell the medians of a long series: a number that no hours, days and weeks add up to, and stretches in which
/// what comes every few minutes does so as often as elsewhere.
const STRETCHES: usize = 61;
const IN_STRETCH: usize = 256;

/// The places of those of `n` values by which the median of all is told to a hundredth of their scatter: evenly spread stretches, or all where there are no
/// more than twice as many.
pub fn spread(n: usize) -> impl Iterator<Item = usize> {
    let is_all = n <= 2 * STRETCHES * IN_STRETCH;
    let (stretches, length) = if is_all { (1, n) } else { (STRETCHES, IN_STRETCH) };
    (0..stretches).flat_map(move |i| {
        let from = i * (n - length) / (STRETCHES - 1);
        from..from + length
    })
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
/// it is too fine to matter. Of values in the order of time that are constant but for a few events, what they are told in ([`constant_unit`]).
///
/// Where most have one value, as zero, and others come and go, these need not be rounded: it is the distance from it within which a quarter of them are, if
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
    if let Some(unit) = constant_unit(values) {
        return unit;
    }
    let sorted = sorted(1);
    let same = same(&sorted);
    let runs: Vec<&[f64]> = sorted.chunk_by(|a, b| b - a <= same).collect();
    if 3 * runs.len() > sorted.len() {
        return 0.0;
    }
    let least = runs.windows(2).map(|w| w[1][0] - w[0][0]).fold(f64::INFINITY, f64::min);
    let mode = runs.iter().max_by_key(|run| run.len()).filter(|run| 2 * run.len() > sorted.len()).map(|run| run[0]);
    let beside = mode.filter(|mode| runs_beside(values, *mode).len() > FEW_EVENTS).map_or(0.0, |mode| {
        let others = sorted.iter().map(|v| (v - mode).abs()).filter(|d| *d > same);
        quantile(&others.collect::<Vec<_>>(), 0.25)
    });
    if least.is_finite() { least.max(beside) } else { 0.0 }
}

/// How much values may differ that are the same.
fn same(values: &[f64]) -> f64 {
    SAME * values.iter().fold(0.0, |most: f64, v| most.max(v.abs()))
}

/// The lengths of the runs of values other than this one, in the order of time; NaN are left out.
fn runs_beside(values: &[f64], value: f64) -> Vec<usize> {
    let same = same(values);
    let others: Vec<bool> = values.iter().filter(|v| !v.is_nan()).map(|v| (v - value).abs() > same).collect();
    others.chunk_by(|a, b| a == b).filter(|run| run[0]).map(<[bool]>::len).collect()
}

/// A constant may be left for so many runs of other values, or move twice as often, by what happened: more of them are its noise.
const FEW_EVENTS: usize = 2;
/// Where there are more levels than that, as where errors came for some days, these runs have at most so many values: more of them have a noise of their own.
const LONGEST_EVENT: usize = 14;
/// What is told in finer units than this share of the greatest value is not.
const FINEST: f64 = 1e-6;
/// Most decimal places that a unit has.
const PLACES: i32 = 9;

/// The unit in which values are told that are constant but for a few events: the greatest power of ten, up to 1, of which all are multiples, but no less than a
/// millionth of the greatest value. None where they are not constant, or all missing.
///
/// The values are in the order of time; NaN are left out. The distances between the levels of a constant are what happened to it, and no noise.
#[must_use]
pub fn constant_unit(values: &[f64]) -> Option<f64> {
    let present: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let same = same(&present);
    let is_same = |a: f64, b: f64| (a - b).abs() <= same;
    let levels = present.chunk_by(|a, b| is_same(*a, *b)).count();
    if levels > 2 * FEW_EVENTS + 1 || 3 * levels > present.len() {
        let of_most = of_most(&present, same);
        let others = runs_beside(&present, of_most);
        if others.len() > FEW_EVENTS || others.iter().sum::<usize>() > LONGEST_EVENT.min(present.len() / 2) {
            return None;
        }
    }
    let is_told_in = |unit: &f64| present.iter().all(|v| is_same((v / unit).round() * unit, *v));
    let unit = (0..=PLACES).map(|places| 10_f64.powi(-places)).find(is_told_in).unwrap_or(0.0);
    (!present.is_empty()).then(|| unit.max(FINEST / SAME * same))
}

/// The value that more than half of the values have, where they are no constant that is left for a few events. The values are in the order of time; NaN are
/// left out.
#[must_use]
pub fn usual_value(values: &[f64]) -> Option<f64> {
    let same = same(values);
    let of_most = of_most(values, same);
    let is_of_most = |v: &&f64| (**v - of_most).abs() <= same;
    let present = values.iter().filter(|v| !v.is_nan()).count();
    let is_usual = 2 * values.iter().filter(is_of_most).count() > present;
    // What is left of a difference is no value of its own.
    let usual = if of_most.abs() <= same { 0.0 } else { of_most };
    (is_usual && constant_unit(values).is_none()).then_some(usual)
}

/// The value of more than half of the values, if one is, by the vote of Boyer & Moore (1991); NaN are left out.
fn of_most(values: &[f64], same: f64) -> f64 {
    let vote = |(of, lead): (f64, usize), v: &f64| match lead {
        0 => (*v, 1),
        _ if (of - v).abs() <= same => (of, lead + 1),
        _ => (of, lead - 1),
    };
    values.iter().filter(|v| !v.is_nan()).fold((0.0, 0), vote).0
}

/// So many values are left to one thread.
pub const STRETCH: usize = 16_384;
/// So many windows are sorted side by side, which a processor does with a few instructions.
const LANES: usize = 8;
/// Windows of so many values are kept sorted instead.
const WIDE: usize = 32;

/// The medians of all runs of `W` values, an odd number; none where there are fewer. No value is to be missing.
#[must_use]
pub fn running_median<const W: usize>(values: &[f64]) -> Vec<f64> {
    let mut medians = vec![0.0; (values.len() + 1).saturating_sub(W)];
    if W >= WIDE {
        let sliding = |(i, medians): (usize, &mut [f64])| slide::<W>(&values[i * STRETCH..], medians);
        medians.par_chunks_mut(STRETCH).enumerate().for_each(sliding);
        return medians;
    }
    let side_by_side = |(i, medians): (usize, &mut [f64])| {
        let windows = &values[i * LANES..i * LANES + medians.len() + W - 1];
        // The last few are filled up.
        let value = |at: usize| windows.get(at).copied().unwrap_or(0.0);
        let of = medians_of::<W>(std::array::from_fn(|place| std::array::from_fn(|lane| value(place + lane))));
        medians.copy_from_slice(&of[..medians.len()]);
    };
    medians.par_chunks_mut(LANES).with_min_len(STRETCH / LANES).enumerate().for_each(side_by_side);
    medians
}

/// The medians of the first windows of the values, by a sorted window that one value leaves and another joins.
fn slide<const W: usize>(values: &[f64], medians: &mut [f64]) {
    let mut sorted: [f64; W] = std::array::from_fn(|i| values[i]);
    sorted.sort_unstable_by(f64::total_cmp);
    for (i, median) in medians.iter_mut().enumerate() {
        if i > 0 {
            let (leaving, joining) = (values[i - 1], values[i + W - 1]);
            // Counting is faster than a search that cannot be foreseen.
            let below = |value: f64| sorted.iter().filter(|x| **x < value).count();
            let (from, to) = (below(leaving), below(joining));
            if to > from {
                sorted.copy_within(from + 1..to, from);
                sorted[to - 1] = joining;
            } else {
                sorted.copy_within(to..from, to + 1);
                sorted[to] = joining;
            }
        }
        *median = sorted[W / 2];
    }
}

/// The median of each lane: its lower half is sorted by selection.
fn medians_of<const W: usize>(mut lanes: [[f64; LANES]; W]) -> [f64; LANES] {
    for place in 0..=W / 2 {
        let mut least = lanes[place];
        for other in &mut lanes[place + 1..] {
            for (a, b) in least.iter_mut().zip(other) {
                (*a, *b) = if *b < *a { (*b, *a) } else { (*a, *b) };
            }
        }
        lanes[place] = least;
    }
    lanes[W / 2]
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
    fn stretches_are_all_or_evenly_spread() {
        for n in [0, 1, 31_232] {
            assert!(spread(n).eq(0..n), "{n}");
        }
        for n in [31_233, 100_000, 1_000_003] {
            let places: Vec<usize> = spread(n).collect();
            assert_eq!((places.len(), places[0], places[places.len() - 1]), (STRETCHES * IN_STRETCH, 0, n - 1));
            assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{n}");
        }
    }

    #[test]
    fn the_resolution_is_what_values_are_rounded_to() {
        let rounded: Vec<f64> = (0..60).map(|i| f64::from((i * 7919) % 7) / 100.0).collect();
        assert!((resolution(&rounded) - 0.01).abs() < 1e-9);
        let fine: Vec<f64> = (0..60).map(|i| f64::from((i * 7919) % 61)).collect();
        assert!(resolution(&fine).abs() < 1e-12);
    }

    #[test]
    fn a_constant_is_told_in_a_power_of_ten_whatever_happened_to_it() {
        let but = |constant: f64, others: &[f64]| [&[constant; 30][..], others, &[constant; 30]].concat();
        for (values, unit) in [
            (but(3.0, &[]), Some(1.0)),
            (but(1.0, &[0.75]), Some(0.01)),
            (but(0.0, &[31.4, f64::NAN, 28.0, 40.0, 35.0]), Some(0.1)),
            (but(1.0 / 3.0, &[0.5]), Some(0.5e-6)),
            ([but(0.0, &[3.0]), but(0.0, &[2.0, 5.0]), but(0.0, &[4.0])].concat(), None),
            (but(0.0, &(1..20).map(f64::from).collect::<Vec<f64>>()), None),
            (vec![f64::NAN; 4], None),
        ] {
            let found = constant_unit(&values);
            let is_same = found.zip(unit).map_or(found == unit, |(found, unit)| (found / unit - 1.0).abs() < 1e-9);
            assert!(is_same, "{found:?} instead of {unit:?}");
        }
    }

    #[test]
    fn where_most_are_zero_the_resolution_is_how_far_the_others_are() {
        let amounts = |i: u32| if i.is_multiple_of(5) { 10.0 + f64::from(i) * 0.037 } else { 0.0 };
        let values: Vec<f64> = (0..100).map(amounts).collect();
        assert!((10.0..12.0).contains(&resolution(&values)), "{}", resolution(&values));
    }

    #[test]
    fn the_running_median_agrees_with_the_median_of_each_window() {
        for n in [0, 6, 7, 8, 9, 40, 2 * STRETCH + 5] {
            let v: Vec<f64> = (0..n).map(|i| ((i * 7919) % 1009) as f64 - 500.0).collect();
            let slow = |window: usize| v.windows(window).map(median).collect::<Vec<f64>>();
            assert_eq!(running_median::<1>(&v), v);
            assert_eq!(running_median::<7>(&v), slow(7), "{n} values");
            assert_eq!(running_median::<9>(&v), slow(9), "{n} values");
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
