use chrono::{DateTime, Utc};

use crate::model::Deploy;

use super::Provider;

/// A deployment in the state that a message tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The deployment; `id` and `source` are always set, and times are in UTC.
    pub deploy: Deploy,
    /// Since when it is in this state: the latest state of a deployment counts.
    pub changed_at: DateTime<Utc>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A deployment that is over, well or not.
    Event(Box<Event>),
    /// Nothing to keep, such as a deployment in progress. There are few reasons: they are counted by their text.
    Ignored(String),
    /// It cannot be read; the reason names the place by its JSON pointer.
    Rejected(String),
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Who sent it; with [`Provider::Auto`] who was recognised, and `Auto` where nobody was.
    pub provider: Provider,
    /// Where it stood in what was read: `line 3` or `message 2`; empty where it is all of it.
    pub place: String,
    /// The message as it came, without what stood around it; bytes that are no UTF-8 are replaced. With `provider` it can be read again.
    pub raw: String,
    /// What became of it.
    pub reading: Reading,
}

/// What an event did to what was known of its deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The deployment was not known.
    New,
    /// Something of it is different now.
    Updated,
    /// It said nothing new.
    Unchanged,
}

impl Event {
    /// The name under which a deployment is kept once.
    #[must_use]
    pub fn key(&self) -> (&str, &str) {
        (self.deploy.source.as_deref().unwrap_or(""), self.deploy.id.as_deref().unwrap_or(""))
    }

    /// What is known of a deployment after a message about it.
    ///
    /// The later state counts; of two of one moment the one that came last. What it leaves out is kept from the other, so that neither a
    /// redelivery nor a later state loses a message or an author that was filled in from a clone.
    #[must_use]
    pub fn onto(self, known: Option<&Self>) -> (Self, Kept) {
        let Some(known) = known else { return (self, Kept::New) };
        let after = if self.changed_at >= known.changed_at {
            self.filled_from(known)
        } else {
            known.clone().filled_from(&self)
        };
        let kept = if after == *known { Kept::Unchanged } else { Kept::Updated };
        (after, kept)
    }

    fn filled_from(mut self, other: &Self) -> Self {
        let (to, from) = (&mut self.deploy, &other.deploy);
        // A sender's sentence about the deployment says less than a message that was filled in.
        if to.message.is_some() && to.message.as_ref() == to.extra.get("summary") && from.message.is_some() {
            to.message = None;
        }
        for (to, from) in [
            (&mut to.kind, &from.kind),
            (&mut to.app, &from.app),
            (&mut to.environment, &from.environment),
            (&mut to.repo, &from.repo),
            (&mut to.commit, &from.commit),
            (&mut to.branch, &from.branch),
            (&mut to.message, &from.message),
            (&mut to.author, &from.author),
            (&mut to.status, &from.status),
            (&mut to.url, &from.url),
        ] {
            if to.is_none() {
                to.clone_from(from);
            }
        }
        for (name, value) in &from.extra {
            to.extra.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }
}
