//! Whether the deploy events can be trusted to be complete around a window.

use crate::model::{Caveat, Deploy, Moment};

/// A gap counts as unusual from so many times the longest other gap on.
const LONGER: f64 = 1.5;
/// With fewer gaps than this the longest says little, and gaps are thought to be exponential.
const FEW: usize = 20;
/// A silence less likely than this is unusual.
const UNLIKELY: f64 = 0.01;

/// The caveat `deploy_feed_gap` where the feed starts after the window, ends before it or is unusually silent in it;
/// `no_deployments` where nothing was recorded at all.
///
/// `all` is the whole feed in the order of time, `from..to` the window, in which moments after now do not count.
pub(super) fn caveat(all: &[Deploy], from: &Moment, to: &Moment) -> Option<Caveat> {
    let gap = |text: String| Some(Caveat::new("deploy_feed_gap", text));
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        return Some(Caveat::new(
            "no_deployments",
            "No deployments are recorded at all, so none can be named; that does not mean that there were none.",
        ));
    };
    let day = |at: &Moment| at.format("%a %Y-%m-%d %H:%M").to_string();
    if first.deployed_at > *from {
        let at = day(&first.deployed_at);
        return gap(format!(
            "The deploy events start at {at}, after the window does: earlier deployments are not known."
        ));
    }
    if last.deployed_at < *from {
        let at = day(&last.deployed_at);
        return gap(format!(
            "The deploy events end at {at}, before the window begins: later deployments are not known."
        ));
    }
    let (silent_from, silent_to) = unusual_silence(all, from, to)?;
    gap(format!(
        "No deployment is recorded between {} and {}, which is unusually long: deploy events may be missing.",
        day(&silent_from),
        day(&silent_to)
    ))
}

/// The longest stretch without a deployment that touches the window, where it is unusual.
fn unusual_silence(all: &[Deploy], from: &Moment, to: &Moment) -> Option<(Moment, Moment)> {
    let moments: Vec<Moment> = all.iter().map(|d| d.deployed_at).collect();
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

    fn feed(hours: impl IntoIterator<Item = i64>) -> Vec<Deploy> {
        hours.into_iter().map(|h| Deploy::at(at(h))).collect()
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
