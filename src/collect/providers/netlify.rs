//! Netlify: outgoing notifications of deploys.

use super::shape::{FAILURE, SUCCESS, repo_of_url, text_at, unknown};
use super::{Event, Message, Not, Provider, Reader, Shape};

pub(super) const READER: Reader = Reader { provider: Provider::Netlify, shapes: &[&DEPLOY], knows, read };

const DEPLOY: Shape = Shape {
    name: "deploy",
    fields: &[
        ("id", &["/id"]),
        ("deployed_at", &["/published_at", "/updated_at", "/created_at"]),
        ("changed_at", &["/updated_at", "/published_at", "/created_at"]),
        ("status", &["/state"]),
        ("app", &["/name", "/site_name"]),
        ("environment", &["/context"]),
        ("repo", &["/commit_url"]),
        ("commit", &["/commit_ref"]),
        ("branch", &["/branch"]),
        ("message", &["/title"]),
        ("author", &["/committer"]),
        ("url", &["/deploy_ssl_url", "/deploy_url", "/ssl_url", "/url"]),
    ],
};

fn knows(message: &Message<'_>) -> bool {
    let has = |key: &str| message.value.get(key).is_some();
    message.headers.get("x-netlify-event").is_some() || (has("site_id") && has("state") && has("context"))
}

fn read(message: &Message<'_>) -> Result<Event, Not> {
    let status = match DEPLOY.text(message.value, "status").as_deref() {
        Some("ready") => SUCCESS,
        Some("error" | "rejected") => FAILURE,
        Some(
            "new" | "pending_review" | "enqueued" | "building" | "uploading" | "uploaded" | "preparing" | "prepared"
            | "processing" | "processed" | "retrying",
        ) => return Err(Not::ignored("in progress")),
        other => return Err(unknown("/state", other)),
    };
    let mut event = DEPLOY.event(Provider::Netlify, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    deploy.status = Some(status.to_owned());
    deploy.repo = deploy.repo.take().and_then(|url| repo_of_url(&url));
    if let Some(reason) = text_at(message.value, "/error_message") {
        deploy.extra.insert("error".to_owned(), reason);
    }
    Ok(event)
}
