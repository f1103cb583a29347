//! The answer of `scan` in words.

use super::{Safe, count, probability};
use crate::model::{MetricChange, Scan};

/// How many changes were found in how many metrics.
pub(in crate::report) fn found(scan: &Scan) -> String {
    let metrics = count(scan.question.metrics.len(), "metric");
    let events = scan.events().len();
    match scan.changes.len() {
        0 => format!("No change is supported in {metrics}"),
        n if n == events => format!("{} in {metrics}", count(n, "change")),
        n => format!("{} in {metrics}, {} in all", count(n, "change"), count(events, "event")),
    }
}

/// The change from which the deployments of an event are judged: the one that is surest, and of equal ones that whose moment is known best.
pub(in crate::report) fn judged_from<'a>(event: &[&'a MetricChange]) -> Option<&'a MetricChange> {
    let width = |one: &MetricChange| one.change.interval.to - one.change.interval.from;
    let surer = |a: &&&MetricChange, b: &&&MetricChange| {
        a.change.p_value.total_cmp(&b.change.p_value).then_with(|| width(a).cmp(&width(b)))
    };
    event.iter().min_by(surer).copied()
}

/// From which metric the deployments of an event of several are judged; none where there is but one, or no deployment.
pub(in crate::report) fn judged(event: &[&MetricChange], safe: Safe) -> Option<String> {
    let from = judged_from(event).filter(|from| event.len() > 1 && !from.suspects.is_empty())?;
    Some(format!("deployments, as judged from {}:", safe(&from.metric)))
}

/// `others: 4 %`, of the suspects that are not listed with a change; none where they hardly count.
pub(in crate::report) fn others_of(change: &MetricChange) -> Option<String> {
    let listed: f64 = change.suspects.iter().map(|suspect| suspect.probability).sum();
    let rest = 1.0 - listed - change.none_of_these;
    (rest >= 0.005).then(|| format!("others: {}", probability(rest)))
}
