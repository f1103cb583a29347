//! One pass over the events of a source, for all metrics that can share it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use polars::prelude::*;

use crate::model::Buckets;
use crate::sources::SourceError;
use crate::sources::definition::{Definition, Value};
use crate::sources::table::{Table, any};

use super::amount;
use super::column::{Columns, Kind};
use super::condition::{Compiled, compile};
use super::split::{Labels, combination};
use super::tally::{Tallies, Tally};
use super::time::{Seen, bucket};
use super::unreadable::first_unreadable;

/// A metric of a pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) name: &'a str,
    pub(super) definition: &'a Definition,
}

/// One pass over some files.
pub(super) struct Pass<'a> {
    pub(super) tables: &'a [Table],
    /// At least one; all have the same column of time.
    pub(super) jobs: Vec<Job<'a>>,
    pub(super) buckets: Arc<Buckets>,
}

/// What a pass found.
pub(super) struct Found {
    /// For each job its tallies, by the numbers of their combinations; those of no combination are under none.
    pub(super) tallies: Vec<BTreeMap<Option<i32>, Tallies>>,
    pub(super) seen: Arc<Seen>,
}

/// Columns of ours; no header can hold such names.
const BUCKET: &str = "\u{0}bucket";
const LABEL: &str = "\u{0}label";

fn ours(kind: &str, job: usize) -> String {
    format!("\u{0}{kind}{job}")
}

fn our(kind: &str, job: usize) -> Expr {
    col(ours(kind, job))
}

impl Pass<'_> {
    /// Reads the files once. With `labels`, which are those of the only job, its tallies are split.
    ///
    /// # Errors
    /// Where a file is broken, a column is missing or of another type than the definition says, or a cell cannot be read.
    pub(super) fn run(&self, labels: Option<&Labels>) -> Result<Found, SourceError> {
        let seen = Arc::new(Seen::new());
        let mut all: Vec<BTreeMap<Option<i32>, Tallies>> = vec![BTreeMap::new(); self.jobs.len()];
        let mut whole: Vec<&Table> = Vec::new();
        for table in self.tables {
            let slices = if self.adds_up() { table.slices(&self.columns())? } else { None };
            let Some(slices) = slices else {
                whole.push(table);
                continue;
            };
            for piece in slices {
                let part = table.with_rows(piece?.cells);
                add(&mut all, self.tallied(&[&part], labels, &seen)?);
            }
        }
        if !whole.is_empty() {
            add(&mut all, self.tallied(&whole, labels, &seen)?);
        }
        Ok(Found { tallies: all, seen })
    }

    /// The columns that the jobs look at, each once.
    fn columns(&self) -> Vec<&str> {
        let all: BTreeSet<&str> = self.jobs.iter().flat_map(|job| job.definition.columns()).collect();
        all.into_iter().collect()
    }

    /// Whether what is found in parts of a source adds up to what is in the whole: it does not where different values are counted.
    fn adds_up(&self) -> bool {
        let counts_values = |job: &Job| matches!(job.definition.value, Value::Distinct(_) | Value::ApproxDistinct(_));
        !self.jobs.iter().any(counts_values)
    }

    /// The tallies of each job in some tables.
    fn tallied(
        &self,
        tables: &[&Table],
        labels: Option<&Labels>,
        seen: &Arc<Seen>,
    ) -> Result<Vec<BTreeMap<Option<i32>, Tallies>>, SourceError> {
        let frames = tables.iter().map(|table| self.counted(table, labels, seen)).collect::<Result<Vec<_>, _>>()?;
        let mut keys = vec![col(BUCKET)];
        keys.extend(labels.map(|_| col(LABEL)));
        let totals: Vec<Expr> = self.jobs.iter().enumerate().flat_map(|(i, job)| self.totals(i, job)).collect();
        let grouped = self.together(frames)?.group_by(keys).agg(totals);
        let read = self.collect(grouped)?;
        if seen.unreadable.load(Relaxed) {
            return Err(first_unreadable(self));
        }
        let tallies = (0..self.jobs.len()).map(|i| self::tallies(&read, i, labels.is_some()));
        tallies.collect::<PolarsResult<_>>().map_err(|e| self.tables[0].broken(&e))
    }

    /// How often each combination of the dimensions of the only job comes.
    pub(super) fn combinations(&self) -> Result<Vec<(String, u64)>, SourceError> {
        let (seen, job) = (Arc::new(Seen::new()), self.jobs[0]);
        let frame = |table: &Table| {
            let columns = Columns { table, metric: job.name };
            let all = combination(&job.definition.by, &columns)?.alias(LABEL);
            Ok(self.those_that_count(table, &seen)?.select([all]))
        };
        let frames = self.tables.iter().map(frame).collect::<Result<Vec<_>, SourceError>>()?;
        let read = self.collect(self.together(frames)?.group_by([col(LABEL)]).agg([len().alias("n")]))?;
        let pairs = || -> PolarsResult<Vec<(String, u64)>> {
            let counts = read.column("n")?.cast(&DataType::UInt64)?;
            let both = read.column(LABEL)?.str()?.iter().zip(counts.u64()?.iter());
            Ok(both.map(|(text, n)| (text.unwrap_or_default().to_owned(), n.unwrap_or(0))).collect())
        };
        pairs().map_err(|e| self.tables[0].broken(&e))
    }

    fn together(&self, frames: Vec<LazyFrame>) -> Result<LazyFrame, SourceError> {
        if let [only] = &frames[..] {
            return Ok(only.clone());
        }
        let arguments = UnionArgs { to_supertypes: true, maintain_order: false, ..UnionArgs::default() };
        concat(frames, arguments).map_err(|e| self.tables[0].broken(&e))
    }

    /// The result of a frame over all files. Where it fails, each file is looked at for what is wrong with it.
    fn collect(&self, frame: LazyFrame) -> Result<DataFrame, SourceError> {
        self.tables[0].collect(frame).map_err(|error| self.tables[1..].iter().find_map(Table::torn).unwrap_or(error))
    }

    /// The rows of a table that count for a job, with the columns `BUCKET` and `counts0`, `counts1` ...
    fn those_that_count(&self, table: &Table, seen: &Arc<Seen>) -> Result<LazyFrame, SourceError> {
        let of = |i: usize| Columns { table, metric: self.jobs[i].name };
        let time = of(0).get(&self.jobs[0].definition.time)?;
        let (mut masks, mut truths, mut doubts) = (Vec::new(), Vec::new(), Vec::new());
        for (i, job) in self.jobs.iter().enumerate() {
            let Some(condition) = &job.definition.condition else { continue };
            let Compiled { truth, readings } = compile(condition, &of(i), self.buckets.zone())?;
            for reading in readings {
                doubts.push(reading.doubt(truth.clone(), of(i).get(&reading.column)?.1));
            }
            truths.push(truth.clone());
            masks.push(truth.fill_null(lit(false)).alias(ours("counts", i)));
        }
        let all_count = masks.len() < self.jobs.len();
        if let (Some(bounds), [], Kind::Moment(_) | Kind::Clock(_)) =
            (table.bounds(&self.jobs[0].definition.time), &doubts[..], time.0)
        {
            // The range of all events is known, so that those that do not count need not be read.
            seen.know(bounds, time.0, &self.buckets);
            let mut rows = table.rows();
            if !all_count {
                rows = rows.filter(any(truths));
            }
            let number = bucket(time, Vec::new(), Vec::new(), &self.buckets, seen, false).alias(BUCKET);
            return Ok(rows.with_columns(masks).with_columns([number]).filter(col(BUCKET).is_not_null()));
        }
        let counts = (0..self.jobs.len()).filter(|_| !all_count).map(|i| our("counts", i)).collect();
        let number = bucket(time, counts, doubts, &self.buckets, seen, true).alias(BUCKET);
        let rows = table.rows().with_columns(masks).with_columns([number]);
        Ok(rows.filter(col(BUCKET).is_not_null()))
    }

    /// The columns that are grouped and totalled.
    fn counted(&self, table: &Table, labels: Option<&Labels>, seen: &Arc<Seen>) -> Result<LazyFrame, SourceError> {
        let rows = self.those_that_count(table, seen)?;
        let mut wanted = vec![col(BUCKET)];
        for (i, job) in self.jobs.iter().enumerate() {
            let columns = Columns { table, metric: job.name };
            if self.is_told_apart(job) {
                wanted.push(our("counts", i));
            }
            let counts = self.counts(i, job);
            let only = |value: Expr| when(counts.clone()).then(value).otherwise(lit(NULL));
            match &job.definition.value {
                Value::Count => {}
                Value::Sum(column) | Value::Mean(column) => {
                    // Cells of events that do not count are not read.
                    let counts = self.is_told_apart(job).then(|| our("counts", i));
                    let cells = amount::number(column, counts, &columns, seen)?;
                    wanted.push(cells.alias(ours("value", i)));
                }
                Value::Distinct(column) | Value::ApproxDistinct(column) => {
                    wanted.push(only(amount::key(column, &columns)?).alias(ours("value", i)));
                }
                Value::Ratio(condition) => {
                    let Compiled { truth, readings } = compile(condition, &columns, self.buckets.zone())?;
                    let mut share = truth.clone();
                    for reading in readings {
                        let cells = columns.get(&reading.column)?.1;
                        share = noted(share, reading.doubt(truth.clone(), only(cells)), seen);
                    }
                    wanted.push(share.fill_null(lit(false)).and(counts).alias(ours("value", i)));
                }
            }
        }
        if let Some(labels) = labels {
            let columns = Columns { table, metric: self.jobs[0].name };
            wanted.push(labels.number(combination(&self.jobs[0].definition.by, &columns)?).alias(LABEL));
        }
        Ok(rows.select(wanted))
    }

    /// Whether not every row of the pass counts for the job.
    fn is_told_apart(&self, job: &Job) -> bool {
        self.jobs.len() > 1 && job.definition.condition.is_some()
    }

    fn counts(&self, i: usize, job: &Job) -> Expr {
        if self.is_told_apart(job) { our("counts", i) } else { lit(true) }
    }

    /// The totals of a bucket: `events`, `amount` and `valued` of a job.
    fn totals(&self, i: usize, job: &Job) -> Vec<Expr> {
        let whole = |e: Expr| e.cast(DataType::Int64);
        let events = if self.is_told_apart(job) { whole(our("counts", i)).sum() } else { whole(len()) };
        let value = || our("value", i);
        let (amount, valued) = match &job.definition.value {
            Value::Count => (events.clone(), None),
            Value::Sum(_) | Value::Mean(_) => (value().sum(), Some(value().count())),
            // NULL is one of the different values for polars, and none in SQL.
            Value::Distinct(_) | Value::ApproxDistinct(_) => {
                (whole(value().n_unique()) - whole(value().is_null()).max(), None)
            }
            Value::Ratio(_) => (whole(value()).sum(), None),
        };
        let mut totals = vec![events.alias(ours("events", i)), amount.alias(ours("amount", i))];
        totals.extend(valued.map(|valued| valued.alias(ours("valued", i))));
        totals
    }
}

/// A column of truth, on the way of which a doubt is noted.
fn noted(truth: Expr, doubt: Expr, seen: &Arc<Seen>) -> Expr {
    let seen = Arc::clone(seen);
    let each = move |columns: &mut [Column]| {
        if columns[1].bool()?.any() {
            seen.unreadable.store(true, Relaxed);
        }
        Ok(columns[0].clone())
    };
    truth.map_many(each, &[doubt], |_, fields| Ok(Field::new(fields[0].name().clone(), DataType::Boolean)))
}

/// Adds what was found in one part of a source to what was found in others.
fn add(all: &mut [BTreeMap<Option<i32>, Tallies>], more: Vec<BTreeMap<Option<i32>, Tallies>>) {
    for (known, more) in all.iter_mut().zip(more) {
        for (label, tallies) in more {
            let known = known.entry(label).or_default();
            for (number, tally) in tallies {
                let sum = known.entry(number).or_default();
                sum.events += tally.events;
                sum.amount += tally.amount;
                sum.valued += tally.valued;
            }
        }
    }
}

/// The tallies of a job, by the numbers of their combinations.
fn tallies(read: &DataFrame, job: usize, split: bool) -> PolarsResult<BTreeMap<Option<i32>, Tallies>> {
    let floats = |kind: &str| -> PolarsResult<Option<Float64Chunked>> {
        let Ok(column) = read.column(&ours(kind, job)) else { return Ok(None) };
        Ok(Some(column.cast(&DataType::Float64)?.f64()?.clone()))
    };
    let (events, amounts, valued) = (floats("events")?, floats("amount")?, floats("valued")?);
    let at = |column: &Option<Float64Chunked>, i: usize| column.as_ref().and_then(|c| c.get(i)).unwrap_or(0.0);
    let labels = if split { Some(read.column(LABEL)?.i32()?.clone()) } else { None };
    let mut all: BTreeMap<Option<i32>, Tallies> = BTreeMap::new();
    for (i, number) in read.column(BUCKET)?.i64()?.iter().enumerate() {
        let Some(number) = number else { continue };
        let tally = Tally { events: at(&events, i), amount: at(&amounts, i), valued: at(&valued, i) };
        if tally.events > 0.0 {
            all.entry(labels.as_ref().and_then(|l| l.get(i))).or_default().insert(number, tally);
        }
    }
    Ok(all)
}
