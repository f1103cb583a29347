//! Dates, times, ranges and durations as people write them.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use crate::investigate::On;
use crate::model::{Span, moment_at, nearest_names};
use crate::sources::parse_moment;

use super::CliError;

const HOW: &str = "write 2023-11-24, 2023-11-24T10:30 or 2023-11-24T10:30:00+01:00";

/// A date as the whole local day (23 to 25 hours), a time as a moment.
fn span(text: &str, zone: Tz) -> Option<Span> {
    let text = text.trim();
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let midnight = |date: NaiveDate| Some(moment_at(zone, date.and_hms_opt(0, 0, 0)?));
        return Some(Span { from: midnight(date)?, to: midnight(date.checked_add_days(Days::new(1))?)? });
    }
    parse_moment(text, zone).map(|at| Span { from: at, to: at })
}

/// What `--on` means: a date, a time, or `FROM..TO` with both ends included.
pub(super) fn on(text: &str, zone: Tz) -> Result<On, CliError> {
    let wrong = |problem: &str| CliError::option("--on", text, problem, &format!("{HOW}, or two of them as FROM..TO"));
    let read = |part: &str| span(part, zone).ok_or_else(|| wrong("not a date or a time"));
    let span = match text.split_once("..") {
        None => read(text)?,
        Some((from, to)) => {
            let whole = Span { from: read(from)?.from, to: read(to)?.to };
            if whole.to <= whole.from {
                return Err(wrong("the range ends before it begins"));
            }
            whole
        }
    };
    Ok(On { text: text.trim().to_owned(), span })
}

/// The first moment that `--since` lets in, and the first that `--until` leaves out: the end of a date, a time itself.
pub(super) fn between(
    since: Option<&str>,
    until: Option<&str>,
    zone: Tz,
) -> Result<[Option<DateTime<Utc>>; 2], CliError> {
    let read = |option: &str, text: &str| {
        span(text, zone).ok_or_else(|| CliError::option(option, text, "not a date or a time", HOW))
    };
    let from = since.map(|text| read("--since", text)).transpose()?.map(|span| span.from);
    let to = until.map(|text| read("--until", text)).transpose()?.map(|span| span.to);
    match (from, to, until) {
        (Some(from), Some(to), Some(text)) if to <= from => {
            let hint = "the end comes after the begin: check the two of them";
            Err(CliError::option("--until", text, "this is not after --since", hint))
        }
        _ => Ok([from, to]),
    }
}

/// The moment taken as now.
pub(super) fn as_of(text: &str, zone: Tz) -> Result<DateTime<Utc>, CliError> {
    span(text, zone).map(|s| s.from).ok_or_else(|| CliError::option("--as-of", text, "not a date or a time", HOW))
}

/// A positive length of time.
pub(super) fn window(option: &str, text: &str) -> Result<TimeDelta, CliError> {
    let wrong =
        |problem: &str| CliError::option(option, text, problem, "write a length of time such as 3d, 36h or 90m");
    if text.trim_start().starts_with('-') {
        return Err(wrong("the window must be longer than nothing"));
    }
    if text.trim() == "0" {
        return Err(wrong("the window must be longer than nothing"));
    }
    let length = humantime::parse_duration(text.trim()).map_err(|_| wrong("not a length of time"))?;
    match TimeDelta::from_std(length) {
        Ok(length) if length < TimeDelta::seconds(1) => Err(wrong("the window must be longer than nothing")),
        Ok(length) if length <= TimeDelta::days(3660) => Ok(length),
        _ => Err(wrong("the window is longer than ten years")),
    }
}

/// A time zone by its name in the IANA database, in any case.
pub(super) fn zone(option: &str, text: &str) -> Result<Tz, CliError> {
    let found = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(text.trim()));
    found.copied().ok_or_else(|| {
        let nearest = nearest_names(text, TZ_VARIANTS.iter().map(|zone| zone.name()), 1);
        let nearest = nearest.first().map_or("UTC", String::as_str);
        CliError::option(
            option,
            text,
            "not a time zone",
            &format!("write a name like Europe/Oslo; the nearest is {nearest}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OSLO: Tz = Tz::Europe__Oslo;

    fn hours(text: &str) -> i64 {
        let span = on(text, OSLO).unwrap().span;
        (span.to - span.from).num_hours()
    }

    #[test]
    fn a_date_is_a_local_day_of_23_to_25_hours() {
        assert_eq!([hours("2023-11-24"), hours("2023-03-26"), hours("2023-10-29")], [24, 23, 25]);
        assert_eq!(on("2023-11-24", OSLO).unwrap().span.from.to_rfc3339(), "2023-11-23T23:00:00+00:00");
    }

    #[test]
    fn a_range_includes_its_last_day_and_a_time_is_a_moment() {
        assert_eq!(hours("2023-11-24..2023-11-25"), 48);
        assert_eq!(hours("2023-11-24T10:00..2023-11-24T12:00"), 2);
        let moment = on("2023-11-24T10:30", OSLO).unwrap().span;
        assert_eq!(moment.from, moment.to);
    }

    #[test]
    fn a_range_that_runs_backwards_is_refused() {
        assert!(on("2023-11-25..2023-11-24", OSLO).unwrap_err().to_string().contains("before it begins"));
        assert!(on("tomorrow", OSLO).unwrap_err().to_string().contains("not a date"));
    }

    #[test]
    fn a_window_is_a_positive_length() {
        assert_eq!(window("--window", "36h").unwrap(), TimeDelta::hours(36));
        for text in ["0", "0d", "-3d", "", "three", "999999999y"] {
            assert!(window("--window", text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_unknown_zone_names_the_nearest() {
        assert_eq!(zone("--timezone", "europe/oslo").unwrap(), OSLO);
        assert!(zone("--timezone", "Europe/Olso").unwrap_err().hint().unwrap().contains("Europe/Oslo"));
    }
}
