//! Axes of numbers.

/// The stretch that an axis of these values has: a little more than they need, and from zero where that costs little.
///
/// None where no value is finite.
pub(in crate::report) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return None;
    }
    let length = high - low;
    if length == 0.0 || !length.is_finite() {
        let around = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
        return Some((low - around, high + around));
    }
    let pad = 0.06 * length;
    let from_zero = low >= 0.0 && low < 0.4 * high;
    Some((if from_zero { 0.0 } else { low - pad }, high + pad))
}

/// The step of an axis with at most `most` ticks: 1, 2 or 5 times a power of ten. Zero where the stretch has no length.
pub(in crate::report) fn step((from, to): (f64, f64), most: usize) -> f64 {
    let rough = (to - from) / most.max(1) as f64;
    if !(rough.is_finite() && rough > 0.0) {
        return 0.0;
    }
    let power = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough * 0.999_999).unwrap_or(10.0 * power)
}

/// The ticks of a stretch, at most `most`, and their step.
pub(in crate::report) fn ticks((from, to): (f64, f64), most: usize) -> (Vec<f64>, f64) {
    let step = step((from, to), most);
    if step == 0.0 {
        return (vec![from], 0.0);
    }
    let first = (from / step - 1e-9).ceil();
    // Adding the step up would gather its error.
    let all = (0..=most).map(|i| (first + i as f64) * step).take_while(|t| *t <= to + 1e-9 * step);
    (all.map(|t| if t == 0.0 { 0.0 } else { t }).collect(), step)
}

/// A tick in words, as precise as the step asks for: `1,250`, `0.05`, `1.2M`.
pub(in crate::report) fn label(value: f64, step: f64) -> String {
    let size = value.abs().max(step.abs());
    let scales = [(1e12, "T"), (1e9, "B"), (1e6, "M")];
    if size >= 1e15 || (value != 0.0 && size < 1e-6) {
        return format!("{value:.1e}");
    }
    let (scale, letter) = scales.into_iter().find(|(s, _)| size >= *s).unwrap_or((1.0, ""));
    let finest = if step > 0.0 { step / scale } else { value.abs() / scale / 100.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 12")]
    let decimals = if finest > 0.0 { (-(finest.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize } else { 0 };
    let text = format!("{:.*}", decimals, value / scale);
    let (whole, decimals) = text.find('.').map_or((text.as_str(), ""), |point| text.split_at(point));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let grouped: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|chunk| std::str::from_utf8(chunk).ok()).collect();
    format!("{sign}{}{decimals}{letter}", grouped.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(from: f64, to: f64, most: usize) -> Vec<String> {
        let (ticks, step) = ticks((from, to), most);
        ticks.into_iter().map(|t| label(t, step)).collect()
    }

    #[test]
    fn ticks_stand_at_round_numbers() {
        assert_eq!(labels(3412.0, 4790.0, 4), ["3,500", "4,000", "4,500"]);
        assert_eq!(labels(0.0, 1.0, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(-3.0, 3.0, 3), ["-2", "0", "2"]);
        assert_eq!(labels(1.2e6, 2.9e6, 4), ["1.5M", "2.0M", "2.5M"]);
        assert_eq!(labels(0.031, 0.042, 3), ["0.035", "0.040"]);
    }

    #[test]
    fn an_axis_of_one_value_or_none_is_no_trouble() {
        assert_eq!(range([5.0, f64::NAN].into_iter()), Some((4.5, 5.5)));
        assert_eq!(range([f64::NAN].into_iter()), None);
        assert_eq!(labels(2.0, 2.0, 4).len(), 1);
    }

    #[test]
    fn an_axis_begins_at_zero_only_where_that_costs_little() {
        assert_eq!(range([1.0, 10.0].into_iter()).map(|r| r.0.to_bits()), Some(0.0_f64.to_bits()));
        assert!(range([8.0, 10.0].into_iter()).is_some_and(|r| r.0 > 7.0));
    }

    proptest! {
        #[test]
        fn ticks_lie_within_and_are_as_few_as_asked(from in -1e12..1e12_f64, length in 1e-6..1e12_f64, most in 1..12_usize) {
            let (ticks, step) = ticks((from, from + length), most);
            prop_assert!(ticks.len() <= most + 1);
            for tick in ticks {
                prop_assert!(tick >= from - step * 1e-3 && tick <= from + length + step * 1e-3);
            }
        }
    }
}
