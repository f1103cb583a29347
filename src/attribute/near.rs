//! The neighbourhood of the asked date, ready for the question who did it.

use std::ops::Range;

use crate::detect::{Local, LocalError, Moments, Neighbourhood, Scanned, Scope, Search, ShapeScores};
use crate::model::{Series, Step};

use super::Asked;

/// Buckets on either side of the asked date that explain what is usual: four weeks of days, twenty days of hours.
#[must_use]
pub fn stretch(step: Step) -> usize {
    match step {
        Step::Minutes(n) => 3 * 1440 / n as usize,
        Step::Hours(n) => 20 * 24 / n as usize,
        Step::Day => 28,
        Step::Week => 26,
        Step::Months(_) => 24,
    }
}

/// Three buckets or three days, whichever is more: how far from the date `why` searches, in seconds.
fn search_reach(step: Step) -> f64 {
    (3.0 * step.seconds()).max(3.0 * 86_400.0)
}

/// Looks at the neighbourhood of a date in detail.
///
/// `window` is how long before the date deployments are candidates, in seconds. Moments reach from the earliest candidate to the end of
/// the neighbourhood; the search that p-values take into account is the neighbourhood alone.
///
/// # Errors
/// Where too few buckets have a value, or all of them have one value.
pub fn near(series: &Series, scanned: &Scanned, asked: &Asked, window: f64) -> Result<Neighbourhood, LocalError> {
    let reach = search_reach(series.step());
    let searched = asked.buckets(series, reach);
    let plausible = asked.buckets(series, reach.max(window)).start..searched.end;
    let half = stretch(series.step());
    let centre = asked.buckets(series, 0.0);
    let range = centre.start.saturating_sub(half).min(plausible.start)..(centre.end + half).min(series.len());
    let others: Vec<usize> = scanned.breaks.iter().copied().filter(|b| !plausible.contains(b)).collect();
    let without = spikes_outside(scanned, &plausible);
    let scope = Scope { range, focus: plausible.clone(), others: &others, without: &without, phi: None, uneven: false };
    let local = Local::new(series, &scanned.rhythms, &scope)?;
    let moments = local.on_scale(Moments::new(series, local.places(), plausible));
    let scores = ShapeScores::new(&local, &moments);
    let among: Vec<usize> = (0..moments.len()).filter(|&i| searched.contains(&moments.bucket[i])).collect();
    let first = |b: usize| local.places().partition_point(|&p| p < b);
    let search = Search::new(&local, first(searched.start)..first(searched.end), 1.0);
    let log_weights = moments.unix.iter().map(|&m| asked.log_weight(m)).collect();
    Ok(Neighbourhood { local, moments, scores, among, log_weights, search })
}

fn spikes_outside(scanned: &Scanned, buckets: &Range<usize>) -> Vec<usize> {
    scanned.spikes.iter().flat_map(|s| s.from..s.to).filter(|b| !buckets.contains(b)).collect()
}
