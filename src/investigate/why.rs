//! *Why did this metric change on that day?*

use std::ops::Range;

use crate::attribute::{Asked, BaseRate, Case, Companion, History, Posterior, Priors, Seen, near};
use crate::detect::{FEWEST, Found, LocalError, Neighbourhood, Rhythm, Scanned, scan};
use crate::model::{
    self, Better, Caveat, Change, Curve, Deploy, MetricSettings, Moment, NoneParts, PValueScope, Picture, Question,
    Series, WhyAnswer,
};
use crate::sources::read_metric;

use super::candidates::{Candidates, history, reckoning};
use super::change::{change, evidence, moment, summary, value_caveats};
use super::eligible::{Rules, check_apps};
use super::error::shown;
use super::feed::{self, Coverage};
use super::undoings::AROUND;
use super::witnesses::Witness;
use super::{InvestigateError, WhyRequest, load};

/// A change is supported from this p-value on.
const SUPPORTED: f64 = 0.05;

/// Answers *why did this metric change on that day?*
///
/// # Errors
/// Where a source is not read, the metric or an app is unknown, the date lies outside the data, or there are fewer than eight
/// buckets with a value.
pub fn why(request: &WhyRequest) -> Result<WhyAnswer, InvestigateError> {
    let setting = &request.setting;
    if setting.metrics.is_empty() {
        return Err(InvestigateError::NoMetrics);
    }
    let (deploys, deploy_caveats) = load::deploys(setting)?;
    check_apps(setting.apps.as_deref().unwrap_or_default(), &deploys)?;
    let loaded = read_metric(&setting.metrics, &request.metric, setting.zone)?;
    let mut caveats = [loaded.caveats, deploy_caveats].concat();
    let (series, unfinished) = load::finished(&loaded.value, setting.as_of);
    caveats.extend(unfinished);
    let asked = checked_date(request, &loaded.value, &series)?;
    caveats.extend(value_caveats(&series));
    let known = setting.known(&request.metric);
    let apps = setting.apps.clone().unwrap_or_else(|| known.apps.clone());
    let mut investigation = Investigation::new(request, &series, &asked);
    for name in &request.with {
        let (witness, further) = Witness::new(request, name, SUPPORTED)?;
        investigation.witnesses.push(witness);
        caveats.extend(further);
    }
    let rules = Rules { environments: setting.environments.as_deref(), apps: &apps };
    let windows = investigation.windows();
    let inside = |d: &Deploy| windows.iter().any(|w| w.contains(&d.unix()));
    let chosen = rules.apply(deploys.iter().filter(|d| inside(d)).cloned().collect(), &deploys);
    caveats.extend(chosen.caveats);
    let coverage =
        if setting.deploys.is_empty() { Coverage::default() } else { investigation.coverage(&deploys, &windows) };
    caveats.extend(coverage.caveat.clone());
    let (from, to) = hull(&windows);
    let eligible = rules.eligible(&deploys, f64::NEG_INFINITY, f64::INFINITY);
    let place = |moment: f64| eligible.partition_point(|d| d.unix() < moment);
    let around = &eligible[place(from - AROUND)..place(to + AROUND)];
    let candidates = Candidates::new(chosen.candidates, around, &request.metric, setting);
    let history = history(&eligible, setting, from..to, known_range(&deploys, &series));
    let mut answer =
        investigation.answer(&known, apps.clone(), (&candidates, &coverage, &history), chosen.excluded, caveats);
    answer.picture.curves.insert(0, Curve { series: loaded.value, unit: known.unit });
    answer.picture.deploys = rules.pictured(deploys, &answer.picture.curves, from..to);
    Ok(answer)
}

/// Where both the metric and the deployments are known.
fn known_range(deploys: &[Deploy], series: &Series) -> Range<f64> {
    let metric = series.moment(0).timestamp() as f64..series.moment(series.len()).timestamp() as f64;
    let first = deploys.first().map_or(f64::INFINITY, Deploy::unix);
    let last = deploys.last().map_or(f64::NEG_INFINITY, Deploy::unix);
    first.max(metric.start)..last.min(metric.end)
}

/// The asked date as evidence, where it lies within the data and before now, and there is enough data.
fn checked_date(request: &WhyRequest, whole: &Series, series: &Series) -> Result<Asked, InvestigateError> {
    let (on, as_of) = (&request.on, request.setting.as_of);
    if on.span.from > as_of {
        let now = shown(&as_of.with_timezone(&request.setting.zone));
        return Err(InvestigateError::Future { on: on.text.clone(), now });
    }
    let asked = Asked::new(whole, on.span).ok_or_else(|| InvestigateError::DateOutside {
        metric: request.metric.clone(),
        on: on.text.clone(),
        from: shown(&whole.moment(0)),
        to: shown(&whole.moment(whole.len())),
    })?;
    let found = series.len() - series.missing();
    if found < FEWEST {
        return Err(InvestigateError::TooFewBuckets { metric: request.metric.clone(), found, needed: FEWEST });
    }
    Ok(asked.taught(&request.setting.beliefs.days_late))
}

/// What is known of the deployments: those that could have done it, what the feed covers, and all of the history.
type Known<'a> = (&'a Candidates, &'a Coverage, &'a History);

/// What was found out about the metric.
struct Investigation<'a> {
    request: &'a WhyRequest,
    series: &'a Series,
    asked: &'a Asked,
    scanned: Scanned,
    near: Result<Neighbourhood, LocalError>,
    found: Option<Found>,
    /// The further metrics that are weighed together with this one.
    witnesses: Vec<Witness>,
}

impl<'a> Investigation<'a> {
    fn new(request: &'a WhyRequest, series: &'a Series, asked: &'a Asked) -> Self {
        let scanned = scan(series, SUPPORTED);
        let near = near(series, &scanned, asked, window_seconds(request) as f64);
        let analysed = scanned.analysed(series);
        let found = near.as_ref().ok().and_then(|n| n.change(analysed, &scanned.rhythms, SUPPORTED));
        let found = found.map(|found| found.as_scanned(&scanned));
        Self { request, series, asked, scanned, near, found, witnesses: Vec::new() }
    }

    /// When a deployment is a candidate, in Unix seconds: from the window before the asked day to its end, and from the window before
    /// the earliest plausible moment of the change to its latest.
    fn windows(&self) -> Vec<Range<f64>> {
        let window = window_seconds(self.request) as f64;
        let mut windows = vec![self.asked.from - window..self.asked.to];
        windows.extend(self.found.as_ref().map(|f| f.interval.0 - window..f.interval.1));
        windows
    }

    fn coverage(&self, deploys: &[Deploy], windows: &[Range<f64>]) -> Coverage {
        let (from, to) = hull(windows);
        let to = to.min(self.request.setting.as_of.timestamp() as f64);
        feed::coverage(&load::feed(deploys), &moment(self.series, from), &moment(self.series, to))
    }

    /// What each further metric says after this one and those named before it; none where it, or this one, has nothing to say.
    fn companions(&self) -> Vec<Option<Companion>> {
        let power = Priors::from(&self.request.setting.beliefs).power;
        let Ok(near) = &self.near else { return self.witnesses.iter().map(|_| None).collect() };
        let mut heard: Vec<Seen<'_>> = vec![(self.series, near)];
        self.witnesses.iter().map(|witness| witness.companion(&mut heard, power)).collect()
    }

    /// The posterior, and what random dates show.
    fn weighed(
        &self,
        (candidates, coverage, history): Known<'_>,
        companions: &[Option<Companion>],
    ) -> (Posterior, Option<BaseRate>) {
        let setting = &self.request.setting;
        let prior = candidates.prior(setting, coverage);
        let heard: Vec<&Companion> = companions.iter().flatten().collect();
        let data = |near: &Neighbourhood| {
            candidates.likelihood(setting, (near, self.series, &self.scanned), &history.window).together(&heard)
        };
        let data = self.near.as_ref().map(data);
        let posterior = match &data {
            Ok(data) => prior.given(data),
            Err(LocalError::Constant) => prior.nothing_happened(),
            Err(LocalError::TooFew(_)) => prior.alone(),
        };
        (posterior, prior.base_rate(data.as_ref().ok(), history))
    }

    fn answer(
        self,
        known: &MetricSettings,
        apps: Vec<String>,
        (candidates, coverage, history): Known<'_>,
        excluded: Vec<crate::model::Excluded>,
        caveats: Vec<Caveat>,
    ) -> WhyAnswer {
        let request = self.request;
        let deployed = candidates.moments();
        let companions = self.companions();
        let (posterior, base_rate) = self.weighed((candidates, coverage, history), &companions);
        let told = |(witness, companion): (&Witness, &Option<Companion>)| {
            witness.told(self.found.as_ref(), companion.as_ref().map(Companion::news))
        };
        let with = self.witnesses.iter().zip(&companions).map(told).collect();
        let case = match (&self.near, &self.found) {
            (Ok(near), Some(found)) => Some(Case { series: self.series, near, found, deployed: &deployed }),
            _ => None,
        };
        let suspects = candidates.ranked(&posterior, case.as_ref());
        let none = NoneParts {
            something_else: posterior.something_else.probability,
            nothing_happened: posterior.nothing_happened.probability,
        };
        let seasonality = self
            .scanned
            .rhythms
            .iter()
            .filter(|r| r.is_seen())
            .map(|r| r.name)
            .filter(|name| *name != Rhythm::WEEKEND)
            .collect();
        WhyAnswer {
            schema: "shiptrace/answer/1",
            question: Question {
                metric: request.metric.clone(),
                on: request.on.text.clone(),
                apps,
                window_seconds: window_seconds(request),
                timezone: request.setting.zone.name().to_owned(),
            },
            series: summary(self.series, seasonality, known.better, known.unit.clone()),
            as_of: self.now(),
            change: self.found.as_ref().map(|f| change(self.series, f, known.better, PValueScope::Near)),
            evidence: self.near.as_ref().ok().and_then(|near| evidence(self.series, near)),
            with,
            suspects,
            none_of_these: none.total(),
            none,
            reckoning: reckoning(&posterior, &request.setting, coverage),
            base_rate: base_rate.map(|rate| model::BaseRate {
                dates: rate.dates,
                deployments_median: rate.median,
                share_of_dates_with_any: rate.with_any,
                placebo: rate.placebo.map(|p| model::Placebo { tried: p.tried, as_good: p.as_good }),
            }),
            excluded,
            other_changes: self.other_changes(known.better),
            caveats,
            command: String::new(),
            next: Vec::new(),
            picture: Picture {
                curves: self.witnesses.into_iter().map(|w| w.curve(&request.setting)).collect(),
                deploys: Vec::new(),
            },
        }
    }

    fn now(&self) -> Moment {
        self.request.setting.as_of.with_timezone(&self.request.setting.zone)
    }

    /// Changes of the whole series that are not the one that is meant: one to the same side, within whose interval that began and the other way round,
    /// began elsewhere by no more than what is not known of either.
    fn other_changes(&self, better: Option<Better>) -> Vec<Change> {
        let within = |a: &Found, b: &Found| (a.outer_interval.0..=a.outer_interval.1).contains(&b.onset);
        let rose = |f: &Found| f.after > f.before;
        let same = |f: &Found, meant: &Found| {
            f.bucket.abs_diff(meant.bucket) <= 2 || (rose(f) == rose(meant) && within(f, meant) && within(meant, f))
        };
        let others = self.scanned.changes.iter().filter(|f| !self.found.as_ref().is_some_and(|meant| same(f, meant)));
        others.map(|f| change(self.series, f, better, PValueScope::Series)).collect()
    }
}

/// The first and the last moment of the windows.
fn hull(windows: &[Range<f64>]) -> (f64, f64) {
    let from = windows.iter().map(|w| w.start).fold(f64::INFINITY, f64::min);
    (from, windows.iter().map(|w| w.end).fold(f64::NEG_INFINITY, f64::max))
}

fn window_seconds(request: &WhyRequest) -> i64 {
    request.window.num_seconds()
}
