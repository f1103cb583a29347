//! The columns of a deployment, by name.

use std::borrow::Cow;

use chrono::SecondsFormat;

use super::phrase::{Safe, count};
use super::text;
use crate::model::{Deploy, Moment};

/// The text of a column, known ones first, then those of the file; none where the deployment has no such value.
pub(super) fn field<'a>(deploy: &'a Deploy, name: &str) -> Option<Cow<'a, str>> {
    let known = match name {
        "deployed_at" => return Some(Cow::Owned(rfc3339(&deploy.deployed_at))),
        "kind" => &deploy.kind,
        "app" => &deploy.app,
        "environment" => &deploy.environment,
        "repo" => &deploy.repo,
        "commit" => &deploy.commit,
        "branch" => &deploy.branch,
        "message" => &deploy.message,
        "author" => &deploy.author,
        "status" => &deploy.status,
        "url" => &deploy.url,
        "id" => &deploy.id,
        "source" => &deploy.source,
        _ => return deploy.extra.get(name).map(|value| Cow::Borrowed(value.as_str())),
    };
    known.as_deref().map(Cow::Borrowed)
}

/// The first line of the message, made harmless by `safe`, and how many follow: `Fix it (+2 lines)`.
pub(super) fn message(deploy: &Deploy, safe: Safe) -> String {
    let (first, more) = deploy.message.as_deref().map(text::first_line).unwrap_or_default();
    let tail = if more == 0 { String::new() } else { format!(" (+{})", count(more, "line")) };
    safe(&first) + &tail
}

/// A moment as RFC 3339 with its offset, as precise as it is.
pub(super) fn rfc3339(moment: &Moment) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The commit as people name it: the first eight digits of a hash, anything else as it is.
pub(super) fn short_commit(commit: &str) -> String {
    let is_hash = commit.len() > 8 && commit.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hash { commit[..8].to_owned() } else { text::visible(commit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashes_are_shortened() {
        assert_eq!(short_commit("4f2a9c1e77aa"), "4f2a9c1e");
        assert_eq!(short_commit("release-2023-11"), "release-2023-11");
        assert_eq!(short_commit("4f2a"), "4f2a");
        assert_eq!(short_commit("日本語日本語"), "日本語日本語");
    }
}
