//! Conditions as expressions of polars.

use chrono_tz::Tz;
use polars::prelude::*;

use crate::sources::SourceError;
use crate::sources::definition::{Comparison, Condition, Literal, date, datetime, moment};
use crate::sources::table::any;

use super::cell::{holds, is_nan, order, regex};
use super::column::{Columns, Kind, known_of, truth_of};

/// A condition over the rows of one table.
pub(super) struct Compiled {
    /// True, false or unknown for each row.
    pub(super) truth: Expr,
    /// The cells of text that must be read as something else, each with what that is.
    pub(super) readings: Vec<Reading>,
}

/// A column of text that is read as what it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    pub(super) column: String,
    /// An example of what it is compared with.
    like: Literal,
    zone: Tz,
}

impl Reading {
    /// Whether a cell can be read.
    fn fails(&self, text: &str) -> bool {
        !text.trim().is_empty() && !is_nan(text, &self.like) && order(text, &self.like, self.zone).is_none()
    }

    /// What is wrong with a cell that cannot.
    pub(super) fn problem(&self) -> &'static str {
        match self.like {
            Literal::Integer(_) | Literal::Float(_) => "not a number, and it is compared with one",
            Literal::Boolean(_) => "neither true nor false, and it is compared with one of them",
            Literal::Date(_) => "not a date such as 2023-11-24, and it is compared with one",
            _ => "not a time, and it is compared with one",
        }
    }

    /// Whether the cells of this column leave the truth of a row open because they cannot be read.
    pub(super) fn doubt(&self, truth: Expr, column: Expr) -> Expr {
        let reading = self.clone();
        known_of(vec![truth, column], move |columns| {
            let (truth, text) = (columns[0].bool()?, columns[1].str()?);
            if truth.null_count() == 0 {
                return Ok(BooleanChunked::full(PlSmallStr::EMPTY, false, text.len()));
            }
            let both = truth.iter().zip(text.iter());
            Ok(both.map(|(truth, text)| Some(truth.is_none() && text.is_some_and(|t| reading.fails(t)))).collect())
        })
    }
}

/// The condition as an expression over a table.
///
/// # Errors
/// Where a column is not there, or holds what it cannot be compared with.
pub(super) fn compile(condition: &Condition, columns: &Columns<'_>, zone: Tz) -> Result<Compiled, SourceError> {
    let mut compiler = Compiler { columns, zone, readings: Vec::new() };
    let truth = compiler.truth(condition)?;
    Ok(Compiled { truth, readings: compiler.readings })
}

struct Compiler<'a> {
    columns: &'a Columns<'a>,
    zone: Tz,
    readings: Vec<Reading>,
}

impl Compiler<'_> {
    fn truth(&mut self, condition: &Condition) -> Result<Expr, SourceError> {
        match condition {
            Condition::Flag(column) => self.compare(column, Comparison::Equal, &Literal::Boolean(true)),
            Condition::Compare { column, operator, literal } => self.compare(column, *operator, literal),
            Condition::In { column, literals, negated } => self.one_of(column, literals).map(|e| not_if(*negated, e)),
            Condition::Between { column, low, high, negated } => {
                let above = self.compare(column, Comparison::GreaterOrEqual, low)?;
                let below = self.compare(column, Comparison::LessOrEqual, high)?;
                Ok(not_if(*negated, above.and(below)))
            }
            Condition::IsNull { column, negated } => {
                let (_, column) = self.columns.get(column)?;
                Ok(if *negated { column.is_not_null() } else { column.is_null() })
            }
            Condition::Like { column, pattern, negated } => {
                let (kind, text) = self.columns.get(column)?;
                if kind != Kind::Text {
                    let problem = format!("the column {column:?} holds {} and LIKE wants text", kind.holds());
                    return Err(self.columns.wrong(problem, None));
                }
                Ok(not_if(*negated, text.str().contains(lit(regex(pattern)), true)))
            }
            Condition::And(parts) => self.joined(parts, Expr::and, true),
            Condition::Or(parts) => self.joined(parts, Expr::or, false),
            Condition::Not(part) => Ok(self.truth(part)?.not()),
        }
    }

    fn joined(&mut self, parts: &[Condition], join: fn(Expr, Expr) -> Expr, none: bool) -> Result<Expr, SourceError> {
        let mut parts = parts.iter().map(|part| self.truth(part)).collect::<Result<Vec<_>, _>>()?;
        // Two by two, because polars walks expressions by recursion.
        while parts.len() > 1 {
            parts = parts.chunks(2).filter_map(|pair| pair.iter().cloned().reduce(join)).collect();
        }
        Ok(parts.pop().unwrap_or_else(|| lit(none)))
    }

    fn one_of(&mut self, column: &str, literals: &[Literal]) -> Result<Expr, SourceError> {
        let texts: Option<Vec<&str>> =
            literals.iter().map(|l| if let Literal::Text(text) = l { Some(text.as_str()) } else { None }).collect();
        let (kind, text) = self.columns.get(column)?;
        if let (Kind::Text, Some(texts)) = (kind, texts) {
            return Ok(text.is_in(lit(Series::new("values".into(), texts)).implode(true), false));
        }
        let each = literals.iter().map(|literal| self.compare(column, Comparison::Equal, literal));
        Ok(any(each.collect::<Result<_, _>>()?))
    }

    fn compare(&mut self, name: &str, operator: Comparison, literal: &Literal) -> Result<Expr, SourceError> {
        let (kind, column) = self.columns.get(name)?;
        let plain = |value: Expr| compared(column.clone(), operator, value);
        match (kind, literal) {
            (Kind::Text, Literal::Text(text)) => Ok(plain(lit(text.as_str()))),
            (Kind::Text, literal) => {
                let reading = Reading { column: name.to_owned(), like: literal.clone(), zone: self.zone };
                if !self.readings.iter().any(|r| r.column == reading.column && r.problem() == reading.problem()) {
                    self.readings.push(reading);
                }
                let (literal, zone) = (literal.clone(), self.zone);
                Ok(truth_of(column, move |text| order(text, &literal, zone).map(|order| holds(operator, order))))
            }
            (Kind::Number | Kind::Float, Literal::Integer(n)) => Ok(plain(lit(*n))),
            (Kind::Number | Kind::Float, Literal::Float(n)) => Ok(plain(lit(*n))),
            (Kind::Truth, Literal::Boolean(truth)) => Ok(plain(lit(*truth))),
            (Kind::Date, Literal::Date(day)) => Ok(on_day(column, operator, *day)),
            (Kind::Date, Literal::Text(text)) if date(text).is_some() => {
                Ok(on_day(column, operator, date(text).unwrap_or_default()))
            }
            (Kind::Clock(unit), Literal::Datetime(at)) => Ok(at_tick(column, operator, at.and_utc(), unit)),
            (Kind::Clock(unit), Literal::Text(text)) if datetime(text).is_some() => {
                Ok(at_tick(column, operator, datetime(text).unwrap_or_default().and_utc(), unit))
            }
            (Kind::Moment(unit), Literal::Timestamp(at)) => Ok(at_tick(column, operator, *at, unit)),
            (Kind::Moment(unit), Literal::Text(text)) if moment(text).is_some() => {
                Ok(at_tick(column, operator, moment(text).unwrap_or_default(), unit))
            }
            (kind, literal) => Err(self.mismatch(name, kind, literal)),
        }
    }

    fn mismatch(&self, column: &str, kind: Kind, literal: &Literal) -> SourceError {
        let hint = match kind {
            Kind::Text | Kind::Other => None,
            Kind::Number | Kind::Float => Some("write numbers without quotes"),
            Kind::Truth => Some("write the column by itself, or NOT before it"),
            Kind::Date => Some("write DATE '2024-01-31'"),
            Kind::Clock(_) => Some("write DATETIME '2024-01-31 10:00:00'"),
            Kind::Moment(_) => Some("write TIMESTAMP '2024-01-31 10:00:00+01:00'"),
        };
        let problem =
            format!("the column {column:?} holds {} and is compared with {}", kind.holds(), described(literal));
        self.columns.wrong(problem, hint.map(str::to_owned))
    }
}

fn described(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => format!("the text {text:?}"),
        Literal::Integer(n) => format!("the number {n}"),
        Literal::Float(n) => format!("the number {n}"),
        Literal::Boolean(truth) => format!("the truth value {truth}"),
        Literal::Date(day) => format!("the date {day}"),
        Literal::Datetime(at) => format!("the local time {at}"),
        Literal::Timestamp(at) => format!("the moment {at}"),
    }
}

fn not_if(negated: bool, truth: Expr) -> Expr {
    if negated { truth.not() } else { truth }
}

fn compared(left: Expr, operator: Comparison, right: Expr) -> Expr {
    match operator {
        Comparison::Equal => left.eq(right),
        Comparison::NotEqual => left.neq(right),
        Comparison::Less => left.lt(right),
        Comparison::LessOrEqual => left.lt_eq(right),
        Comparison::Greater => left.gt(right),
        Comparison::GreaterOrEqual => left.gt_eq(right),
    }
}

fn on_day(column: Expr, operator: Comparison, day: chrono::NaiveDate) -> Expr {
    let days = day.signed_duration_since(chrono::NaiveDate::default()).num_days();
    compared(column.to_physical().cast(DataType::Int64), operator, lit(days))
}

/// The comparison of a column of times with a moment, in ticks of the column.
fn at_tick(column: Expr, operator: Comparison, at: chrono::DateTime<chrono::Utc>, unit: TimeUnit) -> Expr {
    let per_second: i64 = match unit {
        TimeUnit::Nanoseconds => 1_000_000_000,
        TimeUnit::Microseconds => 1_000_000,
        TimeUnit::Milliseconds => 1_000,
    };
    let nanos = i64::from(at.timestamp_subsec_nanos());
    let tick = 1_000_000_000 / per_second;
    let ticks = at.timestamp().saturating_mul(per_second).saturating_add(nanos / tick);
    let column = column.to_physical();
    if nanos % tick == 0 {
        return compared(column, operator, lit(ticks));
    }
    // The moment lies between two ticks: nothing is equal to it.
    match operator {
        Comparison::Equal => column.clone().is_null().and(lit(NULL).cast(DataType::Boolean)),
        Comparison::NotEqual => column.clone().is_not_null().or(lit(NULL).cast(DataType::Boolean)),
        Comparison::Less | Comparison::LessOrEqual => column.lt_eq(lit(ticks)),
        Comparison::Greater | Comparison::GreaterOrEqual => column.gt(lit(ticks)),
    }
}
