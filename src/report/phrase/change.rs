//! A change in words.

use super::number::{level, number, percent};
use super::time::{between, in_bucket};
use super::{Safe, zone};
use crate::model::{Change, ChangeKind, Direction, SeriesSummary, Verdict};

/// The kind's name.
pub(in crate::report) fn kind(change: &Change) -> String {
    let name = match change.kind {
        ChangeKind::Level => "level",
        ChangeKind::Trend => "trend",
        ChangeKind::Spike => "spike",
    };
    if change.young { format!("{name}?") } else { name.to_owned() }
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
        "{} {}, first visible {}; it began {} ({} interval, {}).",
        safe(metric),
        movement(change, &unit),
        in_bucket(&change.at, series.granularity),
        between(&change.interval),
        level(change.interval.level),
        zone(timezone, safe),
    )
}

/// What the metric did: `got worse: it fell from 1,234 to 900 (-27 %)`.
fn movement(change: &Change, unit: &str) -> String {
    let verb = verb(change.direction);
    let size = size(change);
    let (before, after) = (number(change.before), number(change.after));
    let known = change.before.is_some() && change.after.is_some();
    match change.kind {
        _ if !known => format!("{}{verb}{size}", lead(change)),
        ChangeKind::Trend => {
            format!(
                "{}from {before}{unit} at the turn it {verb} to {after}{unit} at the end of the data{size}",
                lead(change)
            )
        }
        ChangeKind::Spike => {
            format!("{}it {verb} from {before} to {after}{unit}{size} and went back", lead(change))
        }
        ChangeKind::Level => format!("{}{verb} from {before} to {after}{unit}{size}", lead(change)),
    }
}

/// What sort of change it is and whether it is good news, up to the verb.
fn lead(change: &Change) -> &'static str {
    match (change.kind, change.verdict) {
        (ChangeKind::Level, Verdict::Unknown) => "",
        (ChangeKind::Level, Verdict::Better) => "got better: it ",
        (ChangeKind::Level, Verdict::Worse) => "got worse: it ",
        (ChangeKind::Spike, Verdict::Unknown) => "has a spike: ",
        (ChangeKind::Spike, Verdict::Better) => "has a spike (better): ",
        (ChangeKind::Spike, Verdict::Worse) => "has a spike (worse): ",
        (ChangeKind::Trend, Verdict::Unknown) => "has a turn in its trend: ",
        (ChangeKind::Trend, Verdict::Better) => "has a turn in its trend (better): ",
        (ChangeKind::Trend, Verdict::Worse) => "has a turn in its trend (worse): ",
    }
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

/// `rose` or `fell`.
fn verb(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "rose",
        Direction::Down => "fell",
    }
}

fn signed(value: f64) -> String {
    format!("{}{}", if value > 0.0 { "+" } else { "" }, number(Some(value)))
}
