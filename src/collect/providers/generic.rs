//! Any other sender of JSON: where the configuration says that the fields are.

use chrono_tz::Tz;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::shape::{CANCELED, FAILURE, SUCCESS, set, text_at, time_of};
use super::{Event, Message, Not, Provider, Reader, Shape};
use crate::collect::mapping::{Generic, Pick};
use crate::model::Deploy;

pub(super) const READER: Reader = Reader { provider: Provider::Generic, shapes: &[&OWN], knows, read };

/// Where fields are looked for of which the configuration says nothing: under the names of the columns.
const OWN: Shape = Shape {
    name: "by [collect.generic]; else",
    fields: &[
        ("id", &["/id"]),
        ("deployed_at", &["/deployed_at"]),
        ("changed_at", &["/changed_at"]),
        ("status", &["/status"]),
        ("kind", &["/kind"]),
        ("app", &["/app"]),
        ("environment", &["/environment"]),
        ("repo", &["/repo"]),
        ("commit", &["/commit"]),
        ("branch", &["/branch"]),
        ("message", &["/message"]),
        ("author", &["/author"]),
        ("url", &["/url"]),
    ],
};

fn knows(message: &Message<'_>) -> bool {
    found(&message.mapping.generic, message.value, "deployed_at").is_some()
}

/// The text of a field, and the pointer to it.
fn found(generic: &Generic, value: &Value, field: &str) -> Option<(String, String)> {
    let Some((_, picks)) = generic.fields.iter().find(|(name, _)| name == field) else {
        return OWN.pointers(field).iter().find_map(|at| Some(((*at).to_owned(), text_at(value, at)?)));
    };
    picks.iter().find_map(|pick| match pick {
        Pick::Pointer(at) => Some((at.clone(), text_at(value, at)?)),
        Pick::Fixed(text) => Some((String::new(), text.clone())),
    })
}

fn read(message: &Message<'_>) -> Result<Event, Not> {
    let (generic, value, zone) = (&message.mapping.generic, message.value, message.mapping.zone);
    let time = |field: &str| found(generic, value, field).map(|(at, text)| time_of(&text, &at, zone)).transpose();
    let missing = || Not::Rejected(format!("{}: missing, and a deployment needs its deployed_at", looked_for(generic)));
    let status = found(generic, value, "status").map(|(_, word)| outcome(generic, &word)).transpose()?;
    let at = time("deployed_at")?.ok_or_else(missing)?;
    let mut deploy = Deploy::at(at.with_timezone(&Tz::UTC));
    let named = generic.fields.iter().map(|(name, _)| name.as_str());
    for field in OWN.fields.iter().map(|(name, _)| *name).chain(named) {
        if let Some((_, text)) = found(generic, value, field) {
            set(&mut deploy, field, text);
        }
    }
    deploy.status = status;
    deploy.source = Some(if generic.source.is_empty() { "generic".to_owned() } else { generic.source.clone() });
    deploy.id = Some(found(generic, value, "id").map_or_else(|| of_content(&deploy), |(_, id)| id));
    Ok(Event { deploy, changed_at: time("changed_at")?.unwrap_or(at) })
}

fn looked_for(generic: &Generic) -> String {
    let picks = generic.fields.iter().find(|(name, _)| name == "deployed_at").map(|(_, picks)| picks);
    let pointers: Vec<&str> = picks
        .into_iter()
        .flatten()
        .filter_map(|p| if let Pick::Pointer(at) = p { Some(&**at) } else { None })
        .collect();
    if pointers.is_empty() { "/deployed_at".to_owned() } else { pointers.join(", nor ") }
}

/// How it ended, by the words of the configuration, else by those that most systems use; a word that nobody knows is kept.
fn outcome(generic: &Generic, word: &str) -> Result<String, Not> {
    let is = |words: &[String]| words.iter().any(|w| w.eq_ignore_ascii_case(word.trim()));
    if is(&generic.in_progress) {
        return Err(Not::ignored("in progress"));
    }
    if is(&generic.succeeded) {
        return Ok(SUCCESS.to_owned());
    }
    if is(&generic.failed) {
        return Ok(FAILURE.to_owned());
    }
    Ok(match word.trim().to_ascii_lowercase().replace([' ', '-'], "_").as_str() {
        "success" | "succeeded" | "successful" | "ok" | "passed" | "finished" | "completed" | "deployed" => {
            SUCCESS.to_owned()
        }
        "failure" | "failed" | "error" | "errored" | "timeout" | "timed_out" => FAILURE.to_owned(),
        "canceled" | "cancelled" | "aborted" => CANCELED.to_owned(),
        "pending" | "queued" | "running" | "in_progress" | "started" | "building" | "waiting" => {
            return Err(Not::ignored("in progress"));
        }
        _ => word.to_owned(),
    })
}

/// An identifier for a deployment that has none: the same for the same moment, app, environment and commit.
fn of_content(deploy: &Deploy) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let parts = [deploy.deployed_at.to_rfc3339(), part(&deploy.app), part(&deploy.environment), part(&deploy.commit)];
    hex::encode(&Sha256::digest(parts.join("\u{1f}").as_bytes())[..12])
}
