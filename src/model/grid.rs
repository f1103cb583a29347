//! Finds the regular buckets that a metric's timestamps stand for.
//!
//! A *ruler* cuts time into buckets of one [`Step`]: minutes and hours by elapsed time, days, weeks and months by the
//! calendar of a time zone. Its *phase* says how long after the natural boundary (midnight, Monday, the 1st) buckets
//! begin. The ruler that is wanted is the coarsest on which nearly all timestamps stand at one phase, each in a bucket
//! of its own.

use chrono::{DateTime, Datelike, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use rayon::prelude::*;

use super::Step;

/// Every step that can be found in data, coarsest first.
const STEPS: [Step; 25] = [
    Step::Months(12),
    Step::Months(6),
    Step::Months(4),
    Step::Months(3),
    Step::Months(2),
    Step::Months(1),
    Step::Week,
    Step::Day,
    Step::Hours(12),
    Step::Hours(8),
    Step::Hours(6),
    Step::Hours(4),
    Step::Hours(3),
    Step::Hours(2),
    Step::Hours(1),
    Step::Minutes(30),
    Step::Minutes(20),
    Step::Minutes(15),
    Step::Minutes(12),
    Step::Minutes(10),
    Step::Minutes(6),
    Step::Minutes(5),
    Step::Minutes(3),
    Step::Minutes(2),
    Step::Minutes(1),
];

pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 86_400;

/// Share of the timestamps, in percent, that must stand on the ruler and have a bucket of their own.
const REGULAR_PERCENT: usize = 90;
/// A step is taken for the data's own where the median distance is at most so many steps.
const MEDIAN_STEPS: f64 = 10.0;
/// No series has more buckets: nearly four years of minutes.
const MAX_BUCKETS: i64 = 2_000_000;
/// So many buckets may be empty for each that is not, once there are more than [`SMALL`].
const MAX_EMPTY: i64 = 10;
const SMALL: i64 = 1_000;
/// So many are left to one thread.
const STAMPS: usize = 16_384;
/// Years -9999 to 9999 or so: beyond, calendars are meaningless.
const MAX_UNIX: i64 = 400_000_000_000;
/// The time zones' offsets differ from UTC by no more than this.
const MAX_OFFSET: i64 = 14 * HOUR;

/// Regular buckets: a step and the moments that bound them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    step: Step,
    edges: Vec<i64>,
}

/// Why timestamps make no regular buckets. `at` is the timestamp that shows it, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GridError {
    /// One timestamp says nothing of the distance to the next.
    #[error("{found} different timestamps are too few to find a step")]
    TooFew {
        /// Number of different timestamps.
        found: usize,
    },
    /// The distances follow no step from a minute to a year.
    #[error("the timestamps follow no step from a minute to a year")]
    Irregular {
        /// The first timestamp off the step that comes nearest.
        at: i64,
    },
    /// The timestamps span an absurd time for their step.
    #[error("the timestamps span {buckets} buckets of a {step}")]
    TooLong {
        /// The timestamp at the lonelier side of the widest gap.
        at: i64,
        /// The step that was found or set.
        step: Step,
        /// How many buckets there would be.
        buckets: i64,
    },
}

impl Grid {
    /// The buckets that hold `stamps`, from the first to the last.
    ///
    /// `stamps` are Unix seconds, strictly increasing. With `every` the step is that one; else it is found: the
    /// coarsest step from a year to a minute for which nine in ten stamps stand at one phase and nine in ten have a
    /// bucket of their own. Gaps and a few stray stamps therefore do not matter. Days, weeks and months follow `zone`,
    /// or UTC where the stamps are at UTC midnight; their length in hours varies with the clock changes. Data stamped
    /// at, say, 09:00 each day has buckets that begin at 09:00.
    ///
    /// # Errors
    /// Where fewer than two stamps are given and `every` is not (or none at all), where no step is found, and where
    /// there would be absurdly many buckets.
    pub fn fit(stamps: &[i64], zone: Tz, every: Option<Step>) -> Result<Self, GridError> {
        let (Some(&first), Some(&last)) = (stamps.first(), stamps.last()) else {
            return Err(GridError::TooFew { found: 0 });
        };
        if let Some(&at) = [first, last].iter().find(|s| s.abs() > MAX_UNIX) {
            let step = every.unwrap_or(Step::Day);
            return Err(GridError::TooLong { at, step, buckets: MAX_BUCKETS });
        }
        let ruler = match every {
            Some(step) => best_ruler(stamps, zone, step).unwrap_or_else(|| Ruler::natural(step, zone)),
            None => find_ruler(stamps, zone)?,
        };
        let (from, to) = (ruler.place(first).0, ruler.place(last).0);
        let buckets = to - from + 1;
        check_length(stamps, ruler.step, buckets)?;
        let numbers: Vec<i64> = (from..=to + 1).collect();
        let mut edges: Vec<i64> = numbers.into_par_iter().with_min_len(STAMPS).map(|i| ruler.start(i)).collect();
        // A bucket of local hours may vanish where clocks are put forward.
        edges.dedup_by(|next, previous| *next <= *previous);
        Ok(Self { step: ruler.step, edges })
    }

    /// Buckets whose edges are known: at least two, strictly increasing.
    pub(super) fn of(step: Step, edges: Vec<i64>) -> Self {
        Self { step, edges }
    }

    /// Length of a bucket.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Bounds of the buckets in Unix seconds, strictly increasing, one more than there are buckets.
    #[must_use]
    pub fn edges(&self) -> &[i64] {
        &self.edges
    }

    /// The bucket that holds a moment in Unix seconds, where there is one.
    #[must_use]
    pub fn bucket(&self, unix: i64) -> Option<usize> {
        let after = self.edges.partition_point(|&e| e <= unix);
        (1..self.edges.len()).contains(&after).then(|| after - 1)
    }
}

/// Refuses absurdly many buckets for the stamps that they shall hold.
pub(super) fn check_length(stamps: &[i64], step: Step, buckets: i64) -> Result<(), GridError> {
    let held = i64::try_from(stamps.len()).unwrap_or(i64::MAX);
    if buckets > MAX_BUCKETS || (buckets > SMALL && buckets / MAX_EMPTY > held) {
        return Err(GridError::TooLong { at: loneliest(stamps), step, buckets });
    }
    Ok(())
}

/// The moment at which clocks in `zone` show `local`: the earlier one where they show it twice, the first moment after
/// where they skip it.
#[must_use]
pub fn moment_at(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        LocalResult::None => {
            let wanted = local.and_utc().timestamp();
            let skipped = DateTime::from_timestamp(end_of_skip(zone, wanted), 0);
            skipped.unwrap_or_else(|| local.and_utc())
        }
    }
}

/// The earliest moment at which clocks show `wanted` (seconds of local time) or later, by bisection.
fn end_of_skip(zone: Tz, wanted: i64) -> i64 {
    let (mut before, mut after) = (wanted - 2 * DAY, wanted + 2 * DAY);
    while after - before > 1 {
        let middle = i64::midpoint(before, after);
        if wall(zone, middle) >= wanted {
            after = middle;
        } else {
            before = middle;
        }
    }
    after
}

/// What clocks in `zone` show at a moment, in seconds since the local 1970-01-01 00:00.
fn wall(zone: Tz, unix: i64) -> i64 {
    if zone == Tz::UTC {
        return unix;
    }
    let offset = DateTime::from_timestamp(unix, 0)
        .map_or(0, |at| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc());
    unix + i64::from(offset)
}

fn unwall(zone: Tz, local: i64) -> i64 {
    if zone == Tz::UTC {
        return local;
    }
    DateTime::from_timestamp(local, 0).map_or(local, |at| moment_at(zone, at.naive_utc()).timestamp())
}

/// A way to cut time into buckets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ruler {
    step: Step,
    /// The zone whose clocks it follows; none where it follows elapsed time.
    zone: Option<Tz>,
    /// How many seconds after the natural boundary its buckets begin.
    phase: i64,
    /// Of several months: the month, counted from January of year 0, modulo the step, with which buckets begin.
    anchor: i64,
}

impl Ruler {
    /// The ruler of people: local midnight, Monday, the 1st, January.
    pub(super) fn natural(step: Step, zone: Tz) -> Self {
        let elapsed = matches!(step, Step::Minutes(_) | Step::Hours(1));
        Self { step, zone: (!elapsed).then_some(zone), phase: 0, anchor: 0 }
    }

    /// Clock seconds, seen from the phase.
    fn clock(&self, unix: i64) -> i64 {
        self.zone.map_or(unix, |zone| wall(zone, unix)) - self.phase
    }

    /// The number of the bucket that holds a moment, and how many seconds of clock time it is into it.
    fn place(&self, unix: i64) -> (i64, i64) {
        let clock = self.clock(unix);
        if let Step::Months(n) = self.step {
            let index = (month_of(clock) - self.anchor).div_euclid(i64::from(n));
            return (index, clock - month_start(index * i64::from(n) + self.anchor));
        }
        let (unit, origin) = unit(self.step);
        ((clock - origin).div_euclid(unit), (clock - origin).rem_euclid(unit))
    }

    /// The moment at which a bucket begins.
    pub(super) fn start(&self, index: i64) -> i64 {
        let clock = if let Step::Months(n) = self.step {
            month_start(index * i64::from(n) + self.anchor)
        } else {
            let (unit, origin) = unit(self.step);
            index * unit + origin
        };
        self.zone.map_or(clock + self.phase, |zone| unwall(zone, clock + self.phase))
    }

    /// How many buckets hold a stamp.
    fn occupied(&self, stamps: &[i64]) -> usize {
        let mut places: Vec<i64> = stamps.par_iter().with_min_len(STAMPS).map(|&s| self.place(s).0).collect();
        places.dedup();
        places.len()
    }
}

/// Length of a step in clock seconds, and the clock second at which one begins: weeks begin on Monday.
fn unit(step: Step) -> (i64, i64) {
    match step {
        Step::Minutes(n) => (i64::from(n) * MINUTE, 0),
        Step::Hours(n) => (i64::from(n) * HOUR, 0),
        Step::Day => (DAY, 0),
        Step::Week => (7 * DAY, 4 * DAY),
        Step::Months(n) => (i64::from(n) * 30 * DAY, 0),
    }
}

/// Months since January of year 0 at a clock second.
pub(super) fn month_of(clock: i64) -> i64 {
    let date = DateTime::from_timestamp(clock, 0).unwrap_or(DateTime::UNIX_EPOCH).date_naive();
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

/// The clock second at which a month begins.
fn month_start(month: i64) -> i64 {
    let year = i32::try_from(month.div_euclid(12)).unwrap_or(i32::MAX);
    let number = u32::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
    NaiveDate::from_ymd_opt(year, number, 1)
        .map_or(i64::MAX, |d| d.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
}

fn find_ruler(stamps: &[i64], zone: Tz) -> Result<Ruler, GridError> {
    let median = median_distance(stamps).ok_or(GridError::TooFew { found: stamps.len() })?;
    let near = |step: &&Step| step.seconds() <= 1.1 * median && step.seconds() * MEDIAN_STEPS >= median;
    STEPS.iter().filter(near).find_map(|&step| best_ruler(stamps, zone, step)).ok_or_else(|| {
        let nearest = STEPS.iter().copied().find(|s| s.seconds() <= 1.1 * median).unwrap_or(Step::Minutes(1));
        GridError::Irregular { at: first_stray(stamps, Ruler::natural(nearest, zone)) }
    })
}

fn median_distance(stamps: &[i64]) -> Option<f64> {
    let mut distances: Vec<i64> = stamps.windows(2).map(|w| w[1] - w[0]).collect();
    if distances.is_empty() {
        return None;
    }
    let middle = distances.len() / 2;
    Some(*distances.select_nth_unstable(middle).1 as f64)
}

/// The ruler of a step on which the stamps stand best, where they stand on one at all.
fn best_ruler(stamps: &[i64], zone: Tz, step: Step) -> Option<Ruler> {
    let zones: &[Option<Tz>] = match step {
        Step::Minutes(_) | Step::Hours(1) => &[None],
        Step::Hours(_) => &[None, Some(zone)],
        _ if zone == Tz::UTC => &[Some(zone)],
        _ => &[Some(zone), Some(Tz::UTC)],
    };
    let fits = zones.iter().filter_map(|&zone| fit_phase(stamps, Ruler { step, zone, phase: 0, anchor: 0 }));
    // The first of equals: `max_by_key` takes the last.
    fits.rev().max_by_key(|(ruler, exact)| (*exact, ruler.phase == 0)).map(|(ruler, _)| ruler)
}

/// Sets phase and anchor to suit the stamps; also how many stand exactly at one phase.
fn fit_phase(stamps: &[i64], ruler: Ruler) -> Option<(Ruler, usize)> {
    let ruler = Ruler { anchor: common_anchor(stamps, ruler), ..ruler };
    let mut offsets: Vec<i64> = stamps.par_iter().with_min_len(STAMPS).map(|&s| offset(ruler, s)).collect();
    offsets.sort_unstable();
    let (phase, held) = match offsets[..] {
        [first, .., last] if first == last => (first, offsets.len()),
        _ => densest(&offsets, tolerance(ruler.step), period(ruler.step)),
    };
    if !regular(held, stamps.len()) {
        return None;
    }
    let exact = offsets.chunk_by(|a, b| a == b).map(<[i64]>::len).max().unwrap_or(0);
    let phases = phases(ruler.step, phase);
    let fits = phases.into_iter().map(|phase| Ruler { phase, ..ruler });
    fits.into_iter().find(|r| regular(r.occupied(stamps), stamps.len())).map(|r| (r, exact))
}

fn regular(held: usize, all: usize) -> bool {
    held * 100 >= all * REGULAR_PERCENT
}

/// Phases to try, in this order, for stamps that stand `phase` seconds after the natural boundary.
fn phases(step: Step, phase: i64) -> Vec<i64> {
    let minute = phase.div_euclid(MINUTE) * MINUTE;
    let (length, _) = unit(step);
    match step {
        // 31 January, 28 February: the last day of a month stands for that month.
        Step::Months(_) if phase < 0 && (phase % 900 != 0 || -phase > MAX_OFFSET) => vec![0],
        Step::Months(_) => vec![minute],
        // 23:59:59 stands for the day that ends.
        _ if phase % 900 != 0 && length - phase < 900.min(length / 20) => vec![0, phase],
        Step::Minutes(_) => vec![phase],
        _ => vec![minute],
    }
}

/// Seconds of clock time into the bucket; of months negative where the stamp is in the last day of one.
fn offset(ruler: Ruler, unix: i64) -> i64 {
    if !matches!(ruler.step, Step::Months(_)) {
        return ruler.place(unix).1;
    }
    let clock = ruler.clock(unix);
    let left = clock - month_start(month_of(clock) + 1);
    if left >= -DAY { left } else { clock - month_start(month_of(clock)) }
}

/// The month, modulo the step, with which most stamps' buckets begin.
fn common_anchor(stamps: &[i64], ruler: Ruler) -> i64 {
    let Step::Months(n) = ruler.step else { return 0 };
    let mut counts = vec![0_usize; n as usize];
    for &stamp in stamps {
        let clock = ruler.clock(stamp);
        // Half a day before the 1st is the 1st of another time zone.
        let month = month_of(clock + if clock % 900 == 0 { MAX_OFFSET } else { 0 });
        if let Ok(slot) = usize::try_from(month.rem_euclid(i64::from(n))) {
            counts[slot] += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    counts.iter().position(|&c| c == most).and_then(|i| i64::try_from(i).ok()).unwrap_or(0)
}

/// How far stamps of one phase may lie apart: clock changes of another zone for days, some jitter for hours.
fn tolerance(step: Step) -> i64 {
    match step {
        Step::Minutes(_) | Step::Hours(_) => (unit(step).0 / 50).max(1),
        Step::Day | Step::Week | Step::Months(_) => 2 * HOUR,
    }
}

/// After how many seconds offsets begin again; months have no one length.
fn period(step: Step) -> i64 {
    match step {
        Step::Months(_) => i64::from(u32::MAX),
        _ => unit(step).0,
    }
}

/// Where a window of `width` on a circle holds most of the sorted offsets, and how many.
fn densest(offsets: &[i64], width: i64, period: i64) -> (i64, usize) {
    let n = offsets.len();
    let at = |i: usize| if i < n { offsets[i] } else { offsets[i - n] + period };
    let (mut best, mut end) = ((0, 0), 0);
    for (start, &offset) in offsets.iter().enumerate() {
        end = end.max(start);
        while end < start + n && at(end) - offset <= width {
            end += 1;
        }
        if end - start > best.1 {
            best = (offset, end - start);
        }
    }
    best
}

/// The first stamp off the ruler's most common phase; the second one of all where each is on it.
fn first_stray(stamps: &[i64], ruler: Ruler) -> i64 {
    let mut offsets: Vec<i64> = stamps.iter().map(|&s| offset(ruler, s)).collect();
    offsets.sort_unstable();
    let (phase, _) = densest(&offsets, tolerance(ruler.step), period(ruler.step));
    let period = period(ruler.step);
    let stray = |s: &&i64| (offset(ruler, **s) - phase).rem_euclid(period) > tolerance(ruler.step);
    stamps.iter().find(stray).or(stamps.get(1)).copied().unwrap_or_default()
}

/// The stamp beside the widest gap, on the side with fewer stamps.
fn loneliest(stamps: &[i64]) -> i64 {
    let widest = stamps.windows(2).enumerate().max_by_key(|(_, w)| w[1] - w[0]).map_or(0, |(i, _)| i);
    let after = (widest + 1).min(stamps.len() - 1);
    if widest + 1 < stamps.len() - after { stamps[widest] } else { stamps[after] }
}

#[cfg(test)]
#[path = "grid_tests.rs"]
mod tests;
