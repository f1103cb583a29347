//! The times of events, and the buckets that they fall into.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::Relaxed};

use polars::prelude::*;

use crate::model::Buckets;
use crate::sources::timestamp;

use super::column::{Kind, known_of};
use super::time_text::unix_of;

/// What is seen of the events of a source on the way, whether or not they count.
#[derive(Debug)]
pub(super) struct Seen {
    first: AtomicI64,
    last: AtomicI64,
    /// Events that count and have no time.
    without_time: AtomicUsize,
    /// All events.
    rows: AtomicUsize,
    /// Values that were NaN.
    pub(super) not_a_number: AtomicUsize,
    /// Whether a cell could not be read.
    pub(super) unreadable: AtomicBool,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self {
            first: AtomicI64::new(i64::MAX),
            last: AtomicI64::new(i64::MIN),
            without_time: AtomicUsize::new(0),
            rows: AtomicUsize::new(0),
            not_a_number: AtomicUsize::new(0),
            unreadable: AtomicBool::new(false),
        }
    }

    /// The times of the first and the last event in Unix seconds; none where no event has one.
    pub(super) fn range(&self) -> Option<(i64, i64)> {
        let range = (self.first.load(Relaxed), self.last.load(Relaxed));
        (range.0 <= range.1).then_some(range)
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.load(Relaxed)
    }

    pub(super) fn without_time(&self) -> usize {
        self.without_time.load(Relaxed)
    }

    /// Notes the least and the greatest tick of a column of times, and how many events there are.
    pub(super) fn know(&self, (least, greatest, rows): (i64, i64, usize), kind: Kind, buckets: &Buckets) {
        self.extend(unix_of_tick(least, kind, buckets), unix_of_tick(greatest, kind, buckets));
        self.rows.fetch_add(rows, Relaxed);
    }

    fn extend(&self, first: i64, last: i64) {
        self.first.fetch_min(first, Relaxed);
        self.last.fetch_max(last, Relaxed);
    }
}

/// The number of the bucket of each event that counts and has a time; none for the others. What is seen on the way goes to `seen`.
///
/// `counts` are columns of truth: an event counts where one of them is true, or where there is none of them. `doubts` are columns that
/// say whether a cell could not be read. All events are counted in `seen` where these are `all`.
pub(super) fn bucket(
    (kind, time): (Kind, Expr),
    counts: Vec<Expr>,
    doubts: Vec<Expr>,
    buckets: &Arc<Buckets>,
    seen: &Arc<Seen>,
    all: bool,
) -> Expr {
    let (buckets, seen, masks) = (Arc::clone(buckets), Arc::clone(seen), counts.len());
    let each = move |columns: &mut [Column]| {
        for doubt in &columns[1 + masks..] {
            if doubt.bool()?.any() {
                seen.unreadable.store(true, Relaxed);
            }
        }
        if all {
            seen.rows.fetch_add(columns[0].len(), Relaxed);
        }
        let counts = any_of(&columns[1..=masks])?;
        let batch = Batch { buckets: &buckets, seen: &seen, counts: counts.as_ref() };
        Ok(batch.numbers(&columns[0], kind)?.with_name("bucket".into()).into_column())
    };
    let rest = [counts, doubts].concat();
    time.map_many(each, &rest, |_, fields| Ok(Field::new(fields[0].name().clone(), DataType::Int64)))
}

/// Whether any of some columns of truth is true; none where there is no column.
fn any_of(columns: &[Column]) -> PolarsResult<Option<BooleanChunked>> {
    let mut any: Option<BooleanChunked> = None;
    for column in columns {
        let next = column.bool()?;
        any = Some(any.map_or_else(|| next.clone(), |before| &before | next));
    }
    Ok(any)
}

/// Some rows of a table.
struct Batch<'a> {
    buckets: &'a Buckets,
    seen: &'a Seen,
    counts: Option<&'a BooleanChunked>,
}

impl Batch<'_> {
    fn numbers(&self, times: &Column, kind: Kind) -> PolarsResult<Int64Chunked> {
        if kind == Kind::Text {
            let texts = times.str()?;
            return Ok(self.number_all(texts.iter().map(|text| text.map(|text| unix_of(text, self.buckets)))));
        }
        let ticks = times.to_physical_repr().cast(&DataType::Int64)?;
        let ticks = ticks.i64()?;
        let read = |tick: i64| Some(unix_of_tick(tick, kind, self.buckets));
        // The first and the last of numbers are found without reading each.
        if kind != Kind::Number && kind != Kind::Float {
            for tick in [ticks.min(), ticks.max()].into_iter().flatten() {
                let unix = unix_of_tick(tick, kind, self.buckets);
                self.seen.extend(unix, unix);
            }
            return Ok(self.number_counted(ticks, kind));
        }
        Ok(self.number_all(ticks.iter().map(|tick| tick.map(read))))
    }

    /// The numbers of the events that count, of all of which the time is read: an outer none is an empty cell, an inner one an unreadable one.
    fn number_all(&self, times: impl Iterator<Item = Option<Option<i64>>>) -> Int64Chunked {
        let (mut first, mut last, mut empty, mut unreadable) = (i64::MAX, i64::MIN, 0, false);
        let mut number = |time: Option<Option<i64>>, counts: bool| match time {
            Some(Some(unix)) => {
                (first, last) = (first.min(unix), last.max(unix));
                counts.then(|| self.buckets.number(unix))
            }
            Some(None) => {
                unreadable = true;
                None
            }
            None => {
                empty += usize::from(counts);
                None
            }
        };
        let numbers: Int64Chunked = match self.counts {
            None => times.map(|time| number(time, true)).collect(),
            Some(counts) => times.zip(counts.iter()).map(|(time, counts)| number(time, counts == Some(true))).collect(),
        };
        self.seen.extend(first, last);
        self.seen.without_time.fetch_add(empty, Relaxed);
        if unreadable {
            self.seen.unreadable.store(true, Relaxed);
        }
        numbers
    }

    /// The numbers of the events that count; the times of the others are not read.
    fn number_counted(&self, ticks: &Int64Chunked, kind: Kind) -> Int64Chunked {
        let mut empty = 0;
        let mut number = |tick: Option<i64>| {
            empty += usize::from(tick.is_none());
            tick.map(|tick| self.buckets.number(unix_of_tick(tick, kind, self.buckets)))
        };
        let numbers: Int64Chunked = match self.counts {
            None => ticks.iter().map(number).collect(),
            Some(counts) => {
                let both = ticks.iter().zip(counts.iter());
                both.map(|(tick, counts)| if counts == Some(true) { number(tick) } else { None }).collect()
            }
        };
        self.seen.without_time.fetch_add(empty, Relaxed);
        numbers
    }
}

/// Whether there is text that is no time.
pub(super) fn unreadable(kind: Kind, time: Expr, buckets: &Arc<Buckets>) -> Expr {
    let buckets = Arc::clone(buckets);
    known_of(vec![time], move |columns| {
        if kind != Kind::Text {
            return Ok(BooleanChunked::full(PlSmallStr::EMPTY, false, columns[0].len()));
        }
        let texts = columns[0].str()?.iter();
        Ok(texts.map(|text| Some(text.is_some_and(|text| unix_of(text, &buckets).is_none()))).collect())
    })
}

/// The Unix seconds of what a column of numbers, dates or times holds.
fn unix_of_tick(tick: i64, kind: Kind, buckets: &Buckets) -> i64 {
    let per_second = |unit| match unit {
        TimeUnit::Nanoseconds => 1_000_000_000,
        TimeUnit::Microseconds => 1_000_000,
        TimeUnit::Milliseconds => 1_000,
    };
    match kind {
        Kind::Date => buckets.moment_of(tick.saturating_mul(86_400)),
        Kind::Clock(unit) => buckets.moment_of(tick.div_euclid(per_second(unit))),
        Kind::Moment(unit) => tick.div_euclid(per_second(unit)),
        _ => timestamp::since_1970(tick).map_or(0, |at| at.timestamp()),
    }
}
