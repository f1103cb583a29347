//! Metrics over raw events in files: the engine of [`Definition`]s for what lies on this machine.
//!
//! Events stream through polars, so memory does not grow with their number. It grows with the buckets, with the combinations of
//! dimensions, and where different values are counted, with these in each bucket. All metrics of a source that have the same column
//! of time and the same buckets are read in one pass.

mod amount;
mod cell;
mod column;
mod condition;
mod pass;
mod split;
mod tally;
mod time;
mod time_text;
mod unreadable;
mod warehouse;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use chrono_tz::Tz;

use crate::model::{Buckets, Caveat, Series, Step, nearest_names};

use super::bigquery::Wanted as Asking;
use super::definition::{Definition, Value};
use super::table::Table;
use super::{Locator, MetricSource, SourceError};

use pass::{Found, Job, Pass};
use split::{Labels, most_frequent, name_of};
use tally::{Range, Tallies, series};

pub use split::total_of;

/// A series with what is to be said of it, or why there is none.
pub(super) type Outcome = Result<(Series, Vec<Caveat>), SourceError>;
/// What was read, by the names of metrics and of their parts.
pub(super) type Read = BTreeMap<String, Outcome>;

/// Beyond so many different values in all buckets it is said that memory grows with them.
const MANY_VALUES: f64 = 5e6;
/// A metric over raw events, and where they lie.
struct Wanted<'a> {
    job: Job<'a>,
    step: Step,
    locators: Vec<&'a Locator>,
    /// Whether the metric itself is wanted, and which of its parts; all with none.
    total: bool,
    parts: Option<Vec<&'a str>>,
}

/// Reads the metrics of these names that sources define over raw events, or all with their parts where no names are given.
///
/// # Errors
/// Where a file cannot be read, does not suit the definition, or holds a cell that cannot be read.
pub(super) fn read(sources: &[MetricSource], names: Option<&[&str]>, zone: Tz) -> Result<Read, SourceError> {
    let mut read = Read::new();
    let mut left = wanted(sources, names);
    while let Some(locators) = left.first().map(|one| one.locators.clone()) {
        let (these, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|one| one.locators == locators);
        left = others;
        if let Some(tables) = warehouse::tables(&locators)? {
            warehouse::read_tables(&tables, these, zone, &mut read)?;
            continue;
        }
        let mut tables = Vec::new();
        for locator in locators {
            tables.extend(Table::open_all(locator, "", Asking::Metrics, None)?);
        }
        read_source(&tables, these, zone, &mut read)?;
    }
    Ok(read)
}

fn wanted<'a>(sources: &'a [MetricSource], names: Option<&[&'a str]>) -> Vec<Wanted<'a>> {
    let mut all: Vec<Wanted<'a>> = Vec::new();
    for source in sources {
        let (Some(name), Some(definition)) = (source.name.as_deref(), &source.definition) else { continue };
        if let Some(known) = all.iter_mut().find(|one| one.job.name == name) {
            known.locators.push(&source.locator);
            continue;
        }
        let parts = names.map(|names| names.iter().copied().filter(|n| total_of(n) == Some(name)).collect::<Vec<_>>());
        all.push(Wanted {
            job: Job { name, definition },
            step: source.every.unwrap_or(Step::Day),
            locators: vec![&source.locator],
            total: names.is_none_or(|names| names.contains(&name)),
            parts: if definition.by.is_empty() { Some(Vec::new()) } else { parts },
        });
    }
    all.retain(|one| one.total || one.parts.as_ref().is_none_or(|parts| !parts.is_empty()));
    all
}

/// Reads the metrics of one source: the totals in as few passes as can be, then the parts of each that has some.
fn read_source(tables: &[Table], metrics: Vec<Wanted<'_>>, zone: Tz, into: &mut Read) -> Result<(), SourceError> {
    for one in metrics.iter().filter(|one| one.parts.as_ref().is_none_or(|parts| !parts.is_empty())) {
        let pass = Pass { tables, jobs: vec![one.job], buckets: Arc::new(Buckets::new(one.step, zone)) };
        read_parts(&pass, one, into)?;
    }
    let mut totals: Vec<Wanted<'_>> = metrics.into_iter().filter(|one| one.total).collect();
    while let Some((time, step)) = totals.first().map(|one| (&one.job.definition.time, one.step)) {
        let alike = |one: &Wanted<'_>| one.job.definition.time == *time && one.step == step;
        let (these, others): (Vec<_>, Vec<_>) = totals.into_iter().partition(alike);
        totals = others;
        let jobs = these.iter().map(|one| one.job).collect();
        let pass = Pass { tables, jobs, buckets: Arc::new(Buckets::new(step, zone)) };
        let found = pass.run(None)?;
        let range = range_of(&pass, &found)?;
        for (job, tallies) in pass.jobs.iter().zip(&found.tallies) {
            let empty = Tallies::new();
            let tallies = tallies.get(&None).unwrap_or(&empty);
            let mut outcome = series(job.name, &job.definition.value, tallies, &range, &pass.buckets);
            if let Ok((_, caveats)) = &mut outcome {
                caveats.extend(seen_of(job, &found, tallies));
                let of_parts = into.remove(job.name).and_then(Result::ok).map(|(_, caveats)| caveats);
                caveats.extend(of_parts.unwrap_or_default());
            }
            into.insert(job.name.to_owned(), outcome);
        }
    }
    Ok(())
}

/// Reads the parts of a metric.
fn read_parts(pass: &Pass<'_>, one: &Wanted<'_>, into: &mut Read) -> Result<(), SourceError> {
    let Job { name, definition } = one.job;
    let counts = pass.combinations()?;
    let known: Vec<String> = counts.iter().map(|(values, _)| name_of(name, &definition.by, values)).collect();
    let (combinations, caveat) = match &one.parts {
        None => most_frequent(name, &definition.by, counts),
        Some(asked) => {
            let pairs = counts.into_iter().zip(&known).filter(|(_, name)| asked.contains(&name.as_str()));
            (pairs.map(|((values, _), _)| values).collect(), None)
        }
    };
    for asked in one.parts.iter().flatten().filter(|asked| !known.iter().any(|name| name == **asked)) {
        let nearest = nearest_names(asked, known.iter().map(String::as_str), 3);
        let error = SourceError::UnknownMetric { metric: (*asked).to_owned(), nearest, known: known.len() };
        into.insert((*asked).to_owned(), Err(error));
    }
    if combinations.is_empty() {
        return Ok(());
    }
    let labels = Labels::new(name, &definition.by, combinations);
    let found = pass.run(Some(&labels))?;
    let range = range_of(pass, &found)?;
    for (number, part) in (0..).zip(&labels.names) {
        let empty = Tallies::new();
        let tallies = found.tallies[0].get(&Some(number)).unwrap_or(&empty);
        let mut outcome = series(part, &definition.value, tallies, &range, &pass.buckets);
        if let (Ok((_, caveats)), 0) = (&mut outcome, number) {
            caveats.extend(caveat.clone());
            if !one.total {
                caveats.extend(seen_of(&one.job, &found, tallies));
            }
        }
        into.insert(part.clone(), outcome);
    }
    Ok(())
}

/// The stretch of time that the source holds.
fn range_of(pass: &Pass<'_>, found: &Found) -> Result<Range, SourceError> {
    let file = || pass.tables[0].file.clone();
    let range = found.seen.range().map(|(first, last)| Range { first, last, events: found.seen.rows() });
    range.ok_or_else(|| match found.seen.rows() {
        0 => SourceError::NoRows { file: file() },
        rows => SourceError::Definition {
            file: file(),
            metric: pass.jobs[0].name.to_owned(),
            problem: format!("none of {rows} events has a time in the column {:?}", pass.jobs[0].definition.time),
            hint: Some("name the column that holds the time of an event: time = \"...\"".to_owned()),
        },
    })
}

/// What was seen of the events on the way.
fn seen_of(job: &Job<'_>, found: &Found, tallies: &Tallies) -> Vec<Caveat> {
    let Job { name, definition: Definition { time, value, .. } } = job;
    let mut caveats = Vec::new();
    let mut tell = |code, text: String| caveats.push(Caveat::new(code, text));
    let without = found.seen.without_time();
    if without > 0 {
        tell("events_without_time", format!("{name}: {without} events have no time in {time:?} and were not counted."));
    }
    let nan = found.seen.not_a_number.load(Relaxed);
    if nan > 0 && matches!(value, Value::Sum(_) | Value::Mean(_)) {
        tell("nan_as_missing", format!("{name}: {nan} values are NaN and were read as missing."));
    }
    let values: f64 = tallies.values().map(|tally| tally.amount).sum();
    if values > MANY_VALUES && matches!(value, Value::Distinct(_) | Value::ApproxDistinct(_)) {
        let text = format!(
            "{name}: {values} different values were held in memory, counted in each bucket; longer buckets or another source need less."
        );
        tell("many_distinct_values", text);
    }
    caveats
}
