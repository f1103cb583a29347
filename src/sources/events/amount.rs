//! The columns that are added up, averaged, or whose different values are counted.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use polars::prelude::*;

use crate::sources::SourceError;
use crate::sources::number::{self, Number};

use super::column::{Columns, Kind, known_of};
use super::time::Seen;

/// A column as floats, for sums and means: missing where it is empty or NaN. What cannot be read is noted in `seen`. With `counts` it
/// is missing too for the events for which that is not true, and their cells are not read.
pub(super) fn number(
    name: &str,
    counts: Option<Expr>,
    columns: &Columns<'_>,
    seen: &Arc<Seen>,
) -> Result<Expr, SourceError> {
    let column = checked(name, columns)?;
    let wanted = match counts {
        Some(counts) => when(counts).then(column).otherwise(lit(NULL)),
        None => column,
    };
    Ok(read(wanted, seen))
}

fn read(column: Expr, seen: &Arc<Seen>) -> Expr {
    let seen = Arc::clone(seen);
    let each = move |column: Column| {
        let mut nan = 0;
        let mut unreadable = false;
        let mut value = |number: Result<Number, &'static str>| match number {
            Ok(Number::Value(value)) => Some(value),
            Ok(Number::Missing) => None,
            Ok(Number::NaN) => {
                nan += 1;
                None
            }
            Err(_) => {
                unreadable = true;
                None
            }
        };
        let values: Float64Chunked = match column.dtype() {
            DataType::String => {
                column.str()?.iter().map(|text| value(text.map_or(Ok(Number::Missing), number::parse))).collect()
            }
            _ => column
                .cast(&DataType::Float64)?
                .f64()?
                .iter()
                .map(|n| value(n.map_or(Ok(Number::Missing), float)))
                .collect(),
        };
        seen.not_a_number.fetch_add(nan, Relaxed);
        if unreadable {
            seen.unreadable.store(true, Relaxed);
        }
        Ok(values.with_name(column.name().clone()).into_column())
    };
    column.map(each, |_, field| Ok(Field::new(field.name().clone(), DataType::Float64)))
}

/// A column whose different values are counted.
pub(super) fn key(name: &str, columns: &Columns<'_>) -> Result<Expr, SourceError> {
    match columns.get(name)? {
        (Kind::Other, _) => Err(columns.wrong(format!("the values of the column {name:?} cannot be told apart"), None)),
        (_, column) => Ok(column),
    }
}

/// Whether a cell is no number that can be added up, and what is wrong with such cells.
pub(super) fn unreadable(name: &str, columns: &Columns<'_>) -> Result<Expr, SourceError> {
    let column = checked(name, columns)?;
    Ok(known_of(vec![column], |columns| {
        let column = &columns[0];
        Ok(match column.dtype() {
            DataType::String => {
                column.str()?.iter().map(|text| Some(text.is_some_and(|t| number::parse(t).is_err()))).collect()
            }
            _ => {
                column.cast(&DataType::Float64)?.f64()?.iter().map(|n| Some(n.is_some_and(f64::is_infinite))).collect()
            }
        })
    }))
}

fn checked(name: &str, columns: &Columns<'_>) -> Result<Expr, SourceError> {
    match columns.get(name)? {
        (Kind::Text | Kind::Number, column) => Ok(column),
        // As it is, so that NaN is seen and counted.
        (Kind::Float, _) => Ok(crate::sources::table::exactly(name)),
        (kind, _) => {
            Err(columns.wrong(format!("the column {name:?} holds {} and is to be added up", kind.holds()), None))
        }
    }
}

fn float(value: f64) -> Result<Number, &'static str> {
    match value {
        value if value.is_nan() => Ok(Number::NaN),
        value if value.is_infinite() => Err("an infinite number"),
        value => Ok(Number::Value(value)),
    }
}
