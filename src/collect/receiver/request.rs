//! One request, from its first header to its answer.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use chrono::Utc;

use super::super::{Headers, Item, Provider, Reading, read};
use super::answer::Answer;
use super::body;
use super::shared::Shared;

/// Bodies larger than this are read on a thread for slow work.
const LARGE: usize = 256 << 10;

/// Takes the messages of a request, or says why not.
pub(super) async fn take(shared: &Arc<Shared>, provider: Provider, request: Request) -> Result<Answer, Answer> {
    let busy = |_| Answer::refused(503, "busy", "too many requests at once: try again");
    let _permit = shared.requests.try_acquire().map_err(busy)?;
    let verifier = shared.verifiers.get(&provider).ok_or_else(|| Answer::refused(404, "not_enabled", "not enabled"))?;
    let (head, body) = request.into_parts();
    verifier.before_body(&head.headers, Utc::now()).await?;
    content_type(&head.headers)?;
    let held = body::read(body, &shared.limits, &shared.room).await?;
    verifier.after_body(&head.headers, &held.bytes)?;
    if let Some(reason) = body::fault(&held.bytes) {
        let raw = String::from_utf8_lossy(&held.bytes).into_owned();
        let item = Item { provider, place: String::new(), raw, reading: Reading::Rejected(reason.clone()) };
        keep(shared, provider, vec![item]).await?;
        return Ok(Answer::kept(&reason));
    }
    let headers = readable(&head.headers);
    let items = if held.bytes.len() > LARGE {
        let shared = Arc::clone(shared);
        let work = move || read(provider, &held.bytes, &headers, &shared.mapping);
        let failed = |_| Answer::refused(500, "bug", "this is a bug in shiptrace");
        tokio::task::spawn_blocking(work).await.map_err(failed)?
    } else {
        read(provider, &held.bytes, &headers, &shared.mapping)
    };
    keep(shared, provider, items).await
}

/// Keeps messages; they are on the disk when this returns.
async fn keep(shared: &Shared, provider: Provider, items: Vec<Item>) -> Result<Answer, Answer> {
    let gone = || Answer::refused(503, "stopping", "the receiver is stopping: try again");
    match shared.committer.put(items).await.ok_or_else(gone)? {
        Ok(summary) => {
            shared.metrics.stored(provider, &summary);
            Ok(Answer::stored(&summary))
        }
        Err(error) => {
            shared.log.line(&format!("error: {error}"));
            Err(Answer::failed(&error))
        }
    }
}

/// JSON and its relatives, and not packed.
fn content_type(headers: &HeaderMap) -> Result<(), Answer> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"));
    if !is_json {
        return Err(Answer::refused(415, "content_type", "set the content type to application/json"));
    }
    let packed = headers.get(CONTENT_ENCODING).is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if packed { Err(Answer::refused(415, "content_type", "send the body as it is, not packed")) } else { Ok(()) }
}

/// The headers that are text. Those that prove who sent the request are of no use to whoever reads the message.
fn readable(headers: &HeaderMap) -> Headers {
    let is_proof =
        |name: &str| ["authorization", "cookie", "token", "signature"].iter().any(|word| name.contains(word));
    let text = headers.iter().filter(|(name, _)| !is_proof(name.as_str()));
    text.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
}
