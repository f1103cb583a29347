//! How the metrics of a table lie in its columns.

use std::collections::HashMap;

use polars::prelude::StringChunked;

use chrono_tz::Tz;

use super::gathered::Gathered;
use super::number::{self, Number};
use super::points::{Point, Points};
use super::table::{Rows, Table};
use super::{MetricSource, Ratio, SourceError, timestamp};

/// How the metrics of a table lie in its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// One row for each metric and moment.
    Long { timestamp: String, metric: String, value: String, dimensions: Vec<String> },
    /// One column for each metric. What else there is in a source that defines one ratio are dimensions.
    Wide { timestamp: String, metrics: Vec<String>, dimensions: Vec<String> },
    /// The one column `value` of a source that defines one metric.
    Single { timestamp: String, value: String, dimensions: Vec<String> },
}

impl Shape {
    /// Tells the shape by the columns.
    pub(super) fn of(table: &Table, source: &MetricSource) -> Result<Self, SourceError> {
        let named = |known: &str| source.columns.get(known).cloned().unwrap_or_else(|| known.to_owned());
        for name in source.columns.values() {
            table.require(name)?;
        }
        let (timestamp, metric, value) = (named("timestamp"), named("metric"), named("value"));
        table.require(&timestamp)?;
        let others = |used: &[&String]| -> Vec<String> {
            table.names.iter().filter(|name| !used.contains(name)).cloned().collect()
        };
        if table.has(&metric) {
            table.require(&value)?;
            let dimensions = others(&[&timestamp, &metric, &value]);
            return Ok(Self::Long { timestamp, metric, value, dimensions });
        }
        if let Some(Ratio { numerator, denominator }) = &source.ratio {
            let metrics = [numerator, denominator].into_iter().filter(|part| table.has(part)).cloned().collect();
            let dimensions = others(&[&timestamp, numerator, denominator]);
            return Ok(Self::Wide { timestamp, metrics, dimensions });
        }
        if source.name.as_ref().is_some_and(|name| !has_metric(table, name)) && table.has(&value) {
            let dimensions = others(&[&timestamp, &value]);
            return Ok(Self::Single { timestamp, value, dimensions });
        }
        let metrics = others(&[&timestamp]);
        if metrics.is_empty() {
            table.require(&value)?;
        }
        Ok(Self::Wide { timestamp, metrics, dimensions: Vec::new() })
    }

    /// The names of what is in a table of this shape, parts of ratios included.
    pub(super) fn names(&self, table: &Table) -> Result<Vec<String>, SourceError> {
        match self {
            Self::Long { metric, .. } => match table.distinct(metric)? {
                none if none.is_empty() => Err(SourceError::NoRows { file: table.file.clone() }),
                names => Ok(names),
            },
            Self::Wide { metrics, dimensions, .. } => Ok([metrics.as_slice(), dimensions].concat()),
            Self::Single { .. } => Ok(Vec::new()),
        }
    }

    /// Reads what goes by these names, or all where none are given.
    pub(super) fn read(
        &self,
        table: &Table,
        source: &MetricSource,
        only: Option<&[String]>,
        into: &mut Gathered,
    ) -> Result<(), SourceError> {
        match self {
            Self::Long { timestamp, metric, value, dimensions } => {
                let mut columns = vec![timestamp.as_str(), value.as_str(), metric.as_str()];
                columns.extend(dimensions.iter().map(String::as_str));
                let rows = table.read(&columns, only.map(|names| (metric.as_str(), names)))?;
                if rows.numbers.is_empty() && only.is_none() {
                    return Err(SourceError::NoRows { file: table.file.clone() });
                }
                let metrics = rows.columns[2].clone();
                let cells = Cells { file: &table.file, rows: &rows, dimensions: 3 };
                cells.add(&|i| metrics.get(i), &Columns { time: timestamp, value: (1, value) }, source, into)
            }
            Self::Single { timestamp, value, dimensions } => {
                let mut columns = vec![timestamp.as_str(), value.as_str()];
                columns.extend(dimensions.iter().map(String::as_str));
                let rows = table.read(&columns, None)?;
                let name = source.name.as_deref();
                let cells = Cells { file: &table.file, rows: &rows, dimensions: 2 };
                cells.add(&|_| name, &Columns { time: timestamp, value: (1, value) }, source, into)
            }
            Self::Wide { timestamp, metrics, dimensions } => {
                let asked = |name: &&String| only.is_none_or(|only| only.contains(name));
                let wanted: Vec<&str> = metrics.iter().filter(asked).map(String::as_str).collect();
                let (rows, first) = wide_rows(table, timestamp, &wanted, dimensions)?;
                let cells = Cells { file: &table.file, rows: &rows, dimensions: first };
                for (c, name) in wanted.iter().enumerate() {
                    cells.add(&|_| Some(name), &Columns { time: timestamp, value: (c + 1, name) }, source, into)?;
                }
                Ok(())
            }
        }
    }
}

/// Whether a wide table holds a metric, by itself or as the parts of a ratio.
fn has_metric(table: &Table, name: &str) -> bool {
    let Ratio { numerator, denominator } = Ratio::of(name);
    [name, &numerator, &denominator].into_iter().any(|name| table.has(name))
}

/// The time and these columns of a wide table, and the number of its first column of dimensions.
///
/// Dimensions are read only where a time comes twice: without, they tell nothing apart.
fn wide_rows(
    table: &Table,
    timestamp: &str,
    wanted: &[&str],
    dimensions: &[String],
) -> Result<(Rows, usize), SourceError> {
    let mut columns: Vec<&str> = std::iter::once(timestamp).chain(wanted.iter().copied()).collect();
    let first = columns.len();
    let mut rows = table.read(&columns, None)?;
    if rows.numbers.is_empty() {
        return Err(SourceError::NoRows { file: table.file.clone() });
    }
    if !dimensions.is_empty() && rows.repeats(0) {
        columns.extend(dimensions.iter().map(String::as_str));
        rows = table.read(&columns, None)?;
    }
    Ok((rows, first))
}

/// Rows that one thread reads at a time.
const ROWS: usize = 32_768;
/// So many times that are read before they are added to their metrics, which bounds the memory that this takes.
const AT_ONCE: usize = 8;

/// Rows of a table, the first column of which is the time, and those from `dimensions` on are dimensions.
struct Cells<'a> {
    file: &'a str,
    rows: &'a Rows,
    dimensions: usize,
}

/// The columns of values and of the time, as the file calls them, with the place of the values.
struct Columns<'a> {
    time: &'a str,
    value: (usize, &'a str),
}

impl Cells<'_> {
    /// Adds the points of one column of values. The metric of a row is what `metric` says.
    fn add<'r>(
        &self,
        metric: &(dyn Fn(usize) -> Option<&'r str> + Sync),
        columns: &Columns<'_>,
        source: &MetricSource,
        into: &mut Gathered,
    ) -> Result<(), SourceError> {
        let (n, zone) = (self.rows.numbers.len(), into.zone);
        for batch in (0..n).step_by(ROWS * AT_ONCE) {
            let rows = batch..n.min(batch + ROWS * AT_ONCE);
            let pieces = self.rows.in_pieces(rows, ROWS, |rows| {
                let mut read: HashMap<&'r str, Points> = HashMap::new();
                for i in rows {
                    let (metric, point, is_nan) = self.point(i, metric(i), columns, source, zone)?;
                    let points = read.entry(metric).or_default();
                    points.rows.push(point);
                    points.not_a_number += usize::from(is_nan);
                }
                Ok(read)
            })?;
            for (metric, mut read) in pieces.into_iter().flatten() {
                let points = into.of(metric, source, self.file);
                points.rows.append(&mut read.rows);
                points.not_a_number += read.not_a_number;
            }
        }
        Ok(())
    }

    /// Reads a row that is not blank: its metric, what it says of it, and whether that is `NaN`.
    fn point<'r>(
        &self,
        i: usize,
        metric: Option<&'r str>,
        columns: &Columns<'_>,
        source: &MetricSource,
        zone: Tz,
    ) -> Result<(&'r str, Point, bool), SourceError> {
        let (place, value_name) = columns.value;
        let wrong = |column: &str, text: &str, problem| {
            SourceError::cell(self.file, self.rows.numbers[i], column, text, problem)
        };
        let text = self.rows.columns[0].get(i).unwrap_or("");
        let problem = if text.trim().is_empty() { "empty, and a value needs its time" } else { "not a time" };
        let stamp = timestamp::parse(text, zone).ok_or_else(|| wrong(columns.time, text, problem))?;
        let text = self.rows.columns[place].get(i).unwrap_or("");
        let number = number::parse(text).map_err(|problem| wrong(value_name, text, problem))?;
        let metric = metric.filter(|name| !name.is_empty());
        let metric = metric.ok_or_else(|| wrong("metric", "", "empty, and a value needs its metric"))?;
        let value = if let Number::Value(value) = number { value } else { f64::NAN };
        if value < 0.0 && source.is_denominator(metric) {
            return Err(wrong(value_name, text, "a negative denominator"));
        }
        Ok((metric, Point { stamp, dimensions: self.dimensions(i), value }, number == Number::NaN))
    }

    fn dimensions(&self, i: usize) -> Box<str> {
        let cells: Vec<&str> = self.rows.columns[self.dimensions.min(self.rows.columns.len())..]
            .iter()
            .map(|c: &StringChunked| c.get(i).unwrap_or(""))
            .collect();
        if cells.is_empty() { Box::default() } else { cells.join("\u{1f}").into() }
    }
}
