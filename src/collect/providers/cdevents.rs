//! CDEvents: `service.deployed`, `service.upgraded` and `service.rolledback`; alone, in a structured CloudEvent, or with the context in headers.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::shape::SUCCESS;
use super::{Event, Message, Not, Provider, Reader, Shape};

pub(super) const READER: Reader = Reader { provider: Provider::Cdevents, shapes: &[&SERVICE], knows, read };

const SERVICE: Shape = Shape {
    name: "service.deployed, upgraded, rolledback",
    fields: &[
        ("id", &["/context/id"]),
        ("deployed_at", &["/context/timestamp"]),
        ("app", &["/subject/id"]),
        ("environment", &["/subject/content/environment/id", "/subject/content/environment/name"]),
        ("repo", &["/customData/repo", "/customData/repository"]),
        ("commit", &["/customData/commit", "/customData/sha"]),
        ("branch", &["/customData/branch"]),
        ("message", &["/customData/message", "/customData/commitMessage"]),
        ("author", &["/customData/author"]),
        ("url", &["/customData/url"]),
        ("artifact", &["/subject/content/artifactId"]),
    ],
};

const PREFIX: &str = "dev.cdevents.";

fn knows(message: &Message<'_>) -> bool {
    kind(message).is_some_and(|kind| kind.starts_with(PREFIX))
}

/// The type of the event: its own, that of the CloudEvent around it, or that of the headers.
fn kind<'a>(message: &'a Message<'_>) -> Option<&'a str> {
    let own =
        ["/context/type", "/data/context/type", "/type"].iter().find_map(|at| message.value.pointer(at)?.as_str());
    own.or_else(|| message.headers.get("ce-type"))
}

fn read(message: &Message<'_>) -> Result<Event, Not> {
    let missing = || Not::Rejected("/context/type: missing, and every CDEvent has it".to_owned());
    let kind = kind(message).ok_or_else(missing)?;
    let Some(kind) = kind.strip_prefix(PREFIX) else {
        return Err(Not::Rejected(format!("/context/type: {kind:?} is no CDEvent")));
    };
    let ["service", action @ ("deployed" | "upgraded" | "rolledback")] =
        kind.split('.').take(2).collect::<Vec<_>>()[..]
    else {
        return Err(Not::ignored("an event that is no deployment"));
    };
    let value = unwrapped(message);
    let mut event = SERVICE.event(Provider::Cdevents, &value, message.mapping.zone)?;
    // What was rolled back to is running, and may move a metric like anything else that went out.
    event.deploy.status = Some(SUCCESS.to_owned());
    event.deploy.extra.insert("action".to_owned(), action.to_owned());
    Ok(event)
}

/// The CDEvent with its context: where it lacks one, that of the CloudEvent or of the headers.
fn unwrapped<'a>(message: &'a Message<'_>) -> Cow<'a, Value> {
    let outer = message.value;
    let event = if outer.get("specversion").is_some() && outer["data"].is_object() { &outer["data"] } else { outer };
    if event["context"].is_object() {
        return Cow::Borrowed(event);
    }
    let told = |name: &str| {
        let header = message.headers.get(&format!("ce-{name}"));
        outer[name].as_str().or(header).map(Value::from)
    };
    let context = [("id", "id"), ("source", "source"), ("type", "type"), ("timestamp", "time")];
    let context: Map<String, Value> =
        context.iter().filter_map(|(name, there)| Some(((*name).to_owned(), told(there)?))).collect();
    let mut event = event.clone();
    if let Some(event) = event.as_object_mut() {
        event.insert("context".to_owned(), Value::Object(context));
    }
    Cow::Owned(event)
}
