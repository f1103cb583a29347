//! Metrics over raw events that BigQuery counts: what comes down are hours, days or buckets.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use crate::model::{Buckets, Step, nearest_names};
use crate::sources::bigquery::{Part, Stretch, counted};
use crate::sources::definition::{Definition, Value};
use crate::sources::{BigQuerySource, Locator, SourceError};

use super::split::{BETWEEN, most_frequent, name_of};
use super::tally::{Range, Tallies, series};
use super::{Read, Wanted};

/// The tables of these locators; none where all are files.
///
/// # Errors
/// Where there are files among them.
pub(super) fn tables<'a>(locators: &[&'a Locator]) -> Result<Option<Vec<&'a BigQuerySource>>, SourceError> {
    let sources = locators.iter().filter_map(|l| if let Locator::BigQuery(source) = l { Some(source) } else { None });
    let sources: Vec<&BigQuerySource> = sources.collect();
    match locators.iter().find(|l| !matches!(l, Locator::BigQuery(_))) {
        Some(file) if !sources.is_empty() => {
            let what = "files beside tables of BigQuery in one metric";
            Err(SourceError::NotSupported { locator: file.to_string(), what })
        }
        Some(_) => Ok(None),
        None => Ok(Some(sources)),
    }
}

/// Reads the metrics of some tables: the totals in as few queries as can be, then the parts of each that has some.
pub(super) fn read_tables(
    tables: &[&BigQuerySource],
    metrics: Vec<Wanted<'_>>,
    zone: Tz,
    into: &mut Read,
) -> Result<(), SourceError> {
    for one in metrics.iter().filter(|one| one.parts.as_ref().is_none_or(|parts| !parts.is_empty())) {
        read_parts(tables, one, &Buckets::new(one.step, zone), into)?;
    }
    let mut totals: Vec<Wanted<'_>> = metrics.into_iter().filter(|one| one.total).collect();
    while let Some((time, step)) = totals.first().map(|one| (&one.job.definition.time, one.step)) {
        let alike = |one: &Wanted<'_>| one.job.definition.time == *time && one.step == step;
        let (these, others): (Vec<_>, Vec<_>) = totals.into_iter().partition(alike);
        totals = others;
        let definitions: Vec<Definition> =
            these.iter().map(|one| Definition { by: Vec::new(), ..one.job.definition.clone() }).collect();
        let stretches = stretches(tables, &definitions.iter().collect::<Vec<_>>(), step)?;
        let buckets = Buckets::new(step, zone);
        for (i, one) in these.iter().enumerate() {
            let Some(range) = range(&stretches) else {
                into.insert(one.job.name.to_owned(), Err(nothing(tables)));
                continue;
            };
            let tallies = tallies(stretches.iter(), &definitions[i].value, i, &buckets);
            let mut outcome = series(one.job.name, &definitions[i].value, &tallies, &range, &buckets);
            if let Ok((_, caveats)) = &mut outcome {
                let of_parts = into.remove(one.job.name).and_then(Result::ok).map(|(_, caveats)| caveats);
                caveats.extend(of_parts.unwrap_or_default());
            }
            into.insert(one.job.name.to_owned(), outcome);
        }
    }
    Ok(())
}

/// What the tables hold of some metrics that share their time, dimensions and step.
fn stretches(tables: &[&BigQuerySource], definitions: &[&Definition], step: Step) -> Result<Vec<Stretch>, SourceError> {
    let distinct = definitions.iter().any(|d| matches!(d.value, Value::Distinct(_) | Value::ApproxDistinct(_)));
    if let (true, Some(second)) = (distinct, tables.get(1)) {
        let what = "different values over several tables: make a view over them";
        return Err(SourceError::NotSupported { locator: second.to_string(), what });
    }
    let mut all = Vec::new();
    for table in tables {
        all.extend(counted(table, definitions, step)?);
    }
    Ok(all)
}

/// The stretch of time in which there are events; none where there are none.
fn range(stretches: &[Stretch]) -> Option<Range> {
    let first = stretches.iter().map(|stretch| stretch.first).min()?;
    let last = stretches.iter().map(|stretch| stretch.last).max()?;
    Some(Range { first, last, events: stretches.iter().map(|stretch| stretch.events).sum() })
}

fn nothing(tables: &[&BigQuerySource]) -> SourceError {
    SourceError::NoRows { file: tables.first().map(ToString::to_string).unwrap_or_default() }
}

/// The tallies of metric `i`, added up to buckets.
fn tallies<'a>(stretches: impl Iterator<Item = &'a Stretch>, value: &Value, i: usize, buckets: &Buckets) -> Tallies {
    let mut tallies = Tallies::new();
    for stretch in stretches {
        let Part { events, known, sum } = stretch.parts[i];
        if events > 0.0 {
            let tally = tallies.entry(buckets.number(stretch.at)).or_default();
            tally.events += events;
            tally.valued += known;
            tally.amount += match value {
                Value::Sum(_) | Value::Mean(_) => {
                    if sum.is_nan() {
                        0.0
                    } else {
                        sum
                    }
                }
                _ => known,
            };
        }
    }
    tallies
}

/// Reads the parts of a metric by its dimensions.
fn read_parts(
    tables: &[&BigQuerySource],
    one: &Wanted<'_>,
    buckets: &Buckets,
    into: &mut Read,
) -> Result<(), SourceError> {
    let (name, definition) = (one.job.name, one.job.definition);
    let stretches = stretches(tables, &[definition], one.step)?;
    let Some(range) = range(&stretches) else {
        into.insert(name.to_owned(), Err(nothing(tables)));
        return Ok(());
    };
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for stretch in stretches.iter().filter(|stretch| stretch.parts[0].events > 0.0) {
        *counts.entry(combination(stretch)).or_default() += stretch.parts[0].events;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of events are whole")]
    let counts: Vec<(String, u64)> = counts.into_iter().map(|(values, n)| (values, n as u64)).collect();
    let known: BTreeSet<String> = counts.iter().map(|(values, _)| name_of(name, &definition.by, values)).collect();
    let (combinations, mut caveat) = match &one.parts {
        None => most_frequent(name, &definition.by, counts),
        Some(asked) => {
            let is_asked = |values: &String| asked.contains(&name_of(name, &definition.by, values).as_str());
            (counts.into_iter().map(|(values, _)| values).filter(is_asked).collect(), None)
        }
    };
    for asked in one.parts.iter().flatten().filter(|asked| !known.contains(**asked)) {
        let nearest = nearest_names(asked, known.iter().map(String::as_str), 3);
        let error = SourceError::UnknownMetric { metric: (*asked).to_owned(), nearest, known: known.len() };
        into.insert((*asked).to_owned(), Err(error));
    }
    for values in combinations {
        let part = name_of(name, &definition.by, &values);
        let of_part = stretches.iter().filter(|stretch| combination(stretch) == values);
        let tallies = tallies(of_part, &definition.value, 0, buckets);
        let mut outcome = series(&part, &definition.value, &tallies, &range, buckets);
        if let Ok((_, caveats)) = &mut outcome {
            caveats.extend(caveat.take());
        }
        into.insert(part, outcome);
    }
    Ok(())
}

/// The values of the dimensions as one text, as files give them.
fn combination(stretch: &Stretch) -> String {
    stretch.dimensions.iter().map(|value| value.trim()).collect::<Vec<_>>().join(BETWEEN.encode_utf8(&mut [0; 4]))
}
