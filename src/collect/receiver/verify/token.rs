//! Secrets that come in a header.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::super::secret::Secret;
use super::{Provider, Refusal, one};

/// The header for senders that can set any.
const OURS: &str = "x-shiptrace-token";

const WRONG: Refusal =
    Refusal { status: 403, reason: "wrong_token", told: "the token is not the one that is expected" };
const MALFORMED: Refusal = Refusal::malformed("the header Authorization cannot be read");

/// Whether the headers hold a secret: GitLab's in `X-Gitlab-Token`, that of others as a bearer token, as the password of basic
/// authentication with any user, or in `X-Shiptrace-Token`.
pub(super) fn verify(provider: Provider, secrets: &[Secret], headers: &HeaderMap) -> Result<(), Refusal> {
    let name = match provider {
        Provider::Gitlab => "x-gitlab-token",
        _ => OURS,
    };
    let given = if headers.contains_key(name) || provider == Provider::Gitlab {
        one(headers, name)?.as_bytes().to_vec()
    } else {
        authorization(one(headers, AUTHORIZATION.as_str())?)?
    };
    // Every secret is compared, so that the time does not tell which one it is.
    let right = secrets.iter().fold(false, |right, secret| right | secret.is(&given));
    if right { Ok(()) } else { Err(WRONG) }
}

/// The bearer token, or the password of basic authentication.
fn authorization(value: &str) -> Result<Vec<u8>, Refusal> {
    let (scheme, rest) = value.split_once(' ').ok_or(MALFORMED)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(rest.trim().as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(MALFORMED);
    }
    let pair = BASE64.decode(rest.trim()).map_err(|_| MALFORMED)?;
    let colon = pair.iter().position(|byte| *byte == b':').ok_or(MALFORMED)?;
    Ok(pair.get(colon + 1..).unwrap_or_default().to_vec())
}
