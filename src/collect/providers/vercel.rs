//! Vercel: webhooks of deployments.

use super::shape::{CANCELED, FAILURE, SUCCESS, text_at};
use super::{Event, Message, Not, Provider, Reader, Shape};

pub(super) const READER: Reader = Reader { provider: Provider::Vercel, shapes: &[&DEPLOYMENT], knows, read };

const META: &str = "/payload/deployment/meta/";

const DEPLOYMENT: Shape = Shape {
    name: "deployment.succeeded, promoted, rollback, error, canceled",
    fields: &[
        ("id", &["/payload/deployment/id"]),
        ("deployed_at", &["/createdAt"]),
        ("app", &["/payload/deployment/name", "/payload/name"]),
        ("environment", &["/payload/target"]),
        (
            "commit",
            &[
                "/payload/deployment/meta/githubCommitSha",
                "/payload/deployment/meta/gitlabCommitSha",
                "/payload/deployment/meta/bitbucketCommitSha",
            ],
        ),
        (
            "branch",
            &[
                "/payload/deployment/meta/githubCommitRef",
                "/payload/deployment/meta/gitlabCommitRef",
                "/payload/deployment/meta/bitbucketCommitRef",
            ],
        ),
        (
            "message",
            &[
                "/payload/deployment/meta/githubCommitMessage",
                "/payload/deployment/meta/gitlabCommitMessage",
                "/payload/deployment/meta/bitbucketCommitMessage",
            ],
        ),
        (
            "author",
            &[
                "/payload/deployment/meta/githubCommitAuthorName",
                "/payload/deployment/meta/githubCommitAuthorLogin",
                "/payload/deployment/meta/gitlabCommitAuthorName",
                "/payload/deployment/meta/bitbucketCommitAuthorName",
            ],
        ),
        ("url", &["/payload/links/deployment", "/payload/deployment/url"]),
    ],
};

fn knows(message: &Message<'_>) -> bool {
    let kind = message.value["type"].as_str().unwrap_or("");
    let of_deployment = kind.starts_with("deployment.") && message.value.get("payload").is_some();
    message.headers.get("x-vercel-signature").is_some() || of_deployment
}

fn read(message: &Message<'_>) -> Result<Event, Not> {
    let kind = message.value["type"].as_str().unwrap_or("");
    let status = match kind {
        "deployment.succeeded" | "deployment.promoted" | "deployment.rollback" => SUCCESS,
        "deployment.error" => FAILURE,
        "deployment.canceled" => CANCELED,
        "" => return Err(Not::Rejected("/type: missing, and every message of Vercel has it".to_owned())),
        "deployment.created" | "deployment.ready" | "deployment-ready" | "deployment.check-rerequested" => {
            return Err(Not::ignored("in progress"));
        }
        _ => return Err(Not::ignored("an event that is no deployment")),
    };
    let mut event = DEPLOYMENT.event(Provider::Vercel, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    deploy.status = Some(status.to_owned());
    // Whoever goes back to an old deployment makes it go out once more; the first time stays as it was.
    if kind == "deployment.rollback" {
        let again = text_at(message.value, "/id").unwrap_or_else(|| deploy.deployed_at.to_rfc3339());
        deploy.id = deploy.id.take().map(|id| format!("{id}-rollback-{again}"));
        deploy.extra.insert("action".to_owned(), "rollback".to_owned());
    }
    // Both put it in production, whatever it was built for.
    if matches!(kind, "deployment.promoted" | "deployment.rollback") {
        deploy.environment = Some("production".to_owned());
    }
    // No target is a preview.
    deploy.environment.get_or_insert_with(|| "preview".to_owned());
    let meta = |key: &str| text_at(message.value, &format!("{META}{key}"));
    let github = || Some(format!("{}/{}", meta("githubOrg")?, meta("githubRepo")?));
    let bitbucket = || Some(format!("{}/{}", meta("bitbucketRepoOwner")?, meta("bitbucketRepoSlug")?));
    deploy.repo = github().or_else(|| meta("gitlabProjectPath")).or_else(bitbucket);
    Ok(event)
}
