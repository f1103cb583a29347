//! How much a deployment near a change says: what a random date of the same history would show.

use std::ops::Range;

use super::lagged::Lagged;
use super::likelihood::Likelihood;
use super::posterior::Prior;
use super::priors::{KINDS, LagLaw};

/// What random dates of a history show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BaseRate {
    /// Dates looked at: all whose window lies within the history.
    pub dates: usize,
    /// Median number of deployments in the window of a date.
    pub median: f64,
    /// Share of the dates with at least one.
    pub with_any: f64,
    /// The placebo test; none where there is no deployment to compare with, or no other date.
    pub placebo: Option<Placebo>,
}

/// How often deployments that cannot have done it fit as well as the best one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placebo {
    /// Dates whose deployments were tried, as if they had gone out around the date that was asked about.
    pub tried: usize,
    /// Those of which one fits at least as well as the best one here.
    pub as_good: usize,
}

/// The deployments of a history that could have acted.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// When each went out, Unix seconds, ascending, and its law of the lag by its place in `laws`.
    pub deployed: Vec<(f64, usize)>,
    /// The laws of the lag.
    pub laws: Vec<LagLaw>,
    /// The window that was asked about, Unix seconds.
    pub window: Range<f64>,
    /// Where the windows of other dates may lie: where both the metric and the deployments are known.
    pub known: Range<f64>,
}

const DAY: f64 = 86_400.0;
/// No more dates are tried: the share is then known to some 0.03.
const MOST_TRIED: usize = 200;
/// A fit that is as good but for rounding is as good.
const ROUNDING: f64 = 1e-9;

impl History {
    /// The places of the deployments in the window, moved by so many seconds.
    fn inside(&self, shift: f64) -> Range<usize> {
        let place = |moment: f64| self.deployed.partition_point(|(at, _)| *at < moment);
        place(self.window.start + shift)..place(self.window.end + shift)
    }

    /// By how many whole days the window can be moved within the history, not at all included.
    #[allow(clippy::cast_possible_truncation)]
    fn shifts(&self) -> Range<i64> {
        let first = ((self.known.start - self.window.start) / DAY).ceil() as i64;
        let last = ((self.known.end - self.window.end) / DAY).floor() as i64;
        first..last.saturating_add(1).max(first)
    }
}

impl Prior<'_> {
    /// What random dates of the history show: how many deployments their windows have, and how often one of those would fit the change as well
    /// as the best one here, had it gone out as long before or after the date that was asked about.
    ///
    /// The windows are moved by whole days, so that the time of day stays: people deploy at daytime, and so a metric moves. The fit is
    /// ∫ L(t + lag) p(lag) dlag, before priors; without data (a metric that cannot be weighed) there is no placebo test. A placebo test of this
    /// kind is a randomisation test over dates (Fisher 1935; Abadie, Diamond & Hainmueller 2010).
    #[must_use]
    pub fn base_rate(&self, data: Option<&Likelihood>, history: &History) -> Option<BaseRate> {
        let shifts = history.shifts();
        let mut counts: Vec<usize> = shifts.clone().map(|k| history.inside(k as f64 * DAY).len()).collect();
        if counts.is_empty() {
            return None;
        }
        counts.sort_unstable();
        let (middle, n) = (counts.len() / 2, counts.len());
        let median = if n % 2 == 1 {
            counts[middle] as f64
        } else {
            f64::midpoint(counts[middle - 1] as f64, counts[middle] as f64)
        };
        let with_any = counts.iter().filter(|count| **count > 0).count() as f64 / n as f64;
        let placebo = data.and_then(|data| self.placebo(data, history, &shifts));
        Some(BaseRate { dates: n, median, with_any, placebo })
    }

    fn placebo(&self, data: &Likelihood, history: &History, shifts: &Range<i64>) -> Option<Placebo> {
        let weights: Vec<f64> =
            KINDS.iter().map(|kind| self.priors.causes(*kind, Some(1.0), None, 0.0).changes).collect();
        let likelihood = data.mixed(&weights);
        let lagged: Vec<Lagged> =
            history.laws.iter().map(|law| Lagged::new(data.moments(), &likelihood, law)).collect();
        let best = |shift: f64| {
            let inside = &history.deployed[history.inside(shift)];
            inside.iter().map(|(at, law)| lagged[*law].at(at - shift)).fold(f64::NEG_INFINITY, f64::max)
        };
        let here = best(0.0);
        if here == f64::NEG_INFINITY {
            return None;
        }
        let others: Vec<i64> = shifts.clone().filter(|k| *k != 0).collect();
        let tried = others.len().min(MOST_TRIED);
        let chosen = (0..tried).map(|i| others[i * others.len() / tried]);
        let as_good = chosen.filter(|k| best(*k as f64 * DAY) >= here - ROUNDING).count();
        (tried > 0).then_some(Placebo { tried, as_good })
    }
}
