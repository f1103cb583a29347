//! GitHub: the webhooks `deployment_status`, `workflow_run` and `release`.

use serde_json::Value;

use super::shape::{CANCELED, FAILURE, SUCCESS, is_commit, kept_branch, unknown};
use super::{Event, Message, Not, Provider, Reader, Shape};

pub(super) const READER: Reader =
    Reader { provider: Provider::Github, shapes: &[&DEPLOYMENT_STATUS, &WORKFLOW_RUN, &RELEASE], knows, read };

const DEPLOYMENT_STATUS: Shape = Shape {
    name: "deployment_status",
    fields: &[
        ("id", &["/deployment/id"]),
        ("deployed_at", &["/deployment_status/created_at"]),
        ("status", &["/deployment_status/state"]),
        ("app", &["/deployment/payload/app", "/deployment/payload/service", "/repository/name"]),
        ("environment", &["/deployment_status/environment", "/deployment/environment"]),
        ("repo", &["/repository/full_name"]),
        ("commit", &["/deployment/sha"]),
        ("branch", &["/deployment/ref"]),
        ("author", &["/deployment/creator/login"]),
        (
            "url",
            &[
                "/deployment_status/log_url",
                "/deployment_status/target_url",
                "/workflow_run/html_url",
                "/deployment_status/environment_url",
            ],
        ),
        ("workflow", &["/workflow/name", "/workflow_run/name"]),
        ("description", &["/deployment_status/description", "/deployment/description"]),
    ],
};

const WORKFLOW_RUN: Shape = Shape {
    name: "workflow_run",
    fields: &[
        ("id", &["/workflow_run/id"]),
        ("deployed_at", &["/workflow_run/updated_at"]),
        ("status", &["/workflow_run/conclusion"]),
        ("app", &["/repository/name"]),
        ("repo", &["/repository/full_name"]),
        ("commit", &["/workflow_run/head_sha", "/workflow_run/head_commit/id"]),
        ("branch", &["/workflow_run/head_branch"]),
        ("message", &["/workflow_run/head_commit/message"]),
        ("author", &["/workflow_run/head_commit/author/name", "/workflow_run/actor/login"]),
        ("url", &["/workflow_run/html_url"]),
        ("workflow", &["/workflow/name", "/workflow_run/name"]),
    ],
};

const RELEASE: Shape = Shape {
    name: "release",
    fields: &[
        ("id", &["/release/id"]),
        ("deployed_at", &["/release/published_at"]),
        ("app", &["/repository/name"]),
        ("repo", &["/repository/full_name"]),
        ("commit", &["/release/target_commitish"]),
        ("branch", &["/release/tag_name"]),
        ("message", &["/release/name", "/release/body"]),
        ("author", &["/release/author/login"]),
        ("url", &["/release/html_url"]),
    ],
};

fn knows(message: &Message<'_>) -> bool {
    let has = |key: &str| message.value.get(key).is_some_and(Value::is_object);
    let of_event = ["deployment_status", "workflow_run", "release", "deployment"].into_iter().any(has);
    let ping = message.value.get("zen").is_some() && message.value.get("hook_id").is_some();
    message.event_name.is_some()
        || ping
        || (has("repository") && of_event && message.value.get("object_kind").is_none())
}

fn read(message: &Message<'_>) -> Result<Event, Not> {
    let has = |key: &str| message.value.get(key).is_some_and(Value::is_object);
    // A delivery names its event; a file does not, and a status of a deployment has its workflow run with it.
    let by_shape = ["deployment_status", "workflow_run", "release", "deployment"].into_iter().find(|key| has(key));
    match message.event_name.or(by_shape) {
        Some("deployment_status") => deployment_status(message),
        Some("workflow_run") => workflow_run(message),
        Some("release") => release(message),
        Some("deployment") => Err(Not::ignored("a deployment that was only begun; its status follows")),
        Some("ping") => Err(Not::ignored("a ping")),
        Some(_) => Err(Not::ignored("an event that is no deployment")),
        None if message.value.get("zen").is_some() => Err(Not::ignored("a ping")),
        None => Err(Not::Rejected(
            "neither /deployment_status, /workflow_run nor /release: no message of GitHub about one".to_owned(),
        )),
    }
}

fn deployment_status(message: &Message<'_>) -> Result<Event, Not> {
    let status = match DEPLOYMENT_STATUS.text(message.value, "status").as_deref() {
        Some("success") => SUCCESS,
        Some("failure" | "error") => FAILURE,
        Some("inactive") => return Err(Not::ignored("replaced by a later deployment")),
        Some("pending" | "queued" | "in_progress" | "waiting") => return Err(Not::ignored("in progress")),
        other => return Err(unknown("/deployment_status/state", other)),
    };
    let unpacked = with_payload(message.value);
    let value = unpacked.as_ref().unwrap_or(message.value);
    let mut event = DEPLOYMENT_STATUS.event(Provider::Github, value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    deploy.id = deploy.id.take().map(|id| format!("deployment-{id}"));
    deploy.status = Some(status.to_owned());
    kept_branch(deploy);
    if value.pointer("/deployment/creator/type").and_then(Value::as_str) == Some("Bot") {
        // Actions deploys under its own name. Who made it run is nearer to whoever wrote it, and nobody is nearer than a bot.
        let robot = deploy.author.take();
        let person = ["/workflow_run/actor", "/workflow_run/triggering_actor"].iter().find_map(|actor| {
            let actor = value.pointer(actor)?;
            (actor["type"] != "Bot").then(|| actor["login"].as_str().map(str::to_owned))?
        });
        deploy.author = person;
        deploy.extra.extend(robot.map(|name| ("deployed_by".to_owned(), name)));
    }
    Ok(event)
}

/// The message with the payload of the deployment as JSON, where it is a text that holds JSON.
fn with_payload(value: &Value) -> Option<Value> {
    let payload: Value = serde_json::from_str(value.pointer("/deployment/payload")?.as_str()?).ok()?;
    let mut value = value.clone();
    *value.pointer_mut("/deployment/payload")? = payload;
    Some(value)
}

fn workflow_run(message: &Message<'_>) -> Result<Event, Not> {
    if message.value["action"] != "completed" {
        return Err(Not::ignored("in progress"));
    }
    let run = &message.value["workflow_run"];
    if run["event"].as_str().is_some_and(|event| event.starts_with("pull_request")) {
        return Err(Not::ignored("the run of a pull request"));
    }
    let status = match WORKFLOW_RUN.text(message.value, "status").as_deref() {
        Some("success") => SUCCESS,
        Some("failure" | "timed_out" | "startup_failure") => FAILURE,
        Some("cancelled") => CANCELED,
        Some("skipped" | "neutral" | "action_required" | "stale") => return Err(Not::ignored("skipped")),
        other => return Err(unknown("/workflow_run/conclusion", other)),
    };
    let mut event = WORKFLOW_RUN.event(Provider::Github, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    // Each attempt is a deployment of its own: one that is run again next week does not move the first.
    let attempt =
        run["run_attempt"].as_u64().filter(|attempt| *attempt > 1).map(|n| format!(".{n}")).unwrap_or_default();
    deploy.id = deploy.id.take().map(|id| format!("run-{id}{attempt}"));
    deploy.status = Some(status.to_owned());
    Ok(event)
}

fn release(message: &Message<'_>) -> Result<Event, Not> {
    if !matches!(message.value["action"].as_str(), Some("published" | "released" | "prereleased")) {
        return Err(Not::ignored("a release that was not published"));
    }
    let release = &message.value["release"];
    let mut event = RELEASE.event(Provider::Github, message.value, message.mapping.zone)?;
    let deploy = &mut event.deploy;
    deploy.id = deploy.id.take().map(|id| format!("release-{id}"));
    deploy.status = Some(SUCCESS.to_owned());
    // It names a branch, where the release was not made of a commit.
    deploy.commit = deploy.commit.take().filter(|name| name.len() == 40 && is_commit(name));
    let text = |key: &str| release[key].as_str().map(str::trim).filter(|text| !text.is_empty());
    if let (Some(name), Some(body)) = (text("name"), text("body")) {
        deploy.message = Some(super::shape::shortened(&format!("{name}\n\n{body}")));
    }
    // It is not what most people get, and counts only where the configuration names it.
    if release["prerelease"] == true {
        deploy.environment = Some("prerelease".to_owned());
    }
    Ok(event)
}
