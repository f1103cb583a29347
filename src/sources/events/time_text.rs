//! Times as text, read fast where they are written as nearly all are.

use crate::model::Buckets;
use crate::sources::timestamp;

/// The Unix seconds of a time as text; none where it is no time.
pub(super) fn unix_of(text: &str, buckets: &Buckets) -> Option<i64> {
    match usual(text.as_bytes(), buckets) {
        Some(unix) => Some(unix),
        None => timestamp::parse(text, buckets.zone()).map(|stamp| stamp.at.timestamp()),
    }
}

/// Reads `2024-01-31T10:00:00`, with a space for the T, a fraction, and `Z`, `UTC` or an offset, as nearly all times are written. None
/// for anything else, which need not be wrong.
fn usual(text: &[u8], buckets: &Buckets) -> Option<i64> {
    if text.len() < 19 || text[4] != b'-' || text[7] != b'-' || !matches!(text[10], b'T' | b' ') {
        return None;
    }
    if text[13] != b':' || text[16] != b':' {
        return None;
    }
    let two = |at: usize| digits(&text[at..at + 2]);
    let (year, month, day) = (digits(&text[..4])?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    let is_date = (1..=12).contains(&month) && day >= 1 && day <= days_in(year, month);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let local = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    let mut rest = &text[19..];
    if let [b'.', fraction @ ..] = rest {
        let length = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        if length == 0 {
            return None;
        }
        rest = &fraction[length..];
    }
    match rest {
        [] => Some(buckets.moment_of(local)),
        b"Z" | b" UTC" => Some(local),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let offset = hours * 3_600 + minutes * 60;
            (hours <= 23 && minutes <= 59).then(|| if *sign == b'+' { local - offset } else { local + offset })
        }
        _ => None,
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use crate::model::Step;

    use super::*;

    #[test]
    fn the_usual_way_of_writing_times_reads_as_the_thorough_one_does() {
        for zone in [Tz::UTC, Tz::Europe__Oslo, Tz::America__St_Johns] {
            let buckets = Buckets::new(Step::Day, zone);
            for i in 0..4_000_i64 {
                let at = chrono::DateTime::from_timestamp(-500_000_000 + i * 777_777, 0).unwrap();
                for format in
                    ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.25", "%Y-%m-%dT%H:%M:%S-03:30", "%Y-%m-%d %H:%M:%S UTC"]
                {
                    let text = at.format(format).to_string();
                    let thorough = timestamp::parse(&text, zone).unwrap().at.timestamp();
                    assert_eq!(usual(text.as_bytes(), &buckets), Some(thorough), "{text} in {zone}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_time_is_not_read_as_one() {
        let buckets = Buckets::new(Step::Day, Tz::UTC);
        for text in [
            "2024-02-30T10:00:00Z",
            "2024-01-31T25:00:00Z",
            "2024-01-31T10:00:00X",
            "",
            "soon",
            "2024-01-31T10:00:00+99:00",
        ] {
            assert_eq!(unix_of(text, &buckets), None, "{text}");
        }
        assert_eq!(unix_of("2024-01-31", &buckets), Some(1_706_659_200));
        assert_eq!(unix_of("1706659200000", &buckets), Some(1_706_659_200));
        assert_eq!(unix_of("2024-01-31T24:00", &buckets), Some(1_706_745_600));
    }
}
