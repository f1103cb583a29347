//! Argo CD: a notification with the template of the documentation, which has parts of the application as Argo CD itself has them.

use super::shape::{FAILURE, SUCCESS, repo_of_url, text_at, unknown};
use super::{Event, Message, Not, Provider, Reader, Shape};

pub(super) const READER: Reader = Reader { provider: Provider::Argocd, shapes: &[&NOTIFICATION], knows, read };

const NOTIFICATION: Shape = Shape {
    name: "notification",
    fields: &[
        ("id", &["/app/metadata/name"]),
        ("deployed_at", &["/app/status/operationState/finishedAt"]),
        ("status", &["/app/status/operationState/phase"]),
        ("app", &["/app/metadata/name"]),
        ("environment", &["/environment", "/app/metadata/labels/environment", "/app/metadata/labels/env"]),
        ("repo", &["/app/spec/source/repoURL", "/app/spec/sources/0/repoURL"]),
        (
            "commit",
            &[
                "/app/status/operationState/syncResult/revision",
                "/app/status/operationState/syncResult/revisions/0",
                "/app/status/sync/revision",
            ],
        ),
        ("branch", &["/app/spec/source/targetRevision", "/app/spec/sources/0/targetRevision"]),
        ("message", &["/commit/message"]),
        ("author", &["/commit/author"]),
        ("url", &["/url"]),
        ("namespace", &["/app/spec/destination/namespace"]),
        ("cluster", &["/app/spec/destination/name", "/app/spec/destination/server"]),
    ],
};

fn knows(message: &Message<'_>) -> bool {
    message.value.pointer("/app/metadata/name").is_some() && message.value.pointer("/app/status").is_some()
}

fn read(message: &Message<'_>) -> Result<Event, Not> {
    let status = match NOTIFICATION.text(message.value, "status").as_deref() {
        Some("Succeeded") => SUCCESS,
        Some("Failed" | "Error") => FAILURE,
        Some("Running" | "Terminating") => return Err(Not::ignored("in progress")),
        other => return Err(unknown("/app/status/operationState/phase", other)),
    };
    let mut event = NOTIFICATION.event(Provider::Argocd, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    // One synchronisation of one application is a deployment; the name alone is that of all of them.
    let began = text_at(message.value, "/app/status/operationState/startedAt");
    let began = began.unwrap_or_else(|| deploy.deployed_at.to_rfc3339());
    let namespace = text_at(message.value, "/app/metadata/namespace").map(|n| format!("{n}/")).unwrap_or_default();
    deploy.id = deploy.id.take().map(|name| format!("{namespace}{name}@{began}"));
    deploy.status = Some(status.to_owned());
    deploy.repo = deploy.repo.take().map(|url| repo_of_url(&url).unwrap_or(url));
    deploy.branch = deploy.branch.take().filter(|revision| revision != "HEAD");
    // `Name <mail>`, as git has it.
    deploy.author = deploy.author.take().map(|author| match author.split_once(" <") {
        Some((name, _)) if !name.is_empty() => name.to_owned(),
        _ => author,
    });
    Ok(event)
}
