use chrono::{DateTime, SubsecRound as _, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::{Event, Field, Not, Provider};
use crate::model::{Deploy, timestamp};

/// Where a kind of message has the fields of a deployment: for each the JSON pointers to it, of which the first that is there counts.
///
/// The fields are `id`, `deployed_at`, `changed_at` (where it is another than `deployed_at`), the further columns of a deployment, and
/// whatever else is worth a column of its own.
pub(super) struct Shape {
    /// The kind of message, as the documentation calls it.
    pub(super) name: &'static str,
    /// Field, and the pointers to it.
    pub(super) fields: &'static [Field],
}

/// The letters of a text that are kept: no commit message needs more.
const MOST_LETTERS: usize = 20_000;

impl Shape {
    /// The pointers to a field.
    pub(super) fn pointers(&self, field: &str) -> &'static [&'static str] {
        self.fields.iter().find(|(name, _)| *name == field).map_or(&[], |(_, pointers)| pointers)
    }

    /// The text of a field; none where it is missing, null or blank.
    pub(super) fn text(&self, message: &Value, field: &str) -> Option<String> {
        self.pointers(field).iter().find_map(|pointer| text_at(message, pointer))
    }

    /// The moment of a field.
    pub(super) fn time(&self, message: &Value, field: &str, zone: Tz) -> Result<Option<DateTime<Utc>>, Not> {
        let found = self.pointers(field).iter().find_map(|pointer| Some((*pointer, text_at(message, pointer)?)));
        found.map(|(pointer, text)| time_of(&text, pointer, zone)).transpose()
    }

    /// The event that a message tells, with every field that is there.
    pub(super) fn event(&self, provider: Provider, message: &Value, zone: Tz) -> Result<Event, Not> {
        let missing = |field: &str| {
            let pointers = self.pointers(field).join(", nor ");
            Not::Rejected(format!("{pointers}: missing, and a deployment needs its {field}"))
        };
        let id = self.text(message, "id").ok_or_else(|| missing("id"))?;
        let at = self.time(message, "deployed_at", zone)?.ok_or_else(|| missing("deployed_at"))?;
        let mut deploy = Deploy::at(at.with_timezone(&Tz::UTC));
        for (field, _) in self.fields {
            if let Some(text) = self.text(message, field) {
                set(&mut deploy, field, text);
            }
        }
        deploy.id = Some(id);
        deploy.source = Some(provider.name().to_owned());
        let changed_at = self.time(message, "changed_at", zone)?.unwrap_or(at);
        Ok(Event { deploy, changed_at })
    }
}

/// Sets a column of a deployment by its name; those that are not known are kept among the others.
pub(super) fn set(deploy: &mut Deploy, field: &str, text: String) {
    let slot = match field {
        "id" | "deployed_at" | "changed_at" | "source" => return,
        "kind" => &mut deploy.kind,
        "app" => &mut deploy.app,
        "environment" => &mut deploy.environment,
        "repo" => &mut deploy.repo,
        "commit" => &mut deploy.commit,
        "branch" => &mut deploy.branch,
        "message" => &mut deploy.message,
        "author" => &mut deploy.author,
        "status" => &mut deploy.status,
        "url" => &mut deploy.url,
        _ => {
            deploy.extra.insert(field.to_owned(), text);
            return;
        }
    };
    *slot = Some(text);
}

/// The text at a pointer; numbers are written out, and what is blank is nothing.
pub(super) fn text_at(message: &Value, pointer: &str) -> Option<String> {
    match message.pointer(pointer)? {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(shortened(text.trim_end())),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The moment that a text means.
pub(super) fn time_of(text: &str, pointer: &str, zone: Tz) -> Result<DateTime<Utc>, Not> {
    let readable = timestamp::parse_moment(text.trim(), zone).filter(|at| YEARS.contains(&chrono::Datelike::year(at)));
    // No sender is more exact, and a store has no more digits.
    readable.map(|at| at.trunc_subsecs(6)).ok_or_else(|| {
        let shown: String = text.chars().take(60).collect();
        Not::Rejected(format!("{pointer}: {shown:?} is not a time"))
    })
}

/// What a store, a table and a chart can all hold.
const YEARS: std::ops::Range<i32> = 1970..2262;

/// The outcome of a deployment in one word for all providers.
pub(super) const SUCCESS: &str = "success";
/// It did not go out.
pub(super) const FAILURE: &str = "failure";
/// Somebody stopped it.
pub(super) const CANCELED: &str = "canceled";

/// A commit hash, of which at least seven digits are written.
pub(in crate::collect) fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The name of a branch or tag, without where git keeps it.
pub(super) fn branch(text: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/remotes/origin/"].iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text)
}

/// `owner/name` of the web address of a repository, a commit or a file in it, or of the address that git clones from.
pub(in crate::collect) fn repo_of_url(url: &str) -> Option<String> {
    // Before the path may stand a name and a password, which go nowhere.
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url.split_once('@')?.1.split_once(':')?.1,
    };
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let end = ["/-/", "/commit", "/tree/", "/blob/", "/src/"].iter().filter_map(|mark| path.find(mark)).min();
    let path = path[..end.unwrap_or(path.len())].trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).replace("/_git/", "/");
    path.contains('/').then_some(path)
}

/// Leaves of a branch or tag its name, and nothing where it is a commit.
pub(super) fn kept_branch(deploy: &mut Deploy) {
    let name = deploy.branch.take().map(|name| branch(&name).to_owned());
    deploy.branch = name.filter(|name| !(name.len() == 40 && is_commit(name)));
}

/// A word that is none of those that the documentation has.
pub(super) fn unknown(pointer: &str, word: Option<&str>) -> Not {
    match word {
        Some(word) => {
            let shown: String = word.chars().take(60).collect();
            Not::Rejected(format!("{pointer}: {shown:?} is no state that is known"))
        }
        None => Not::Rejected(format!("{pointer}: missing, and it says how the deployment ended")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_known_by_its_addresses_and_no_password_is_kept() {
        for (url, repo) in [
            ("https://git.example.com/acme/web.git", "acme/web"),
            ("https://me:secret@git.example.com/acme/web", "acme/web"),
            ("git@git.example.com:acme/web.git", "acme/web"),
            ("ssh://git@git.example.com:22/acme/web.git", "acme/web"),
            ("https://git.example.com/acme/group/web/-/commit/4f1d0c6a", "acme/group/web"),
            ("https://git.example.com/acme/web/commit/4f1d0c6a?x=/y/z", "acme/web"),
            ("https://dev.example.com/acme/_git/web", "acme/web"),
        ] {
            assert_eq!(repo_of_url(url).as_deref(), Some(repo), "{url}");
        }
        for url in ["", "/srv/git/web.git", "https://example.com", "web"] {
            assert_eq!(repo_of_url(url), None, "{url}");
        }
    }
}
