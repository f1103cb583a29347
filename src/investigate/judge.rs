//! Who did the changes that `scan` found: the metrics of one event are weighed together.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::attribute::{Asked, Case, Companion, Priors, near_one};
use crate::detect::{Found, Neighbourhood};
use crate::model::{Caveat, Deploy, MetricChange, Moment, NoneParts, Span};

use super::ScanRequest;
use super::candidates::{Candidates, of_first_groups};
use super::change::moment;
use super::eligible::Rules;
use super::feed::{self, Coverage};
use super::scan::OneMetric;
use super::undoings::AROUND;

/// A change that was found, before anybody is suspected of it.
pub(super) struct Draft<'a> {
    pub(super) of: &'a OneMetric,
    pub(super) found: &'a Found,
    pub(super) change: MetricChange,
}

/// So many other metrics of an event are heard as witnesses, the surest ones: of a release that moves a hundred metrics the first few tell
/// the moment, and their noise is not that of a hundred.
const WITNESSES: usize = 3;

/// Puts the suspects to all changes, and says where the deploy events have gaps.
pub(super) fn judge(
    drafts: &mut [Draft<'_>],
    request: &ScanRequest,
    deploys: &[Deploy],
    feed: &[Moment],
) -> Vec<Caveat> {
    let mut events: BTreeMap<usize, Vec<&mut Draft<'_>>> = BTreeMap::new();
    for draft in drafts {
        events.entry(draft.change.event).or_default().push(draft);
    }
    let gaps: usize = events
        .into_values()
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|event| of_event(event, request, deploys, feed))
        .sum();
    let text = format!(
        "The deploy events have a gap in the window of {gaps} of the changes, for which something else was made likelier."
    );
    (gaps > 0).then(|| Caveat::new("deploy_feed_gap", text)).into_iter().collect()
}

/// A metric and the change of it.
type Moved<'a> = (&'a OneMetric, &'a Found);

/// Judges the changes of one event, and tells in how many windows the feed has a gap.
fn of_event(event: Vec<&mut Draft<'_>>, request: &ScanRequest, deploys: &[Deploy], feed: &[Moment]) -> usize {
    let all: Vec<Moved<'_>> = event.iter().map(|draft| (draft.of, draft.found)).collect();
    let candidates: Vec<Candidates> = all.iter().map(|moved| candidates_of(*moved, request, deploys)).collect();
    // Without a deployment there is nothing to weigh.
    if candidates.iter().all(|c| c.deploys.is_empty()) {
        return 0;
    }
    let mut surest: Vec<usize> = (0..all.len()).collect();
    surest.sort_by(|a, b| all[*a].1.p_value.total_cmp(&all[*b].1.p_value));
    surest.truncate(if all.len() > 1 { WITNESSES + 1 } else { 0 });
    let heard: Vec<(usize, Option<Neighbourhood>)> = surest.iter().map(|i| (*i, near_of(all[*i], request))).collect();
    let mut gaps = 0;
    for (i, (draft, candidates)) in event.into_iter().zip(&candidates).enumerate() {
        let kept = heard.iter().find(|(j, _)| *j == i);
        let own = if kept.is_none() && !candidates.deploys.is_empty() { near_of(all[i], request) } else { None };
        let near = kept.map_or(own.as_ref(), |(_, near)| near.as_ref());
        let Some(near) = near.filter(|_| !candidates.deploys.is_empty()) else { continue };
        let others = heard.iter().filter(|(j, _)| *j != i).take(WITNESSES);
        let others: Vec<(Moved<'_>, &Neighbourhood)> =
            others.filter_map(|(j, near)| Some((all[*j], near.as_ref()?))).collect();
        let coverage = coverage_of(all[i], request, feed);
        gaps += usize::from(coverage.uncovered.is_some());
        suspect(&mut draft.change, all[i], near, (candidates, &coverage), &others, request);
    }
    gaps
}

/// Puts its suspects to a change.
fn suspect(
    change: &mut MetricChange,
    (of, found): Moved<'_>,
    near: &Neighbourhood,
    (candidates, coverage): (&Candidates, &Coverage),
    others: &[(Moved<'_>, &Neighbourhood)],
    request: &ScanRequest,
) {
    let setting = &request.setting;
    let power = Priors::from(&setting.beliefs).power;
    let (mut heard, mut companions) = (vec![(&of.series, near)], Vec::new());
    for ((other, _), near) in others {
        companions.push(Companion::new((&other.series, near), &other.scanned, &heard, power));
        heard.push((&other.series, near));
    }
    let (from, to) = window_of(found, request);
    let data = candidates.likelihood(setting, (near, &of.series, &of.scanned), &(from..to));
    let posterior = candidates.prior(setting, coverage).given(&data.together(&companions.iter().collect::<Vec<_>>()));
    let deployed = candidates.moments();
    let case = Case { series: &of.series, near, found, deployed: &deployed };
    change.suspects = of_first_groups(candidates.ranked(&posterior, Some(&case)), request.top);
    change.none = NoneParts {
        something_else: posterior.something_else.probability,
        nothing_happened: posterior.nothing_happened.probability,
    };
    change.none_of_these = change.none.total();
}

/// When a deployment may have done it, Unix seconds: from the window before the earliest plausible moment to the latest.
fn window_of(found: &Found, request: &ScanRequest) -> (f64, f64) {
    (found.interval.0 - request.window.num_seconds() as f64, found.interval.1)
}

fn candidates_of((of, found): Moved<'_>, request: &ScanRequest, deploys: &[Deploy]) -> Candidates {
    let setting = &request.setting;
    let known = setting.known(of.series.name());
    let apps = setting.apps.as_deref().unwrap_or(&known.apps);
    let (from, to) = window_of(found, request);
    let rules = Rules { environments: setting.environments.as_deref(), apps };
    let history = rules.eligible(deploys, from - AROUND, to + AROUND);
    let chosen = history.iter().filter(|d| d.unix() >= from && d.unix() < to).map(|d| (*d).clone()).collect();
    Candidates::new(chosen, &history, of.series.name(), setting)
}

fn coverage_of((of, found): Moved<'_>, request: &ScanRequest, feed: &[Moment]) -> Coverage {
    let (from, to) = window_of(found, request);
    let to = to.min(request.setting.as_of.timestamp() as f64);
    feed::coverage(feed, &moment(&of.series, from), &moment(&of.series, to))
}

/// The neighbourhood of a change. Nobody gave a date: within the interval of its moment no time is likelier beforehand than another.
fn near_of((of, found): Moved<'_>, request: &ScanRequest) -> Option<Neighbourhood> {
    let series = &of.series;
    let between = |from: Moment, to: Moment| Asked::new(series, Span { from: from.to_utc(), to: to.to_utc() });
    let asked = between(moment(series, found.interval.0), moment(series, found.interval.1 + 1.0))?;
    let meant = between(series.moment(found.bucket), series.moment(found.bucket + 1))?;
    near_one(series, &of.scanned, (&asked, &meant), request.window.num_seconds() as f64).ok()
}
