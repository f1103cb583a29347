//! The columns of a deployment, by name.

use std::borrow::Cow;
use std::fmt::Write;

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

/// The template with its places filled; none where it needs a repository that is not known, or is no web address.
pub(super) fn commit_link(template: &str, repo: Option<&str>, commit: &str) -> Option<String> {
    let repo = repo.filter(|repo| !repo.is_empty());
    if repo.is_none() && template.contains("{repo}") {
        return None;
    }
    let url =
        template.replace("{repo}", &encoded(repo.unwrap_or_default(), "/")).replace("{commit}", &encoded(commit, ""));
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let is_clean = !url.contains(|c: char| c.is_whitespace() || text::is_hidden(c) || "<>()[]{}|\\`\"'".contains(c));
    (is_web && is_clean).then_some(url)
}

/// Percent-encodes all but unreserved characters (RFC 3986) and those in `keep`.
pub(super) fn encoded(text: &str, keep: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
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

    #[test]
    fn links_are_encoded_and_only_to_the_web() {
        let template = "https://git.example.com/{repo}/commit/{commit}";
        let to = commit_link(template, Some("acme/web"), "a)b").unwrap();
        assert_eq!(to, "https://git.example.com/acme/web/commit/a%29b");
        assert_eq!(commit_link(template, None, "abc"), None);
        assert_eq!(commit_link("javascript:alert({commit})", Some("x"), "1"), None);
        assert_eq!(commit_link("https://x.example/{what}", Some("x"), "1"), None);
    }
}
