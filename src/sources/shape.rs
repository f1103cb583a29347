//! How the metrics of a table lie in its columns.

use std::collections::{HashMap, HashSet};

use chrono_tz::Tz;

use super::gathered::Gathered;
use super::number::{self, Number};
use super::points::Point;
use super::table::{Rows, Table};
use super::timestamp::{self, Stamp};
use super::{MetricSource, Ratio, SourceError};

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
            table.names.iter().filter(|name| table.is_named(name) && !used.contains(name)).cloned().collect()
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
                let named = Columns { time: timestamp, value: (1, value) };
                table.for_each_piece(&columns, only.map(|names| (metric.as_str(), names)), |rows| {
                    let cells = Cells { file: &table.file, rows: &rows, dimensions: 3, only };
                    cells.add(&|i| rows.cell(2, i), &named, source, into)
                })
            }
            Self::Single { timestamp, value, dimensions } => {
                let mut columns = vec![timestamp.as_str(), value.as_str()];
                columns.extend(dimensions.iter().map(String::as_str));
                let name = source.name.as_deref();
                let named = Columns { time: timestamp, value: (1, value) };
                for rows in table.pieces(&columns, None)? {
                    let cells = Cells { file: &table.file, rows: &rows?, dimensions: 2, only: None };
                    cells.add(&|_| name, &named, source, into)?;
                }
                Ok(())
            }
            Self::Wide { timestamp, metrics, dimensions } => {
                let asked = |name: &&String| only.is_none_or(|only| only.contains(name));
                let wanted: Vec<&str> = metrics.iter().filter(asked).map(String::as_str).collect();
                let mut columns: Vec<&str> =
                    std::iter::once(timestamp.as_str()).chain(wanted.iter().copied()).collect();
                let first = columns.len();
                let mut add = |rows: &Rows| {
                    let cells = Cells { file: &table.file, rows, dimensions: first, only: None };
                    wanted.iter().enumerate().try_for_each(|(c, name)| {
                        cells.add(&|_| Some(name), &Columns { time: timestamp, value: (c + 1, name) }, source, into)
                    })
                };
                if dimensions.is_empty() {
                    return table.for_each_piece(&columns, None, |rows| add(&rows));
                }
                let mut pieces = Vec::new();
                table.for_each_piece(&columns, None, |rows| {
                    pieces.push(rows);
                    Ok(())
                })?;
                // Where no time comes twice, dimensions tell nothing apart and are not read.
                if !time_repeats(&pieces) {
                    return pieces.iter().try_for_each(add);
                }
                drop(pieces);
                columns.extend(dimensions.iter().map(String::as_str));
                table.for_each_piece(&columns, None, |rows| add(&rows))
            }
        }
    }
}

/// Whether some time comes more than once.
fn time_repeats(pieces: &[Rows]) -> bool {
    let mut seen = HashSet::new();
    pieces.iter().flat_map(|rows| rows.cells_of(0)).any(|time| !seen.insert(time))
}

/// Whether a wide table holds a metric, by itself or as the parts of a ratio.
fn has_metric(table: &Table, name: &str) -> bool {
    let Ratio { numerator, denominator } = Ratio::of(name);
    [name, &numerator, &denominator].into_iter().any(|name| table.has(name))
}

/// Rows that one thread reads at a time.
const ROWS: usize = 8_192;

/// Rows of a table, the first column of which is the time, and those from `dimensions` on are dimensions.
struct Cells<'a> {
    file: &'a str,
    rows: &'a Rows,
    dimensions: usize,
    /// The metrics that are wanted; all where none are named.
    only: Option<&'a [String]>,
}

/// The time of a row. Rows of one time often follow each other, which need it to be read but once.
struct Time<'r> {
    text: &'r str,
    stamp: Option<Stamp>,
}

impl<'r> Time<'r> {
    fn read(&mut self, text: &'r str, zone: Tz) {
        if text != self.text {
            *self = Self { text, stamp: timestamp::parse(text, zone) };
        }
    }
}

/// What was read of some rows.
#[derive(Default)]
struct Read<'r> {
    /// The metrics in the order in which they came first, and how many of their values are `NaN`.
    metrics: Vec<(&'r str, usize)>,
    /// Each with the place of its metric among them.
    points: Vec<(usize, Point)>,
    /// Where a metric is among them, and where that of the row before is.
    places: HashMap<&'r str, usize>,
    last: usize,
}

impl<'r> Read<'r> {
    fn add(&mut self, metric: &'r str, point: Point, is_nan: bool) {
        if self.metrics.get(self.last).is_none_or(|(name, _)| *name != metric) {
            self.last = *self.places.entry(metric).or_insert(self.metrics.len());
            if self.last == self.metrics.len() {
                self.metrics.push((metric, 0));
            }
        }
        self.metrics[self.last].1 += usize::from(is_nan);
        self.points.push((self.last, point));
    }
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
        let zone = into.zone;
        let pieces = self.rows.in_pieces(ROWS, |rows| {
            let mut read = Read::default();
            let mut time = Time { text: "", stamp: None };
            for i in rows {
                let metric = metric(i);
                if self.only.is_some_and(|only| metric.is_none_or(|name| !only.iter().any(|wanted| wanted == name))) {
                    continue;
                }
                time.read(self.rows.cell(0, i).unwrap_or_default(), zone);
                let (metric, point, is_nan) = self.point(i, metric, &time, columns, source)?;
                read.add(metric, point, is_nan);
            }
            Ok(read)
        })?;
        for read in pieces {
            let place = |(metric, not_a_number): (&str, usize)| {
                let (place, points) = into.of(metric, source, self.file);
                points.not_a_number += not_a_number;
                place
            };
            let places: Vec<usize> = read.metrics.into_iter().map(place).collect();
            for (metric, point) in read.points {
                into.points[places[metric]].rows.push(point);
            }
        }
        Ok(())
    }

    /// Reads a row that is not blank: its metric, what it says of it, and whether that is `NaN`.
    fn point<'r>(
        &self,
        i: usize,
        metric: Option<&'r str>,
        time: &Time<'_>,
        columns: &Columns<'_>,
        source: &MetricSource,
    ) -> Result<(&'r str, Point, bool), SourceError> {
        let (place, value_name) = columns.value;
        let wrong = |column: &str, text: &str, problem| {
            SourceError::cell(self.file, self.rows.number(i), column, text, problem)
        };
        let no_time = || {
            let is_empty = time.text.trim().is_empty();
            let problem = if is_empty { "empty, and a value needs its time" } else { "not a time" };
            wrong(columns.time, time.text, problem)
        };
        let stamp = time.stamp.ok_or_else(no_time)?;
        let text = self.rows.cell(place, i).unwrap_or_default();
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
        let cells: Vec<&str> = self.rows.cells_from(self.dimensions, i).map(Option::unwrap_or_default).collect();
        if cells.is_empty() { Box::default() } else { cells.join("\u{1f}").into() }
    }
}
