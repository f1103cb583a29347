//! Metrics over raw events: one statement for all that one scan of a table can tell.

use std::sync::Arc;

use polars::prelude::StringChunked;

use crate::bigquery::{Column, Query, Table, TableName};
use crate::model::Step;
use crate::sources::SourceError;
use crate::sources::definition::{Definition, Value};

use super::condition::Compiler;
use super::parameters::Parameters;
use super::sql::{bounded, quoted};
use super::template::SERIES;
use super::{BigQuerySource, Place, Session};

/// What was counted of one metric in the events of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::sources) struct Part {
    /// Events that count.
    pub(in crate::sources) events: f64,
    /// Those of them that have a value; for a ratio those for which its condition is true; for distinct values, how many these are.
    pub(in crate::sources) known: f64,
    /// The sum of the values; NaN where there is none.
    pub(in crate::sources) sum: f64,
}

/// What was counted in one hour, day or bucket.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sources) struct Stretch {
    /// A moment in it, in Unix seconds.
    pub(in crate::sources) at: i64,
    /// How many events there are, whether or not they count, and the times of the first and the last, in Unix seconds.
    pub(in crate::sources) events: usize,
    pub(in crate::sources) first: i64,
    pub(in crate::sources) last: i64,
    /// The values of the dimensions.
    pub(in crate::sources) dimensions: Vec<String>,
    /// A part for each metric, in their order.
    pub(in crate::sources) parts: Vec<Part>,
}

/// Counts what these definitions say, which share their time and dimensions, in buckets of `step` or in shorter stretches that can be
/// added up to them.
///
/// # Errors
/// Where a column is not there or of the wrong type, or the service does not answer.
pub(in crate::sources) fn counted(
    source: &BigQuerySource,
    definitions: &[&Definition],
    step: Step,
) -> Result<Vec<Stretch>, SourceError> {
    let Some(first) = definitions.first() else { return Ok(Vec::new()) };
    let (session, place) = (source.session()?, source.to_string());
    let Place::Table(name) = &source.place else {
        let what = "metric definitions over the result of a query: let the query count, or make a view of it";
        return Err(SourceError::NotSupported { locator: place, what });
    };
    let table = session.table(name)?;
    let mut statement = Statement::new(&table, &place, step);
    statement.add_all(definitions)?;
    let (query, columns) = statement.finish(&session, name, first)?;
    let result = session.collect(&query, columns)?;
    read(&result.cells, first.by.len(), definitions.len(), &place)
}

/// A statement that is being made.
struct Statement<'a> {
    compiler: Compiler<'a>,
    step: Step,
    place: &'a str,
    values: Vec<String>,
    exact: bool,
}

impl<'a> Statement<'a> {
    fn new(table: &'a Arc<Table>, place: &'a str, step: Step) -> Self {
        let compiler = Compiler { table, place, parameters: Parameters::default() };
        Self { compiler, step, place, values: Vec::new(), exact: false }
    }

    fn add_all(&mut self, definitions: &[&Definition]) -> Result<(), SourceError> {
        for (i, definition) in definitions.iter().enumerate() {
            self.exact |= matches!(definition.value, Value::Distinct(_) | Value::ApproxDistinct(_));
            let [events, known, sum] = self.parts(definition)?;
            self.values.push(format!("{events} AS m{i},\n{known} AS n{i},\n{sum} AS v{i}"));
        }
        Ok(())
    }

    /// The events that count, those with a value, and the sum of the values, as expressions.
    fn parts(&mut self, definition: &Definition) -> Result<[String; 3], SourceError> {
        let compiler = &mut self.compiler;
        let condition = definition.condition.as_ref().map(|condition| compiler.condition(condition)).transpose()?;
        let events = condition.as_ref().map_or("COUNT(*)".to_owned(), |condition| format!("COUNTIF({condition})"));
        let of_events = |value: &str| match &condition {
            Some(condition) => format!("IF({condition}, {value}, NULL)"),
            None => value.to_owned(),
        };
        let none = || "NULL".to_owned();
        Ok(match &definition.value {
            Value::Count => [events.clone(), events, none()],
            Value::Ratio(further) => {
                let further = compiler.condition(further)?;
                let both = condition.as_ref().map_or(further.clone(), |condition| format!("{condition} AND {further}"));
                [events, format!("COUNTIF({both})"), none()]
            }
            Value::Sum(column) | Value::Mean(column) => {
                let value = of_events(&compiler.number(column)?);
                [events, format!("COUNT({value})"), format!("SUM({value})")]
            }
            Value::Distinct(column) => {
                let value = of_events(&compiler.value(column)?);
                [events, format!("COUNT(DISTINCT {value})"), none()]
            }
            Value::ApproxDistinct(column) => {
                let value = of_events(&compiler.value(column)?);
                [events, format!("APPROX_COUNT_DISTINCT({value})"), none()]
            }
        })
    }

    /// The query, and how many columns its result has.
    fn finish(self, session: &Session, name: &TableName, first: &Definition) -> Result<(Query, usize), SourceError> {
        let time = self.compiler.column(&first.time)?.clone();
        let bounds = bounded(self.compiler.table, &time, self.place)?;
        let bucket = bucket(&time, self.step, self.exact)?;
        let mut dimensions = Vec::new();
        for (d, by) in first.by.iter().enumerate() {
            let column = self.compiler.column(by)?;
            dimensions.push(format!("IFNULL(CAST({} AS STRING), '') AS d{d},", quoted(&column.name)?));
        }
        let in_seconds = format!("UNIX_SECONDS({})", moment(&time)?);
        let range = format!("COUNT(*) AS events,\nMIN({in_seconds}) AS first,\nMAX({in_seconds}) AS last,");
        let split = (0..first.by.len()).map(|d| format!(", d{d}")).collect::<Vec<_>>().concat();
        let sql = SERIES.with(&[
            ("bucket", &bucket),
            ("range", &range),
            ("dimensions", &dimensions.join("\n")),
            ("values", &self.values.join(",\n")),
            ("table", &name.quoted()),
            ("time", &bounds),
            ("split", &split),
        ]);
        let columns = BEFORE + first.by.len() + 3 * self.values.len();
        let query = Query {
            place: self.place.to_owned(),
            purpose: "metrics over raw events".to_owned(),
            project: Some(name.project.clone()),
            ..session.query(sql, Some(self.step), self.compiler.parameters.named())
        };
        Ok((query, columns))
    }
}

impl Compiler<'_> {
    /// A column of numbers as its value; one of text as the numbers that it holds.
    fn number(&self, name: &str) -> Result<String, SourceError> {
        let column = self.column(name)?;
        match column.kind.as_str() {
            "INT64" | "FLOAT64" | "NUMERIC" | "BIGNUMERIC" => self.value(name),
            "STRING" => Ok(format!("SAFE_CAST({} AS FLOAT64)", quoted(&column.name)?)),
            kind => {
                Err(self.wrong(format!("the column {name:?} is of the type {kind}, and a sum or mean wants numbers")))
            }
        }
    }
}

/// The start of a stretch of time in seconds since 1970. What can be added up is counted by minute, hour or day; `exact` is for what
/// cannot, such as distinct values: there a stretch is the bucket itself.
fn bucket(time: &Column, step: Step, exact: bool) -> Result<String, SourceError> {
    let moment = moment(time)?;
    let truncated = |unit: &str| format!("TIMESTAMP_TRUNC({moment}, {unit}, @timezone)");
    let local = format!("DATETIME({moment}, @timezone)");
    let start = match step {
        Step::Minutes(n) if exact && n > 1 => {
            // The clocks of a zone may be off by a part of an hour.
            let seconds = n * 60;
            return Ok(format!("UNIX_SECONDS({moment}) - MOD(UNIX_SECONDS(TIMESTAMP({local}, 'UTC')), {seconds})"));
        }
        Step::Hours(n) if exact && n > 1 => {
            let hours = format!("{n} * DIV(EXTRACT(HOUR FROM {local}), {n})");
            format!("TIMESTAMP(DATETIME_ADD(DATETIME_TRUNC({local}, DAY), INTERVAL {hours} HOUR), @timezone)")
        }
        Step::Minutes(_) => truncated("MINUTE"),
        Step::Hours(_) => truncated("HOUR"),
        Step::Week if exact => truncated("WEEK(MONDAY)"),
        Step::Months(n) if exact => of_months(&moment, n),
        Step::Day | Step::Week | Step::Months(_) => truncated("DAY"),
    };
    Ok(format!("UNIX_SECONDS({start})"))
}

/// A column of time as a moment.
fn moment(time: &Column) -> Result<String, SourceError> {
    let name = quoted(&time.name)?;
    Ok(if time.kind == "TIMESTAMP" { name } else { format!("TIMESTAMP({name}, @timezone)") })
}

/// The start of the months that hold a moment.
fn of_months(moment: &str, months: u32) -> String {
    match months {
        1 => format!("TIMESTAMP_TRUNC({moment}, MONTH, @timezone)"),
        3 => format!("TIMESTAMP_TRUNC({moment}, QUARTER, @timezone)"),
        12 => format!("TIMESTAMP_TRUNC({moment}, YEAR, @timezone)"),
        n => {
            let date = format!("DATE({moment}, @timezone)");
            let before = format!("{n} * DIV(EXTRACT(MONTH FROM {date}) - 1, {n})");
            format!("TIMESTAMP(DATE_ADD(DATE_TRUNC({date}, YEAR), INTERVAL {before} MONTH), @timezone)")
        }
    }
}

/// Columns before the dimensions: bucket, events, first, last.
const BEFORE: usize = 4;

/// Reads the rows of a result.
fn read(cells: &[StringChunked], by: usize, metrics: usize, place: &str) -> Result<Vec<Stretch>, SourceError> {
    let rows = cells.first().map_or(0, StringChunked::len);
    let cell = |c: usize, row: usize| cells.get(c).and_then(|cells| cells.get(row));
    let number = |c: usize, row: usize| -> Result<f64, SourceError> {
        let Some(text) = cell(c, row) else { return Ok(f64::NAN) };
        let infinite = || SourceError::cell(place, row + 1, "value", text, "an infinite number");
        text.parse::<f64>().ok().filter(|value| !value.is_infinite()).ok_or_else(infinite)
    };
    let mut stretches = Vec::with_capacity(rows);
    for row in 0..rows {
        // An event without a time is in no bucket; the bounds leave it out already.
        let Some(at) = cell(0, row).and_then(|text| text.parse().ok()) else { continue };
        let whole = |c: usize| cell(c, row).and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
        let (events, first, last) = (usize::try_from(whole(1)).unwrap_or_default(), whole(2), whole(3));
        let dimensions = (BEFORE..BEFORE + by).map(|c| cell(c, row).unwrap_or_default().to_owned()).collect();
        let mut parts = Vec::with_capacity(metrics);
        for c in (0..metrics).map(|m| BEFORE + by + 3 * m) {
            parts.push(Part { events: number(c, row)?, known: number(c + 1, row)?, sum: number(c + 2, row)? });
        }
        stretches.push(Stretch { at, events, first, last, dimensions, parts });
    }
    Ok(stretches)
}
