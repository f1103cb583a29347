//! What a sender is told.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::super::store::{StoreError, Summary};
use super::verify::Refusal;

/// An answer, before it is one of HTTP.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    status: u16,
    body: String,
    told: Told,
}

/// What an answer says to logs and metrics; it goes along with the response.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// Why the request was refused, in a word; none where it was taken.
    pub(super) refused: Option<&'static str>,
    /// A few words for the log.
    pub(super) text: String,
}

impl Answer {
    /// A request that is not taken.
    pub(super) fn refused(status: u16, reason: &'static str, told: impl Into<String>) -> Self {
        let body = json!({ "error": told.into() }).to_string();
        Self { status, body, told: Told { refused: Some(reason), text: reason.to_owned() } }
    }

    /// Whether the body was too large.
    pub(super) fn is_too_large(&self) -> bool {
        self.status == 413
    }

    /// A request that is kept, though nothing could be made of it.
    pub(super) fn kept(reason: &str) -> Self {
        let body = json!({ "error": reason, "kept": true }).to_string();
        Self { status: 400, body, told: Told { refused: Some("malformed"), text: "malformed kept".to_owned() } }
    }

    /// A request that is on the disk. Messages that cannot be read are kept too, and the sender need not send them again.
    pub(super) fn stored(summary: &Summary) -> Self {
        let Summary { new, updated, unchanged, ignored, rejected } = summary;
        let body = json!({
            "new": new, "updated": updated, "unchanged": unchanged, "ignored": ignored, "rejected": rejected
        });
        let ignored: usize = ignored.values().sum();
        let counts = [
            ("new", *new),
            ("updated", *updated),
            ("unchanged", *unchanged),
            ("ignored", ignored),
            ("rejected", *rejected),
        ];
        let text: Vec<String> = counts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name}={n}")).collect();
        let status = if *rejected > 0 { 202 } else { 200 };
        Self { status, body: body.to_string(), told: Told { refused: None, text: text.join(" ") } }
    }

    /// What could not be written is not taken: the sender sends it again.
    pub(super) fn failed(error: &StoreError) -> Self {
        match error {
            StoreError::Full { .. } => Self::refused(507, "store_full", "there is no room for more: try again later"),
            StoreError::TooManyRejected { .. } => Self::refused(
                507,
                "too_many_rejected",
                "too many messages that cannot be read are kept: try again later",
            ),
            _ => Self::refused(503, "store_failed", "the store cannot be written now: try again later"),
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::refused(refusal.status, refusal.reason, refusal.told)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body + "\n"));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.status {
            401 => drop(headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            503 | 507 => drop(headers.insert(RETRY_AFTER, HeaderValue::from_static("5"))),
            _ => {}
        }
        response.extensions_mut().insert(self.told);
        response
    }
}
