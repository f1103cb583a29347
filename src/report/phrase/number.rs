//! Numbers as people read them.

/// Nothing to show.
const UNDEFINED: &str = "n/a";

/// A number to four significant digits, whole above 1,000, in words above a million; `n/a` where it is undefined.
pub(in crate::report) fn number(value: Option<f64>) -> String {
    let Some(value) = value.filter(|v| v.is_finite()) else { return UNDEFINED.to_owned() };
    let size = value.abs();
    match size {
        _ if size == 0.0 => "0".to_owned(),
        _ if !(1e-4..1e15).contains(&size) => format!("{value:.2e}"),
        _ if size >= 999_999.5 => {
            let scales = [(1e12, "trillion"), (1e9, "billion"), (1e6, "million")];
            let (scale, word) = scales.into_iter().find(|(s, _)| size >= 0.999_95 * s).unwrap_or((1e6, "million"));
            format!("{} {word}", significant(value / scale, 4))
        }
        _ => significant(value, 4),
    }
}

/// A count with its thousands apart.
pub(in crate::report) fn whole(n: usize) -> String {
    grouped(&n.to_string())
}

/// A signed share of one in percent: `-27 %`.
pub(in crate::report) fn percent(share: f64) -> String {
    if !share.is_finite() {
        return UNDEFINED.to_owned();
    }
    let value = 100.0 * share;
    let size = value.abs();
    let digits = if size >= 1e7 { return format!("{value:+.1e} %") } else { significant(size, 2) };
    match digits.as_str() {
        "0" => "0 %".to_owned(),
        _ => format!("{}{digits} %", if value < 0.0 { '-' } else { '+' }),
    }
}

/// A nominal coverage: `95 %`.
pub(super) fn level(share: f64) -> String {
    format!("{} %", significant(100.0 * share, 3))
}

/// A probability in whole percents; what is possible or open is never shown as 0 or 100.
pub(in crate::report) fn probability(p: f64) -> String {
    match 100.0 * p {
        v if !v.is_finite() => UNDEFINED.to_owned(),
        v if v > 0.0 && v < 0.995 => "<1 %".to_owned(),
        v if v > 99.0 && v < 100.0 - 1e-9 => ">99 %".to_owned(),
        v => format!("{} %", significant(v.round(), 4)),
    }
}

/// A share with a digit after the point, and as many as it takes below that: `5.5 %`, `0.03 %`.
pub(in crate::report) fn percent_of(share: f64) -> String {
    let value = 100.0 * share;
    match value {
        v if !v.is_finite() => UNDEFINED.to_owned(),
        v if v > 0.0 && v < 0.005 => "<0.01 %".to_owned(),
        v if v < 0.095 => format!("{} %", significant(v, 1)),
        v => format!("{v:.1} %"),
    }
}

/// `p = 0.0004`, or `p < 0.0001`.
pub(in crate::report) fn p_value(p: f64) -> String {
    level_of("p", p)
}

/// `q = 0.0004`, or `q < 0.0001`.
pub(in crate::report) fn q_value(q: f64) -> String {
    level_of("q", q)
}

/// `0.0004`, or `< 0.0001`, for a column that says what it is.
pub(in crate::report) fn q_alone(q: f64) -> String {
    level_of("", q).trim_start_matches([' ', '=']).to_owned()
}

fn level_of(letter: &str, p: f64) -> String {
    match p {
        _ if !p.is_finite() => format!("{letter} n/a"),
        _ if p < 1e-4 => format!("{letter} < 0.0001"),
        _ => format!("{letter} = {}", significant(p, 2)),
    }
}

/// The number rounded to `digits` significant digits, but never to less than ones, without trailing zeros.
fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    // A size below 1e-12 would ask for absurdly many decimals; it reads as zero here.
    let exponent = value.abs().log10().floor().clamp(-12.0, 15.0);
    let decimals = (f64::from(digits - 1) - exponent).max(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 16")]
    let text = format!("{value:.*}", decimals as usize);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    match text {
        "-0" => "0".to_owned(),
        _ => grouped(text),
    }
}

fn grouped(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, decimals) = text.find('.').map_or((text, ""), |point| text.split_at(point));
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + decimals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64) -> String {
        number(Some(value))
    }

    #[test]
    fn numbers_have_thousands_apart_and_no_false_precision() {
        let all = [1234.5, 900.1, 0.051_234, 12.3456, 999_999.4, 1_234_567.0, -7.25e9, 100.0].map(shown);
        assert_eq!(all, ["1,234", "900.1", "0.05123", "12.35", "999,999", "1.235 million", "-7.25 billion", "100"]);
    }

    #[test]
    fn tiny_huge_and_undefined_numbers_are_readable() {
        assert_eq!([1.2e-7, -3.4e18, 0.0, -0.0].map(shown), ["1.20e-7", "-3.40e18", "0", "0"]);
        assert_eq!([number(None), shown(f64::NAN)], ["n/a", "n/a"]);
    }

    #[test]
    fn rounding_up_to_the_next_scale_stays_readable() {
        assert_eq!(
            [999_999.7, 999_999_999.0, 9_999.96, 0.999_99].map(shown),
            ["1 million", "1 billion", "10,000", "1"]
        );
    }

    #[test]
    fn percents_carry_their_sign() {
        assert_eq!(
            [-0.27, 0.027, 12.0, -0.000_41, 0.0, -0.0].map(percent),
            ["-27 %", "+2.7 %", "+1,200 %", "-0.041 %", "0 %", "0 %"]
        );
        assert_eq!(percent(1e9), "+1.0e11 %");
    }

    #[test]
    fn a_probability_is_never_rounded_to_certainty() {
        assert_eq!(
            [0.0, 0.001, 0.009_96, 0.814, 0.996, 1.0].map(probability),
            ["0 %", "<1 %", "1 %", "81 %", ">99 %", "100 %"]
        );
    }

    #[test]
    fn tiny_p_values_are_a_bound() {
        assert_eq!([1e-9, 0.000_412, 0.05, 1.0].map(p_value), ["p < 0.0001", "p = 0.00041", "p = 0.05", "p = 1"]);
    }
}
