//! What would be asked, without asking it.

use chrono_tz::Tz;

use super::metrics::expect;
use super::{DeploySource, MetricSource, SourceError, read_deploys, read_metrics};

/// Goes through what a question about these metrics would read (all where none is named), in sessions that only note their queries.
/// That no rows come back is no error.
///
/// # Errors
/// Where a query is refused, a column is not there, or the service could not be reached.
pub fn plan_metrics(sources: &[MetricSource], names: &[String], zone: Tz) -> Result<(), SourceError> {
    expect(sources, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let (defined, ready): (Vec<_>, Vec<_>) = sources.iter().cloned().partition(|source| source.definition.is_some());
    // Metrics over raw events share a query; the others go one by one, because a source without rows ends the reading of all.
    for group in [defined].into_iter().chain(ready.into_iter().map(|source| vec![source])) {
        let named = group.iter().any(|source| source.name.is_some());
        let holding = if named { group.as_slice() } else { sources };
        let of_group = |name: &&String| holding.iter().any(|source| source.defines(name)) == named;
        let asked: Vec<String> = names.iter().filter(of_group).cloned().collect();
        if !group.is_empty() && (names.is_empty() || !asked.is_empty()) {
            noted(read_metrics(&group, &asked, zone))?;
        }
    }
    Ok(())
}

/// The same for deploy events.
///
/// # Errors
/// As for [`plan_metrics`].
pub fn plan_deploys(sources: &[DeploySource], zone: Tz) -> Result<(), SourceError> {
    sources.iter().try_for_each(|source| noted(read_deploys(std::slice::from_ref(source), zone)))
}

fn noted<T>(read: Result<T, SourceError>) -> Result<(), SourceError> {
    match read {
        Err(
            error @ (SourceError::BigQuery(_) | SourceError::Unreadable { .. } | SourceError::MissingColumn { .. }),
        ) => Err(error),
        _ => Ok(()),
    }
}
