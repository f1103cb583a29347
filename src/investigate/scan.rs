//! *What changed at all?*

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use crate::detect::{FEWEST, Found, Scanned, q_values, scan as find};
use crate::model::{
    Caveat, Curve, Deploy, MetricChange, Moment, NoneParts, PValueScope, Picture, Scan, ScanQuestion, Series, counted,
};
use crate::sources::{condensed, read_metrics};

use super::change::{change, value_caveats};
use super::eligible::{Rules, check_apps};
use super::error::shown;
use super::events::{Onset, events};
use super::judge::{Draft, judge};
use super::{FdrMethod, InvestigateError, ScanRequest, Setting, load};

/// Is told how many metrics of how many are done, from any thread.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Finds every change of every metric that was asked for, each with its likeliest deployments.
///
/// # Errors
/// Where a source is not read, a metric or an app is unknown, no metric can be tested, or none has data where changes are asked for.
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
    caveats.extend(condensed(scanned.iter().flat_map(|one| one.caveats.clone()).collect()));
    check_tested(&scanned, &caveats)?;
    check_stretch(&scanned, request)?;
    let mut drafts = supported(&scanned, request);
    drafts.sort_by(|a, b| {
        a.change.change.at.cmp(&b.change.change.at).then_with(|| a.change.metric.cmp(&b.change.metric))
    });
    caveats.extend(request.min_effect.map(|least| large_enough(&mut drafts, least)).unwrap_or_default());
    number_events(&mut drafts);
    caveats.extend(judge(&mut drafts, request, &deploys, &load::feed(&deploys)));
    let changes = drafts.into_iter().map(|draft| draft.change).collect();
    let picture = picture(scanned, deploys, setting);
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
        command: String::new(),
        picture,
    })
}

/// That something was tested at all: silence would say that nothing changed.
fn check_tested(scanned: &[OneMetric], caveats: &[Caveat]) -> Result<(), InvestigateError> {
    if scanned.iter().any(|one| one.tested) {
        return Ok(());
    }
    let first = caveats.iter().find(|caveat| caveat.code == "skipped_metric");
    let reason = first.map_or_else(String::new, |caveat| format!(": {}", caveat.text.trim_end_matches('.')));
    Err(InvestigateError::NothingTested { reason })
}

/// That some metric has data where changes are asked for.
fn check_stretch(scanned: &[OneMetric], request: &ScanRequest) -> Result<(), InvestigateError> {
    let ends = |one: &OneMetric| (one.series.moment(0), one.series.moment(one.series.len()));
    let ends: Vec<(Moment, Moment)> = scanned.iter().filter(|one| one.tested).map(ends).collect();
    let reaches = |(from, to): &(Moment, Moment)| {
        request.since.is_none_or(|since| *to > since) && request.until.is_none_or(|until| *from < until)
    };
    let (from, to) = (ends.iter().map(|(from, _)| *from).min(), ends.iter().map(|(_, to)| *to).max());
    let (Some(from), Some(to), false) = (from, to, ends.iter().any(reaches)) else { return Ok(()) };
    let zone = request.setting.zone;
    let word =
        |word: &str, at: Option<DateTime<Utc>>| at.map(|at| format!("{word} {}", shown(&at.with_timezone(&zone))));
    let stretch: Vec<String> = word("from", request.since).into_iter().chain(word("before", request.until)).collect();
    Err(InvestigateError::NoneBetween { stretch: stretch.join(" and "), from: shown(&from), to: shown(&to) })
}

/// The metrics as they were tested, and the deployments of their time.
fn picture(scanned: Vec<OneMetric>, deploys: Vec<Deploy>, setting: &Setting) -> Picture {
    let unit = |name: &str| setting.known(name).unit;
    let curve = |one: OneMetric| Curve { unit: unit(one.series.name()), series: one.series };
    let curves: Vec<Curve> = scanned.into_iter().map(curve).collect();
    let rules = Rules { environments: setting.environments.as_deref(), apps: &[] };
    let deploys = rules.pictured(deploys, &curves, f64::INFINITY..f64::NEG_INFINITY);
    Picture { curves, deploys }
}

/// Leaves out the changes whose relative effect is smaller in size than `least`, and says how many those are and which have none.
fn large_enough(drafts: &mut Vec<Draft<'_>>, least: f64) -> Vec<Caveat> {
    let found = drafts.len();
    drafts.retain(|one| one.change.change.relative.is_none_or(|effect| effect.abs() >= least));
    let small = found - drafts.len();
    let undefined = drafts.iter().filter(|one| one.change.change.relative.is_none()).count();
    let mut caveats = Vec::new();
    if small > 0 {
        let text = format!("Left out, because smaller than {} %: {small} of {found} changes.", percent(least));
        caveats.push(Caveat::new("small_effects", text));
    }
    if undefined > 0 {
        let text = format!(
            "Kept, whatever their size, because the level before is zero or not told from it: {undefined} of {found} changes."
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
fn number_events(drafts: &mut [Draft<'_>]) {
    let numbers = events(&drafts.iter().map(|draft| onset(&draft.change)).collect::<Vec<_>>());
    drafts.iter_mut().zip(numbers).for_each(|(draft, number)| draft.change.event = number);
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
fn supported<'a>(scanned: &'a [OneMetric], request: &ScanRequest) -> Vec<Draft<'a>> {
    let tested: Vec<&OneMetric> = scanned.iter().filter(|one| one.tested).collect();
    let q_values = q_values(tested.iter().map(|one| &one.scanned), request.method);
    let all = tested
        .into_iter()
        .zip(q_values)
        .flat_map(|(one, q)| one.scanned.changes.iter().zip(q).map(move |(found, q)| (one, found, q)));
    let asked_for = |one: &OneMetric, found: &Found| {
        let at = one.series.moment(found.bucket);
        request.since.is_none_or(|since| at >= since) && request.until.is_none_or(|until| at < until)
    };
    all.filter(|(one, found, q)| *q <= request.fdr && asked_for(one, found))
        .map(|(of, found, q)| Draft { of, found, change: of.change(found, q, request) })
        .collect()
}

/// A metric and what was found in it.
pub(super) struct OneMetric {
    pub(super) series: Series,
    pub(super) scanned: Scanned,
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
                "{} was skipped: {} with a value, and at least {FEWEST} are needed.",
                series.name(),
                counted(known, "bucket", "buckets"),
            );
            caveats.push(Caveat::new("skipped_metric", text));
        }
        // No change is reported whose own p-value is above the rate: the level in a metric is a part of it.
        let scanned = if tested { find(&series, request.fdr) } else { Scanned::default() };
        Self { series, scanned, tested, caveats }
    }

    /// A change of it, of which nobody is suspected yet.
    fn change(&self, found: &Found, q_value: f64, request: &ScanRequest) -> MetricChange {
        let better = request.setting.known(self.series.name()).better;
        MetricChange {
            metric: self.series.name().to_owned(),
            event: 0,
            change: change(&self.series, found, better, PValueScope::Series),
            q_value,
            suspects: Vec::new(),
            none_of_these: 1.0,
            none: NoneParts { something_else: 1.0, nothing_happened: 0.0 },
        }
    }
}
