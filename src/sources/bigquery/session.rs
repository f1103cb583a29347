use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use polars::prelude::{PlSmallStr, StringChunked, StringChunkedBuilder};

use crate::bigquery::{Column, Page, Parameter, Priced, Query, Table, TableName, Warehouse};
use crate::model::{Span, Step, moment_at};
use crate::sources::SourceError;

/// One run of the program, as far as it asks BigQuery: which stretch of time, in which zone.
#[derive(Debug)]
pub struct Session {
    warehouse: Arc<dyn Warehouse>,
    span: Span,
    zone: Tz,
    apps: Vec<String>,
    tables: Mutex<BTreeMap<TableName, Arc<Table>>>,
    /// What would have been asked; none where it is asked.
    planned: Option<Mutex<Vec<Planned>>>,
    /// The names by which some places are going to be asked: they are asked for all of them at once.
    expected: Mutex<BTreeMap<String, BTreeSet<String>>>,
    /// Results that more than one metric needs, each asked for once.
    answered: Mutex<BTreeMap<String, Arc<Collected>>>,
}

/// A query that was not run, and what it would scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The query.
    pub query: Query,
    /// What it would scan.
    pub priced: Priced,
}

/// A result as columns of text.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) columns: Vec<Column>,
    pub(super) cells: Vec<StringChunked>,
}

impl Session {
    /// A session that asks about `span` only: its moments are those of local days, or later.
    #[must_use]
    pub fn new(warehouse: Arc<dyn Warehouse>, span: Span, zone: Tz, apps: Vec<String>) -> Self {
        let (tables, expected, answered) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { warehouse, span, zone, apps, tables, planned: None, expected, answered }
    }

    /// The same session, in which no query is run: each is priced, noted, and answered with no rows.
    #[must_use]
    pub fn planning(self) -> Self {
        Self { planned: Some(Mutex::default()), ..self }
    }

    /// The queries that were not run.
    #[must_use]
    pub fn planned(&self) -> Vec<Planned> {
        self.planned.as_ref().map(|planned| unpoisoned(planned).clone()).unwrap_or_default()
    }

    /// Whether queries are only noted.
    pub(super) fn is_planning(&self) -> bool {
        self.planned.is_some()
    }

    /// The stretch of time that is asked about.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The stretch of time as people read it.
    pub(in crate::sources) fn shown(&self) -> String {
        let shown = |at: DateTime<Utc>| at.with_timezone(&self.zone).format("%Y-%m-%d").to_string();
        format!("{} to {}", shown(self.span.from), shown(self.span.to - chrono::TimeDelta::seconds(1)))
    }

    /// What is known of a table, asked for once.
    pub(super) fn table(&self, name: &TableName) -> Result<Arc<Table>, SourceError> {
        if let Some(table) = unpoisoned(&self.tables).get(name) {
            return Ok(Arc::clone(table));
        }
        let table = Arc::new(self.warehouse.table(name)?);
        unpoisoned(&self.tables).insert(name.clone(), Arc::clone(&table));
        Ok(table)
    }

    /// Says that a place is going to be asked for these names, so that one scan answers for all.
    pub(in crate::sources) fn expect(&self, place: &str, names: Vec<String>) {
        unpoisoned(&self.expected).entry(place.to_owned()).or_default().extend(names);
    }

    /// The names to ask a place for, where it is asked for these.
    pub(super) fn expected(&self, place: &str, names: &[String]) -> Vec<String> {
        let expected = unpoisoned(&self.expected);
        match expected.get(place).filter(|all| names.iter().all(|name| all.contains(name))) {
            Some(all) => all.iter().cloned().collect(),
            None => names.to_vec(),
        }
    }

    /// The columns of the result of a query.
    pub(super) fn columns(&self, query: &Query) -> Result<Vec<Column>, SourceError> {
        Ok(self.warehouse.dry_run(query)?.columns)
    }

    /// A statement with those parameters that it mentions. `step` is that of the buckets: the first one is asked for whole.
    pub(super) fn query(&self, sql: String, step: Option<Step>, further: Vec<(String, Parameter)>) -> Query {
        let from = begin(self.span.from, step, self.zone);
        let common = [
            ("from", Parameter::Timestamp(from)),
            ("to", Parameter::Timestamp(self.span.to)),
            ("timezone", Parameter::Text(self.zone.name().to_owned())),
            ("apps", Parameter::Texts(self.apps.clone())),
        ];
        let common = common.into_iter().map(|(name, value)| (name.to_owned(), value));
        let parameters = common.chain(further).filter(|(name, _)| mentions(&sql, name)).collect();
        let (purpose, place) = (String::new(), String::new());
        Query { sql, parameters, purpose, place, project: None, to: self.span.to }
    }

    /// The result of a query; only its first `width` columns where its columns are not known beforehand.
    pub(super) fn collect(&self, query: &Query, width: usize) -> Result<Collected, SourceError> {
        if let Some(planned) = &self.planned {
            let priced = self.warehouse.dry_run(query)?;
            let columns = priced.columns.clone();
            let mut planned = unpoisoned(planned);
            if !planned.iter().any(|known| known.query == *query) {
                planned.push(Planned { query: query.clone(), priced });
            }
            return Ok(Collected { cells: vec![StringChunked::default(); width.max(columns.len())], columns });
        }
        let mut gathering = Gathering::new(width);
        self.warehouse.run(query, &mut |page| gathering.add(page))?;
        Ok(gathering.finish())
    }

    /// The result of a query that is run once for all that it is used for; see [`Session::collect`].
    pub(super) fn collect_once(&self, query: &Query, width: usize) -> Result<Arc<Collected>, SourceError> {
        let key = query.shown();
        if let Some(known) = unpoisoned(&self.answered).get(&key) {
            return Ok(Arc::clone(known));
        }
        let collected = Arc::new(self.collect(query, width)?);
        unpoisoned(&self.answered).insert(key, Arc::clone(&collected));
        Ok(collected)
    }
}

/// What a lock holds; nothing here panics while it is held.
fn unpoisoned<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a statement mentions a parameter.
fn mentions(sql: &str, name: &str) -> bool {
    let lower = sql.to_lowercase();
    let needle = format!("@{}", name.to_lowercase());
    let is_end = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    lower.match_indices(&needle).any(|(at, found)| is_end(&lower[at + found.len()..]))
}

/// The start of the bucket of this step that holds a moment, so that the first bucket is whole; days begin at midnight already.
fn begin(from: DateTime<Utc>, step: Option<Step>, zone: Tz) -> DateTime<Utc> {
    let date = from.with_timezone(&zone).date_naive();
    let first = match step {
        Some(Step::Week) => date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))),
        Some(Step::Months(n)) => NaiveDate::from_ymd_opt(date.year(), date.month0() / n * n + 1, 1),
        _ => None,
    };
    first.and_then(|date| date.and_hms_opt(0, 0, 0)).map_or(from, |local| moment_at(zone, local).to_utc())
}

/// Columns that grow page by page.
struct Gathering {
    columns: Vec<Column>,
    builders: Vec<StringChunkedBuilder>,
}

impl Gathering {
    fn new(width: usize) -> Self {
        let builders = (0..width).map(|_| StringChunkedBuilder::new(PlSmallStr::EMPTY, 0)).collect();
        Self { columns: Vec::new(), builders }
    }

    fn add(&mut self, page: &Page) {
        if self.columns.is_empty() {
            self.columns.clone_from(&page.columns);
        }
        while self.builders.len() < page.columns.len() {
            self.builders.push(StringChunkedBuilder::new(PlSmallStr::EMPTY, page.rows.len()));
        }
        for (c, builder) in self.builders.iter_mut().enumerate() {
            for row in 0..page.rows.len() {
                builder.append_option(page.rows.cell(row, c));
            }
        }
    }

    fn finish(self) -> Collected {
        let cells = self.builders.into_iter().map(StringChunkedBuilder::finish).collect();
        Collected { columns: self.columns, cells }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bucket_is_asked_for_whole() {
        let moment = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let from = |step| begin(moment("2024-02-13T23:00:00Z"), step, Tz::Europe__Oslo);
        assert_eq!(from(Some(Step::Day)), moment("2024-02-13T23:00:00Z"));
        assert_eq!(from(Some(Step::Week)), moment("2024-02-11T23:00:00Z"), "Monday the 12th");
        assert_eq!(from(Some(Step::Months(1))), moment("2024-01-31T23:00:00Z"));
        assert_eq!(from(Some(Step::Months(12))), moment("2023-12-31T23:00:00Z"));
    }

    #[test]
    fn only_parameters_that_are_mentioned_are_sent() {
        assert!(mentions("x >= @from AND", "from") && mentions("@FROM", "from"));
        assert!(!mentions("x >= @from_here", "from"));
    }
}
