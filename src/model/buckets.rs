use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::grid::{DAY, HOUR, MINUTE, Ruler, check_length, month_of};
use super::{Grid, GridError, Step, moment_at};

/// Days since 1970 whose offsets from UTC are kept: those of 2000 to 2050, in which most events lie.
const FIRST_DAY: i64 = 10_957;
const LAST_DAY: i64 = 29_219;
/// Stands for the offset of a day in which clocks change.
const CHANGES: i32 = i32::MIN;

/// The buckets of a step as people count them: hours and minutes by the clock of a zone, the hour that comes twice being two, days
/// from midnight, weeks from Monday, months from the 1st.
#[derive(Debug, Clone)]
pub struct Buckets {
    step: Step,
    zone: Tz,
    /// Seconds by which clocks are before UTC on each day kept.
    offsets: Vec<i32>,
}

impl Buckets {
    /// The buckets of a step in a zone.
    #[must_use]
    pub fn new(step: Step, zone: Tz) -> Self {
        let at_start: Vec<i32> = (FIRST_DAY..=LAST_DAY + 1).map(|day| offset_in(zone, day * DAY)).collect();
        let offsets = at_start.windows(2).map(|two| if two[0] == two[1] { two[0] } else { CHANGES }).collect();
        Self { step, zone, offsets }
    }

    /// The zone.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The step.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// The number of the bucket that holds a moment, in Unix seconds: later buckets have greater numbers.
    #[must_use]
    pub fn number(&self, unix: i64) -> i64 {
        let clock = unix + i64::from(self.offset(unix));
        match self.step {
            Step::Minutes(n) => unix - clock.rem_euclid(i64::from(n) * MINUTE),
            Step::Hours(1) => unix - clock.rem_euclid(HOUR),
            Step::Hours(n) => clock.div_euclid(i64::from(n) * HOUR),
            Step::Day => clock.div_euclid(DAY),
            Step::Week => (clock - 4 * DAY).div_euclid(7 * DAY),
            Step::Months(n) => month_of(clock).div_euclid(i64::from(n)),
        }
    }

    /// The moment at which a bucket begins, in Unix seconds.
    #[must_use]
    pub fn start(&self, number: i64) -> i64 {
        match self.step {
            Step::Minutes(_) | Step::Hours(1) => number,
            _ => Ruler::natural(self.step, self.zone).start(number),
        }
    }

    /// The moment at which clocks show `local`, in seconds since the local 1970-01-01 00:00; the earlier one where they show it twice.
    #[must_use]
    pub fn moment_of(&self, local: i64) -> i64 {
        let day = local.div_euclid(DAY);
        let around = [day - 1, day, day + 1].map(|day| self.kept(day));
        match around {
            [Some(before), Some(on), Some(after)] if before == on && on == after => local - i64::from(on),
            _ => {
                DateTime::from_timestamp(local, 0).map_or(local, |at| moment_at(self.zone, at.naive_utc()).timestamp())
            }
        }
    }

    /// The regular buckets from the first of these to the last, given by their numbers, increasing.
    ///
    /// # Errors
    /// Where there is none, or there would be absurdly many.
    pub fn grid(&self, numbers: &[i64]) -> Result<Grid, GridError> {
        let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else {
            return Err(GridError::TooFew { found: 0 });
        };
        let starts: Vec<i64> = numbers.iter().map(|&number| self.start(number)).collect();
        let buckets = match self.step {
            Step::Minutes(n) => (last - first) / (i64::from(n) * MINUTE) + 1,
            Step::Hours(1) => (last - first) / HOUR + 1,
            _ => last - first + 1,
        };
        check_length(&starts, self.step, buckets)?;
        let mut edges = match self.step {
            Step::Minutes(n) => self.walked(first, last, i64::from(n) * MINUTE),
            Step::Hours(1) => self.walked(first, last, HOUR),
            _ => (first..=last + 1).map(|number| self.start(number)).collect(),
        };
        // A bucket of local hours may vanish where clocks are put forward.
        edges.dedup_by(|next, previous| *next <= *previous);
        Ok(Grid::of(self.step, edges))
    }

    /// The starts of buckets of elapsed time, from the first to the one after the last.
    fn walked(&self, first: i64, last: i64, length: i64) -> Vec<i64> {
        let mut edges = vec![first];
        let mut at = first;
        while at <= last {
            let next = self.number(at + length);
            at = if next > at { next } else { at + length };
            edges.push(at);
        }
        edges
    }

    /// Seconds by which clocks are before UTC at a moment.
    fn offset(&self, unix: i64) -> i32 {
        self.kept(unix.div_euclid(DAY)).unwrap_or_else(|| offset_in(self.zone, unix))
    }

    /// The offset of a whole UTC day; none where clocks change in it or it is not kept.
    fn kept(&self, day: i64) -> Option<i32> {
        let at = usize::try_from(day - FIRST_DAY).ok()?;
        self.offsets.get(at).copied().filter(|offset| *offset != CHANGES)
    }
}

fn offset_in(zone: Tz, unix: i64) -> i32 {
    DateTime::from_timestamp(unix, 0)
        .map_or(0, |at| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unix(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    fn starts(step: Step, zone: Tz, from: &str, to: &str) -> Vec<String> {
        let buckets = Buckets::new(step, zone);
        let grid = buckets.grid(&[buckets.number(unix(from)), buckets.number(unix(to))]).unwrap();
        let shown = |e: &i64| DateTime::from_timestamp(*e, 0).unwrap().format("%dT%H:%M").to_string();
        grid.edges().iter().map(shown).collect()
    }

    #[test]
    fn days_and_hours_follow_the_clocks_of_the_zone() {
        let oslo = Tz::Europe__Oslo;
        let days = starts(Step::Day, oslo, "2024-03-30T12:00:00Z", "2024-03-31T23:30:00Z");
        assert_eq!(days, ["29T23:00", "30T23:00", "31T22:00", "01T22:00"]);
        // The hour from 2 to 3 comes twice on 27 October, and is skipped on 31 March.
        let hours = starts(Step::Hours(1), oslo, "2024-10-27T00:10:00Z", "2024-10-27T01:10:00Z");
        assert_eq!(hours, ["27T00:00", "27T01:00", "27T02:00"]);
        let india = starts(Step::Hours(1), Tz::Asia__Kolkata, "2024-01-01T00:10:00Z", "2024-01-01T01:10:00Z");
        assert_eq!(india, ["31T23:30", "01T00:30", "01T01:30"]);
        let quarters = starts(Step::Minutes(30), oslo, "2024-03-31T00:40:00Z", "2024-03-31T01:40:00Z");
        assert_eq!(quarters, ["31T00:30", "31T01:00", "31T01:30", "31T02:00"]);
    }

    #[test]
    fn a_number_and_the_start_of_its_bucket_belong_together() {
        for zone in [Tz::UTC, Tz::Europe__Oslo, Tz::America__New_York, Tz::Asia__Kathmandu, Tz::Australia__Lord_Howe] {
            for step in [
                Step::Minutes(5),
                Step::Hours(1),
                Step::Hours(6),
                Step::Day,
                Step::Week,
                Step::Months(1),
                Step::Months(3),
            ] {
                let buckets = Buckets::new(step, zone);
                for moment in (0..400).map(|i| unix("2024-01-01T00:00:00Z") + i * 86_400 + i * 977) {
                    let start = buckets.start(buckets.number(moment));
                    assert!(start <= moment && moment < start + 2 * 86_400 * 100, "{zone} {step}");
                    assert_eq!(buckets.number(start), buckets.number(moment), "{zone} {step} {moment}");
                }
            }
        }
    }

    #[test]
    fn a_local_time_that_comes_twice_is_the_first() {
        let buckets = Buckets::new(Step::Day, Tz::Europe__Oslo);
        for (local, moment) in [
            ("2024-10-27T02:30:00Z", "2024-10-27T00:30:00Z"),
            ("2024-07-01T12:00:00Z", "2024-07-01T10:00:00Z"),
            ("1985-07-01T12:00:00Z", "1985-07-01T10:00:00Z"),
        ] {
            assert_eq!(buckets.moment_of(unix(local)), unix(moment), "{local}");
        }
    }

    #[test]
    fn a_lonely_moment_in_another_century_is_told() {
        let buckets = Buckets::new(Step::Day, Tz::UTC);
        let last = buckets.number(unix("2024-01-01T00:00:00Z"));
        let numbers = [buckets.number(0), last, last + 1];
        assert!(matches!(buckets.grid(&numbers), Err(GridError::TooLong { at: 0, .. })));
    }
}
