//! How likely a deployment is to matter to a metric, from what it says about itself.

use crate::model::{Deploy, EventKind};

/// A named part of a prior, with the reason in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// A stable name, such as `bot`.
    pub name: &'static str,
    /// What the prior is multiplied by.
    pub factor: f64,
    /// The reason in words.
    pub reason: String,
}

/// A bot updates dependencies. That breaks things less often than work by people does, but it does: half as likely. An assumption.
const BOT: f64 = 0.5;
/// Documentation, tests and build scripts do not run in production, but a message may say less than the commit does: a quarter. An assumption.
const IDLE: f64 = 0.25;
/// A word that metric and deployment share, and a second one: a weak sign, never more. An assumption.
const SHARED: [f64; 2] = [1.5, 2.0];

/// What the author, the message and the app say about whether it can have moved the metric.
#[must_use]
pub fn relevance(deploy: &Deploy, metric: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let message = deploy.message.as_deref().unwrap_or("");
    // A release that brought several commits says little by its own author and message.
    let commits = deploy.commits().unwrap_or(1);
    let several = commits > 1;
    if is_bot(deploy) && !several {
        parts.push(Part { name: "bot", factor: BOT, reason: "by a bot".to_owned() });
    }
    let all_idle = || deploy.brought().count() >= commits && deploy.brought().all(is_idle);
    let idle = is_idle(message) && (!several || all_idle());
    if deploy.event() == EventKind::Deploy && idle {
        let reason = "the message speaks of documentation, tests or the build alone".to_owned();
        parts.push(Part { name: "not_running", factor: IDLE, reason });
    }
    parts.extend(shared_words(deploy, metric));
    parts
}

/// Whether the author is a program, by the names that they go by.
fn is_bot(deploy: &Deploy) -> bool {
    let author = deploy.author.as_deref().unwrap_or("").trim().to_lowercase();
    let branch = deploy.branch.as_deref().unwrap_or("").to_lowercase();
    let known = ["dependabot", "renovate", "greenkeeper", "snyk-bot", "github-actions", "pre-commit-ci"];
    author.contains("[bot]")
        || author.ends_with("-bot")
        || known.iter().any(|name| author == *name || author.starts_with(&format!("{name}-")))
        || ["dependabot/", "renovate/"].iter().any(|prefix| branch.starts_with(prefix))
}

/// Whether the message says that nothing that runs was changed.
fn is_idle(message: &str) -> bool {
    let first = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("").to_lowercase();
    // What GitHub puts before the title of a pull request.
    let title =
        first.strip_prefix("merge pull request").and_then(|rest| rest.split_once(": ")).map_or(&*first, |r| r.1);
    // The type of a conventional commit: `docs(api): ...`.
    let kind =
        title.split_once(':').map_or("", |(kind, _)| kind.split('(').next().unwrap_or(kind).trim_end_matches('!'));
    let starts =
        ["update readme", "document ", "add tests", "add a test", "fix tests", "fix flaky", "update changelog"];
    ["docs", "doc", "test", "tests", "ci"].contains(&kind.trim())
        || starts.iter().any(|start| title.starts_with(start))
        || ["[skip ci]", "[ci skip]", "[skip-ci]"].iter().any(|mark| first.contains(mark))
        || words(title).iter().any(|word| ["readme", "typo"].contains(&word.as_str()))
}

/// The words that the metric's name shares with the message, with a commit that the deployment brought, or with the app.
fn shared_words(deploy: &Deploy, metric: &str) -> Option<Part> {
    let of_metric = told_words(metric);
    let among = |text: &str| -> Vec<String> {
        let of_text = told_words(text);
        of_metric.iter().filter(|word| of_text.contains(word)).cloned().collect()
    };
    let of_message = among(deploy.message.as_deref().unwrap_or(""));
    let of_app = among(deploy.app.as_deref().unwrap_or(""));
    // Of the commits the one that shares most, of these the newest.
    let of_commits = deploy.brought().map(|line| (among(line), line));
    let of_commit = of_commits.reduce(|most, next| if next.0.len() > most.0.len() { next } else { most });
    let (by_commit, line) = of_commit.unwrap_or_default();
    let (words, whose) = match by_commit.iter().any(|word| !of_message.contains(word)) {
        true => (&by_commit, format!("its commit `{}`", shortened(line))),
        false if !of_message.is_empty() => (&of_message, "the message".to_owned()),
        false => (&of_app, "the app".to_owned()),
    };
    let mut shared: Vec<&String> = words.iter().chain(&of_message).chain(&of_app).collect();
    shared.sort_unstable();
    shared.dedup();
    let factor = SHARED[shared.len().checked_sub(1)?.min(SHARED.len() - 1)];
    let quoted: Vec<String> = shared.iter().map(|word| format!("`{word}`")).collect();
    let reason = format!("{whose} shares {} with the metric", quoted.join(" and "));
    Some(Part { name: "words", factor, reason })
}

/// What a deployment of several commits brought, those first that share a word with the metric; none where it was one or none.
///
/// The cause may be the third commit of a release, of which the release itself says nothing.
#[must_use]
pub fn brought(deploy: &Deploy, metric: &str) -> Option<String> {
    let count = deploy.commits().filter(|count| *count > 1)?;
    let of_metric = told_words(metric);
    let mut lines: Vec<&str> = deploy.brought().collect();
    lines.sort_by_key(|line| !told_words(line).iter().any(|word| of_metric.contains(word)));
    let shown: Vec<String> = lines.iter().take(MOST_SHOWN).map(|line| format!("`{}`", shortened(line))).collect();
    let more = if lines.len() > MOST_SHOWN { ", ..." } else { "" };
    let told = if shown.is_empty() { String::new() } else { format!(": {}{more}", shown.join(", ")) };
    Some(format!("brought {count} commits{told}"))
}

/// Commits of a deployment that are told among its reasons.
const MOST_SHOWN: usize = 5;

fn shortened(line: &str) -> String {
    match line.char_indices().nth(72) {
        Some((end, _)) => format!("{}...", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

/// Words that name no subject: those of grammar, of the work itself, and of metrics in general.
const STOP: [&str; 71] = [
    "about", "add", "after", "all", "also", "and", "api", "app", "are", "average", "avg", "back", "before", "bump",
    "chang", "count", "counter", "daily", "data", "day", "dev", "error", "fix", "for", "from", "get", "has", "hour",
    "hourly", "into", "its", "log", "main", "master", "mean", "merg", "metric", "mov", "new", "not", "num", "number",
    "old", "only", "out", "per", "percent", "pull", "rate", "ratio", "releas", "remov", "request", "revert", "serv",
    "set", "sum", "test", "than", "that", "the", "this", "time", "total", "updat", "use", "user", "valu", "web",
    "when", "with",
];

/// The stems of the words that name a subject, each once.
fn told_words(text: &str) -> Vec<String> {
    let mut stems: Vec<String> = words(text).iter().map(|word| stem(word)).collect();
    stems.retain(|stem| stem.chars().count() >= 3 && !STOP.contains(&stem.as_str()));
    stems.sort_unstable();
    stems.dedup();
    stems
}

/// The words of a text in small letters, apart at whatever is no letter and where small letters turn to capitals.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last_small = false;
    for c in text.chars().take(MOST_READ) {
        let begins = !c.is_alphabetic() || (c.is_uppercase() && last_small);
        if begins {
            words.push(String::new());
        }
        if c.is_alphabetic() {
            let end = words.len() - 1;
            words[end].extend(c.to_lowercase());
        }
        last_small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A message says in its beginning what it is about.
const MOST_READ: usize = 2000;

/// A word without its commonest English endings (much simpler than Porter 1980, *Program* 14, which is enough to match `signups` with
/// `signup` and `confirmed` with `confirm`).
fn stem(word: &str) -> String {
    let mut stem = word;
    for ending in ["ations", "ation", "ions", "ion", "ings", "ing", "ed", "es", "s", "e"] {
        if let Some(rest) = stem.strip_suffix(ending).filter(|rest| rest.chars().count() >= 4) {
            stem = rest;
            break;
        }
    }
    stem.strip_suffix('e').filter(|rest| rest.chars().count() >= 4).unwrap_or(stem).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deploy(app: &str, author: &str, message: &str) -> Deploy {
        let at = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap().with_timezone(&chrono_tz::UTC);
        Deploy {
            app: Some(app.to_owned()),
            author: Some(author.to_owned()),
            message: Some(message.to_owned()),
            ..Deploy::at(at)
        }
    }

    fn names(author: &str, message: &str) -> Vec<&'static str> {
        relevance(&deploy("shop", author, message), "m").iter().map(|part| part.name).collect()
    }

    #[test]
    fn a_bot_is_known_by_its_name() {
        for author in ["dependabot[bot]", "renovate", "renovate-bot", "Dependabot", "release-bot"] {
            assert_eq!(names(author, "Bump a from 1 to 2"), ["bot"], "{author}");
        }
        for author in ["Abbot Smith", "Botond", "", "Renovate Team", "robot"] {
            assert!(names(author, "Bump a from 1 to 2").is_empty(), "{author}");
        }
    }

    #[test]
    fn what_does_not_run_is_known_by_its_message() {
        for message in [
            "docs: say how",
            "docs(api)!: new",
            "Fix typo in header",
            "Update README",
            "x [skip ci]",
            "ci: cache",
            "Merge pull request #907: Document the audit log",
            "README: how to build",
        ] {
            assert_eq!(names("Ann", message), ["not_running"], "{message}");
        }
        for message in ["Docs page: faster", "Test the new price", "Cite sources", "fix: the docs link", "latest"] {
            assert!(names("Ann", message).is_empty(), "{message}");
        }
    }

    #[test]
    fn words_shared_with_the_metric_are_a_weak_sign_and_said() {
        let part = |metric: &str, app: &str, message: &str| relevance(&deploy(app, "Ann", message), metric).pop();
        let told = part("confirmed_interactions", "domains", "Require a confirmed domain before an interaction counts");
        let told = told.unwrap();
        assert_eq!(told.reason, "the message shares `confirm` and `interact` with the metric");
        assert!((told.factor - 2.0).abs() < 1e-12);
        let told = part("signupRate", "web", "Simplify Sign-up: the signups form").unwrap();
        assert_eq!((told.reason.as_str(), told.factor), ("the message shares `signup` with the metric", 1.5));
        assert_eq!(
            part("checkout_total", "checkout", "Tidy").unwrap().reason,
            "the app shares `checkout` with the metric"
        );
        assert!(part("request_rate", "web", "Rate limit requests").is_none());
        assert!(part("m", "m", "m").is_none());
    }

    fn release(author: &str, message: &str, commits: &[&str]) -> Deploy {
        let mut deploy = deploy("shop", author, message);
        deploy.extra.insert("commits".to_owned(), commits.len().to_string());
        deploy.extra.insert("commit_messages".to_owned(), commits.join("\n"));
        deploy
    }

    #[test]
    fn the_third_commit_of_a_release_counts_and_is_named() {
        let release = release("Ann", "v2", &["Bump a library", "Tidy the logs", "Halve the signup form"]);
        let part = relevance(&release, "signups").pop().unwrap();
        assert_eq!(part.reason, "its commit `Halve the signup form` shares `signup` with the metric");
        assert_eq!(
            brought(&release, "signups").unwrap(),
            "brought 3 commits: `Halve the signup form`, `Bump a library`, `Tidy the logs`"
        );
        assert_eq!(brought(&deploy("shop", "Ann", "v2"), "signups"), None);
    }

    #[test]
    fn a_release_is_no_bots_and_not_idle_where_its_commits_are_not() {
        let names = |author: &str, message: &str, commits: &[&str]| -> Vec<&str> {
            relevance(&release(author, message, commits), "m").iter().map(|part| part.name).collect()
        };
        assert!(names("release-bot", "v2", &["Add a price", "Bump a"]).is_empty());
        assert_eq!(names("release-bot", "v2", &["Add a price"]), ["bot"]);
        assert!(names("Ann", "docs: how", &["docs: how", "Add a price"]).is_empty());
        assert_eq!(names("Ann", "docs: how", &["docs: how", "Fix typo"]), ["not_running"]);
    }

    #[test]
    fn together_they_stay_mild() {
        let all = relevance(
            &deploy("signups", "x[bot]", "docs: signups confirm interactions"),
            "signups confirm interactions",
        );
        let factor: f64 = all.iter().map(|part| part.factor).product();
        assert!((0.25 - 1e-12..=2.0).contains(&factor), "{factor}");
    }
}
