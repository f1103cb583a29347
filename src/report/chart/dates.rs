//! Axes of time, as clocks and calendars of a time zone show it.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use crate::model::moment_at;

/// A place on an axis of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Tick {
    /// The moment, in Unix seconds.
    pub(in crate::report) at: i64,
    /// What it is called.
    pub(in crate::report) label: String,
}

/// A unit of clocks and calendars, as an axis steps through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Unit {
    Minute,
    Day,
    Month,
}

/// The steps that an axis of time may have, finest first: so many of a unit, and how long that is in seconds.
pub(in crate::report) const LADDER: [(Unit, u32, f64); 30] = [
    (Unit::Minute, 1, 60.0),
    (Unit::Minute, 2, 120.0),
    (Unit::Minute, 5, 300.0),
    (Unit::Minute, 10, 600.0),
    (Unit::Minute, 15, 900.0),
    (Unit::Minute, 30, 1800.0),
    (Unit::Minute, 60, 3600.0),
    (Unit::Minute, 120, 7200.0),
    (Unit::Minute, 180, 10_800.0),
    (Unit::Minute, 360, 21_600.0),
    (Unit::Minute, 720, 43_200.0),
    (Unit::Day, 1, DAY),
    (Unit::Day, 2, 2.0 * DAY),
    (Unit::Day, 7, 7.0 * DAY),
    (Unit::Day, 14, 14.0 * DAY),
    (Unit::Month, 1, MONTH),
    (Unit::Month, 2, 2.0 * MONTH),
    (Unit::Month, 3, 3.0 * MONTH),
    (Unit::Month, 6, 6.0 * MONTH),
    (Unit::Month, 12, 12.0 * MONTH),
    (Unit::Month, 24, 24.0 * MONTH),
    (Unit::Month, 60, 60.0 * MONTH),
    (Unit::Month, 120, 120.0 * MONTH),
    (Unit::Month, 240, 240.0 * MONTH),
    (Unit::Month, 600, 600.0 * MONTH),
    (Unit::Month, 1200, 1200.0 * MONTH),
    (Unit::Month, 2400, 2400.0 * MONTH),
    (Unit::Month, 6000, 6000.0 * MONTH),
    (Unit::Month, 12_000, 12_000.0 * MONTH),
    (Unit::Month, 24_000, 24_000.0 * MONTH),
];
const DAY: f64 = 86_400.0;
const MONTH: f64 = 2_629_746.0;

/// The ticks between two moments (Unix seconds), at most about `most`: at round clock times, local midnights, Mondays, first days of
/// months and of years. Clock times that a clock change skips have none; of those that come twice the first has one.
pub(in crate::report) fn ticks(zone: Tz, from: i64, to: i64, most: usize) -> Vec<Tick> {
    let length = (to - from) as f64;
    let fits = |rung: &&(Unit, u32, f64)| length / rung.2 <= most.max(1) as f64;
    let &(unit, n, _) = LADDER.iter().find(fits).unwrap_or(&LADDER[LADDER.len() - 1]);
    let (Some(first), Some(last)) = (local(zone, from), local(zone, to)) else { return Vec::new() };
    let Some(mut at) = floor(first, unit, n) else { return Vec::new() };
    let mut found: Vec<(i64, NaiveDateTime)> = Vec::new();
    while at <= last {
        let moment = moment_at(zone, at);
        let unix = moment.timestamp();
        if unix >= from && unix <= to && moment.with_timezone(&zone).naive_local() == at {
            found.push((unix, at));
        }
        let Some(next) = next(at, unit, n) else { break };
        at = next;
    }
    let step = if unit == Unit::Month && n >= 12 { None } else { Some(unit) };
    let before = |i: usize| i.checked_sub(1).map(|i| found[i].1);
    found.iter().enumerate().map(|(i, (unix, at))| Tick { at: *unix, label: label(*at, before(i), step) }).collect()
}

/// What clocks in a zone show.
fn local(zone: Tz, unix: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp(unix, 0).map(|at| zone.from_utc_datetime(&at.naive_utc()).naive_local())
}

/// The last clock time of a step at or before one.
fn floor(at: NaiveDateTime, unit: Unit, n: u32) -> Option<NaiveDateTime> {
    let day = at.date();
    match unit {
        Unit::Minute => {
            let minutes = at.hour() * 60 + at.minute();
            let kept = minutes - minutes % n;
            day.and_hms_opt(kept / 60, kept % 60, 0)
        }
        // Weeks begin on Monday; steps of days are counted from one, so that they stay where they are when the axis moves.
        Unit::Day => {
            let number = i64::from(day.num_days_from_ce()) - 1;
            let into = number.rem_euclid(i64::from(n));
            day.checked_sub_signed(TimeDelta::days(into))?.and_hms_opt(0, 0, 0)
        }
        Unit::Month => {
            let number = i64::from(day.year()) * 12 + i64::from(day.month0());
            month(number - number.rem_euclid(i64::from(n)))
        }
    }
}

fn next(at: NaiveDateTime, unit: Unit, n: u32) -> Option<NaiveDateTime> {
    match unit {
        Unit::Minute => at.checked_add_signed(TimeDelta::minutes(i64::from(n))),
        Unit::Day => at.checked_add_signed(TimeDelta::days(i64::from(n))),
        Unit::Month => month(i64::from(at.year()) * 12 + i64::from(at.month0()) + i64::from(n)),
    }
}

/// The first moment of a month, counted from January of the year 0.
fn month(number: i64) -> Option<NaiveDateTime> {
    let year = i32::try_from(number.div_euclid(12)).ok()?;
    let month = u32::try_from(number.rem_euclid(12)).ok()? + 1;
    NaiveDate::from_ymd_opt(year, month, 1)?.and_hms_opt(0, 0, 0)
}

/// What a tick is called after another: only as much of the date as that one does not say. Years where there is no unit.
fn label(at: NaiveDateTime, before: Option<NaiveDateTime>, unit: Option<Unit>) -> String {
    let same_year = before.is_some_and(|b| b.year() == at.year());
    let same_day = before.is_some_and(|b| b.date() == at.date());
    let format = match unit {
        None => "%Y",
        Some(Unit::Month) => "%Y-%m",
        Some(Unit::Day) if same_year => "%m-%d",
        Some(Unit::Day) => "%Y-%m-%d",
        Some(Unit::Minute) if same_day => "%H:%M",
        Some(Unit::Minute) if at.hour() == 0 && at.minute() == 0 => "%m-%d",
        Some(Unit::Minute) => "%m-%d %H:%M",
    };
    at.format(format).to_string()
}

/// How far the clocks of a zone are ahead of UTC, in seconds: from when on (Unix seconds, the first at `from`), and how far.
pub(in crate::report) fn offsets(zone: Tz, from: i64, to: i64) -> Vec<(i64, i32)> {
    let ahead = |unix: i64| {
        let at = DateTime::<Utc>::from_timestamp(unix, 0).unwrap_or_default();
        zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
    };
    let mut all = vec![(from, ahead(from))];
    let mut at = from;
    while at < to {
        let next = (at + 86_400).min(to);
        let (now, then) = (ahead(at), ahead(next));
        if now != then {
            let (mut before, mut after) = (at, next);
            while after - before > 1 {
                let middle = i64::midpoint(before, after);
                if ahead(middle) == now { before = middle } else { after = middle }
            }
            all.push((after, then));
        }
        at = next;
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unix(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    fn labels(zone: Tz, from: &str, to: &str, most: usize) -> Vec<String> {
        ticks(zone, unix(from), unix(to), most).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn ticks_stand_at_local_midnights_mondays_months_and_years() {
        let oslo = Tz::Europe__Oslo;
        let days = ticks(oslo, unix("2023-12-28T20:00:00Z"), unix("2024-01-02T20:00:00Z"), 6);
        let named: Vec<&str> = days.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(named, ["2023-12-29", "12-30", "12-31", "2024-01-01", "01-02"]);
        assert_eq!(days[0].at, unix("2023-12-28T23:00:00Z"));
        assert_eq!(
            labels(oslo, "2023-11-01T00:00:00Z", "2023-12-01T00:00:00Z", 5),
            ["2023-11-06", "11-13", "11-20", "11-27"]
        );
        assert_eq!(labels(oslo, "2023-10-15T00:00:00Z", "2024-02-15T00:00:00Z", 4), ["2023-11", "2024-01"]);
        assert_eq!(
            labels(oslo, "2019-05-01T00:00:00Z", "2024-02-15T00:00:00Z", 5),
            ["2020", "2021", "2022", "2023", "2024"]
        );
    }

    #[test]
    fn an_hour_that_clocks_skip_has_no_tick_and_one_that_comes_twice_has_one() {
        let oslo = Tz::Europe__Oslo;
        let skipped = labels(oslo, "2024-03-31T00:00:00Z", "2024-03-31T03:00:00Z", 4);
        assert_eq!(skipped, ["03-31 01:00", "03:00", "04:00", "05:00"]);
        let twice = ticks(oslo, unix("2023-10-28T23:00:00Z"), unix("2023-10-29T02:00:00Z"), 4);
        let named: Vec<&str> = twice.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(named, ["10-29 01:00", "02:00", "03:00"]);
        assert_eq!(twice[2].at - twice[1].at, 7200);
    }

    #[test]
    fn the_clock_changes_of_a_year_are_known_to_the_second() {
        let all = offsets(Tz::Europe__Oslo, unix("2023-01-01T00:00:00Z"), unix("2024-01-01T00:00:00Z"));
        let expected = [
            (unix("2023-01-01T00:00:00Z"), 3600),
            (unix("2023-03-26T01:00:00Z"), 7200),
            (unix("2023-10-29T01:00:00Z"), 3600),
        ];
        assert_eq!(all, expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn ticks_are_ordered_within_and_few(
            from in -5_000_000_000..8_000_000_000_i64, length in 0..4_000_000_000_i64, most in 1..15_usize,
        ) {
            for zone in [Tz::UTC, Tz::Europe__Oslo, Tz::Pacific__Apia, Tz::America__St_Johns] {
                let all = ticks(zone, from, from + length, most);
                prop_assert!(all.len() <= most + 2, "{}", all.len());
                prop_assert!(all.iter().all(|t| t.at >= from && t.at <= from + length));
                prop_assert!(all.windows(2).all(|w| w[0].at < w[1].at));
            }
        }
    }
}
