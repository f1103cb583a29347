//! What a question would ask, without asking it.

use crate::sources::{plan_deploys, plan_metrics};

use super::{InvestigateError, Setting};

/// Goes through what a question about these metrics would read (all where none is named; no metrics with `None`), in a session that only
/// notes its queries.
///
/// # Errors
/// Where a query is refused, or the service could not be reached.
pub fn plan(setting: &Setting, metrics: Option<&[String]>) -> Result<(), InvestigateError> {
    if let Some(metrics) = metrics {
        plan_metrics(&setting.metrics, metrics, setting.zone)?;
    }
    Ok(plan_deploys(&setting.deploys, setting.zone)?)
}
