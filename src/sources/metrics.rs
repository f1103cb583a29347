//! Metrics, one by name or all.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use rayon::prelude::*;

use crate::model::{Caveat, Series, nearest_names};

use super::bigquery::Wanted;
use super::events;
use super::gathered::{Gathered, Metric, names_of, without_parts};
use super::shape::Shape;
use super::table::Table;
use super::{Loaded, Locator, MetricSource, SourceError};

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
    let metric = some_metrics(sources, &[name], zone)?.pop();
    let (value, caveats) = metric.ok_or_else(|| unknown(sources, name, BTreeSet::new()))?.into_series(name, zone)?;
    Ok(Loaded { value, caveats: caveats.into_iter().chain(bounded(sources)).collect() })
}

/// Says beforehand which ready metrics are going to be read of each place in BigQuery; all of them where no names are given.
pub(super) fn expect(sources: &[MetricSource], names: &[&str]) {
    for source in sources.iter().filter(|source| source.definition.is_none()) {
        let (Locator::BigQuery(table), Some(name)) = (&source.locator, source.name.as_deref()) else { continue };
        if let (true, Ok(session)) = (names.is_empty() || names.contains(&name), table.session()) {
            session.expect(&table.to_string(), names_of(name, source));
        }
    }
}

/// That only a stretch of time was asked of BigQuery.
fn bounded(sources: &[MetricSource]) -> Option<Caveat> {
    let session = sources.iter().find_map(|source| match &source.locator {
        Locator::BigQuery(source) => source.session().ok(),
        _ => None,
    })?;
    let text =
        format!("BigQuery was asked about {} only; --history 2y (or the like) asks about more.", session.shown());
    Some(Caveat::new("bounded_history", text))
}

/// Reads the metrics of these names, or all where none is given, in the order of their names.
///
/// A metric whose timestamps make no regular series is left out with the caveat `skipped_metric`, and so is one that its source does not hold where all are
/// read.
///
/// # Errors
/// Where a file cannot be read, lacks a column or holds a bad cell, a name is unknown, or one part of a ratio is not there.
pub fn read_metrics(sources: &[MetricSource], names: &[String], zone: Tz) -> Result<Loaded<Vec<Series>>, SourceError> {
    let asked: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let asked: Vec<&str> = asked.into_iter().collect();
    expect(sources, &asked);
    let mut loaded = Loaded { value: Vec::new(), caveats: Vec::new() };
    let metrics: Vec<(String, Metric)> = if asked.is_empty() {
        let (metrics, missing) = all_metrics(sources, zone)?;
        loaded.caveats.extend(missing.iter().map(skipped));
        metrics.into_iter().collect()
    } else {
        asked.iter().map(|&name| name.to_owned()).zip(some_metrics(sources, &asked, zone)?).collect()
    };
    let made: Vec<_> = metrics.into_par_iter().map(|(name, metric)| metric.into_series(&name, zone)).collect();
    for outcome in made {
        match outcome {
            Ok((series, caveats)) => {
                loaded.value.push(series);
                loaded.caveats.extend(caveats);
            }
            Err(error) => loaded.caveats.push(skipped(&error)),
        }
    }
    loaded.caveats.extend(bounded(sources));
    loaded.caveats = condensed(loaded.caveats);
    Ok(loaded)
}

/// The metrics of these names, in their order. Each source is read once, because standard input cannot be read again.
fn some_metrics(sources: &[MetricSource], names: &[&str], zone: Tz) -> Result<Vec<Metric>, SourceError> {
    let is_defined = |name: &str| sources.iter().any(|s| s.defines(name));
    let mut of_events = events::read(sources, Some(names), zone)?;
    let others: Vec<&str> = names.iter().copied().filter(|name| !is_defined(name)).collect();
    let mut undefined = gathered(sources, None, &others, zone)?;
    let mut metric = |name: &&str| {
        if let Some(outcome) = of_events.remove(*name) {
            return Ok(Metric::Events(Box::new(outcome)));
        }
        if is_defined(name) {
            let mut own = gathered(sources, Some(name), &[name], zone)?;
            let ratio = sources.iter().find(|s| s.name.as_deref() == Some(name)).and_then(|s| s.ratio.as_ref());
            return own.take(name, ratio)?.ok_or_else(|| own.without(name));
        }
        undefined.pick(name)?.ok_or_else(|| unknown(sources, name, undefined.known.clone()))
    };
    names.iter().map(&mut metric).collect()
}

/// What the sources that define one metric, or none, hold of metrics; and the names in them, where something is not there.
fn gathered(
    sources: &[MetricSource],
    defined: Option<&str>,
    names: &[&str],
    zone: Tz,
) -> Result<Gathered, SourceError> {
    let mut gathered = Gathered::new(zone);
    if names.is_empty() {
        return Ok(gathered);
    }
    for source in sources.iter().filter(|s| s.name.as_deref() == defined) {
        let wanted: Vec<String> = names.iter().flat_map(|name| names_of(name, source)).collect();
        for table in source.open()? {
            let shape = Shape::of(&table, source)?;
            shape.read(&table, source, Some(&wanted), &mut gathered)?;
            gathered.files.push(table.file.clone());
            if !names.iter().all(|name| gathered.holds(name, source.ratio.as_ref())) {
                gathered.known.extend(shape.names(&table)?);
            }
        }
    }
    Ok(gathered)
}

impl MetricSource {
    fn open(&self) -> Result<Vec<Table>, SourceError> {
        let time = self.columns.get("timestamp").map_or("timestamp", String::as_str);
        Table::open_all(&self.locator, time, Wanted::Metrics, self.every)
    }
}

fn unknown(sources: &[MetricSource], metric: &str, mut known: BTreeSet<String>) -> SourceError {
    known.extend(sources.iter().filter_map(|s| s.name.clone()));
    let known = without_parts(&known);
    let nearest = nearest_names(metric, known.iter().map(String::as_str), 3);
    SourceError::UnknownMetric { metric: metric.to_owned(), nearest, known: known.len() }
}

/// Every metric; one that is defined by name wins over one that rows or columns name. And what is wrong with those that their sources do not hold.
fn all_metrics(
    sources: &[MetricSource],
    zone: Tz,
) -> Result<(BTreeMap<String, Metric>, Vec<SourceError>), SourceError> {
    let mut missing = Vec::new();
    let of_events = events::read(sources, None, zone)?;
    let mut metrics: BTreeMap<String, Metric> =
        of_events.into_iter().map(|(name, outcome)| (name, Metric::Events(Box::new(outcome)))).collect();
    let ready = sources.iter().filter(|s| s.definition.is_none());
    let defined: BTreeMap<&str, &MetricSource> =
        ready.filter_map(|s| s.name.as_deref().map(|name| (name, s))).collect();
    for (name, source) in defined {
        let mut own = gathered(sources, Some(name), &[name], zone)?;
        if let Some(metric) = own.take(name, source.ratio.as_ref())? {
            metrics.insert(name.to_owned(), metric);
        } else {
            missing.push(own.without(name));
        }
    }
    let mut rest = Gathered::new(zone);
    for source in sources.iter().filter(|s| s.name.is_none()) {
        for table in source.open()? {
            Shape::of(&table, source)?.read(&table, source, None, &mut rest)?;
        }
    }
    for (name, metric) in rest.into_metrics()? {
        metrics.entry(name).or_insert(metric);
    }
    Ok((metrics, missing))
}

fn skipped(error: &SourceError) -> Caveat {
    Caveat::new("skipped_metric", format!("Skipped: {error}."))
}

/// The caveats, those of one code told as one where there are many.
pub(crate) fn condensed(caveats: Vec<Caveat>) -> Vec<Caveat> {
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
