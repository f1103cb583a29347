//! Columns of any type as text.

use polars::prelude::*;

/// The cells of a column as text: numbers and times as people write them, nested values as polars shows them.
pub(super) fn to_text(column: &Column) -> PolarsResult<StringChunked> {
    let texts = match column.dtype() {
        DataType::String => column.str()?.clone(),
        DataType::Date => {
            let days = column.cast(&DataType::Int32)?;
            each(column, days.i32()?.iter().map(|day| day.and_then(date)))
        }
        DataType::Datetime(unit, zone) => {
            let per_second = match unit {
                TimeUnit::Nanoseconds => 1_000_000_000,
                TimeUnit::Microseconds => 1_000_000,
                TimeUnit::Milliseconds => 1_000,
            };
            let ending = if zone.is_some() { "Z" } else { "" };
            let stamps = column.cast(&DataType::Int64)?;
            let texts = stamps.i64()?.iter().map(|n| n.and_then(|n| moment(n, per_second)).map(|text| text + ending));
            each(column, texts)
        }
        DataType::List(_) | DataType::Struct(_) => {
            each(column, (0..column.len()).map(|i| column.get(i).ok().filter(|v| !v.is_null()).map(|v| v.to_string())))
        }
        _ => column.cast(&DataType::String)?.str()?.clone(),
    };
    Ok(texts.rechunk().into_owned())
}

fn each(column: &Column, texts: impl Iterator<Item = Option<String>>) -> StringChunked {
    StringChunked::from_iter_options(column.name().clone(), texts)
}

fn date(days: i32) -> Option<String> {
    chrono::DateTime::from_timestamp(i64::from(days) * 86_400, 0).map(|at| at.format("%Y-%m-%d").to_string())
}

/// A moment as ISO 8601 without an offset, from so many parts of a second since 1970.
fn moment(n: i64, per_second: i64) -> Option<String> {
    let nanos = u32::try_from(n.rem_euclid(per_second) * (1_000_000_000 / per_second)).ok()?;
    let at = chrono::DateTime::from_timestamp(n.div_euclid(per_second), nanos)?;
    Some(at.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
}
