//! Signatures over the raw body.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};

use super::super::secret::Secret;
use super::{Refusal, one};

const WRONG: Refusal = Refusal::wrong("the signature is not that of this body and secret");
const MALFORMED: Refusal = Refusal::malformed("the signature is not written as this sender writes it");

/// GitHub: `sha256=` and the HMAC-SHA256 in hexadecimal.
pub(super) fn github(secrets: &[Secret], header: &str, body: &[u8]) -> Result<(), Refusal> {
    let given = header.strip_prefix("sha256=").and_then(|text| hex::decode(text).ok()).ok_or(MALFORMED)?;
    right(secrets.iter().any(|secret| secret.signed_sha256(&[body], &given)))
}

/// CircleCI: `v1=` and the HMAC-SHA256 in hexadecimal, perhaps among other versions with commas between them.
pub(super) fn circleci(secrets: &[Secret], header: &str, body: &[u8]) -> Result<(), Refusal> {
    let given = header.split(',').find_map(|part| part.trim().strip_prefix("v1="));
    let given = given.and_then(|text| hex::decode(text).ok()).ok_or(MALFORMED)?;
    right(secrets.iter().any(|secret| secret.signed_sha256(&[body], &given)))
}

/// Vercel: the HMAC-SHA1 in hexadecimal.
pub(super) fn vercel(secrets: &[Secret], header: &str, body: &[u8]) -> Result<(), Refusal> {
    let given = hex::decode(header).map_err(|_| MALFORMED)?;
    right(secrets.iter().any(|secret| secret.signed_sha1(&[body], &given)))
}

/// The header of Standard Webhooks, which GitLab sends where a signing token is set, and any other sender may.
pub(super) const STANDARD: &str = "webhook-signature";

/// How far the moment of signing may be from now: a request that somebody recorded cannot be sent again later.
const WINDOW: TimeDelta = TimeDelta::minutes(5);

/// Whether a request by Standard Webhooks was signed just now.
pub(super) fn standard_window(headers: &HeaderMap, now: DateTime<Utc>) -> Result<(), Refusal> {
    one(headers, STANDARD)?;
    one(headers, "webhook-id")?;
    let seconds: i64 = one(headers, "webhook-timestamp")?.parse().map_err(|_| MALFORMED)?;
    let signed = DateTime::from_timestamp(seconds, 0).ok_or(MALFORMED)?;
    if (now - signed).abs() <= WINDOW {
        return Ok(());
    }
    Err(Refusal { status: 403, reason: "replayed", told: "the request was not signed within five minutes of now" })
}

/// Standard Webhooks: `v1,` and the HMAC-SHA256 of `ID.TIMESTAMP.BODY` in base64; several with spaces between them.
///
/// A secret that begins with `whsec_` is base64 after that; any other is taken as it is.
pub(super) fn standard(secrets: &[Secret], headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let (id, time) = (one(headers, "webhook-id")?, one(headers, "webhook-timestamp")?);
    let given = one(headers, STANDARD)?.split(' ').filter_map(|part| part.strip_prefix("v1,"));
    let given: Vec<Vec<u8>> = given.filter_map(|text| BASE64.decode(text).ok()).collect();
    if given.is_empty() {
        return Err(MALFORMED);
    }
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    let keys: Vec<Secret> = secrets.iter().filter_map(key).collect();
    right(keys.iter().any(|key| given.iter().any(|given| key.signed_sha256(&parts, given))))
}

fn key(secret: &Secret) -> Option<Secret> {
    match secret.bytes().strip_prefix(b"whsec_") {
        Some(text) => Secret::new(&BASE64.decode(text).ok()?),
        None => Some(secret.clone()),
    }
}

fn right(is: bool) -> Result<(), Refusal> {
    if is { Ok(()) } else { Err(WRONG) }
}
