//! Moments and durations as people read them.

use chrono::{LocalResult, NaiveTime, TimeDelta, TimeZone};

use super::{Safe, number};
use crate::model::{Change, Moment, MomentInterval, Step};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// `Thu 2023-11-23 08:10`.
pub(in crate::report) fn clock(moment: &Moment) -> String {
    format!("{} {}", moment.format("%a"), date_and_time(moment))
}

/// A later moment next to an earlier one: `18:30` on the same day, else with the day.
pub(in crate::report) fn until(from: &Moment, to: &Moment) -> String {
    if from.date_naive() == to.date_naive() { time(to) } else { clock(to) }
}

/// `Thu 2023-11-23` for the start of a local day, else with the time.
fn day_or_clock(moment: &Moment) -> String {
    if moment.time() == NaiveTime::MIN { day(moment) } else { clock(moment) }
}

/// When a change was first visible: a day for buckets of whole days, else with the time.
pub(in crate::report) fn first_visible(change: &Change) -> String {
    if change.granularity < Step::Day { clock(&change.at) } else { day_or_clock(&change.at) }
}

/// The zone's name.
pub(in crate::report) fn zone(name: &str, safe: Safe) -> String {
    if name.is_empty() { "UTC".to_owned() } else { safe(name) }
}

/// `2023-11-23` for the start of a local day, else with the time.
pub(in crate::report) fn date(moment: &Moment) -> String {
    if moment.time() == NaiveTime::MIN { moment.format("%Y-%m-%d").to_string() } else { date_and_time(moment) }
}

/// The end of the last bucket: the last local day that it covers, or the moment it ends within a day.
pub(in crate::report) fn last_date(end: &Moment) -> String {
    if end.time() == NaiveTime::MIN { date(&(*end - TimeDelta::days(1))) } else { date(end) }
}

/// The stretch of time from the start of a bucket to the end of another: `from 2023-08-01 to 2023-12-28`.
#[must_use]
pub fn stretch(from: &Moment, end: &Moment) -> String {
    format!("from {} to {}", date(from), last_date(end))
}

/// How long before the change a deployment went out, from its lag in seconds: `3 h 20 min`, or `25 min after`.
pub(in crate::report) fn ahead(lag_seconds: Option<i64>) -> String {
    match lag_seconds {
        None => String::new(),
        Some(s) if s >= 0 => duration(s),
        Some(s) => format!("{} after", duration(s.saturating_neg())),
    }
}

/// The length of a window: `3 days`, `36 hours`.
pub(in crate::report) fn window(seconds: i64) -> String {
    let units = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")];
    let whole = units.into_iter().find(|(unit, _)| seconds > 0 && seconds % unit == 0);
    whole.map_or_else(|| duration(seconds), |(unit, word)| plural(seconds / unit, word))
}

/// So many buckets as a length of time: `2 days`.
pub(super) fn buckets(step: Step, n: i64) -> String {
    match step {
        Step::Minutes(k) => plural(n * i64::from(k), "minute"),
        Step::Hours(k) => plural(n * i64::from(k), "hour"),
        Step::Day => plural(n, "day"),
        Step::Week => plural(n, "week"),
        Step::Months(k) => plural(n * i64::from(k), "month"),
    }
}

/// When a bucket is, with its preposition: `on Thu 2023-11-23`, `in the week from Mon 2023-11-20`.
pub(super) fn in_bucket(at: &Moment, step: Step) -> String {
    match step {
        Step::Minutes(_) | Step::Hours(_) => format!("on {}", clock(at)),
        Step::Day => format!("on {}", day_or_clock(at)),
        Step::Week => format!("in the week from {}", day_or_clock(at)),
        Step::Months(1) => format!("in {}", at.format("%B %Y")),
        Step::Months(12) => format!("in the year from {}", at.format("%Y-%m-%d")),
        Step::Months(_) => format!("in the {step} from {}", at.format("%Y-%m-%d")),
    }
}

/// `between 2023-11-23 08:10 and 18:30`.
pub(super) fn between(interval: &MomentInterval) -> String {
    let (from, to) = (&interval.from, &interval.to);
    let end = if from.date_naive() == to.date_naive() { time(to) } else { date_and_time(to) };
    let start = date_and_time(from);
    if start == end || (from.date_naive() == to.date_naive() && time(from) == end) {
        return format!("at {start}");
    }
    format!("between {start} and {end}")
}

fn day(moment: &Moment) -> String {
    moment.format("%a %Y-%m-%d").to_string()
}

fn date_and_time(moment: &Moment) -> String {
    format!("{} {}", moment.format("%Y-%m-%d"), time(moment))
}

/// The time of day to the minute; where clocks went back, so that it came twice, with the zone's abbreviation.
fn time(moment: &Moment) -> String {
    let twice = matches!(moment.timezone().from_local_datetime(&moment.naive_local()), LocalResult::Ambiguous(..));
    moment.format(if twice { "%H:%M %Z" } else { "%H:%M" }).to_string()
}

/// A length of time in its two largest units; from ten hours on, minutes no longer tell anything.
fn duration(seconds: i64) -> String {
    let minutes = (seconds + MINUTE / 2) / MINUTE;
    let hours = (seconds + HOUR / 2) / HOUR;
    let two = |large: i64, one: &str, small: i64, other: &str| {
        if small == 0 { format!("{large} {one}") } else { format!("{large} {one} {small} {other}") }
    };
    match seconds {
        s if s < MINUTE => format!("{s} s"),
        _ if minutes < 60 => format!("{minutes} min"),
        _ if (10..24).contains(&hours) => format!("{hours} h"),
        _ if hours < 10 => two(minutes / 60, "h", minutes % 60, "min"),
        _ if hours < 14 * 24 => two(hours / 24, "d", hours % 24, "h"),
        s => format!("{} d", number::whole(usize::try_from((s + DAY / 2) / DAY).unwrap_or(usize::MAX))),
    }
}

fn plural(n: i64, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn oslo(text: &str) -> Moment {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&chrono_tz::Europe::Oslo)
    }

    #[test]
    fn a_lag_is_told_in_two_units_and_says_when_it_is_after() {
        let lags = [12_000, -1500, 0, 40, 35_999, -57_300, 86_399, 3 * DAY + 7200, 90 * DAY];
        let told = lags.map(|s| ahead(Some(s)));
        let expected = ["3 h 20 min", "25 min after", "0 s", "40 s", "10 h", "16 h after", "1 d", "3 d 2 h", "90 d"];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_window_is_in_whole_units() {
        assert_eq!([259_200, 129_600, 86_400, 5400].map(window), ["3 days", "36 hours", "1 day", "90 minutes"]);
    }

    #[test]
    fn times_are_local_and_tell_apart_an_hour_that_came_twice() {
        assert_eq!(clock(&oslo("2023-11-23T07:10:00Z")), "Thu 2023-11-23 08:10");
        assert_eq!(clock(&oslo("2023-10-29T00:30:00Z")), "Sun 2023-10-29 02:30 CEST");
        assert_eq!(clock(&oslo("2023-10-29T01:30:00Z")), "Sun 2023-10-29 02:30 CET");
    }

    #[test]
    fn an_interval_names_a_day_once() {
        let interval = |from, to| between(&MomentInterval { from: oslo(from), to: oslo(to), level: 0.9 });
        let one_day = interval("2023-11-23T07:10:00Z", "2023-11-23T17:30:00Z");
        assert_eq!(one_day, "between 2023-11-23 08:10 and 18:30");
        let two_days = interval("2023-11-23T07:10:00Z", "2023-11-24T07:10:00Z");
        assert_eq!(two_days, "between 2023-11-23 08:10 and 2023-11-24 08:10");
        assert_eq!(interval("2023-11-23T07:10:00Z", "2023-11-23T07:10:20Z"), "at 2023-11-23 08:10");
    }

    #[test]
    fn a_bucket_is_named_at_its_granularity() {
        let at = oslo("2023-10-31T23:00:00Z");
        assert_eq!(in_bucket(&at, Step::Day), "on Wed 2023-11-01");
        assert_eq!(in_bucket(&at, Step::Hours(1)), "on Wed 2023-11-01 00:00");
        assert_eq!(in_bucket(&at, Step::Week), "in the week from Wed 2023-11-01");
        assert_eq!(in_bucket(&at, Step::Months(1)), "in November 2023");
        assert_eq!(in_bucket(&at, Step::Months(3)), "in the quarter from 2023-11-01");
    }
}
