//! The answer of `scan` in words.

use super::number::level;
use super::{Safe, count, date, last_date, probability};
use crate::model::{MetricChange, Scan, ScanQuestion};

/// How many changes were found in how many metrics, of those that were asked for.
pub(in crate::report) fn found(scan: &Scan) -> String {
    let (question, events) = (&scan.question, scan.events().len());
    let metrics = count(question.metrics.len(), "metric");
    let size = question.min_effect.map(|least| format!(" of at least {}", level(least))).unwrap_or_default();
    let stretch = stretch(question);
    match scan.changes.len() {
        0 => format!("No change{size} is supported in {metrics}{stretch}"),
        n if n == events => format!("{}{size} in {metrics}{stretch}", count(n, "change")),
        n if events == 1 => format!("{}{size} in {metrics}{stretch}, all at one moment", count(n, "change")),
        n => format!("{}{size} in {metrics}{stretch}, {} in all", count(n, "change"), count(events, "event")),
    }
}

/// ` from 2023-11-01 to 2023-11-30`, with the ends that were given.
fn stretch(question: &ScanQuestion) -> String {
    let since = question.since.as_ref().map(|at| format!(" from {}", date(at))).unwrap_or_default();
    let until = question.until.as_ref().map(|at| format!(" to {}", last_date(at))).unwrap_or_default();
    since + &until
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
    Some(format!("deployments, as judged from {} with the others as witnesses:", safe(&from.metric)))
}

/// `others: 4 %`, of the suspects that are not listed with a change; none where they hardly count.
pub(in crate::report) fn others_of(change: &MetricChange) -> Option<String> {
    let listed: f64 = change.suspects.iter().map(|suspect| suspect.probability).sum();
    let rest = 1.0 - listed - change.none_of_these;
    (rest >= 0.005).then(|| format!("others: {}", probability(rest)))
}
