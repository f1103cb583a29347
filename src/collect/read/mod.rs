//! From bytes to items.

mod envelope;
mod messages;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead};

use serde_json::Value;

use super::event::{Event, Item, Reading};
use super::providers::{self, Message, Not};
use super::{Headers, Mapping, Provider};
use envelope::Envelope;
use messages::{Message as Raw, Messages};

/// The bytes of one message that are read at most. Pub/Sub's limit is 10 MB, and real messages have some 20 kB.
pub const MOST_BYTES: usize = 10 << 20;
/// The values in one message that are read at most: a value takes some 70 bytes of memory, however short it is written.
const MOST_VALUES: usize = 200_000;
/// The messages in one request.
const MOST_MESSAGES: usize = 10_000;
/// How much of a message that is too long is kept with the reason.
const KEPT_OF_LONG: usize = 64 << 10;

/// Reads the messages in the body of one request: one object, an array, or one a line, in envelopes or not. There is at least one item.
///
/// It never panics, and needs memory for the body and its items alone. Nesting beyond 128 levels is rejected.
#[must_use]
pub fn read(provider: Provider, body: &[u8], headers: &Headers, mapping: &Mapping) -> Vec<Item> {
    let mut items = Vec::new();
    let whole = |reason: &str| {
        let raw = String::from_utf8_lossy(&body[..body.len().min(KEPT_OF_LONG)]).into_owned();
        vec![Item { provider, place: String::new(), raw, reading: Reading::Rejected(reason.to_owned()) }]
    };
    for item in read_each(provider, body, headers, mapping) {
        match item {
            Ok(item) => items.push(item),
            Err(error) => return whole(&error.to_string()),
        }
        if items.len() > MOST_MESSAGES {
            return whole("more than 10,000 messages in one request");
        }
    }
    if items.is_empty() { whole("there is nothing in it") } else { items }
}

/// Reads messages one after another, as [`read`] does; a file may be of any length.
///
/// # Errors
/// The iterator gives an error where the input cannot be read, and ends.
pub fn read_each<'a>(
    provider: Provider,
    input: impl BufRead + 'a,
    headers: &'a Headers,
    mapping: &'a Mapping,
) -> impl Iterator<Item = io::Result<Item>> + 'a {
    Messages::new(input).map(move |message| Ok(read_one(provider, message?, headers, mapping)))
}

fn read_one(provider: Provider, message: Raw, headers: &Headers, mapping: &Mapping) -> Item {
    let Raw { place, bytes, problem } = message;
    let (provider, reading) = match problem {
        Some(problem) => (provider, Reading::Rejected(problem)),
        None => read_bytes(provider, &bytes, headers, mapping),
    };
    let kept = if bytes.len() > MOST_BYTES { &bytes[..KEPT_OF_LONG] } else { &bytes[..] };
    let raw = envelope::with_context(provider, String::from_utf8_lossy(kept).into_owned(), headers);
    Item { provider, place, raw, reading }
}

fn read_bytes(provider: Provider, bytes: &[u8], headers: &Headers, mapping: &Mapping) -> (Provider, Reading) {
    let envelope = match parse(bytes).map_err(Not::Rejected).and_then(|value| Envelope::open(value, headers)) {
        Ok(envelope) => envelope,
        Err(not) => return (provider, not.into()),
    };
    let message = Message { value: &envelope.value, event_name: envelope.event_name.as_deref(), headers, mapping };
    let Some(reader) = providers::reader(provider, &message) else {
        let reason = "it looks like no message of a known provider: name the provider instead of auto";
        return (provider, Reading::Rejected(reason.to_owned()));
    };
    let read = (reader.read)(&message).map(named_by_repo);
    let read = read.and_then(|event| mapping.apply(event).map_err(Not::Ignored));
    let reading = match read {
        Ok(event) => Reading::Event(Box::new(event)),
        Err(Not::Rejected(reason)) if !envelope.place.is_empty() => {
            Reading::Rejected(format!("in {}: {reason}", envelope.place))
        }
        Err(not) => not.into(),
    };
    (reader.provider, reading)
}

/// An event whose message names no app: it is called as its repository is.
fn named_by_repo(mut event: Event) -> Event {
    let deploy = &mut event.deploy;
    if deploy.app.is_none() {
        let name = deploy.repo.as_deref().and_then(|repo| repo.rsplit('/').next());
        deploy.app = name.filter(|name| !name.is_empty()).map(str::to_owned);
    }
    event
}

impl From<Not> for Reading {
    fn from(not: Not) -> Self {
        match not {
            Not::Ignored(reason) => Self::Ignored(reason),
            Not::Rejected(reason) => Self::Rejected(reason),
        }
    }
}

/// The JSON object that a message is.
fn parse(bytes: &[u8]) -> Result<Value, String> {
    if messages::values(bytes) > MOST_VALUES {
        return Err("it has more than 200,000 values".to_owned());
    }
    match serde_json::from_slice(bytes) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("a message is a JSON object, and this is none".to_owned()),
        Err(error) => Err(format!("it is no JSON: {error}")),
    }
}
