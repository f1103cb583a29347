//! Cells of text as conditions see them.

use std::cmp::Ordering;

use chrono_tz::Tz;

use crate::sources::definition::{Comparison, Literal, date, datetime};
use crate::sources::timestamp;

/// Whether a comparison holds of two values in this order.
pub(super) fn holds(operator: Comparison, order: Ordering) -> bool {
    match operator {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

/// How a cell of text, read as what it is compared with, stands to that; none where it cannot be read or is blank.
pub(super) fn order(text: &str, literal: &Literal, zone: Tz) -> Option<Ordering> {
    let text = text.trim();
    match literal {
        Literal::Text(other) => Some(text.cmp(other)),
        Literal::Integer(n) => match text.parse::<i64>() {
            Ok(whole) => Some(whole.cmp(n)),
            Err(_) => text.parse::<f64>().ok()?.partial_cmp(&(*n as f64)),
        },
        Literal::Float(n) => text.parse::<f64>().ok()?.partial_cmp(n),
        Literal::Boolean(truth) => Some(truth_in(text)?.cmp(truth)),
        Literal::Date(day) => Some(date(text)?.cmp(day)),
        Literal::Datetime(at) => Some(datetime(text)?.cmp(at)),
        Literal::Timestamp(at) => Some(timestamp::parse(text, zone)?.at.cmp(at)),
    }
}

/// Whether a cell is the number that is none, which is read as no value.
pub(super) fn is_nan(text: &str, like: &Literal) -> bool {
    matches!(like, Literal::Integer(_) | Literal::Float(_)) && text.trim().eq_ignore_ascii_case("nan")
}

/// Truth as programs write it to CSV.
fn truth_in(text: &str) -> Option<bool> {
    let is = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match (is(["true", "t", "1", "yes", "y"]), is(["false", "f", "0", "no", "n"])) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// A pattern of LIKE as a regular expression.
pub(super) fn regex(pattern: &str) -> String {
    let mut regex = String::from("(?s)\\A");
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '\\' => push_itself(&mut regex, rest.next().unwrap_or('\\')),
            c => push_itself(&mut regex, c),
        }
    }
    regex + "\\z"
}

/// Adds a character that stands for itself.
fn push_itself(regex: &mut String, c: char) {
    // Behind a backslash these two are the borders of words.
    if c.is_ascii_punctuation() && !['<', '>'].contains(&c) {
        regex.push('\\');
    }
    regex.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_like_is_the_whole_text() {
        assert_eq!(regex(r"a.b\%\_%_"), r"(?s)\Aa\.b\%\_.*.\z");
        assert_eq!(regex("<(x)>\n"), "(?s)\\A<\\(x\\)>\n\\z");
    }

    #[test]
    fn text_is_read_as_what_it_is_compared_with() {
        let utc = Tz::UTC;
        assert_eq!(order(" 007 ", &Literal::Integer(7), utc), Some(Ordering::Equal));
        assert_eq!(order("9007199254740993", &Literal::Integer(9_007_199_254_740_992), utc), Some(Ordering::Greater));
        assert_eq!(order("1e3", &Literal::Integer(1000), utc), Some(Ordering::Equal));
        assert_eq!(order("n/a", &Literal::Float(1.0), utc), None);
        assert_eq!(order("TRUE", &Literal::Boolean(true), utc), Some(Ordering::Equal));
        let day = Literal::Date(date("2024-01-31").unwrap());
        assert_eq!(order("2024-01-30", &day, utc), Some(Ordering::Less));
    }
}
