//! Google Cloud Build: a build, as it is published to the topic `cloud-builds`.

use super::shape::{CANCELED, FAILURE, SUCCESS, kept_branch, repo_of_url, unknown};
use super::{Event, Message, Not, Provider, Reader, Shape};

pub(super) const READER: Reader = Reader { provider: Provider::CloudBuild, shapes: &[&BUILD], knows, read };

const BUILD: Shape = Shape {
    name: "build",
    fields: &[
        ("id", &["/id"]),
        ("deployed_at", &["/finishTime", "/startTime", "/createTime"]),
        ("status", &["/status"]),
        ("app", &["/substitutions/_APP", "/substitutions/TRIGGER_NAME", "/substitutions/REPO_NAME"]),
        ("environment", &["/substitutions/_ENVIRONMENT", "/substitutions/_ENV"]),
        (
            "repo",
            &[
                "/substitutions/REPO_FULL_NAME",
                "/substitutions/REPO_NAME",
                "/source/repoSource/repoName",
                "/source/gitSource/url",
            ],
        ),
        (
            "commit",
            &[
                "/substitutions/COMMIT_SHA",
                "/substitutions/REVISION_ID",
                "/sourceProvenance/resolvedRepoSource/commitSha",
                "/sourceProvenance/resolvedGitSource/revision",
                "/substitutions/SHORT_SHA",
            ],
        ),
        ("branch", &["/substitutions/TAG_NAME", "/substitutions/BRANCH_NAME", "/source/repoSource/branchName"]),
        ("message", &["/substitutions/_COMMIT_MSG", "/substitutions/_COMMIT_MESSAGE"]),
        ("author", &["/substitutions/_AUTHOR", "/substitutions/_COMMIT_AUTHOR", "/substitutions/_OWNER"]),
        ("url", &["/logUrl"]),
        ("workflow", &["/substitutions/TRIGGER_NAME", "/buildTriggerId"]),
    ],
};

fn knows(message: &Message<'_>) -> bool {
    let has = |key: &str| message.value.get(key).is_some();
    has("id")
        && has("status")
        && (has("logUrl") || has("projectId"))
        && (has("createTime") || has("substitutions") || has("steps"))
}

fn read(message: &Message<'_>) -> Result<Event, Not> {
    let status = match BUILD.text(message.value, "status").as_deref() {
        Some("SUCCESS") => SUCCESS,
        Some("FAILURE" | "INTERNAL_ERROR" | "TIMEOUT" | "EXPIRED") => FAILURE,
        Some("CANCELLED") => CANCELED,
        Some("PENDING" | "QUEUED" | "WORKING" | "STATUS_UNKNOWN") => return Err(Not::ignored("in progress")),
        other => return Err(unknown("/status", other)),
    };
    if message.value.pointer("/substitutions/_PR_NUMBER").is_some() {
        return Err(Not::ignored("the build of a pull request"));
    }
    let mut event = BUILD.event(Provider::CloudBuild, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    deploy.status = Some(status.to_owned());
    kept_branch(deploy);
    deploy.repo = deploy.repo.take().map(|repo| repo_of_url(&repo).unwrap_or(repo));
    Ok(event)
}
