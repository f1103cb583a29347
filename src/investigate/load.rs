//! Reads what a question needs, as of the moment taken as now.

use chrono::{DateTime, Utc};

use crate::model::{Caveat, Deploy, Series};
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
        let text = format!("{later} deployments are dated after now and were left out.");
        loaded.caveats.push(Caveat::new("future_deploys", text));
    }
    Ok((loaded.value, loaded.caveats))
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
        "The {} from {} was not over at {} ({value}): it was not tested.",
        series.step(),
        series.moment(over).format("%Y-%m-%d %H:%M"),
        as_of.with_timezone(&series.zone()).format("%Y-%m-%d %H:%M")
    );
    (series.truncated(over), Some(Caveat::new("partial_bucket", text)))
}
