//! Tables and results, read as the rows of a file are.

use std::fs;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};
use polars::prelude::{NewChunkedArray, PlSmallStr, StringChunked};

use crate::bigquery::{Column, Parameter, Query, Table, TableName};
use crate::model::{Deploy, Step};
use crate::sources::SourceError;

use super::session::{Collected, Session};
use super::sql::{Reading, bounded, quoted, selected};
use super::template::{BUILDS, DEPLOYS, NAMES, ROWS};
use super::{BigQuerySource, Place};

/// What is read: a table whose columns are known, or a result.
#[derive(Debug)]
pub(in crate::sources) struct Asked {
    session: Arc<Session>,
    content: Content,
    /// As it is named in errors.
    place: String,
    step: Option<Step>,
    purpose: &'static str,
}

#[derive(Debug)]
enum Content {
    /// A table, and its column of time.
    Table { name: TableName, table: Arc<Table>, time: Column },
    /// A statement whose columns are these: the user's own, or ours over messages of Cloud Build.
    Statement { query: Query, columns: Vec<Column> },
}

/// What the rows are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sources) enum Wanted {
    /// The values of metrics.
    Metrics,
    /// Deploy events.
    Deploys,
}

/// A file of SQL is no longer.
const LONGEST: u64 = 1 << 20;
/// From here on a number of microseconds is read as one; a smaller one could be of milliseconds.
const CLEARLY_MICROS: i64 = 100_000_000_000_000;

impl Asked {
    /// Finds the columns. `time` is the name of the column of time, `step` that of the buckets where it was said.
    pub(in crate::sources) fn open(
        source: &BigQuerySource,
        time: &str,
        wanted: Wanted,
        step: Option<Step>,
    ) -> Result<Self, SourceError> {
        let (session, place) = (source.session()?, source.to_string());
        let purpose = match wanted {
            Wanted::Metrics => "values of metrics",
            Wanted::Deploys => "deploy events",
        };
        let content = match &source.place {
            Place::File(path) => {
                let sql = file(path)?;
                let query =
                    Query { place: place.clone(), purpose: purpose.to_owned(), ..session.query(sql, step, vec![]) };
                Content::Statement { columns: session.columns(&query)?, query }
            }
            Place::Table(name) => {
                let table = session.table(name)?;
                match table.column(time) {
                    Some(column) => Content::Table { name: name.clone(), time: column.clone(), table },
                    None if wanted == Wanted::Deploys && are_messages(&table) => {
                        Content::builds(&session, name, &table, &place)?
                    }
                    // The caller says that the column is missing, and which there are.
                    None => Content::Table { name: name.clone(), time: Column::default(), table },
                }
            }
        };
        Ok(Self { session, content, place, step, purpose })
    }

    /// The names of the columns.
    pub(in crate::sources) fn names(&self) -> Vec<String> {
        let columns = match &self.content {
            Content::Table { table, .. } => &table.columns,
            Content::Statement { columns, .. } => columns,
        };
        columns.iter().map(|column| column.name.clone()).collect()
    }

    /// Reads these columns of all rows, or of those that hold one of `only.1` in the column `only.0`.
    pub(in crate::sources) fn read(
        &self,
        columns: &[&str],
        only: Option<(&str, &[String])>,
    ) -> Result<Vec<StringChunked>, SourceError> {
        match &self.content {
            Content::Table { name, table, time } => self.of_table(columns, only, (name, table, time)),
            Content::Statement { query, .. } => Ok(of_statement(&*self.session.collect_once(query, 0)?, columns, only)),
        }
    }

    fn of_table(
        &self,
        columns: &[&str],
        only: Option<(&str, &[String])>,
        (name, table, time): (&TableName, &Table, &Column),
    ) -> Result<Vec<StringChunked>, SourceError> {
        let (parts, readings) = listed(table, columns)?;
        let names = only.map(|(column, _)| quoted(column)).transpose()?;
        let names = names.map(|column| format!("AND CAST({column} AS STRING) IN UNNEST(@names)")).unwrap_or_default();
        let (bounds, quoted_table) = (bounded(table, time, &self.place)?, name.quoted());
        let template = if self.purpose == "deploy events" { DEPLOYS } else { ROWS };
        let mut holes =
            vec![("columns", parts.as_str()), ("table", &quoted_table), ("time", &bounds), ("names", &names)];
        if !STATES.iter().all(|column| table.column(column).is_some()) {
            holes.push(("latest", ""));
        }
        let sql = template.with(&holes);
        let all = only.map(|(_, values)| self.session.expected(&self.place, values));
        let more = all.as_ref().map_or(0, Vec::len) > only.map_or(0, |(_, values)| values.len());
        let query = self.query(sql, name, all.map(|all| ("names".to_owned(), Parameter::Texts(all))));
        // What further metrics need too is kept for them.
        let collected = if more {
            self.session.collect_once(&query, columns.len())?
        } else {
            Arc::new(self.session.collect(&query, columns.len())?)
        };
        let kept = only.filter(|_| more).and_then(|(column, values)| {
            let at = columns.iter().position(|name| *name == column)?;
            Some(rows_of(&collected.cells[at], values))
        });
        let time_at = columns.iter().position(|column| column.eq_ignore_ascii_case(&time.name));
        let decoded = collected.cells.iter().zip(&readings).enumerate();
        Ok(decoded
            .map(|(c, (cells, reading))| {
                decoded_cells(&only_rows(cells, kept.as_deref()), *reading, Some(c) == time_at)
            })
            .collect())
    }

    fn query(&self, sql: String, name: &TableName, further: Option<(String, Parameter)>) -> Query {
        Query {
            place: self.place.clone(),
            purpose: self.purpose.to_owned(),
            project: Some(name.project.clone()),
            ..self.session.query(sql, self.step, further.into_iter().collect())
        }
    }

    /// The values of a column, each once, in order.
    pub(in crate::sources) fn distinct(&self, column: &str) -> Result<Vec<String>, SourceError> {
        if self.session.is_planning() {
            return Ok(Vec::new());
        }
        let cells = match &self.content {
            Content::Table { name, table, time } => {
                let part = format!("CAST({} AS STRING) AS c0", quoted(column)?);
                let bounds = bounded(table, time, &self.place)?;
                let sql = NAMES.with(&[("columns", &part), ("table", &name.quoted()), ("time", &bounds)]);
                self.session.collect(&self.query(sql, name, None), 1)?.cells
            }
            Content::Statement { query, .. } => of_statement(&*self.session.collect_once(query, 0)?, &[column], None),
        };
        let mut values: Vec<String> =
            cells.first().into_iter().flat_map(|c| c.iter().flatten().map(str::to_owned)).collect();
        values.sort();
        values.dedup();
        Ok(values)
    }
}

impl Content {
    /// Deploy events out of the messages of Cloud Build in a table.
    fn builds(session: &Session, name: &TableName, table: &Table, place: &str) -> Result<Self, SourceError> {
        let (Some(data), Some(published)) = (table.column("data"), table.column("publish_time")) else {
            return Ok(Self::Table { name: name.clone(), time: Column::default(), table: Arc::new(table.clone()) });
        };
        let data = match data.kind.as_str() {
            "JSON" => "`data` AS build,",
            "BYTES" => "SAFE.PARSE_JSON(SAFE_CONVERT_BYTES_TO_STRING(`data`)) AS build,",
            _ => "SAFE.PARSE_JSON(`data`) AS build,",
        };
        let bounds = bounded(table, published, place)?;
        let sql = BUILDS.with(&[("data", data), ("table", &name.quoted()), ("time", &bounds)]);
        let query = Query {
            place: place.to_owned(),
            purpose: "deploy events out of messages of Cloud Build".to_owned(),
            project: Some(name.project.clone()),
            ..session.query(sql, None, vec![])
        };
        // All that deploy events have but their kind, which builds do not tell.
        let columns = Deploy::COLUMNS.iter().filter(|name| **name != "kind").map(|name| Column {
            name: (*name).to_owned(),
            kind: if *name == "deployed_at" { "TIMESTAMP" } else { "STRING" }.to_owned(),
            repeated: false,
        });
        Ok(Self::Statement { query, columns: columns.collect() })
    }
}

/// The columns of a table that has a row for each state of a deployment, of which the latest counts.
const STATES: [&str; 4] = ["source", "id", "changed_at", "version"];

/// Whether a table is one into which Pub/Sub writes messages.
fn are_messages(table: &Table) -> bool {
    ["data", "message_id", "publish_time"].iter().all(|name| table.column(name).is_some())
}

/// The columns as a list of expressions, and how each comes back.
fn listed(table: &Table, columns: &[&str]) -> Result<(String, Vec<Reading>), SourceError> {
    let (mut parts, mut readings) = (Vec::new(), Vec::new());
    for (c, name) in columns.iter().enumerate() {
        let unknown = Column { name: (*name).to_owned(), ..Column::default() };
        let (expression, reading) = selected(table.column(name).unwrap_or(&unknown))?;
        parts.push(format!("{expression} AS c{c}"));
        readings.push(reading);
    }
    Ok((parts.join(",\n"), readings))
}

/// A file of SQL.
fn file(path: &std::path::Path) -> Result<String, SourceError> {
    let name = path.display().to_string();
    let unreadable = |reason: String| SourceError::Unreadable { file: name.clone(), reason };
    let about = fs::metadata(path).map_err(|e| unreadable(crate::sources::locator::io_reason(&e)))?;
    if about.is_dir() || about.len() > LONGEST {
        return Err(unreadable("it is no file of SQL".to_owned()));
    }
    let sql = fs::read(path).map_err(|e| unreadable(crate::sources::locator::io_reason(&e)))?;
    let sql = String::from_utf8(sql).map_err(|_| SourceError::NotUtf8 { file: name.clone(), row: 1 })?;
    if sql.trim().is_empty() { Err(SourceError::Empty { file: name }) } else { Ok(sql) }
}

/// These columns of a result, of the rows that are wanted.
fn of_statement(result: &Collected, columns: &[&str], only: Option<(&str, &[String])>) -> Vec<StringChunked> {
    let find = |name: &str| result.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
    let kept = only.and_then(|(column, values)| Some(rows_of(&result.cells[find(column)?], values)));
    let read = |name: &&str| {
        let Some(at) = find(name) else { return StringChunked::default() };
        let (cells, kind) = (&result.cells[at], result.columns[at].kind.as_str());
        let reading = if kind == "TIMESTAMP" { Reading::Micros } else { Reading::Plain };
        decoded_cells(&only_rows(cells, kept.as_deref()), reading, false)
    };
    columns.iter().map(read).collect()
}

/// The numbers of the rows whose cell is one of these values.
fn rows_of(cells: &StringChunked, values: &[String]) -> Vec<usize> {
    let held = |(_, cell): &(usize, Option<&str>)| cell.is_some_and(|cell| values.iter().any(|value| value == cell));
    cells.iter().enumerate().filter(held).map(|(row, _)| row).collect()
}

/// The cells of these rows; of all where none are named.
fn only_rows(cells: &StringChunked, rows: Option<&[usize]>) -> StringChunked {
    match rows {
        Some(rows) => StringChunked::from_iter_options(PlSmallStr::EMPTY, rows.iter().map(|&row| cells.get(row))),
        None => cells.clone(),
    }
}

/// Cells as files have them. The time of metrics stays a number where that is clear, because there are many.
fn decoded_cells(cells: &StringChunked, reading: Reading, terse: bool) -> StringChunked {
    if reading == Reading::Plain {
        return cells.clone();
    }
    let clear = |text: &str| text.parse::<i64>().is_ok_and(|micros| micros >= CLEARLY_MICROS);
    if terse && cells.iter().flatten().all(clear) {
        return cells.clone();
    }
    StringChunked::from_iter_options(PlSmallStr::EMPTY, cells.iter().map(|cell| cell.map(moment)))
}

/// Microseconds since 1970, or seconds with a fraction, as RFC 3339.
fn moment(text: &str) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is no moment")]
    let micros = text.parse::<i64>().ok().or_else(|| text.parse::<f64>().ok().map(|s| (s * 1e6).round() as i64));
    let at = micros.and_then(DateTime::from_timestamp_micros);
    at.map_or_else(|| text.to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}
