//! The arithmetic of an answer in words.

use super::number::percent_of;
use super::time::window;
use super::{Safe, clock, count, number};
use crate::model::{PriorPart, Reckoned, Suspect, WhyAnswer};
use crate::report::row::kind;
use crate::report::{fields, text};

/// A line of the table under an answer that `--explain` asks for.
pub(in crate::report) struct Explained {
    /// The app and the commit, or the name of what is no deployment.
    pub(in crate::report) hypothesis: String,
    /// When it went out.
    pub(in crate::report) when: String,
    /// What was believed beforehand.
    pub(in crate::report) prior: String,
    /// log of how much likelier it makes the data than if nothing had happened.
    pub(in crate::report) log_likelihood_ratio: String,
    /// What is believed now.
    pub(in crate::report) posterior: String,
    /// Its rank by the data alone.
    pub(in crate::report) by_data: String,
    /// What its prior is made of.
    pub(in crate::report) parts: String,
}

/// What the columns of the table are called, in the order of the fields.
pub(in crate::report) const HEADS: [&str; 7] =
    ["hypothesis", "went out", "prior", "log LR", "posterior", "by data", "the prior is"];

/// The first suspects, what the others are together, something else and nothing happened.
pub(in crate::report) fn explained(answer: &WhyAnswer, top: usize, safe: Safe) -> Vec<Explained> {
    let shown = answer.suspects.len().min(top);
    let mut lines: Vec<Explained> = answer.suspects[..shown].iter().map(|s| suspect(s, safe)).collect();
    let rest = &answer.suspects[shown..];
    if !rest.is_empty() {
        lines.push(Explained {
            hypothesis: match (shown, rest.len()) {
                (0, all) => format!("all {}", count(all, "deployment")),
                (_, 1) => "1 other".to_owned(),
                (_, others) => format!("{} others", number::whole(others)),
            },
            when: String::new(),
            prior: percent_of(rest.iter().map(|s| s.prior).sum()),
            log_likelihood_ratio: String::new(),
            posterior: percent_of(rest.iter().map(|s| s.probability).sum()),
            by_data: String::new(),
            parts: String::new(),
        });
    }
    let reckoning = &answer.reckoning;
    let missing = reckoning.uncovered;
    let raised = if missing > 0.0 {
        format!("raised, as {} of the window is not covered", percent_of(missing))
    } else {
        String::new()
    };
    lines.push(other("something else", reckoning.something_else, answer.none.something_else, raised));
    lines.push(other("nothing happened", reckoning.nothing_happened, answer.none.nothing_happened, String::new()));
    lines
}

fn suspect(suspect: &Suspect, safe: Safe) -> Explained {
    let deploy = &suspect.deploy;
    let app = deploy.app.as_deref().map(safe).unwrap_or_default();
    let commit = deploy.commit.as_deref().map(|c| safe(&fields::short_commit(c))).unwrap_or_default();
    let words = [kind(deploy, safe), app, commit];
    let known: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    Explained {
        hypothesis: if known.is_empty() { "deployment".to_owned() } else { known.join(" ") },
        when: clock(&deploy.deployed_at),
        prior: percent_of(suspect.prior),
        log_likelihood_ratio: ratio(suspect.log_likelihood_ratio),
        posterior: percent_of(suspect.probability),
        by_data: suspect.rank_without_priors.to_string(),
        parts: suspect.prior_parts.iter().map(part).collect::<Vec<_>>().join(" x "),
    }
}

fn other(name: &str, reckoned: Reckoned, probability: f64, parts: String) -> Explained {
    Explained {
        hypothesis: name.to_owned(),
        when: String::new(),
        prior: percent_of(reckoned.prior),
        log_likelihood_ratio: ratio(reckoned.log_likelihood_ratio),
        posterior: percent_of(probability),
        by_data: String::new(),
        parts,
    }
}

fn part(part: &PriorPart) -> String {
    match part.name {
        "average_deployment" => format!("{} (average deployment)", percent_of(part.factor)),
        "average_event" => format!("{} (average event)", percent_of(part.factor)),
        "share_of_commit" => format!("{:.2} (its share of the commit)", part.factor),
        name => format!("{} ({})", number(Some(part.factor)), name.replace('_', " ")),
    }
}

fn ratio(log: Option<f64>) -> String {
    log.map_or_else(|| "cannot be".to_owned(), |log| format!("{log:+.2}"))
}

/// How the table is to be read, and where the priors come from.
pub(in crate::report) fn sources(answer: &WhyAnswer, safe: Safe) -> Vec<String> {
    let reckoning = &answer.reckoning;
    let given = reckoning.priors.iter().map(|g| {
        format!("{} {} ({})", g.name.replace('_', " "), number(Some(g.value)), safe(&text::first_line(&g.source).0))
    });
    #[allow(clippy::cast_possible_truncation)]
    let length = |mean: f64| window(mean.round() as i64);
    let lags = reckoning.lags.iter().map(|(app, mean)| format!("; {} {}", safe(app), length(*mean)));
    let said = |mean: f64| format!("{} (as configured)", length(mean));
    let lag = reckoning.lag.map_or_else(|| "an hour or eight, at even odds (default)".to_owned(), said);
    let late = reckoning.days_late.iter().map(|(days, n)| format!("{} {n}", lateness(*days))).collect::<Vec<_>>();
    let dates = match late.join(", ") {
        none if none.is_empty() => {
            "the change began on it, or in the mean a day before or half a day after (default)".to_owned()
        }
        late => format!("as earlier ones were: {late}"),
    };
    vec![
        "Posterior = prior x exp(log LR), made to add up to 1; log LR is the natural logarithm of how much likelier \
         the data is under a hypothesis than if nothing had happened."
            .to_owned(),
        format!("Priors: {}.", given.collect::<Vec<_>>().join(", ")),
        format!("Mean time to the effect: {lag}{}.", lags.collect::<Vec<_>>().concat()),
        format!("The date: {dates}."),
    ]
}

/// How late a date was that was so many days after the change.
fn lateness(days: i64) -> String {
    match days {
        0 => "on the day".to_owned(),
        1.. => format!("{} late", count(usize::try_from(days).unwrap_or(0), "day")),
        _ => format!("{} early", count(usize::try_from(-days).unwrap_or(0), "day")),
    }
}
