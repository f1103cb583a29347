//! Whether the deploy events can be trusted to be complete around a window.

use std::ops::Range;

use crate::model::{Caveat, Moment};

/// A gap counts as unusual from so many times the longest other gap on.
const LONGER: f64 = 1.5;
/// With fewer gaps than this the longest says little, and gaps are thought to be exponential.
const FEW: usize = 20;
/// Fewer deployments than this do not tell how long a silence usually is.
const FEWEST: usize = 3;
/// A silence less likely than this is unusual.
const UNLIKELY: f64 = 0.01;

/// What the feed says of a window.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Coverage {
    /// `deploy_feed_gap` where the feed starts after the window, ends before it or is unusually silent in it; `no_deployments` where nothing
    /// was recorded at all.
    pub(super) caveat: Option<Caveat>,
    /// The stretch of the window in which deployments may be missing, Unix seconds, and the share of the window that it is.
    pub(super) uncovered: Option<(Range<f64>, f64)>,
}

/// How well the feed covers the window `from..to`, in which moments after now do not count.
///
/// `all` are the moments of all deployments, ascending.
pub(super) fn coverage(all: &[Moment], from: &Moment, to: &Moment) -> Coverage {
    let gap = |silent_from: &Moment, silent_to: &Moment, text: String| {
        let seconds = |at: &Moment| at.timestamp() as f64;
        let (start, end) = (seconds(silent_from.max(from)), seconds(silent_to.min(to)));
        let share = ((end - start) / (seconds(to) - seconds(from)).max(1.0)).clamp(0.0, 1.0);
        let raised =
            format!(" That is {:.0} % of the window, for which something else was made likelier.", 100.0 * share);
        let caveat = Some(Caveat::new("deploy_feed_gap", if share > 0.0 { text + &raised } else { text }));
        Coverage { caveat, uncovered: (share > 0.0).then_some((start..end, share)) }
    };
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        let text = "No deployments are recorded at all, so none can be named; that does not mean that there were none.";
        let whole = from.timestamp() as f64..to.timestamp() as f64;
        return Coverage { caveat: Some(Caveat::new("no_deployments", text)), uncovered: Some((whole, 1.0)) };
    };
    let day = |at: &Moment| at.format("%a %Y-%m-%d %H:%M").to_string();
    if first > from {
        let text = format!(
            "The deploy events start at {}, after the window does: earlier deployments are not known.",
            day(first)
        );
        return gap(from, first, text);
    }
    let silence = unusual_silence(all, from, to);
    if last < from && (silence.is_some() || all.len() < FEWEST) {
        let text = format!(
            "The deploy events end at {}, before the window begins: later deployments are not known.",
            day(last)
        );
        return gap(from, to, text);
    }
    let Some((silent_from, silent_to)) = silence else { return Coverage::default() };
    let text = format!(
        "No deployment is recorded between {} and {}, which is unusually long: deploy events may be missing.",
        day(&silent_from),
        day(&silent_to)
    );
    gap(&silent_from, &silent_to, text)
}

/// The longest stretch without a deployment that touches the window, where it is unusual.
fn unusual_silence(moments: &[Moment], from: &Moment, to: &Moment) -> Option<(Moment, Moment)> {
    let last = *moments.last()?;
    let mut gaps: Vec<(Moment, Moment)> = moments.windows(2).map(|w| (w[0], w[1])).collect();
    if last < *to {
        gaps.push((last, *to));
    }
    let length = |gap: &(Moment, Moment)| gap.1.signed_duration_since(gap.0).num_seconds() as f64;
    let touches = |gap: &(Moment, Moment)| gap.1 > *from && gap.0 < *to;
    let longest = gaps.iter().filter(|gap| touches(gap)).max_by(|a, b| length(a).total_cmp(&length(b)))?;
    let others: Vec<f64> = gaps.iter().filter(|gap| *gap != longest).map(length).collect();
    let unusual = if others.len() < FEW {
        let mean = others.iter().sum::<f64>() / others.len().max(1) as f64;
        mean > 0.0 && (-length(longest) / mean).exp() < UNLIKELY
    } else {
        length(longest) > LONGER * others.iter().copied().fold(0.0, f64::max)
    };
    unusual.then_some(*longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    fn at(hours: i64) -> Moment {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap().with_timezone(&chrono_tz::UTC);
        start + TimeDelta::hours(hours)
    }

    fn feed(hours: impl IntoIterator<Item = i64>) -> Vec<Moment> {
        hours.into_iter().map(at).collect()
    }

    fn caveat(all: &[Moment], from: &Moment, to: &Moment) -> Option<Caveat> {
        coverage(all, from, to).caveat
    }

    #[test]
    fn the_share_of_the_window_that_is_not_covered_is_told() {
        let regular = feed((0..60).map(|i| 5 * i));
        let share = |from: i64, to: i64| coverage(&regular, &at(from), &at(to)).uncovered.map(|(_, share)| share);
        assert_eq!((share(100, 172), share(-18, 54), share(400, 460)), (None, Some(0.25), Some(1.0)));
        assert!((share(260, 360).unwrap() - 0.65).abs() < 1e-9);
    }

    #[test]
    fn a_feed_that_starts_late_ends_early_or_falls_silent_is_named() {
        let regular = feed((0..60).map(|i| 5 * i));
        assert_eq!(caveat(&regular, &at(100), &at(172)), None);
        assert!(caveat(&regular, &at(-10), &at(60)).unwrap().text.contains("start at"));
        assert!(caveat(&regular, &at(400), &at(460)).unwrap().text.contains("end at"));
        let silent = feed((0..60).map(|i| if i < 30 { 5 * i } else { 5 * i + 40 }));
        assert!(caveat(&silent, &at(120), &at(200)).unwrap().text.contains("unusually long"));
        assert_eq!(caveat(&silent, &at(20), &at(90)), None);
        assert!(caveat(&regular, &at(290), &at(360)).unwrap().text.contains("unusually long"));
    }

    #[test]
    fn an_empty_feed_is_not_called_a_world_without_deployments() {
        assert_eq!(caveat(&[], &at(0), &at(72)).unwrap().code, "no_deployments");
    }
}
