//! Asking a token service for a token.

use reqwest::{Client, RequestBuilder};
use serde::Deserialize;

use super::Token;
use crate::bigquery::error::BigQueryError;
use crate::bigquery::fault::{Refusal, not_bigquery};
use crate::bigquery::http::{Reply, cut, exchange, host_of};
use crate::bigquery::retry::{Again, Failure};
use crate::bigquery::secret::{Secret, harmless};

/// What token services answer.
#[derive(Deserialize)]
pub(super) struct Answer {
    access_token: Secret,
    #[serde(default = "an_hour")]
    expires_in: u64,
}

fn an_hour() -> u64 {
    3600
}

/// What they say where they refuse; a text in older answers, a structure in newer ones.
#[derive(Deserialize)]
struct Refused {
    error: serde_json::Value,
    #[serde(default)]
    error_description: String,
}

impl From<Answer> for Token {
    fn from(answer: Answer) -> Self {
        Self::new(answer.access_token, answer.expires_in)
    }
}

/// Posts a form to a token service. `secrets` is what is sent and must not be shown, `place` where the credentials come from.
pub(super) async fn asked_by_form(
    http: &Client,
    url: &str,
    form: &[(&str, &str)],
    secrets: &[&Secret],
    place: &str,
) -> Result<Token, Failure> {
    let body = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
    let request = http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
    asked::<Answer>(request, url, secrets, place).await.map(Token::from)
}

/// Sends a request to a token service and reads its answer.
pub(super) async fn asked<T: for<'de> Deserialize<'de>>(
    request: RequestBuilder,
    url: &str,
    secrets: &[&Secret],
    place: &str,
) -> Result<T, Failure> {
    let host = host_of(url);
    let reply = exchange(request, &host).await?;
    if !reply.is_success() {
        return Err(refused(&reply, &host, secrets, place));
    }
    serde_json::from_slice(&reply.body).map_err(|_| match reply.body.first() {
        Some(b'{') => cut(&host, "the answer is torn or has no token"),
        _ => {
            not_bigquery(&Refusal { status: reply.status, body: &reply.body, retry_after: None, host: &host, secrets })
        }
    })
}

fn refused(reply: &Reply, host: &str, secrets: &[&Secret], place: &str) -> Failure {
    let refusal = Refusal { status: reply.status, body: &reply.body, retry_after: reply.retry_after, host, secrets };
    let Ok(said) = serde_json::from_slice::<Refused>(&reply.body) else { return not_bigquery(&refusal) };
    let kind = said.error.as_str().or_else(|| said.error["status"].as_str()).unwrap_or("refused");
    let detail = said.error["message"].as_str().unwrap_or(&said.error_description);
    let message = harmless(&format!("{kind}: {detail}"), secrets);
    if reply.status == 429 || reply.status >= 500 {
        let error = BigQueryError::Unavailable { status: reply.status, attempts: 1, message };
        return Failure { error, again: Again::Later(reply.retry_after) };
    }
    BigQueryError::CredentialsRefused { place: place.to_owned(), message }.into()
}

/// A text as it stands in a form or in an address.
pub(in crate::bigquery) fn encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut form = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            form.push(char::from(byte));
        } else {
            let digits = [byte >> 4, byte & 15].map(|digit| char::from(HEX[usize::from(digit)]));
            form.push('%');
            form.extend(digits);
        }
    }
    form
}
