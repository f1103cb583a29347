//! What a question would ask, without asking it.

use crate::sources::{SourceError, read_deploys, read_metrics};

use super::{InvestigateError, Setting};

/// Reads what a question about these metrics would read (all where none is named; no metrics with `None`), in a session that only notes
/// its queries. That nothing comes back is no error.
///
/// # Errors
/// Where a query is refused, or the service could not be reached.
pub fn plan(setting: &Setting, metrics: Option<&[String]>) -> Result<(), InvestigateError> {
    // One by one, because a source without rows ends the reading of all.
    for source in setting.metrics.iter().filter(|_| metrics.is_some()) {
        let one = std::slice::from_ref(source);
        noted(read_metrics(one, metrics.unwrap_or_default(), setting.zone))?;
    }
    setting.deploys.iter().try_for_each(|source| noted(read_deploys(std::slice::from_ref(source), setting.zone)))
}

fn noted<T>(read: Result<T, SourceError>) -> Result<(), InvestigateError> {
    match read {
        Err(
            error @ (SourceError::BigQuery(_) | SourceError::Unreadable { .. } | SourceError::MissingColumn { .. }),
        ) => Err(error.into()),
        _ => Ok(()),
    }
}
