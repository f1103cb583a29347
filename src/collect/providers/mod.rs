//! One file for each sender of messages.
//!
//! To add one: a file with its [`Shape`]s and its [`Reader`], and the line in [`READERS`].

mod argocd;
mod azure_devops;
mod cdevents;
mod circleci;
mod cloud_build;
mod generic;
mod github;
mod gitlab;
mod netlify;
mod shape;
mod vercel;

use serde_json::Value;

use super::event::Event;
use super::{Headers, Mapping, Provider};

use shape::Shape;
pub(super) use shape::{is_commit, repo_of_url};

/// A message out of its envelope, with what stood around it.
pub(super) struct Message<'a> {
    /// A JSON object.
    pub(super) value: &'a Value,
    /// The name of the event, where the envelope or a header tells it.
    pub(super) event_name: Option<&'a str>,
    pub(super) headers: &'a Headers,
    pub(super) mapping: &'a Mapping,
}

/// Why a message is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Not {
    Ignored(String),
    Rejected(String),
}

impl Not {
    pub(super) fn ignored(reason: &str) -> Self {
        Self::Ignored(reason.to_owned())
    }
}

/// How the messages of a sender are read.
pub(super) struct Reader {
    pub(super) provider: Provider,
    /// Where its messages have their fields.
    shapes: &'static [&'static Shape],
    /// Whether a message is one of its own.
    pub(super) knows: fn(&Message<'_>) -> bool,
    pub(super) read: fn(&Message<'_>) -> Result<Event, Not>,
}

/// All, in the order in which `auto` asks whether they know a message.
const READERS: [&Reader; 10] = [
    &cdevents::READER,
    &github::READER,
    &gitlab::READER,
    &circleci::READER,
    &azure_devops::READER,
    &argocd::READER,
    &vercel::READER,
    &netlify::READER,
    &cloud_build::READER,
    &generic::READER,
];

/// The reader of a provider's messages; of `auto` the first that knows this one.
pub(super) fn reader(provider: Provider, message: &Message<'_>) -> Option<&'static Reader> {
    match provider {
        Provider::Auto => READERS.into_iter().find(|reader| (reader.knows)(message)),
        _ => READERS.into_iter().find(|reader| reader.provider == provider),
    }
}

/// A field of a deployment, and the JSON pointers to it, of which the first that is there counts.
pub type Field = (&'static str, &'static [&'static str]);

/// The kinds of message that are read of a provider, by the name that its documentation has for them, each with its fields.
#[must_use]
pub fn fields(provider: Provider) -> Vec<(&'static str, &'static [Field])> {
    let shapes = READERS.into_iter().filter(|reader| reader.provider == provider).flat_map(|reader| reader.shapes);
    shapes.map(|shape| (shape.name, shape.fields)).collect()
}
