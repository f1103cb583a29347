//! Who sent this? Each provider proves it in its own way, over the bytes as they came.

mod keys;
mod netlify;
mod pubsub;
mod signature;
mod token;

use std::fmt;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};

use super::super::Provider;
use super::secret::Secret;

pub use keys::{KeySource, Keys};
pub use pubsub::Push;

/// Why a request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer: 401 where there is no proof, 403 where there is a wrong one, 503 where it cannot be checked now.
    pub status: u16,
    /// One word for metrics and logs.
    pub reason: &'static str,
    /// What the sender is told. It says nothing about what would have been right.
    pub told: &'static str,
}

impl Refusal {
    const fn missing(told: &'static str) -> Self {
        Self { status: 401, reason: "unsigned", told }
    }

    const fn malformed(told: &'static str) -> Self {
        Self { status: 401, reason: "malformed_signature", told }
    }

    const fn wrong(told: &'static str) -> Self {
        Self { status: 403, reason: "wrong_signature", told }
    }
}

/// How a sender proves who it is.
pub enum Verifier {
    /// By a secret that it shares with us. Each of several holds.
    Secrets(Provider, Vec<Secret>),
    /// By a token that Google signed for a push subscription of Pub/Sub.
    Push(Box<Push>),
    /// Not at all.
    Trusting,
}

/// Secrets are not shown.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secrets(provider, secrets) => write!(f, "Secrets({provider}, {})", secrets.len()),
            Self::Push(_) => f.write_str("Push"),
            Self::Trusting => f.write_str("Trusting"),
        }
    }
}

impl Verifier {
    /// What the headers alone prove, or lack. Whoever fails here is answered before the body is read.
    ///
    /// # Errors
    /// Where the sender did not prove who it is.
    pub async fn before_body(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Result<(), Refusal> {
        match self {
            Self::Trusting => Ok(()),
            Self::Push(push) => push.verify(headers, now).await,
            Self::Secrets(provider, secrets) => match provider {
                Provider::Github | Provider::Circleci | Provider::Vercel | Provider::Netlify => {
                    one(headers, signature_header(*provider)).map(drop)
                }
                _ if headers.contains_key(signature::STANDARD) => signature::standard_window(headers, now),
                _ => token::verify(*provider, secrets, headers),
            },
        }
    }

    /// What only the body proves.
    ///
    /// # Errors
    /// Where the sender did not prove who it is.
    pub fn after_body(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
        let Self::Secrets(provider, secrets) = self else { return Ok(()) };
        match provider {
            Provider::Github => signature::github(secrets, one(headers, signature_header(*provider))?, body),
            Provider::Circleci => signature::circleci(secrets, one(headers, signature_header(*provider))?, body),
            Provider::Vercel => signature::vercel(secrets, one(headers, signature_header(*provider))?, body),
            Provider::Netlify => netlify::verify(secrets, one(headers, signature_header(*provider))?, body),
            _ if headers.contains_key(signature::STANDARD) => signature::standard(secrets, headers, body),
            _ => Ok(()),
        }
    }
}

fn signature_header(provider: Provider) -> &'static str {
    match provider {
        Provider::Github => "x-hub-signature-256",
        Provider::Circleci => "circleci-signature",
        Provider::Vercel => "x-vercel-signature",
        _ => "x-webhook-signature",
    }
}

/// The value of a header that must be there once.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(Refusal::missing("the request is not signed")),
        (Some(_), Some(_)) => Err(Refusal::malformed("there are two signatures")),
        (Some(value), None) => {
            value.to_str().map(str::trim).map_err(|_| Refusal::malformed("the signature is not readable"))
        }
    }
}
