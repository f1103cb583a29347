//! GitLab: deployment events.

use super::shape::{CANCELED, FAILURE, SUCCESS, is_commit, kept_branch, repo_of_url, unknown};
use super::{Event, Message, Not, Provider, Reader, Shape};

pub(super) const READER: Reader = Reader { provider: Provider::Gitlab, shapes: &[&DEPLOYMENT], knows, read };

const DEPLOYMENT: Shape = Shape {
    name: "deployment",
    fields: &[
        ("id", &["/deployment_id"]),
        ("deployed_at", &["/status_changed_at"]),
        ("status", &["/status"]),
        ("app", &["/project/name"]),
        ("environment", &["/environment"]),
        ("repo", &["/project/path_with_namespace", "/deployable_url", "/commit_url"]),
        ("commit", &["/commit_url", "/short_sha"]),
        ("branch", &["/ref"]),
        ("message", &["/commit_title"]),
        ("author", &["/user/username", "/user/name"]),
        ("url", &["/deployable_url", "/environment_external_url"]),
        ("environment_tier", &["/environment_tier"]),
    ],
};

fn knows(message: &Message<'_>) -> bool {
    message.headers.get("x-gitlab-event").is_some() || message.value["object_kind"].is_string()
}

fn read(message: &Message<'_>) -> Result<Event, Not> {
    match message.value["object_kind"].as_str() {
        Some("deployment") => {}
        Some(_) => return Err(Not::ignored("an event that is no deployment")),
        None => return Err(Not::Rejected("/object_kind: missing, and every message of GitLab has it".to_owned())),
    }
    let status = match DEPLOYMENT.text(message.value, "status").as_deref() {
        Some("success") => SUCCESS,
        Some("failed") => FAILURE,
        Some("canceled") => CANCELED,
        Some("skipped") => return Err(Not::ignored("skipped")),
        Some("created" | "running" | "blocked" | "approved" | "rejected") => return Err(Not::ignored("in progress")),
        other => return Err(unknown("/status", other)),
    };
    let mut event = DEPLOYMENT.event(Provider::Gitlab, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    deploy.id = deploy.id.take().map(|id| format!("deployment-{id}"));
    deploy.status = Some(status.to_owned());
    // The address of the commit ends with the whole hash.
    let short = message.value["short_sha"].as_str().unwrap_or("");
    let whole = deploy.commit.take().and_then(|url| url.rsplit('/').next().map(str::to_owned));
    deploy.commit = whole.filter(|hash| is_commit(hash) && hash.starts_with(short)).or_else(|| Some(short.to_owned()));
    deploy.commit = deploy.commit.take().filter(|hash| !hash.is_empty());
    // A path, or an address that has it.
    deploy.repo = deploy.repo.take().map(|repo| repo_of_url(&repo).unwrap_or(repo));
    kept_branch(deploy);
    Ok(event)
}
