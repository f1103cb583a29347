//! The deployments themselves, and the metrics that can be asked about.

use crate::model::{Curve, DeployList, MetricList, MetricSummary, Picture, Series};
use crate::sources::read_metrics;

use super::eligible::{Rules, check_apps};
use super::{DeploysRequest, InvestigateError, MetricsRequest, Setting, load};

/// Lists the deployments of the asked apps and environments, also failed ones, in the order of time.
///
/// # Errors
/// Where a source is not read or an app is unknown.
pub fn deploys(request: &DeploysRequest) -> Result<DeployList, InvestigateError> {
    let setting = &request.setting;
    if setting.deploys.is_empty() {
        return Err(InvestigateError::NoDeploys);
    }
    let (mut deploys, caveats) = load::deploys(setting)?;
    let apps = setting.apps.as_deref().unwrap_or_default();
    check_apps(apps, &deploys)?;
    let rules = Rules { environments: setting.environments.as_deref(), apps };
    deploys.retain(|d| {
        rules.is_of_apps(d)
            && (setting.environments.is_none() || rules.counts(d))
            && request.since.is_none_or(|since| d.deployed_at >= since)
            && request.until.is_none_or(|until| d.deployed_at < until)
    });
    Ok(DeployList { schema: "shiptrace/deploys/1", timezone: setting.zone.name().to_owned(), deploys, caveats })
}

/// Lists the metrics in the order of their names.
///
/// # Errors
/// Where a source is not read.
pub fn metrics(request: &MetricsRequest) -> Result<MetricList, InvestigateError> {
    let setting = &request.setting;
    if setting.metrics.is_empty() {
        return Err(InvestigateError::NoMetrics);
    }
    let loaded = read_metrics(&setting.metrics, &[], setting.zone)?;
    Ok(MetricList {
        schema: "shiptrace/metrics/1",
        timezone: setting.zone.name().to_owned(),
        metrics: loaded.value.iter().map(|series| summary(series, setting)).collect(),
        caveats: loaded.caveats,
        picture: Picture {
            curves: loaded.value.into_iter().map(|series| curve(series, setting)).collect(),
            deploys: Vec::new(),
        },
    })
}

fn curve(series: Series, setting: &Setting) -> Curve {
    let unit = setting.known(series.name()).unit;
    Curve { series, unit }
}

fn summary(series: &Series, setting: &Setting) -> MetricSummary {
    let known = setting.known(series.name());
    MetricSummary {
        metric: series.name().to_owned(),
        from: series.moment(0),
        to: series.moment(series.len()),
        granularity: series.step(),
        buckets: series.len(),
        missing: series.missing(),
        last: series.values().iter().rev().copied().find(|v| !v.is_nan()),
        ratio: series.denominators().is_some(),
        apps: known.apps,
        better: known.better,
        unit: known.unit,
    }
}
