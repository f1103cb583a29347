//! `CircleCI`: the webhook `workflow-completed`.

use super::shape::{CANCELED, FAILURE, SUCCESS, text_at, unknown};
use super::{Event, Message, Not, Provider, Reader, Shape};

pub(super) const READER: Reader = Reader { provider: Provider::Circleci, shapes: &[&WORKFLOW], knows, read };

const WORKFLOW: Shape = Shape {
    name: "workflow-completed",
    fields: &[
        ("id", &["/workflow/id"]),
        ("deployed_at", &["/workflow/stopped_at", "/happened_at"]),
        ("status", &["/workflow/status"]),
        ("app", &["/project/name"]),
        ("repo", &["/project/slug"]),
        ("commit", &["/pipeline/vcs/revision", "/pipeline/trigger_parameters/git/checkout_sha"]),
        (
            "branch",
            &[
                "/pipeline/vcs/tag",
                "/pipeline/vcs/branch",
                "/pipeline/trigger_parameters/git/tag",
                "/pipeline/trigger_parameters/git/branch",
            ],
        ),
        ("message", &["/pipeline/vcs/commit/subject", "/pipeline/trigger_parameters/git/commit_title"]),
        ("author", &["/pipeline/vcs/commit/author/name", "/pipeline/trigger_parameters/git/commit_author_name"]),
        ("url", &["/workflow/url"]),
        ("workflow", &["/workflow/name"]),
    ],
};

fn knows(message: &Message<'_>) -> bool {
    let known = matches!(message.value["type"].as_str(), Some("workflow-completed" | "job-completed"));
    message.headers.get("circleci-event-type").is_some() || (known && message.value.get("pipeline").is_some())
}

fn read(message: &Message<'_>) -> Result<Event, Not> {
    match message.value["type"].as_str() {
        Some("workflow-completed") => {}
        Some("job-completed") => return Err(Not::ignored("a job; its workflow tells how it ended")),
        Some("ping") => return Err(Not::ignored("a ping")),
        other => return Err(unknown("/type", other)),
    }
    let status = match WORKFLOW.text(message.value, "status").as_deref() {
        Some("success") => SUCCESS,
        Some("failed" | "error" | "unauthorized") => FAILURE,
        Some("canceled") => CANCELED,
        other => return Err(unknown("/workflow/status", other)),
    };
    let mut event = WORKFLOW.event(Provider::Circleci, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    deploy.status = Some(status.to_owned());
    // `github/owner/name`; projects of its own app have two identifiers there instead.
    deploy.repo = deploy.repo.take().and_then(|slug| {
        let (host, repo) = slug.split_once('/')?;
        (host != "circleci").then(|| repo.to_owned())
    });
    if let (Some(subject), Some(body)) = (&deploy.message, text_at(message.value, "/pipeline/vcs/commit/body")) {
        deploy.message = Some(super::shape::shortened(&format!("{subject}\n\n{body}")));
    }
    Ok(event)
}
