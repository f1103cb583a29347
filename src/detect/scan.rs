//! Every change of a series.

use crate::model::{ChangeKind, Series};

use super::describe::{Found, Neighbourhood};
use super::local::Scope;
use super::{Local, Moments, Rhythm, ShapeScores, Spike, detect_rhythms, find_spikes, segment};

/// All that was found in a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    /// Its rhythms.
    pub rhythms: Vec<Rhythm>,
    /// First buckets of the segments, whether or not a change there is supported.
    pub breaks: Vec<usize>,
    /// Runs of buckets that stand out.
    pub spikes: Vec<Spike>,
    /// The supported changes, in the order of time.
    pub changes: Vec<Found>,
}

/// Fewest buckets with a value in which a change is looked for.
pub const FEWEST: usize = 8;
/// Buckets on either side of a break that are looked at in detail.
const REACH: usize = 400;
/// Least number of buckets on either side, also when neighbouring breaks are nearer.
const LEAST_REACH: usize = 20;
/// Buckets on either side of a break in which the change may have begun.
const FOCUS: usize = 25;

/// Finds the changes of a series that are supported at level `alpha` after the search over all of its moments.
#[must_use]
pub fn scan(series: &Series, alpha: f64) -> Scanned {
    let rhythms = detect_rhythms(series);
    let adjusted = rhythms.iter().fold(series.values().to_vec(), |values, r| r.removed(&values));
    let spikes = find_spikes(&adjusted);
    let mut scanned = Scanned { rhythms, breaks: Vec::new(), spikes, changes: Vec::new() };
    let Some(clean) = standardised(&adjusted, &scanned.spikes) else { return scanned };
    scanned.breaks = segment(&clean).breaks;
    let breaks = scanned.breaks.clone();
    for i in 0..breaks.len() {
        scanned.changes.extend(confirm(series, &scanned, i, alpha));
    }
    for spike in scanned.spikes.clone() {
        scanned.changes.extend(confirm_spike(series, &scanned, spike, alpha));
    }
    scanned.changes.sort_by_key(|c| c.bucket);
    scanned
}

/// Values for the search: spikes replaced, gaps bridged by straight lines, mean 0 and variance 1; none where nothing varies.
fn standardised(adjusted: &[f64], spikes: &[Spike]) -> Option<Vec<f64>> {
    let mut values = adjusted.to_vec();
    for s in spikes {
        values[s.from..s.to].fill(f64::NAN);
    }
    if values.iter().filter(|v| !v.is_nan()).count() < FEWEST {
        return None;
    }
    bridge(&mut values);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    (sd > 1e-12 * mean.abs() && sd.is_finite() && sd > 0.0).then(|| values.iter().map(|v| (v - mean) / sd).collect())
}

/// Replaces missing values by the line between their neighbours, at the ends by the nearest value.
fn bridge(values: &mut [f64]) {
    let known: Vec<usize> = (0..values.len()).filter(|&i| !values[i].is_nan()).collect();
    let (Some(&first), Some(&last)) = (known.first(), known.last()) else { return };
    let (head, tail) = (values[first], values[last]);
    values[..first].fill(head);
    values[last + 1..].fill(tail);
    for pair in known.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (x, y) = (values[a], values[b]);
        for (i, v) in values.iter_mut().enumerate().take(b).skip(a + 1) {
            *v = x + (y - x) * (i - a) as f64 / (b - a) as f64;
        }
    }
}

/// Looks at one break in detail.
fn confirm(series: &Series, scanned: &Scanned, i: usize, alpha: f64) -> Option<Found> {
    let breaks = &scanned.breaks;
    let n = series.len();
    let at = breaks[i];
    let before = if i == 0 { 0 } else { breaks[i - 1] };
    let after = breaks.get(i + 1).copied().unwrap_or(n);
    let from = before.min(at.saturating_sub(LEAST_REACH)).max(at.saturating_sub(REACH));
    let to = after.max(at + LEAST_REACH).min(at + REACH).min(n);
    let focus = at - FOCUS.min((at - before) / 2)..(at + FOCUS.min((after - at) / 2)).max(at + 1);
    let without: Vec<usize> = scanned.spikes.iter().flat_map(|s| s.from..s.to).collect();
    let others: Vec<usize> = breaks.iter().copied().filter(|b| *b != at).collect();
    let scope = Scope { range: from..to, focus, others: &others, without: &without };
    neighbourhood(series, scanned, &scope)?
        .change(series, &scanned.rhythms, alpha)
        .filter(|c| c.kind != ChangeKind::Spike)
}

/// Looks at one spike in detail.
fn confirm_spike(series: &Series, scanned: &Scanned, spike: Spike, alpha: f64) -> Option<Found> {
    let n = series.len();
    let (from, to) = (spike.from.saturating_sub(3 * LEAST_REACH), (spike.to + 3 * LEAST_REACH).min(n));
    let without: Vec<usize> = scanned.spikes.iter().filter(|s| **s != spike).flat_map(|s| s.from..s.to).collect();
    let scope =
        Scope { range: from..to, focus: spike.from..spike.from + 1, others: &scanned.breaks, without: &without };
    neighbourhood(series, scanned, &scope)?
        .change(series, &scanned.rhythms, alpha)
        .filter(|c| c.kind == ChangeKind::Spike)
}

fn neighbourhood(series: &Series, scanned: &Scanned, scope: &Scope<'_>) -> Option<Neighbourhood> {
    let local = Local::new(series, &scanned.rhythms, scope).ok()?;
    let moments = local.on_scale(Moments::new(series, local.places(), scope.focus.clone()));
    let scores = ShapeScores::new(&local, &moments);
    let repeats = series.len() as f64 / scope.focus.len() as f64;
    let (among, log_weights) = ((0..moments.len()).collect(), vec![0.0; moments.len()]);
    Some(Neighbourhood { local, moments, scores, among, log_weights, repeats })
}
