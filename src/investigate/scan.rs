//! *What changed at all?*

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::attribute::{Asked, Case, near};
use crate::detect::{FEWEST, Found, Scanned, scan as find};
use crate::model::{Caveat, Deploy, MetricChange, Moment, NoneParts, PValueScope, Scan, ScanQuestion, Series, Span};
use crate::sources::read_metrics;
use crate::stats::{Family, selective_q_values};

use super::candidates::{Candidates, of_first_groups};
use super::change::{change, value_caveats};
use super::eligible::{Rules, check_apps};
use super::events::{Onset, events};
use super::feed::Coverage;
use super::undoings::AROUND;
use super::{FdrMethod, InvestigateError, ScanRequest, load};

/// Is told how many metrics of how many are done, from any thread.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Finds every change of every metric that was asked for, each with its likeliest deployments.
///
/// # Errors
/// Where a source is not read, or a metric or an app is unknown.
pub fn scan(request: &ScanRequest, progress: Progress<'_>) -> Result<Scan, InvestigateError> {
    let setting = &request.setting;
    if setting.metrics.is_empty() {
        return Err(InvestigateError::NoMetrics);
    }
    let (deploys, deploy_caveats) = load::deploys(setting)?;
    check_apps(setting.apps.as_deref().unwrap_or_default(), &deploys)?;
    let loaded = read_metrics(&setting.metrics, &request.metrics, setting.zone)?;
    let mut caveats = [loaded.caveats, deploy_caveats].concat();
    let names: Vec<String> = loaded.value.iter().map(|s| s.name().to_owned()).collect();
    let done = AtomicUsize::new(0);
    let look = |series: Series| {
        let one = OneMetric::new(&series, request);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, names.len());
        one
    };
    let scanned: Vec<OneMetric> = loaded.value.into_par_iter().map(look).collect();
    caveats.extend(scanned.iter().flat_map(|one| one.caveats.clone()));
    let mut changes = supported(&scanned, request, &deploys);
    changes.sort_by(|a, b| a.change.at.cmp(&b.change.at).then_with(|| a.metric.cmp(&b.metric)));
    caveats.extend(request.min_effect.map(|least| large_enough(&mut changes, least)).unwrap_or_default());
    number_events(&mut changes);
    Ok(Scan {
        schema: "shiptrace/scan/1",
        question: ScanQuestion {
            metrics: names,
            apps: setting.apps.clone().unwrap_or_default(),
            window_seconds: request.window.num_seconds(),
            timezone: setting.zone.name().to_owned(),
            fdr: request.fdr,
            fdr_method: match request.method {
                FdrMethod::Bh => "bh",
                FdrMethod::By => "by",
            },
            since: request.since.map(|at| at.with_timezone(&setting.zone)),
            until: request.until.map(|at| at.with_timezone(&setting.zone)),
            min_effect: request.min_effect,
        },
        as_of: setting.as_of.with_timezone(&setting.zone),
        changes,
        caveats,
    })
}

/// Leaves out the changes whose relative effect is smaller in size than `least`, and says how many those are and which have none.
fn large_enough(changes: &mut Vec<MetricChange>, least: f64) -> Vec<Caveat> {
    let found = changes.len();
    changes.retain(|one| one.change.relative.is_none_or(|effect| effect.abs() >= least));
    let small = found - changes.len();
    let undefined = changes.iter().filter(|one| one.change.relative.is_none()).count();
    let mut caveats = Vec::new();
    if small > 0 {
        let text = format!("Left out, because smaller than {} %: {small} of {found} changes.", percent(least));
        caveats.push(Caveat::new("small_effects", text));
    }
    if undefined > 0 {
        let text = format!(
            "Kept, whatever their size, because the level before is not above zero: {undefined} of {found} changes."
        );
        caveats.push(Caveat::new("undefined_effects", text));
    }
    caveats
}

/// A share in percent, without the noise of its last binary digits.
fn percent(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}

/// Numbers the events that the changes are.
fn number_events(changes: &mut [MetricChange]) {
    let numbers = events(&changes.iter().map(onset).collect::<Vec<_>>());
    changes.iter_mut().zip(numbers).for_each(|(change, number)| change.event = number);
}

fn onset(one: &MetricChange) -> Onset<'_> {
    let seconds = |moment: &Moment| moment.timestamp() as f64;
    let interval = &one.change.interval;
    Onset {
        metric: &one.metric,
        from: seconds(&interval.from),
        median: seconds(&one.change.onset),
        to: seconds(&interval.to),
    }
}

/// The changes that survive the search over all metrics, with their q-values, and lie where they were asked for.
///
/// The stretch that was asked for does not narrow the search: every moment of every metric was tested, and counts.
fn supported(scanned: &[OneMetric], request: &ScanRequest, deploys: &[Deploy]) -> Vec<MetricChange> {
    let tested: Vec<&OneMetric> = scanned.iter().filter(|one| one.tested).collect();
    let family = |one: &&OneMetric| Family {
        p_value: one.scanned.p_value,
        members: one.scanned.changes.iter().map(|found| found.p_value).collect(),
    };
    let families: Vec<Family> = tested.iter().map(family).collect();
    let q_values = selective_q_values(&families, request.method);
    let all = tested
        .into_iter()
        .zip(q_values)
        .flat_map(|(one, q)| one.scanned.changes.iter().zip(q).map(move |(found, q)| (one, found, q)));
    let asked_for = |one: &OneMetric, found: &Found| {
        let at = one.series.moment(found.bucket);
        request.since.is_none_or(|since| at >= since) && request.until.is_none_or(|until| at < until)
    };
    let chosen: Vec<(&OneMetric, &Found, f64)> =
        all.filter(|(one, found, q)| *q <= request.fdr && asked_for(one, found)).collect();
    chosen.into_par_iter().map(|(one, found, q)| one.change(found, q, request, deploys)).collect()
}

/// A metric and what was found in it.
struct OneMetric {
    series: Series,
    scanned: Scanned,
    tested: bool,
    caveats: Vec<Caveat>,
}

impl OneMetric {
    fn new(whole: &Series, request: &ScanRequest) -> Self {
        let (series, unfinished) = load::finished(whole, request.setting.as_of);
        let mut caveats: Vec<Caveat> = unfinished.into_iter().collect();
        caveats.extend(value_caveats(&series));
        let known = series.len() - series.missing();
        let tested = known >= FEWEST;
        if !tested {
            let text = format!(
                "{} was skipped: {known} buckets with a value, and at least {FEWEST} are needed.",
                series.name()
            );
            caveats.push(Caveat::new("skipped_metric", text));
        }
        // No change is reported whose own p-value is above the rate: the level in a metric is a part of it.
        let scanned = if tested { find(&series, request.fdr) } else { Scanned::default() };
        Self { series, scanned, tested, caveats }
    }

    fn change(&self, found: &Found, q_value: f64, request: &ScanRequest, deploys: &[Deploy]) -> MetricChange {
        let setting = &request.setting;
        let known = setting.settings.get(self.series.name()).cloned().unwrap_or_default();
        let apps = setting.apps.clone().unwrap_or(known.apps);
        let window = request.window.num_seconds() as f64;
        let inside = |d: &&Deploy| d.unix() >= found.interval.0 - window && d.unix() < found.interval.1;
        let rules = Rules { environments: setting.environments.as_deref(), apps: &apps };
        let chosen = rules.apply(deploys.iter().filter(inside).cloned().collect(), deploys).candidates;
        let history = rules.eligible(deploys, found.interval.0 - window - AROUND, found.interval.1 + AROUND);
        let candidates = Candidates::new(chosen, &history, self.series.name(), setting);
        let deployed = candidates.moments();
        let bucket =
            Span { from: self.series.moment(found.bucket).to_utc(), to: self.series.moment(found.bucket + 1).to_utc() };
        // Without a deployment there is nothing to weigh.
        let asked = Asked::new(&self.series, bucket).filter(|_| !deployed.is_empty());
        let near = asked.and_then(|a| near(&self.series, &self.scanned, &a, window).ok());
        let mut none = NoneParts { something_else: 1.0, nothing_happened: 0.0 };
        let mut suspects = Vec::new();
        if let Some(near) = near {
            let data = (&near, &self.series, &self.scanned);
            let posterior =
                candidates.prior(setting, &Coverage::default()).given(&candidates.likelihood(setting, data));
            none = NoneParts {
                something_else: posterior.something_else.probability,
                nothing_happened: posterior.nothing_happened.probability,
            };
            let case = Case { series: &self.series, near: &near, found, deployed: &deployed };
            suspects = of_first_groups(candidates.ranked(&posterior, Some(&case)), request.top);
        }
        MetricChange {
            metric: self.series.name().to_owned(),
            event: 0,
            change: change(&self.series, found, known.better, PValueScope::Series),
            q_value,
            suspects,
            none_of_these: none.total(),
            none,
        }
    }
}
