//! A change in words.

use super::number::{level, number, percent};
use super::time::{between, in_bucket, window};
use super::{Safe, zone};
use crate::model::{Change, ChangeKind, Direction, Moment, SeriesSummary, Verdict};

/// What sets the change apart: `worse`, `spike, better`; a level that moved is not worth saying, one that is young is.
pub(in crate::report) fn sort(change: &Change) -> String {
    let kind = match change.kind {
        ChangeKind::Level => "",
        ChangeKind::Trend => "trend",
        ChangeKind::Spike => "spike",
    };
    let verdict = match change.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Unknown => "",
    };
    let young = if change.young { "provisional" } else { "" };
    [kind, verdict, young].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

/// `up` or `down`.
pub(in crate::report) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

/// The effect in a few characters: a percentage, else a difference, else only the direction.
pub(in crate::report) fn effect(change: &Change) -> String {
    match (change.relative, change.difference) {
        (Some(relative), _) => percent(relative),
        (None, Some(difference)) => signed(difference),
        (None, None) => direction(change.direction).to_owned(),
    }
}

/// The change as a sentence about the metric.
pub(super) fn sentence(metric: &str, change: &Change, series: &SeriesSummary, timezone: &str, safe: Safe) -> String {
    let unit = series.unit.as_deref().map(|unit| format!(" {}", safe(unit))).unwrap_or_default();
    format!(
        "{} {}, first visible {}; it began {} ({} interval), times in {}.",
        safe(metric),
        movement(change, &unit),
        in_bucket(&change.at, series.granularity),
        between(&change.interval),
        level(change.interval.level),
        zone(timezone, safe),
    )
}

/// What the metric did: `fell from 1,234 to 900 (-27 %, 95 % interval -33 % to -21 %)`.
fn movement(change: &Change, unit: &str) -> String {
    let verb = match change.direction {
        Direction::Up => "rose",
        Direction::Down => "fell",
    };
    let size = size(change);
    if change.before.is_none() || change.after.is_none() {
        return format!("{verb}{size}");
    }
    let (before, after) = (number(change.before), number(change.after));
    match change.kind {
        ChangeKind::Level => format!("{verb} from {before} to {after}{unit}{size}"),
        ChangeKind::Spike => format!("{verb} from {before} to {after}{unit}{size} and went back{}", after_time(change)),
        ChangeKind::Trend => {
            format!("took another course and {verb} from {before} to {after}{unit} by the end of that course{size}")
        }
    }
}

/// ` after 2 days`, of a spike of which that is known.
fn after_time(change: &Change) -> String {
    let seconds = |until: &Moment| (*until - change.at).num_seconds();
    change.until.as_ref().map(|until| format!(" after {}", window(seconds(until)))).unwrap_or_default()
}

fn size(change: &Change) -> String {
    match (change.relative, &change.relative_interval, change.difference) {
        (Some(relative), Some(i), _) => {
            format!(" ({}, {} interval {} to {})", percent(relative), level(i.level), percent(i.from), percent(i.to))
        }
        (Some(relative), None, _) => format!(" ({})", percent(relative)),
        (None, _, Some(difference)) => format!(" ({}; a percentage is undefined)", signed(difference)),
        (None, _, None) => String::new(),
    }
}

fn signed(value: f64) -> String {
    format!("{}{}", if value > 0.0 { "+" } else { "" }, number(Some(value)))
}
