//! Metrics in their shapes.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use polars::prelude::StringChunked;

use crate::model::{Caveat, Series, nearest_names};

use super::number::{self, Number};
use super::points::{Point, Points};
use super::table::{Rows, Table};
use super::{Loaded, MetricSource, SourceError, timestamp};

/// Caveats of one code beyond so many are told as one.
const MANY: usize = 4;

/// Reads one metric.
///
/// A source that defines the metric by name wins over those that hold what their rows or columns say.
///
/// # Errors
/// Where a file cannot be read, lacks a column or holds a bad cell; where no source holds the metric; where its timestamps make no
/// regular series.
pub fn read_metric(sources: &[MetricSource], name: &str, zone: Tz) -> Result<Loaded<Series>, SourceError> {
    let mut gathered = Gathered { zone, metrics: BTreeMap::new() };
    let by_name = sources.iter().any(|s| s.name.as_deref() == Some(name));
    let wanted = if by_name { Some(name) } else { None };
    let mut known = Vec::new();
    for source in sources.iter().filter(|s| s.name.as_deref() == wanted) {
        for table in Table::open_all(&source.locator)? {
            let shape = Shape::of(&table, source)?;
            shape.read(&table, source, Some(name), &mut gathered)?;
            if !gathered.metrics.contains_key(name) {
                known.extend(shape.names(&table)?);
            }
        }
    }
    let Some(points) = gathered.metrics.remove(name) else {
        known.extend(sources.iter().filter_map(|s| s.name.clone()));
        known.sort();
        known.dedup();
        let nearest = nearest_names(name, known.iter().map(String::as_str), 3);
        return Err(SourceError::UnknownMetric { metric: name.to_owned(), nearest, known: known.len() });
    };
    let (value, caveats) = points.into_series(name, zone)?;
    Ok(Loaded { value, caveats })
}

/// Reads the metrics of these names, or all where none is given, in the order of their names.
///
/// A metric whose timestamps make no regular series is left out with the caveat `skipped_metric`.
///
/// # Errors
/// Where a file cannot be read, lacks a column or holds a bad cell, or a name is unknown.
pub fn read_metrics(sources: &[MetricSource], names: &[String], zone: Tz) -> Result<Loaded<Vec<Series>>, SourceError> {
    if !names.is_empty() {
        return some_metrics(sources, names, zone);
    }
    let mut all = Gathered { zone, metrics: BTreeMap::new() };
    for named in [true, false] {
        let mut gathered = Gathered { zone, metrics: BTreeMap::new() };
        for source in sources.iter().filter(|s| s.name.is_some() == named) {
            for table in Table::open_all(&source.locator)? {
                Shape::of(&table, source)?.read(&table, source, source.name.as_deref(), &mut gathered)?;
            }
        }
        for (name, points) in gathered.metrics {
            all.metrics.entry(name).or_insert(points);
        }
    }
    let read = all.metrics.into_iter().map(|(name, points)| (points.into_series(&name, zone), name));
    let mut loaded = Loaded { value: Vec::new(), caveats: Vec::new() };
    for (series, _) in read {
        match series {
            Ok((series, caveats)) => {
                loaded.value.push(series);
                loaded.caveats.extend(caveats);
            }
            Err(error) => loaded.caveats.push(skipped(&error)),
        }
    }
    loaded.caveats = condensed(loaded.caveats);
    Ok(loaded)
}

fn some_metrics(sources: &[MetricSource], names: &[String], zone: Tz) -> Result<Loaded<Vec<Series>>, SourceError> {
    let mut sorted = names.to_vec();
    sorted.sort();
    sorted.dedup();
    let mut loaded = Loaded { value: Vec::new(), caveats: Vec::new() };
    for name in &sorted {
        match read_metric(sources, name, zone) {
            Ok(one) => {
                loaded.value.push(one.value);
                loaded.caveats.extend(one.caveats);
            }
            Err(error @ SourceError::Irregular { .. }) => loaded.caveats.push(skipped(&error)),
            Err(error) => return Err(error),
        }
    }
    loaded.caveats = condensed(loaded.caveats);
    Ok(loaded)
}

fn skipped(error: &SourceError) -> Caveat {
    Caveat::new("skipped_metric", format!("Skipped: {error}."))
}

/// The caveats, those of one code told as one where there are many.
fn condensed(caveats: Vec<Caveat>) -> Vec<Caveat> {
    let mut by_code: BTreeMap<&'static str, Vec<Caveat>> = BTreeMap::new();
    for caveat in caveats {
        by_code.entry(caveat.code).or_default().push(caveat);
    }
    let tell = |(code, mut all): (&'static str, Vec<Caveat>)| {
        if all.len() > MANY {
            let more = all.len() - 1;
            let text = format!("{} And {more} more metrics likewise.", all[0].text);
            all = vec![Caveat::new(code, text)];
        }
        all
    };
    by_code.into_iter().flat_map(tell).collect()
}

/// The points that were read so far, by metric.
struct Gathered {
    zone: Tz,
    metrics: BTreeMap<String, Points>,
}

impl Gathered {
    /// The points of a metric, to be added to.
    fn of(&mut self, name: &str, source: &MetricSource) -> &mut Points {
        if !self.metrics.contains_key(name) {
            self.metrics.insert(name.to_owned(), Points { every: source.every, ..Points::default() });
        }
        self.metrics.entry(name.to_owned()).or_default()
    }
}

/// How the metrics of a table lie in its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    /// One row for each metric and moment.
    Long { timestamp: String, metric: String, value: String, dimensions: Vec<String> },
    /// One column for each metric.
    Wide { timestamp: String, metrics: Vec<String> },
    /// The one column `value` of a source that defines one metric.
    Single { timestamp: String, value: String, dimensions: Vec<String> },
}

impl Shape {
    /// Tells the shape by the columns.
    fn of(table: &Table, source: &MetricSource) -> Result<Self, SourceError> {
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
        let column = source.name.as_ref().is_some_and(|name| table.has(name));
        if source.name.is_some() && !column && table.has(&value) {
            let dimensions = others(&[&timestamp, &value]);
            return Ok(Self::Single { timestamp, value, dimensions });
        }
        let metrics = others(&[&timestamp]);
        if metrics.is_empty() {
            table.require(&value)?;
        }
        Ok(Self::Wide { timestamp, metrics })
    }

    /// The names of the metrics in a table of this shape.
    fn names(&self, table: &Table) -> Result<Vec<String>, SourceError> {
        match self {
            Self::Long { metric, .. } => match table.distinct(metric)? {
                none if none.is_empty() => Err(SourceError::NoRows { file: table.file.clone() }),
                names => Ok(names),
            },
            Self::Wide { metrics, .. } => Ok(metrics.clone()),
            Self::Single { .. } => Ok(Vec::new()),
        }
    }

    /// Reads one metric, or all where none is named.
    fn read(
        &self,
        table: &Table,
        source: &MetricSource,
        only: Option<&str>,
        into: &mut Gathered,
    ) -> Result<(), SourceError> {
        match self {
            Self::Long { timestamp, metric, value, dimensions } => {
                let mut columns = vec![timestamp.as_str(), value.as_str(), metric.as_str()];
                columns.extend(dimensions.iter().map(String::as_str));
                let rows = table.read(&columns, only.map(|name| (metric.as_str(), name)))?;
                if rows.numbers.is_empty() && only.is_none() {
                    return Err(SourceError::NoRows { file: table.file.clone() });
                }
                let metrics = rows.columns[2].clone();
                let cells = Cells { table, rows: &rows, dimensions: 3 };
                cells.add(0, &|i| metrics.get(i), (1, value.as_str()), timestamp, source, into)
            }
            Self::Single { timestamp, value, dimensions } => {
                let mut columns = vec![timestamp.as_str(), value.as_str()];
                columns.extend(dimensions.iter().map(String::as_str));
                let rows = table.read(&columns, None)?;
                let name = source.name.as_deref();
                Cells { table, rows: &rows, dimensions: 2 }.add(0, &|_| name, (1, value), timestamp, source, into)
            }
            Self::Wide { timestamp, metrics } => {
                let wanted: Vec<&str> =
                    metrics.iter().map(String::as_str).filter(|name| only.is_none_or(|only| only == *name)).collect();
                let columns: Vec<&str> = std::iter::once(timestamp.as_str()).chain(wanted.iter().copied()).collect();
                let rows = table.read(&columns, None)?;
                if rows.numbers.is_empty() {
                    return Err(SourceError::NoRows { file: table.file.clone() });
                }
                let cells = Cells { table, rows: &rows, dimensions: columns.len() };
                for (c, name) in wanted.iter().enumerate() {
                    cells.add(0, &|_| Some(name), (c + 1, name), timestamp, source, into)?;
                }
                Ok(())
            }
        }
    }
}

/// Rows of a table whose columns from `dimensions` on are dimensions.
struct Cells<'a> {
    table: &'a Table,
    rows: &'a Rows,
    dimensions: usize,
}

impl Cells<'_> {
    /// Adds the points of one column of values. The metric of a row is what `metric` says.
    fn add<'r>(
        &self,
        time: usize,
        metric: &dyn Fn(usize) -> Option<&'r str>,
        (value, value_name): (usize, &str),
        time_name: &str,
        source: &MetricSource,
        into: &mut Gathered,
    ) -> Result<(), SourceError> {
        let (times, values) = (&self.rows.columns[time], &self.rows.columns[value]);
        let zone = into.zone;
        let cell = |i: usize, column: &str, text: &str, problem| {
            SourceError::cell(&self.table.file, self.rows.numbers[i], column, text, problem)
        };
        for i in 0..self.rows.numbers.len() {
            if self.rows.is_blank(i) {
                continue;
            }
            let text = times.get(i).unwrap_or("");
            let problem = if text.trim().is_empty() { "empty, and a value needs its time" } else { "not a time" };
            let stamp = timestamp::parse(text, zone).ok_or_else(|| cell(i, time_name, text, problem))?;
            let text = values.get(i).unwrap_or("");
            let number = number::parse(text).map_err(|problem| cell(i, value_name, text, problem))?;
            let name = metric(i).filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| cell(i, "metric", "", "empty, and a value needs its metric"))?;
            let points = into.of(name, source);
            points.not_a_number += usize::from(number == Number::NaN);
            let value = if let Number::Value(value) = number { value } else { f64::NAN };
            points.rows.push(Point { stamp, dimensions: self.dimensions(i), value });
        }
        Ok(())
    }

    fn dimensions(&self, i: usize) -> Box<str> {
        let cells: Vec<&str> = self.rows.columns[self.dimensions.min(self.rows.columns.len())..]
            .iter()
            .map(|c: &StringChunked| c.get(i).unwrap_or(""))
            .collect();
        if cells.is_empty() { Box::default() } else { cells.join("\u{1f}").into() }
    }
}
