//! Moments as people and programs write them.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::moment_at;

/// A moment that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The moment; the earlier one where clocks showed it twice.
    pub at: DateTime<Utc>,
    /// The later moment at which clocks showed the same, where they were put back.
    pub or_later: Option<DateTime<Utc>>,
}

/// Reads a moment: RFC 3339 with or without offset (a space for the T, no seconds, no time at all, `UTC` for the Z are fine), or
/// a whole number of seconds, milliseconds, microseconds or nanoseconds since 1970. Without an offset it is read in `zone`.
#[must_use]
pub fn parse(text: &str, zone: Tz) -> Option<Stamp> {
    let text = text.trim();
    if text.len() >= 9 && text.bytes().skip(usize::from(text.starts_with('-'))).all(|b| b.is_ascii_digit()) {
        return since_1970(text.parse().ok()?).map(|at| Stamp { at, or_later: None });
    }
    let date = NaiveDate::from_ymd_opt(number(text, 0, 4)?, number(text, 5, 2)?, number(text, 8, 2)?)?;
    let dashes = text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-');
    if !dashes {
        return None;
    }
    let (time, rest) = time_of_day(text.get(10..)?)?;
    let (time, next_day) = time;
    let local = date.and_time(time);
    let local = if next_day { local.checked_add_signed(TimeDelta::days(1))? } else { local };
    match rest.trim_start() {
        "" => Some(in_zone(local, zone)),
        "Z" => Some(Stamp { at: local.and_utc(), or_later: None }),
        offset => {
            let at = local.checked_sub_signed(TimeDelta::seconds(seconds_of(offset)?))?.and_utc();
            Some(Stamp { at, or_later: None })
        }
    }
}

/// The moment that a text means: RFC 3339 with or without offset, a date, or Unix time; the earlier one where clocks show it twice.
#[must_use]
pub fn parse_moment(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    parse(text, zone).map(|stamp| stamp.at)
}

pub(crate) fn since_1970(n: i64) -> Option<DateTime<Utc>> {
    match n.unsigned_abs() {
        0..100_000_000_000 => DateTime::from_timestamp(n, 0),
        100_000_000_000..100_000_000_000_000 => DateTime::from_timestamp_millis(n),
        100_000_000_000_000..100_000_000_000_000_000 => DateTime::from_timestamp_micros(n),
        _ => Some(DateTime::from_timestamp_nanos(n)),
    }
}

/// The time of day with which a text begins (midnight where it has none), whether it is 24:00, and what follows it.
fn time_of_day(text: &str) -> Option<((NaiveTime, bool), &str)> {
    let Some(time) = text.strip_prefix(['T', 't', ' ']).filter(|t| t.starts_with(|c: char| c.is_ascii_digit())) else {
        return Some(((NaiveTime::MIN, false), text));
    };
    let (hour, minute) = (number(time, 0, 2)?, number(time, 3, 2)?);
    if time.as_bytes().get(2) != Some(&b':') {
        return None;
    }
    let mut rest = time.get(5..)?;
    let (mut second, mut nanos) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        second = number(after, 0, 2)?;
        rest = after.get(2..)?;
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            let kept = fraction.get(..digits.min(9)).filter(|kept| !kept.is_empty())?;
            nanos = kept.parse::<u32>().ok()? * 10_u32.pow(9 - u32::try_from(kept.len()).ok()?);
            rest = &fraction[digits..];
        }
    }
    if (hour, minute, second, nanos) == (24, 0, 0, 0) {
        return Some(((NaiveTime::MIN, true), rest));
    }
    // A leap second is the last moment of its minute.
    let (second, nanos) = if second == 60 { (59, 999_999_999) } else { (second, nanos) };
    Some(((NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?, false), rest))
}

/// `Z`, `UTC`, `+01:00`, `+0100` or `+01` in seconds.
fn seconds_of(offset: &str) -> Option<i64> {
    if ["Z", "z", "UTC", "GMT"].contains(&offset) {
        return Some(0);
    }
    let offset = offset.strip_prefix("UTC").unwrap_or(offset);
    let sign = match offset.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = offset[1..].replacen(':', "", 1);
    if !digits.bytes().all(|b| b.is_ascii_digit()) || ![2, 4].contains(&digits.len()) {
        return None;
    }
    let hours: i64 = digits[..2].parse().ok()?;
    let minutes: i64 = digits.get(2..4).map_or(Ok(0), str::parse).ok()?;
    (hours <= 23 && minutes <= 59).then_some(sign * (3600 * hours + 60 * minutes))
}

fn in_zone(local: NaiveDateTime, zone: Tz) -> Stamp {
    if zone == Tz::UTC {
        return Stamp { at: local.and_utc(), or_later: None };
    }
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => Stamp { at: at.to_utc(), or_later: None },
        LocalResult::Ambiguous(at, later) => Stamp { at: at.to_utc(), or_later: Some(later.to_utc()) },
        LocalResult::None => Stamp { at: moment_at(zone, local), or_later: None },
    }
}

/// The number written by `digits` digits, four at the most, from byte `from` on.
fn number<T: From<u16>>(text: &str, from: usize, digits: usize) -> Option<T> {
    let part = text.as_bytes().get(from..from + digits)?;
    let append = |number: u16, b: &u8| b.is_ascii_digit().then(|| number * 10 + u16::from(b - b'0'));
    part.iter().try_fold(0, append).map(T::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        parse(text, Tz::Europe__Oslo).map(|s| s.at.to_rfc3339())
    }

    #[test]
    fn moments_are_read_as_they_are_written() {
        for (text, moment) in [
            ("2023-11-24", "2023-11-23T23:00:00+00:00"),
            ("2023-11-24T10:30", "2023-11-24T09:30:00+00:00"),
            ("2023-11-24 10:30:15", "2023-11-24T09:30:15+00:00"),
            ("2023-11-24T10:30:15.250Z", "2023-11-24T10:30:15.250+00:00"),
            ("2023-11-24 10:30:15.25 UTC", "2023-11-24T10:30:15.250+00:00"),
            ("2023-11-24T10:30:15+05:30", "2023-11-24T05:00:15+00:00"),
            ("2023-11-24t10:30:15-0800", "2023-11-24T18:30:15+00:00"),
            ("2023-11-24 UTC", "2023-11-24T00:00:00+00:00"),
            ("2023-11-23T24:00:00Z", "2023-11-24T00:00:00+00:00"),
            ("1700821815", "2023-11-24T10:30:15+00:00"),
            ("1700821815250", "2023-11-24T10:30:15.250+00:00"),
            ("1700821815250000", "2023-11-24T10:30:15.250+00:00"),
        ] {
            assert_eq!(read(text).as_deref(), Some(moment), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "yesterday",
            "24.11.2023",
            "2023-13-01",
            "2023-02-29",
            "2023-11-24T25:00",
            "2023-11-24Tx",
            "2023-11-24T10:30+99:00",
            "20231124",
            "2023/11/24",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_keeps_both_moments() {
        let stamp = parse("2023-10-29T02:30:00", Tz::Europe__Oslo).unwrap();
        assert_eq!(stamp.or_later.unwrap() - stamp.at, TimeDelta::hours(1));
        assert_eq!(parse("2023-10-29T02:30:00+01:00", Tz::Europe__Oslo).unwrap().or_later, None);
    }
}
