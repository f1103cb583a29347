//! Literals as `BigQuery` reads them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use crate::sources::timestamp;

/// A text literal without its escapes. `quote` is the character around it, where it stands for one alone.
///
/// The error says what is wrong with it.
pub(super) fn unescaped(raw: &str, quote: Option<char>) -> Result<String, String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.push(escape(&mut rest)?),
            c if Some(c) == quote => return Err(format!("a {c} within the text is written \\{c}")),
            '\n' | '\r' if quote.is_some() => return Err("a line break within a text is written \\n".to_owned()),
            c => text.push(c),
        }
    }
    Ok(text)
}

/// The character that an escape stands for, given what follows the backslash.
fn escape(rest: &mut std::str::Chars<'_>) -> Result<char, String> {
    let kind = rest.next().ok_or("a text ends in a lone backslash")?;
    let simple = match kind {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' | '?' | '"' | '\'' | '`' => kind,
        'x' | 'X' => return coded(rest, "", 2, 16, kind),
        'u' => return coded(rest, "", 4, 16, kind),
        'U' => return coded(rest, "", 8, 16, kind),
        '0'..='3' => return coded(rest, kind.encode_utf8(&mut [0; 4]), 2, 8, kind),
        _ => return Err(format!("\\{kind} is no escape; a backslash is written \\\\")),
    };
    Ok(simple)
}

/// The character of a code that so many more digits write.
fn coded(rest: &mut std::str::Chars<'_>, first: &str, digits: usize, radix: u32, kind: char) -> Result<char, String> {
    let code: String = first.chars().chain(rest.take(digits)).collect();
    let whole = code.len() == digits + first.len() && code.chars().all(|c| c.is_digit(radix));
    let found = whole.then(|| u32::from_str_radix(&code, radix).ok()).flatten().and_then(char::from_u32);
    found.ok_or_else(|| format!("\\{kind} is not followed by the {digits} digits of a character"))
}

/// The text of `DATE '...'`.
pub(in crate::sources) fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()
}

/// The text of `DATETIME '...'`: what clocks show.
pub(in crate::sources) fn datetime(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    // A time with an offset is a moment, and read in two zones that is seen.
    let read = |zone: Tz| timestamp::parse(text, zone).map(|stamp| stamp.at.with_timezone(&zone).naive_local());
    let local = read(Tz::UTC).filter(|_| text.get(4..5) == Some("-"))?;
    (read(Tz::Etc__GMTMinus1) == Some(local)).then_some(local)
}

/// The text of `TIMESTAMP '...'`: a moment, in UTC where there is no offset.
pub(in crate::sources) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    (text.get(4..5) == Some("-")).then(|| timestamp::parse(text, Tz::UTC)).flatten().map(|stamp| stamp.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_bigquery() {
        for (raw, text) in [
            (r"a\'b", "a'b"),
            (r"\\%\n\t\x41\u00e6\U0001F600\101", "\\%\n\tA\u{e6}\u{1f600}A"),
            ("pl\u{e6}n", "pl\u{e6}n"),
        ] {
            assert_eq!(unescaped(raw, Some('\'')).as_deref(), Ok(text), "{raw}");
        }
        for raw in [r"\q", r"\x4", r"\uD800", r"\", "a''b", r"\400", "a\nb"] {
            assert!(unescaped(raw, Some('\'')).is_err(), "{raw}");
        }
    }

    #[test]
    fn times_with_an_offset_are_moments_and_not_what_clocks_show() {
        assert_eq!(datetime("2024-01-31 10:00:00").unwrap().to_string(), "2024-01-31 10:00:00");
        assert_eq!(datetime("2024-01-31 10:00:00+01:00"), None);
        assert_eq!(datetime("1700821815"), None);
        assert_eq!(moment("2024-01-31 10:00+01:00").unwrap().to_rfc3339(), "2024-01-31T09:00:00+00:00");
        assert_eq!(moment("2024-01-31").unwrap().to_rfc3339(), "2024-01-31T00:00:00+00:00");
        assert_eq!(date("2024-02-30"), None);
    }
}
