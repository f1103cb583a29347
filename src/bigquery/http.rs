//! One request and its answer.

use std::io::Read;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, RequestBuilder};

use super::error::BigQueryError;
use super::retry::{Again, Failure};

/// What came back.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) retry_after: Option<Duration>,
}

impl Reply {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A connection must be made within this time.
const CONNECT: Duration = Duration::from_secs(10);
/// A request that has no answer after this time is given up and tried again. Longer than the service itself waits for a query.
const REQUEST: Duration = Duration::from_mins(1);
/// An answer is no larger; pages are some 10 MB.
const LARGEST: usize = 256 << 20;

/// A client with the timeouts of this program. It follows `HTTPS_PROXY` and `NO_PROXY`, and no redirect: a token goes where it was meant to
/// go.
pub(super) fn client() -> Result<Client, BigQueryError> {
    let builder =
        Client::builder().connect_timeout(CONNECT).timeout(REQUEST).redirect(reqwest::redirect::Policy::none());
    builder.build().map_err(|e| BigQueryError::Start(e.without_url().to_string()))
}

/// Sends a request and reads its answer, whatever its status.
pub(super) async fn exchange(request: RequestBuilder, host: &str) -> Result<Reply, Failure> {
    let request = request
        .header(ACCEPT_ENCODING, "gzip")
        .header(USER_AGENT, concat!("shiptrace/", env!("CARGO_PKG_VERSION"), " (gzip)"));
    let cut = |error: reqwest::Error| unreachable(host, &error);
    let response = request.send().await.map_err(cut)?;
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = header(RETRY_AFTER).and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let gzipped = header(CONTENT_ENCODING).is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"));
    let body = response.bytes().await.map_err(cut)?;
    let body = if gzipped { inflated(&body, host)? } else { body.into() };
    Ok(Reply { status, body, retry_after })
}

fn inflated(body: &[u8], host: &str) -> Result<Vec<u8>, Failure> {
    let mut plain = Vec::with_capacity(body.len().saturating_mul(6).min(LARGEST));
    let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    let read = flate2::read::MultiGzDecoder::new(body).take(limit).read_to_end(&mut plain);
    match read {
        Ok(size) if size < LARGEST => Ok(plain),
        _ => Err(cut(host, "the compressed answer is torn")),
    }
}

fn unreachable(host: &str, error: &reqwest::Error) -> Failure {
    let reason = if error.is_timeout() { "no answer in time".to_owned() } else { innermost(error) };
    cut(host, &reason)
}

/// A connection that was cut, which is tried again.
pub(super) fn cut(host: &str, reason: &str) -> Failure {
    let error = BigQueryError::Unreachable { host: host.to_owned(), attempts: 1, reason: reason.to_owned() };
    Failure { error, again: Again::Later(None) }
}

/// The cause below all others: it names no address, where the outer ones do.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = cause.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// The host of an address, for messages: an address may hold a token.
pub(super) fn host_of(url: &str) -> String {
    let host = reqwest::Url::parse(url).ok().and_then(|url| {
        let host = url.host_str()?.to_owned();
        Some(url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
    });
    host.unwrap_or_else(|| "the service".to_owned())
}
