//! Values at moments, and how they become a series.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, LocalResult, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::model::{Caveat, Grid, GridError, Series, Step, counted};

use super::SourceError;
use super::timestamp::Stamp;

/// A value of a metric at a moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub(super) stamp: Stamp,
    /// The values of the dimensions, joined; empty where there are none.
    pub(super) dimensions: Box<str>,
    /// NaN where missing.
    pub(super) value: f64,
}

/// The rows of one metric, in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub(super) struct Points {
    pub(super) rows: Vec<Point>,
    /// How many values were `NaN`.
    pub(super) not_a_number: usize,
    pub(super) every: Option<Step>,
    /// Where the first of them was found.
    pub(super) file: String,
}

/// A value and the moment it belongs to, Unix seconds.
type Value = (i64, f64);

impl Points {
    /// The series, with what was done on the way.
    ///
    /// Identical rows count once; of rows with one key and different values the last wins; rows that differ in their dimensions
    /// are added up, and so are moments of one bucket. A sum with a missing part is missing.
    pub(super) fn into_series(self, name: &str, zone: Tz) -> Result<(Series, Vec<Caveat>), SourceError> {
        let mut told = Told { name, zone, caveats: Vec::new() };
        let every = self.every;
        let values = if self.is_in_order() {
            told.not_a_number(self.not_a_number);
            self.rows.iter().map(|point| (point.stamp.at.timestamp(), point.value)).collect()
        } else {
            added_up(&self.one_for_each_key(&mut told))
        };
        let grid = grid(name, zone, values.iter().map(|(at, _)| *at), every)?;
        let (values, shared) = in_buckets(&values, &grid);
        told.aggregated(shared, grid.step());
        told.gaps(&values, grid.edges(), grid.step());
        Ok((series(name, zone, &grid, values)?, told.caveats))
    }

    /// Whether each row is later than the one before, as most files are: there is nothing to sort and to add up.
    fn is_in_order(&self) -> bool {
        let at = |point: &Point| point.stamp.at.timestamp();
        self.rows.windows(2).all(|pair| at(&pair[0]) < at(&pair[1]))
    }

    /// The last point of each key, in the order of the keys.
    fn one_for_each_key(mut self, told: &mut Told<'_>) -> Vec<Point> {
        told.not_a_number(self.not_a_number);
        self.tell_repeated_hours_apart();
        self.rows.sort_by(by_key);
        one_for_each_key(self.rows, told)
    }

    /// Where clocks were put back, local times without an offset come twice: the second row of such a time is the later moment.
    fn tell_repeated_hours_apart(&mut self) {
        if self.rows.iter().all(|point| point.stamp.or_later.is_none()) {
            return;
        }
        self.rows.sort_by(by_key);
        for i in 1..self.rows.len() {
            let (before, rest) = self.rows.split_at_mut(i);
            let (earlier, point) = (&before[i - 1], &mut rest[0]);
            if let (Some(later), Ordering::Equal) = (point.stamp.or_later, by_key(earlier, point)) {
                point.stamp = Stamp { at: later, or_later: None };
            }
        }
    }
}

fn by_key(a: &Point, b: &Point) -> Ordering {
    a.stamp.at.cmp(&b.stamp.at).then_with(|| a.dimensions.cmp(&b.dimensions))
}

/// The last point of each key, of points sorted by key.
fn one_for_each_key(mut points: Vec<Point>, told: &mut Told<'_>) -> Vec<Point> {
    let (mut same, mut different, mut example) = (0, 0, None);
    points.dedup_by(|point, kept| {
        let is_same_key = by_key(kept, point) == Ordering::Equal;
        if is_same_key && kept.value.to_bits() == point.value.to_bits() {
            same += 1;
        } else if is_same_key {
            different += 1;
            example.get_or_insert((point.stamp.at.timestamp(), kept.value, point.value));
            std::mem::swap(kept, point);
        }
        is_same_key
    });
    told.duplicates(same);
    told.conflicts(different, example);
    points
}

/// Sums the values of equal moments, of points in the order of time. A sum with a missing part is missing.
fn added_up(points: &[Point]) -> Vec<Value> {
    let mut sums: Vec<Value> = Vec::with_capacity(points.len());
    for point in points {
        let at = point.stamp.at.timestamp();
        match sums.last_mut().filter(|last| last.0 == at) {
            Some(last) => last.1 += point.value,
            None => sums.push((at, point.value)),
        }
    }
    sums
}

/// Sums of the values of each bucket, and how many values share one with another. The values are in the order of time.
fn in_buckets(values: &[Value], grid: &Grid) -> (Vec<f64>, usize) {
    let edges = grid.edges();
    let mut sums = vec![f64::NAN; edges.len() - 1];
    let (mut shared, mut last, mut bucket) = (0, None, 0);
    for &(at, value) in values.iter().filter(|(at, _)| *at >= edges[0]) {
        // Where there is a value for each bucket, the next one is that of the next value.
        bucket += edges[bucket + 1..].iter().take_while(|edge| **edge <= at).count();
        if bucket == sums.len() {
            break;
        }
        shared += usize::from(last == Some(bucket));
        sums[bucket] = if last == Some(bucket) { sums[bucket] + value } else { value };
        last = Some(bucket);
    }
    (sums, shared)
}

fn grid(name: &str, zone: Tz, stamps: impl Iterator<Item = i64>, every: Option<Step>) -> Result<Grid, SourceError> {
    let stamps: Vec<i64> = stamps.collect();
    Grid::fit(&stamps, zone, every).map_err(|e| irregular(name, zone, &e))
}

fn series(name: &str, zone: Tz, grid: &Grid, values: Vec<f64>) -> Result<Series, SourceError> {
    Series::new(name, zone, grid.step(), grid.edges().to_vec(), values)
        .map_err(|e| SourceError::Irregular { metric: name.to_owned(), reason: e.to_string() })
}

/// The series of ratios of two metrics, given with their names, and what was done on the way.
///
/// Numerators and denominators are added up as any metric is, and then divided. A bucket without one of them, or with a denominator
/// of zero, has no value.
pub(super) fn ratio_series(
    (numerators, above): (Points, &str),
    (denominators, below): (Points, &str),
    name: &str,
    zone: Tz,
) -> Result<(Series, Vec<Caveat>), SourceError> {
    let every = numerators.every.or(denominators.every);
    let mut told = Told { name: above, zone, caveats: Vec::new() };
    let numerators = numerators.one_for_each_key(&mut told);
    told.name = below;
    let denominators = denominators.one_for_each_key(&mut told);
    told.name = name;
    told.alone(&numerators, &denominators);
    let both = side_by_side(&added_up(&numerators), &added_up(&denominators));
    let grid = grid(name, zone, both.iter().map(|(at, _)| *at), every)?;
    let part = |part: usize| in_buckets(&both.iter().map(|(at, two)| (*at, two[part])).collect::<Vec<_>>(), &grid);
    let ((numerators, shared), (denominators, _)) = (part(0), part(1));
    told.aggregated(shared, grid.step());
    told.zeros(&denominators);
    let divided = |(n, d): (&f64, &f64)| if *d > 0.0 { n / d } else { f64::NAN };
    let values: Vec<f64> = numerators.iter().zip(&denominators).map(divided).collect();
    told.gaps(&values, grid.edges(), grid.step());
    Ok((series(name, zone, &grid, values)?.with_denominators(denominators), told.caveats))
}

/// The values of both at each moment that one of them has; NaN for the other where it has none.
fn side_by_side(first: &[Value], second: &[Value]) -> Vec<(i64, [f64; 2])> {
    let mut both: BTreeMap<i64, [f64; 2]> = BTreeMap::new();
    for (part, values) in [first, second].into_iter().enumerate() {
        for &(at, value) in values {
            both.entry(at).or_insert([f64::NAN; 2])[part] = value;
        }
    }
    both.into_iter().collect()
}

/// What is said of a timestamp at which most of the span is a gap.
pub(super) const FAR_OFF: &str = "far from all others";

pub(super) fn irregular(name: &str, zone: Tz, error: &GridError) -> SourceError {
    let place = match error {
        GridError::Irregular { at } => format!(", see {}", shown(*at, zone)),
        GridError::TooLong { at, .. } => format!(", as {} lies {FAR_OFF}", shown(*at, zone)),
        GridError::TooFew { .. } => String::new(),
    };
    SourceError::Irregular { metric: name.to_owned(), reason: format!("{error}{place}") }
}

fn shown(unix: i64, zone: Tz) -> String {
    DateTime::from_timestamp(unix, 0)
        .map_or_else(String::new, |at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string())
}

/// Whether clocks skipped the time an hour before, as they do in spring: a local time in the hour that is not there stands for this one.
fn is_after_skipped(unix: i64, zone: Tz) -> bool {
    let local = DateTime::from_timestamp(unix, 0).map(|at| at.with_timezone(&zone).naive_local());
    let before = local.and_then(|local| local.checked_sub_signed(TimeDelta::hours(1)));
    before.is_some_and(|before| matches!(zone.from_local_datetime(&before), LocalResult::None))
}

/// What to make of two rows of the hour after one that clocks skipped.
const SKIPPED: &str =
    " Clocks skipped the hour before: times without an offset may be of another zone, which --timezone names.";

/// Collects the caveats of one metric.
pub(super) struct Told<'a> {
    pub(super) name: &'a str,
    pub(super) zone: Tz,
    pub(super) caveats: Vec<Caveat>,
}

impl Told<'_> {
    fn tell(&mut self, code: &'static str, text: String) {
        self.caveats.push(Caveat::new(code, text));
    }

    fn not_a_number(&mut self, n: usize) {
        if n > 0 {
            let values = counted(n, "value is NaN and was", "values are NaN and were");
            self.tell("nan_as_missing", format!("{}: {values} read as missing.", self.name));
        }
    }

    fn duplicates(&mut self, n: usize) {
        if n > 0 {
            let rows = counted(n, "row repeats another one and was", "rows repeat another one and were");
            self.tell("duplicate_rows", format!("{}: {rows} counted once.", self.name));
        }
    }

    fn conflicts(&mut self, n: usize, example: Option<(i64, f64, f64)>) {
        let Some((at, first, last)) = example else { return };
        let value = |v: f64| if v.is_nan() { "no value".to_owned() } else { v.to_string() };
        let rows = counted(n, "row gives", "rows give");
        let text = format!(
            "{}: {rows} another value for a moment that had one; the last row won, as {} over {} at {}.{}",
            self.name,
            value(last),
            value(first),
            shown(at, self.zone),
            if is_after_skipped(at, self.zone) { SKIPPED } else { "" },
        );
        self.tell("conflicting_rows", text);
    }

    fn aggregated(&mut self, n: usize, step: Step) {
        if n > 0 {
            let values = counted(n, "value shares", "values share");
            self.tell("aggregated", format!("{}: {values} a {step} with others and were added up.", self.name));
        }
    }

    /// Rows of one part that the other has no row for, though it has others of the moment.
    fn alone(&mut self, numerators: &[Point], denominators: &[Point]) {
        let paired = |(a, b): (&Point, &Point)| by_key(a, b) == Ordering::Equal;
        if numerators.len() == denominators.len() && numerators.iter().zip(denominators).all(paired) {
            return;
        }
        let keys = |points: &[Point]| -> BTreeSet<(DateTime<Utc>, Box<str>)> {
            points.iter().map(|p| (p.stamp.at, p.dimensions.clone())).collect()
        };
        let n = keys(numerators).symmetric_difference(&keys(denominators)).count();
        if n > 0 {
            let text = format!(
                "{}: {} no counterpart of the same moment and dimensions; where the moment has others, they were added up \
                 all the same.",
                self.name,
                counted(n, "row with a numerator or a denominator has", "rows with a numerator or a denominator have"),
            );
            self.tell("half_ratios", text);
        }
    }

    fn zeros(&mut self, denominators: &[f64]) {
        let n = denominators.iter().filter(|d| **d == 0.0).count();
        if n > 0 {
            let buckets = counted(n, "bucket has", "buckets have");
            self.tell("zero_denominators", format!("{}: {buckets} a denominator of 0 and no value.", self.name));
        }
    }

    pub(super) fn gaps(&mut self, values: &[f64], edges: &[i64], step: Step) {
        let missing = values.iter().filter(|v| v.is_nan()).count();
        let runs = values.chunk_by(|a, b| a.is_nan() == b.is_nan());
        let mut at = 0;
        let mut longest = (0, 0);
        for run in runs {
            if run[0].is_nan() && run.len() > longest.0 {
                longest = (run.len(), at);
            }
            at += run.len();
        }
        if missing > 0 {
            let text = format!(
                "{}: {missing} of {} buckets of a {step} {} no value; the longest gap is {} from {}.",
                self.name,
                values.len(),
                if missing == 1 { "has" } else { "have" },
                longest.0,
                shown(edges[longest.1], self.zone)
            );
            self.tell("gaps", text);
        }
    }
}
