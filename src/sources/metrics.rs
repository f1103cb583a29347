//! Metrics, one by name or all.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use crate::model::{Caveat, Series, nearest_names};

use super::gathered::{Gathered, Metric, names_of, whole_of, without_parts};
use super::shape::Shape;
use super::table::Table;
use super::{Loaded, MetricSource, SourceError};

/// Caveats of one code beyond so many are told as one.
const MANY: usize = 4;

/// Reads one metric.
///
/// A source that defines the metric by name wins over those that hold what their rows or columns say. Where `NAME.num` and `NAME.den`
/// are there, the metric `NAME` is their ratio, and they are no metrics themselves.
///
/// # Errors
/// Where a file cannot be read, lacks a column or holds a bad cell; where no source holds the metric, or only one part of a ratio;
/// where its timestamps make no regular series.
pub fn read_metric(sources: &[MetricSource], name: &str, zone: Tz) -> Result<Loaded<Series>, SourceError> {
    let by_name = sources.iter().any(|s| s.name.as_deref() == Some(name));
    let (metric, mut known) = one_metric(sources, name, by_name, zone)?;
    let Some(metric) = metric else {
        known.extend(sources.iter().filter_map(|s| s.name.clone()));
        let known = without_parts(&known);
        let nearest = nearest_names(name, known.iter().map(String::as_str), 3);
        return Err(SourceError::UnknownMetric { metric: name.to_owned(), nearest, known: known.len() });
    };
    let (value, caveats) = metric.into_series(name, zone)?;
    Ok(Loaded { value, caveats })
}

/// Reads the metrics of these names, or all where none is given, in the order of their names.
///
/// A metric whose timestamps make no regular series is left out with the caveat `skipped_metric`.
///
/// # Errors
/// Where a file cannot be read, lacks a column or holds a bad cell, a name is unknown, or one part of a ratio is not there.
pub fn read_metrics(sources: &[MetricSource], names: &[String], zone: Tz) -> Result<Loaded<Vec<Series>>, SourceError> {
    if !names.is_empty() {
        return some_metrics(sources, names, zone);
    }
    let mut loaded = Loaded { value: Vec::new(), caveats: Vec::new() };
    for (name, metric) in all_metrics(sources, zone)? {
        match metric.into_series(&name, zone) {
            Ok((series, caveats)) => {
                loaded.value.push(series);
                loaded.caveats.extend(caveats);
            }
            Err(error) => loaded.caveats.push(skipped(&error)),
        }
    }
    loaded.caveats = condensed(loaded.caveats);
    Ok(loaded)
}

/// One metric, of the sources that define it by name or of those that define none. Where it is not there, the names that are.
fn one_metric(
    sources: &[MetricSource],
    name: &str,
    by_name: bool,
    zone: Tz,
) -> Result<(Option<Metric>, BTreeSet<String>), SourceError> {
    let mut gathered = Gathered::new(zone);
    let mut ratio = None;
    let (wanted, part_of) = if by_name { (Some(name), None) } else { (None, whole_of(name)) };
    for source in sources.iter().filter(|s| s.name.as_deref() == wanted) {
        ratio = source.ratio.as_ref();
        let names = names_of(name, source);
        for table in Table::open_all(&source.locator)? {
            let shape = Shape::of(&table, source)?;
            shape.read(&table, source, Some(&names), &mut gathered)?;
            gathered.files.push(table.file.clone());
            if part_of.is_some() || !gathered.holds(name, ratio) {
                gathered.known.extend(shape.names(&table)?);
            }
        }
    }
    if let Some(whole) = part_of
        && let Some(Metric::Ratio { .. }) = gathered.take(whole, None)?
    {
        return Ok((None, gathered.known));
    }
    Ok((gathered.take(name, ratio)?, gathered.known))
}

/// Every metric; one that is defined by name wins over one that rows or columns name.
fn all_metrics(sources: &[MetricSource], zone: Tz) -> Result<BTreeMap<String, Metric>, SourceError> {
    let mut metrics = BTreeMap::new();
    let defined: BTreeSet<&str> = sources.iter().filter_map(|s| s.name.as_deref()).collect();
    for name in defined {
        if let (Some(metric), _) = one_metric(sources, name, true, zone)? {
            metrics.insert(name.to_owned(), metric);
        }
    }
    let mut gathered = Gathered::new(zone);
    for source in sources.iter().filter(|s| s.name.is_none()) {
        for table in Table::open_all(&source.locator)? {
            Shape::of(&table, source)?.read(&table, source, None, &mut gathered)?;
        }
    }
    for (name, metric) in gathered.into_metrics()? {
        metrics.entry(name).or_insert(metric);
    }
    Ok(metrics)
}

fn some_metrics(sources: &[MetricSource], names: &[String], zone: Tz) -> Result<Loaded<Vec<Series>>, SourceError> {
    let mut sorted = names.to_vec();
    sorted.sort();
    sorted.dedup();
    let mut loaded = Loaded { value: Vec::new(), caveats: Vec::new() };
    for name in &sorted {
        match read_metric(sources, name, zone) {
            Ok(one) => {
                loaded.value.push(one.value);
                loaded.caveats.extend(one.caveats);
            }
            Err(error @ SourceError::Irregular { .. }) => loaded.caveats.push(skipped(&error)),
            Err(error) => return Err(error),
        }
    }
    loaded.caveats = condensed(loaded.caveats);
    Ok(loaded)
}

fn skipped(error: &SourceError) -> Caveat {
    Caveat::new("skipped_metric", format!("Skipped: {error}."))
}

/// The caveats, those of one code told as one where there are many.
fn condensed(caveats: Vec<Caveat>) -> Vec<Caveat> {
    let mut by_code: BTreeMap<&'static str, Vec<Caveat>> = BTreeMap::new();
    for caveat in caveats {
        by_code.entry(caveat.code).or_default().push(caveat);
    }
    let tell = |(code, mut all): (&'static str, Vec<Caveat>)| {
        if all.len() > MANY {
            let more = all.len() - 1;
            let text = format!("{} And {more} more metrics likewise.", all[0].text);
            all = vec![Caveat::new(code, text)];
        }
        all
    };
    by_code.into_iter().flat_map(tell).collect()
}
