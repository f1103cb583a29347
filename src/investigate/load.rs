//! Reads what a question needs, as of the moment taken as now.

use chrono::{DateTime, Utc};

use std::collections::BTreeSet;

use crate::model::{Caveat, Deploy, EventKind, Moment, Series, counted};
use crate::sources::read_deploys;

use super::{InvestigateError, Setting};

/// The deployments up to now, in the order of time, with what is to be said of them.
pub(super) fn deploys(setting: &Setting) -> Result<(Vec<Deploy>, Vec<Caveat>), InvestigateError> {
    if setting.deploys.is_empty() {
        let text = "No deploy events were given, so no deployment can be named.";
        return Ok((Vec::new(), vec![Caveat::new("no_deploy_source", text)]));
    }
    let mut loaded = read_deploys(&setting.deploys, setting.zone)?;
    let later = loaded.value.len() - loaded.value.partition_point(|d| d.deployed_at <= setting.as_of);
    loaded.value.truncate(loaded.value.len() - later);
    if later > 0 {
        let later = counted(later, "deployment is dated after now and was", "deployments are dated after now and were");
        let text = format!("{later} left out.");
        loaded.caveats.push(Caveat::new("future_deploys", text));
    }
    loaded.caveats.extend(unknown_kinds(&loaded.value));
    Ok((loaded.value, loaded.caveats))
}

/// Names the kinds of events that are not known.
fn unknown_kinds(deploys: &[Deploy]) -> Option<Caveat> {
    let kinds = deploys.iter().filter_map(|d| d.kind.as_deref());
    let unknown: BTreeSet<&str> = kinds.filter(|kind| EventKind::named(kind).is_none()).collect();
    let some: Vec<String> = unknown.iter().take(5).map(|kind| format!("{kind:?}")).collect();
    let known: Vec<&str> = EventKind::NAMES.iter().map(|(name, _)| *name).collect();
    let text = format!(
        "Events of kind {} were taken for deployments; the kinds known are {}.",
        some.join(", "),
        known.join(", ")
    );
    (!unknown.is_empty()).then(|| Caveat::new("unknown_event_kind", text))
}

/// The moments of all that is a deployment, in the order of time: by them a gap of the feed is known.
pub(super) fn feed(deploys: &[Deploy]) -> Vec<Moment> {
    deploys.iter().filter(|d| d.event() == EventKind::Deploy).map(|d| d.deployed_at).collect()
}

/// The series without the buckets that were not over at `as_of`, and a caveat where there are any.
pub(super) fn finished(series: &Series, as_of: DateTime<Utc>) -> (Series, Option<Caveat>) {
    let over = series.edges()[1..].partition_point(|&end| end <= as_of.timestamp());
    let left = series.len() - over;
    if left == 0 {
        return (series.clone(), None);
    }
    let last = series.values()[over];
    let value = if last.is_nan() { "no value yet".to_owned() } else { format!("{last} so far") };
    let text = format!(
        "{}: the {} from {} was not over at {} ({value}) and was not tested.",
        series.name(),
        series.step(),
        series.moment(over).format("%Y-%m-%d %H:%M"),
        as_of.with_timezone(&series.zone()).format("%Y-%m-%d %H:%M")
    );
    (series.truncated(over), Some(Caveat::new("partial_bucket", text)))
}
