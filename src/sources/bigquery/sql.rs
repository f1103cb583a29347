//! Parts of statements, made of checked names.

use crate::bigquery::{BigQueryError, Column, Partition, Table, column};
use crate::sources::SourceError;

/// How a column comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As the text that the service writes.
    Plain,
    /// As microseconds since 1970.
    Micros,
}

/// A column of a result as an expression, and how it comes back.
pub(super) fn selected(wanted: &Column) -> Result<(String, Reading), SourceError> {
    let quoted = quoted(&wanted.name)?;
    Ok(match wanted.kind.as_str() {
        _ if wanted.repeated => (format!("TO_JSON_STRING({quoted})"), Reading::Plain),
        "TIMESTAMP" => (format!("UNIX_MICROS({quoted})"), Reading::Micros),
        "STRUCT" => (format!("TO_JSON_STRING({quoted})"), Reading::Plain),
        _ => (quoted, Reading::Plain),
    })
}

/// A name in back quotes.
pub(super) fn quoted(name: &str) -> Result<String, SourceError> {
    column(name).map_err(|e| BigQueryError::from(e).into())
}

/// The condition that a column of time lies between `@from` and `@to`, and that the partitions that cannot hold such rows are not read.
///
/// A day, and what clocks show, is compared in `@timezone`. Where the table is cut by another column, or by the time at which rows came in,
/// partitions that ended more than a day before `@from` are left out; later ones are not, because rows come late.
pub(super) fn bounded(table: &Table, time: &Column, place: &str) -> Result<String, SourceError> {
    let name = quoted(&time.name)?;
    let own = match time.kind.as_str() {
        "TIMESTAMP" => format!("{name} >= @from AND {name} < @to"),
        "DATETIME" => format!("{name} >= DATETIME(@from, @timezone) AND {name} < DATETIME(@to, @timezone)"),
        "DATE" => format!("{name} >= DATE(@from, @timezone) AND {name} < DATE(@to, @timezone)"),
        other => return Err(no_time(&time.name, other, place)),
    };
    let further = match &table.partition {
        Some(Partition::Ingestion { days }) => Some(format!(
            "(_PARTITIONTIME >= TIMESTAMP_SUB(@from, INTERVAL {} DAY) OR _PARTITIONTIME IS NULL)",
            days + 1
        )),
        Some(Partition::Column(other)) if !other.eq_ignore_ascii_case(&time.name) => of_partition(table, other)?,
        _ => None,
    };
    Ok(further.map_or(own.clone(), |further| format!("{own}\nAND {further}")))
}

fn of_partition(table: &Table, name: &str) -> Result<Option<String>, SourceError> {
    let quoted = quoted(name)?;
    Ok(match table.column(name).map(|column| column.kind.as_str()) {
        Some("DATE") => Some(format!("{quoted} >= DATE_SUB(DATE(@from), INTERVAL 1 DAY)")),
        Some("TIMESTAMP") => Some(format!("{quoted} >= TIMESTAMP_SUB(@from, INTERVAL 1 DAY)")),
        Some("DATETIME") => Some(format!("{quoted} >= DATETIME_SUB(DATETIME(@from), INTERVAL 1 DAY)")),
        _ => None,
    })
}

fn no_time(column: &str, kind: &str, place: &str) -> SourceError {
    let article = if kind.starts_with(['A', 'I']) { "an" } else { "a" };
    BigQueryError::WrongType {
        place: place.to_owned(),
        message: format!("the column {column:?} is {article} {kind}, and a time is a TIMESTAMP, DATETIME or DATE"),
        hint: format!(
            "make a view with, for instance, TIMESTAMP_MICROS({column}) or PARSE_TIMESTAMP('%F %T', {column})"
        ),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[(&str, &str)], partition: Option<Partition>) -> Table {
        let column = |(name, kind): &(&str, &str)| Column {
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
            repeated: false,
        };
        let columns = columns.iter().map(column).collect();
        Table { columns, partition, rows: None, kind: "TABLE".to_owned(), location: None }
    }

    #[test]
    fn a_query_is_bounded_by_time_and_by_partition() {
        let bounds = |table: &Table| bounded(table, &table.columns[0], "p.d.t").unwrap();
        let own = "`at` >= @from AND `at` < @to";
        assert_eq!(bounds(&table(&[("at", "TIMESTAMP")], Some(Partition::Column("AT".to_owned())))), own);
        let by_day = table(&[("at", "TIMESTAMP"), ("day", "DATE")], Some(Partition::Column("day".to_owned())));
        assert_eq!(bounds(&by_day), format!("{own}\nAND `day` >= DATE_SUB(DATE(@from), INTERVAL 1 DAY)"));
        let by_month = table(&[("at", "TIMESTAMP")], Some(Partition::Ingestion { days: 31 }));
        assert!(bounds(&by_month).contains("INTERVAL 32 DAY) OR _PARTITIONTIME IS NULL"));
        let dates = table(&[("day", "DATE")], None);
        assert_eq!(bounds(&dates), "`day` >= DATE(@from, @timezone) AND `day` < DATE(@to, @timezone)");
        let texts = table(&[("at", "STRING")], None);
        assert!(bounded(&texts, &texts.columns[0], "p.d.t").unwrap_err().to_string().contains("is a STRING"));
    }
}
