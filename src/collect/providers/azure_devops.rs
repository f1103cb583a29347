//! Azure DevOps: the service hooks for a completed deployment of a release, a completed build, and a stage of a pipeline.

use super::shape::{CANCELED, FAILURE, SUCCESS, kept_branch, repo_of_url, text_at, unknown};
use super::{Event, Message, Not, Provider, Reader, Shape};

pub(super) const READER: Reader =
    Reader { provider: Provider::AzureDevops, shapes: &[&RELEASE, &STAGE, &BUILD], knows, read };

const RELEASE: Shape = Shape {
    name: "ms.vss-release.deployment-completed-event",
    fields: &[
        ("id", &["/resource/deployment/id", "/resource/environment/id", "/id"]),
        ("deployed_at", &["/createdDate", "/resource/deployment/completedOn"]),
        ("status", &["/resource/environment/status", "/resource/deployment/deploymentStatus"]),
        (
            "app",
            &[
                "/resource/environment/releaseDefinition/name",
                "/resource/deployment/releaseDefinition/name",
                "/resource/release/releaseDefinition/name",
            ],
        ),
        (
            "environment",
            &["/resource/environment/name", "/resource/deployment/releaseEnvironment/name", "/resource/stageName"],
        ),
        (
            "repo",
            &[
                "/resource/deployment/release/artifacts/0/definitionReference/repository/name",
                "/resource/environment/release/artifacts/0/definitionReference/repository/name",
            ],
        ),
        (
            "commit",
            &[
                "/resource/deployment/release/artifacts/0/definitionReference/sourceVersion/id",
                "/resource/environment/release/artifacts/0/definitionReference/sourceVersion/id",
            ],
        ),
        (
            "branch",
            &[
                "/resource/deployment/release/artifacts/0/definitionReference/branch/name",
                "/resource/environment/release/artifacts/0/definitionReference/branch/name",
            ],
        ),
        ("message", &["/message/text"]),
        (
            "author",
            &[
                "/resource/deployment/requestedFor/displayName",
                "/resource/environment/deploySteps/0/requestedFor/displayName",
                "/resource/environment/releaseCreatedBy/displayName",
            ],
        ),
        ("url", &["/resource/deployment/release/_links/web/href", "/resource/environment/release/_links/web/href"]),
        ("release", &["/resource/environment/release/name", "/resource/deployment/release/name"]),
        ("summary", &["/message/text"]),
    ],
};

const STAGE: Shape = Shape {
    name: "ms.vss-pipelines.stage-state-changed-event",
    fields: &[
        ("id", &["/resource/run/id"]),
        ("deployed_at", &["/createdDate"]),
        ("status", &["/resource/stage/result"]),
        ("app", &["/resource/pipeline/name"]),
        ("environment", &["/resource/stage/displayName", "/resource/stage/name"]),
        ("repo", &["/resource/repositories/0/url"]),
        ("commit", &["/resource/repositories/0/change/version"]),
        ("message", &["/resource/repositories/0/change/message"]),
        ("author", &["/resource/repositories/0/change/author/name"]),
        ("url", &["/resource/run/_links/web/href", "/resource/_links/pipeline.web/href"]),
        ("workflow", &["/resource/pipeline/name"]),
    ],
};

const BUILD: Shape = Shape {
    name: "build.complete",
    fields: &[
        ("id", &["/resource/id"]),
        ("deployed_at", &["/resource/finishTime", "/createdDate"]),
        ("status", &["/resource/result", "/resource/status"]),
        ("app", &["/resource/definition/name"]),
        ("repo", &["/resource/repository/name", "/resource/repository/id"]),
        ("commit", &["/resource/sourceVersion"]),
        ("branch", &["/resource/sourceBranch"]),
        ("message", &["/resource/triggerInfo/ci.message", "/message/text"]),
        ("author", &["/resource/requestedFor/displayName", "/resource/requests/0/requestedFor/displayName"]),
        ("url", &["/resource/_links/web/href"]),
        ("workflow", &["/resource/definition/name"]),
        ("summary", &["/message/text"]),
    ],
};

fn knows(message: &Message<'_>) -> bool {
    message.value["eventType"].is_string() && message.value.get("resource").is_some()
}

fn read(message: &Message<'_>) -> Result<Event, Not> {
    match message.value["eventType"].as_str() {
        Some("ms.vss-release.deployment-completed-event") => release(message),
        Some("ms.vss-pipelines.stage-state-changed-event") => stage(message),
        Some("build.complete") => build(message),
        Some(_) => Err(Not::ignored("an event that is no deployment")),
        None => Err(Not::Rejected("/eventType: missing, and every message of Azure DevOps has it".to_owned())),
    }
}

fn release(message: &Message<'_>) -> Result<Event, Not> {
    let status = outcome("/resource/environment/status", RELEASE.text(message.value, "status").as_deref())?;
    let mut event = RELEASE.event(Provider::AzureDevops, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    // An environment of a release can be deployed again; the deployment, where it is told, is the one of this time.
    let kinds = [("/resource/deployment/id", "deployment"), ("/resource/environment/id", "environment")];
    if let Some((kind, id)) = kinds.iter().find_map(|(at, kind)| Some((kind, text_at(message.value, at)?))) {
        deploy.id = Some(format!("{kind}-{id}"));
    }
    deploy.status = Some(status.to_owned());
    kept_branch(deploy);
    Ok(event)
}

fn stage(message: &Message<'_>) -> Result<Event, Not> {
    let stage = &message.value["resource"]["stage"];
    if stage["state"] != "completed" {
        return Err(Not::ignored("in progress"));
    }
    let status = outcome("/resource/stage/result", stage["result"].as_str())?;
    let mut event = STAGE.event(Provider::AzureDevops, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    let name = stage["name"].as_str().unwrap_or("");
    deploy.id = deploy.id.take().map(|run| format!("run-{run}-{name}"));
    deploy.status = Some(status.to_owned());
    deploy.repo = deploy.repo.take().map(|url| repo_of_url(&url).unwrap_or(url));
    Ok(event)
}

fn build(message: &Message<'_>) -> Result<Event, Not> {
    if message.value["resource"]["reason"] == "pullRequest" {
        return Err(Not::ignored("the build of a pull request"));
    }
    let status = outcome("/resource/result", BUILD.text(message.value, "status").as_deref())?;
    let mut event = BUILD.event(Provider::AzureDevops, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    deploy.id = deploy.id.take().map(|id| format!("build-{id}"));
    deploy.status = Some(status.to_owned());
    kept_branch(deploy);
    Ok(event)
}

fn outcome(pointer: &str, word: Option<&str>) -> Result<&'static str, Not> {
    match word.map(str::to_ascii_lowercase).as_deref() {
        // Most of what a partial success has done is running.
        Some("succeeded" | "partiallysucceeded" | "succeededwithissues") => Ok(SUCCESS),
        Some("failed" | "rejected" | "abandoned") => Ok(FAILURE),
        Some("canceled" | "cancelled" | "stopped") => Ok(CANCELED),
        Some("skipped" | "notdeployed") => Err(Not::ignored("skipped")),
        Some("inprogress" | "queued" | "scheduled" | "notstarted" | "undefined") => Err(Not::ignored("in progress")),
        _ => Err(unknown(pointer, word)),
    }
}
