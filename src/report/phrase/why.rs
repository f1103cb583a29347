//! The answer of `why` in words.

use chrono::{NaiveDate, TimeDelta};

use super::change::{direction, effect, sentence};
use super::number::whole;
use super::time::{buckets, first_visible, in_bucket, window};
use super::{Safe, count, number, p_value, probability, zone};
use crate::model::{Change, Direction, PValueScope, Verdict, WhyAnswer, WithMetric};
use crate::report::row::Row;
use crate::report::text;

/// How many of the metric's other changes are told.
const OTHERS: usize = 3;

/// What was asked, as a heading.
pub(in crate::report) fn title(answer: &WhyAnswer, safe: Safe) -> String {
    let question = &answer.question;
    let preposition = if question.on.contains("..") { "in" } else { "on" };
    format!("Why did {} change {preposition} {}?", safe(&question.metric), safe(&question.on))
}

/// The answer in sentences, the first of which is the answer proper.
pub(in crate::report) fn headline(answer: &WhyAnswer, safe: Safe) -> Vec<String> {
    match &answer.change {
        Some(change) => supported(answer, change, safe),
        None => unsupported(answer, safe),
    }
}

fn supported(answer: &WhyAnswer, change: &Change, safe: Safe) -> Vec<String> {
    let question = &answer.question;
    let scope = match change.p_value_scope {
        PValueScope::Near => "the moments near the date",
        PValueScope::Series => "the whole series",
    };
    let verdict = match change.verdict {
        Verdict::Better => ", and for the better",
        Verdict::Worse => ", and for the worse",
        Verdict::Unknown => "",
    };
    let mut told = vec![
        sentence(&question.metric, change, &answer.series, &question.timezone, safe),
        format!("The change is supported ({} over {scope}){verdict}.", p_value(change.p_value)),
    ];
    if change.young {
        told.push(format!(
            "Only {} since: what kind of change it is may still turn out otherwise.",
            since(answer, change)
        ));
    }
    if !answer.other_changes.is_empty() {
        told.push(others(answer));
    }
    told
}

fn unsupported(answer: &WhyAnswer, safe: Safe) -> Vec<String> {
    let question = &answer.question;
    let evidence = answer.evidence.as_ref().map_or_else(
        || "Nothing near it could be tested.".to_owned(),
        |e| {
            let noun = if e.direction == Direction::Up { "a rise" } else { "a fall" };
            let place = in_bucket(&e.at, answer.series.granularity);
            format!("The strongest sign is {noun} {place}, with {} where 0.05 is needed.", p_value(e.p_value))
        },
    );
    let elsewhere = nearest(answer).map_or_else(
        || format!("No other change of it is supported either. Times are in {}.", zone(&question.timezone, safe)),
        |change| {
            let told = sentence(&question.metric, change, &answer.series, &question.timezone, safe);
            format!("The nearest supported change: {told}")
        },
    );
    vec![
        format!("No change of {} is supported near {}.", safe(&question.metric), safe(&question.on)),
        evidence,
        elsewhere,
    ]
}

/// The other change that is nearest to the asked date.
fn nearest(answer: &WhyAnswer) -> Option<&Change> {
    let asked = asked_day(answer);
    answer.other_changes.iter().min_by_key(|change| change.at.naive_local().signed_duration_since(asked).abs())
}

/// The asked day at noon; where the question does not begin with a date, the moment of the evidence.
fn asked_day(answer: &WhyAnswer) -> chrono::NaiveDateTime {
    let written = answer.question.on.get(..10).and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
    let fallback = answer.evidence.as_ref().map_or(&answer.as_of, |evidence| &evidence.at);
    written.and_then(|day| day.and_hms_opt(12, 0, 0)).unwrap_or_else(|| fallback.naive_local())
}

fn since(answer: &WhyAnswer, change: &Change) -> String {
    let step = answer.series.granularity;
    let passed: TimeDelta = answer.series.to.signed_duration_since(change.at);
    #[expect(clippy::cast_possible_truncation, reason = "a few buckets")]
    let n = (passed.num_seconds() as f64 / step.seconds()).round() as i64;
    buckets(step, n)
}

fn others(answer: &WhyAnswer) -> String {
    let told: Vec<String> = answer
        .other_changes
        .iter()
        .take(OTHERS)
        .map(|c| format!("{} ({}) {}", direction(c.direction), effect(c), in_bucket(&c.at, answer.series.granularity)))
        .collect();
    let more = answer.other_changes.len().saturating_sub(OTHERS);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    format!("The metric also changed: {}{more}.", told.join("; "))
}

/// What to say in place of an empty list of suspects.
pub(in crate::report) fn nothing_recorded(answer: &WhyAnswer, safe: Safe) -> String {
    let question = &answer.question;
    let length = window(question.window_seconds);
    let apps: Vec<String> = question.apps.iter().map(|app| safe(app)).collect();
    let of = if apps.is_empty() { String::new() } else { format!(" of {}", apps.join(", ")) };
    if answer.excluded.is_empty() {
        format!("No deployments{of} are recorded in the window ({length}).")
    } else {
        format!("No deployment{of} recorded in the window ({length}) could have acted.")
    }
}

/// `and 5 more, together 3 %`, of the rows of which so many are shown, or `5 deployments, together 3 %` where none is; none where every one is.
pub(in crate::report) fn remainder(rows: &[Row<'_>], shown: usize) -> Option<String> {
    let rest = rows.get(shown..).filter(|rest| !rest.is_empty())?;
    let together: f64 = rest.iter().map(Row::probability).sum();
    let count: usize = rest.iter().map(Row::len).sum();
    let told = if shown == 0 { super::count(count, "deployment") } else { format!("and {} more", whole(count)) };
    Some(format!("{told}, together {}", probability(together)))
}

/// `none of these: 12 % (something else 11 %, nothing happened 1 %)`.
pub(in crate::report) fn none(none_of_these: f64, parts: crate::model::NoneParts) -> String {
    format!(
        "none of these: {} (something else {}, nothing happened {})",
        probability(none_of_these),
        probability(parts.something_else),
        probability(parts.nothing_happened)
    )
}

/// What each further metric did, in a sentence.
pub(in crate::report) fn with(answer: &WhyAnswer, safe: Safe) -> Vec<String> {
    answer.with.iter().map(|one| witness(one, &safe(&answer.question.metric), safe)).collect()
}

fn witness(one: &WithMetric, main: &str, safe: Safe) -> String {
    let name = safe(&one.metric);
    let told = match (&one.change, &one.evidence) {
        (Some(change), _) if one.together => {
            format!("{name} moved too: {}, first visible {}.", effect(change), first_visible(change))
        }
        (Some(change), _) => {
            let at = first_visible(change);
            format!("{name} moved as well ({}), but not at the same moment: first visible {at}.", effect(change))
        }
        (None, Some(evidence)) => format!("{name} did not move ({}).", p_value(evidence.p_value)),
        (None, None) => return format!("{name} could not be looked at near the date, and was not weighed."),
    };
    if one.weight < ALIKE {
        let share = probability(1.0 - one.weight);
        return format!("{told} Its noise is to {share} that of {main}, so it says little that is new.");
    }
    told
}

/// Below this weight it is said why a further metric counts for little.
const ALIKE: f64 = 0.5;

/// What a random date of the history shows, in a sentence; none where there is none.
pub(in crate::report) fn base_rate(answer: &WhyAnswer) -> Option<String> {
    let rate = answer.base_rate.as_ref().filter(|rate| rate.dates >= FEWEST_DATES)?;
    let median = number(Some(rate.deployments_median));
    let plural = if median == "1" { "" } else { "s" };
    let any = rate.share_of_dates_with_any;
    let any = if any < 0.995 { format!(", at least one at {} of dates", probability(any)) } else { String::new() };
    let placebo = rate.placebo.filter(|p| p.tried >= FEWEST_DATES && answer.change.is_some());
    let by_chance = placebo.map_or_else(String::new, |p| {
        let share = probability(p.as_good as f64 / p.tried as f64);
        let share =
            if p.as_good == 0 { format!("none of {} dates", whole(p.tried)) } else { format!("{share} of dates") };
        format!("; one would fit this well by chance at {share}")
    });
    Some(format!(
        "A random date of this history has {median} deployment{plural} in its window (median){any}{by_chance}."
    ))
}

/// Of fewer dates nothing is said.
const FEWEST_DATES: usize = 20;

/// How many deployments of the window could not have acted, by reason; none where there are none.
pub(in crate::report) fn excluded(answer: &WhyAnswer) -> Option<String> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for excluded in &answer.excluded {
        match reasons.iter_mut().find(|(reason, _)| *reason == excluded.reason) {
            Some((_, n)) => *n += 1,
            None => reasons.push((excluded.reason, 1)),
        }
    }
    reasons.sort_unstable();
    let told: Vec<String> = reasons
        .into_iter()
        .map(|(reason, n)| match reason {
            "failed" => format!("{} failed", whole(n)),
            "unfinished" => format!("{} not finished", whole(n)),
            "environment" => format!("{} to another environment", whole(n)),
            "app" => format!("{} of another app", whole(n)),
            other => format!("{} ({})", whole(n), text::visible(other)),
        })
        .collect();
    let n = answer.excluded.len();
    (n > 0).then(|| format!("Left out: {} that could not have acted ({}).", count(n, "deployment"), told.join(", ")))
}
