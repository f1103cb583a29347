//! What messages are wrapped in on their way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::parse;
use crate::collect::providers::Not;
use crate::collect::{Headers, Provider};

/// A message out of its envelope.
pub(super) struct Envelope {
    pub(super) value: Value,
    /// The name of the event, where what stood around it tells: GitHub's messages do not name themselves.
    pub(super) event_name: Option<String>,
    /// The JSON pointer to it; empty where it had no envelope.
    pub(super) place: String,
}

impl Envelope {
    /// Opens the envelopes that are known: that of a Pub/Sub push or pull, a row of the table into which Pub/Sub writes, and a delivery of a
    /// GitHub webhook as its API gives it. What is in none is left as it is.
    pub(super) fn open(mut value: Value, headers: &Headers) -> Result<Self, Not> {
        let mut place = String::new();
        let name = |headers: &Headers| headers.get("x-github-event").map(str::to_owned);
        let mut event_name = name(headers);
        // Nothing has more than a push envelope within a row within a delivery.
        for _ in 0..3 {
            let (inner, at) = if is_delivery(&value) {
                event_name = value["event"].as_str().map(str::to_owned);
                (delivered(value)?, "/request/payload")
            } else if is_push(&value) {
                (of_pubsub(taken(&mut value, "/message/data"), "/message/data")?, "/message/data")
            } else if is_row(&value) {
                (of_pubsub(taken(&mut value, "/data"), "/data")?, "/data")
            } else {
                break;
            };
            value = inner;
            place.push_str(at);
        }
        Ok(Self { value, event_name, place })
    }
}

/// What is at a pointer, out of the message. An index would panic where a part of the way is no object.
fn taken(value: &mut Value, pointer: &str) -> Value {
    value.pointer_mut(pointer).map(Value::take).unwrap_or_default()
}

fn is_push(value: &Value) -> bool {
    let known = ["data", "attributes", "messageId", "message_id"];
    let push = value.get("subscription").is_some() || value.get("ackId").is_some();
    value["message"]
        .as_object()
        .is_some_and(|m| m.contains_key("data") || (push && known.iter().any(|k| m.contains_key(*k))))
}

/// The columns that Pub/Sub writes beside `data`; a message that was pulled has their names in camel case.
fn is_row(value: &Value) -> bool {
    let beside = ["message_id", "messageId", "publish_time", "publishTime", "subscription_name"];
    value.get("data").is_some() && beside.iter().any(|column| value.get(column).is_some())
}

fn is_delivery(value: &Value) -> bool {
    value["guid"].is_string() && value["event"].is_string() && value.get("delivered_at").is_some()
}

fn delivered(mut value: Value) -> Result<Value, Not> {
    let payload = taken(&mut value, "/request/payload");
    if payload.is_object() {
        return Ok(payload);
    }
    let reason = "/request/payload: missing; a list of deliveries does not hold them, get each by its id";
    Err(Not::Rejected(reason.to_owned()))
}

/// The message that Pub/Sub carries: base64 in an envelope, and in a table base64, text or JSON, as its column has it.
fn of_pubsub(data: Value, place: &str) -> Result<Value, Not> {
    let rejected = |reason: String| Not::Rejected(format!("{place}: {reason}"));
    let text = match data {
        Value::String(text) => text,
        Value::Object(_) => return Ok(data),
        _ => return Err(rejected("there is no data".to_owned())),
    };
    let trimmed = text.trim();
    if trimmed.starts_with('{') {
        return parse(trimmed.as_bytes()).map_err(rejected);
    }
    let bytes = STANDARD.decode(trimmed).map_err(|_| rejected("it is neither base64 nor JSON".to_owned()))?;
    parse(&bytes).map_err(rejected)
}

/// The message with what only headers told, so that it can be read again without them: a CDEvent whose context was in headers.
pub(super) fn with_context(provider: Provider, raw: String, headers: &Headers) -> String {
    let Some(kind) = headers.get("ce-type").filter(|_| provider == Provider::Cdevents) else { return raw };
    let value = match parse(raw.as_bytes()) {
        Ok(value) if value.get("specversion").is_none() => value,
        _ => return raw,
    };
    let names = [("specversion", "ce-specversion"), ("id", "ce-id"), ("source", "ce-source"), ("time", "ce-time")];
    let told = names.iter().filter_map(|(name, header)| Some(((*name).to_owned(), headers.get(header)?.into())));
    let mut context: Map<String, Value> = told.collect();
    context.insert("type".to_owned(), kind.into());
    context.insert("data".to_owned(), value);
    Value::Object(context).to_string()
}
