//! Finds the cell that could not be read, once a pass has seen that there is one.

use polars::prelude::*;

use crate::sources::SourceError;
use crate::sources::definition::Value;
use crate::sources::table::{ROW, Table, exactly};
use crate::sources::text::to_text;

use super::amount;
use super::column::Columns;
use super::condition::{Compiled, compile};
use super::pass::{Job, Pass};
use super::time;

/// A column of truth that is true where a cell cannot be read, the column of the cell, and what is wrong with it.
type Suspicion = (Expr, String, &'static str);

/// The error of the first cell that a pass could not read, in the order of files and of what definitions name.
pub(super) fn first_unreadable(pass: &Pass<'_>) -> SourceError {
    let found = pass.tables.iter().find_map(|table| in_table(pass, table).transpose());
    let unknown = || SourceError::Malformed {
        file: pass.tables[0].file.clone(),
        detail: "a cell cannot be read, and it was not found again: did the file change?".to_owned(),
    };
    found.map_or_else(unknown, |found| found.unwrap_or_else(|error| error))
}

fn in_table(pass: &Pass<'_>, table: &Table) -> Result<Option<SourceError>, SourceError> {
    let mut first: Option<(usize, SourceError)> = None;
    for (bad, column, problem) in suspicions(pass, table)? {
        let row = exactly(ROW).cast(DataType::UInt64).alias(ROW);
        let cell = table.collect(table.rows().filter(bad).select([row, exactly(&column)]).limit(1))?;
        let told = || -> PolarsResult<Option<(usize, SourceError)>> {
            let Some(row) = cell.column(ROW)?.u64()?.iter().next().flatten() else { return Ok(None) };
            let row = usize::try_from(row).unwrap_or(usize::MAX);
            let text = to_text(cell.column(&column)?)?;
            let text = text.get(0).unwrap_or_default();
            Ok(Some((row, SourceError::cell(&table.file, row, &column, text, problem))))
        };
        let found = told().map_err(|e| table.broken(&e))?;
        if let Some(found) = found.filter(|found| first.as_ref().is_none_or(|first| found.0 < first.0)) {
            first = Some(found);
        }
    }
    Ok(first.map(|(_, error)| error))
}

fn suspicions(pass: &Pass<'_>, table: &Table) -> Result<Vec<Suspicion>, SourceError> {
    let mut all = Vec::new();
    let time = &pass.jobs[0].definition.time;
    let (kind, cells) = Columns { table, metric: pass.jobs[0].name }.get(time)?;
    all.push((time::unreadable(kind, cells, &pass.buckets), time.clone(), "not a time"));
    for job in &pass.jobs {
        all.extend(of_job(pass, job, table)?);
    }
    Ok(all)
}

fn of_job(pass: &Pass<'_>, job: &Job<'_>, table: &Table) -> Result<Vec<Suspicion>, SourceError> {
    let (columns, zone) = (Columns { table, metric: job.name }, pass.buckets.zone());
    let mut all = Vec::new();
    let mut counts = lit(true);
    if let Some(condition) = &job.definition.condition {
        let Compiled { truth, readings } = compile(condition, &columns, zone)?;
        for reading in readings {
            let cells = columns.get(&reading.column)?.1;
            all.push((reading.doubt(truth.clone(), cells), reading.column.clone(), reading.problem()));
        }
        counts = truth.fill_null(lit(false));
    }
    match &job.definition.value {
        Value::Sum(column) | Value::Mean(column) => {
            let bad = amount::unreadable(column, &columns)?.and(counts);
            all.push((bad, column.clone(), "not a finite number"));
        }
        Value::Ratio(condition) => {
            let Compiled { truth, readings } = compile(condition, &columns, zone)?;
            for reading in readings {
                let doubt = reading.doubt(truth.clone(), columns.get(&reading.column)?.1);
                all.push((doubt.and(counts.clone()), reading.column.clone(), reading.problem()));
            }
        }
        Value::Count | Value::Distinct(_) | Value::ApproxDistinct(_) => {}
    }
    Ok(all)
}
