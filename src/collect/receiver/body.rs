//! Reads a body within its limits, and looks whether it is JSON at all.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody as _};
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::answer::Answer;
use super::limits::{DEEPEST, Limits};

/// A body, and the room that it takes among all bodies for as long as it is held.
pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

/// A sender of too large a body is let go on for so many of the largest bodies, so that it comes to read the answer.
const LET_GO_ON: usize = 4;

/// Reads a body. `room` has one permit for each byte that all bodies together may have.
pub(super) async fn read(mut body: Body, limits: &Limits, room: &Arc<Semaphore>) -> Result<Held, Answer> {
    let slow = |_| Answer::refused(408, "slow", "the body took too long");
    let collected = timeout(limits.body_time, collect(&mut body, limits, room)).await.map_err(slow)?;
    if collected.as_ref().is_err_and(Answer::is_too_large) {
        let _ = timeout(limits.body_time, pass_over(&mut body, LET_GO_ON * limits.body)).await;
    }
    collected
}

async fn collect(body: &mut Body, limits: &Limits, room: &Arc<Semaphore>) -> Result<Held, Answer> {
    if body.size_hint().lower() > limits.body as u64 {
        return Err(too_large(limits));
    }
    let mut held = Held { bytes: Vec::new(), room: None };
    while let Some(frame) = next(body).await {
        let frame = frame.map_err(|_| Answer::refused(400, "aborted", "the body ended before its end"))?;
        let Ok(data) = frame.into_data() else { continue };
        if held.bytes.len() + data.len() > limits.body {
            return Err(too_large(limits));
        }
        let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let busy = |_| Answer::refused(503, "busy", "too much is being taken at once: try again");
        let more = Arc::clone(room).try_acquire_many_owned(size).map_err(busy)?;
        match &mut held.room {
            Some(room) => room.merge(more),
            none => *none = Some(more),
        }
        held.bytes.extend_from_slice(&data);
    }
    Ok(held)
}

/// Throws away what comes, up to so many bytes.
async fn pass_over(body: &mut Body, most: usize) {
    let mut passed = 0;
    while passed < most
        && let Some(Ok(frame)) = next(body).await
    {
        passed += frame.data_ref().map_or(0, hyper::body::Bytes::len);
    }
}

async fn next(body: &mut Body) -> Option<Result<Frame<Bytes>, axum::Error>> {
    poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

fn too_large(limits: &Limits) -> Answer {
    Answer::refused(413, "too_large", format!("the body is larger than {} bytes", limits.body))
}

/// Why a body is no message: it is no JSON, or nested too deeply.
pub(super) fn fault(body: &[u8]) -> Option<String> {
    if depth(body) > DEEPEST {
        return Some(format!("the JSON is nested more than {DEEPEST} levels deep"));
    }
    let parsed = serde_json::from_slice::<serde::de::IgnoredAny>(body);
    parsed.err().map(|e| format!("no JSON: {e}"))
}

/// How deeply the brackets outside of strings are nested; where it is no JSON, about that.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in body {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'[' | b'{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_do_not_nest() {
        assert_eq!(depth(br#"{"a": ["[[[[", "\"[["], "b": []}"#), 2);
        assert_eq!(depth(b"]]]]["), 1);
    }

    #[test]
    fn what_is_no_json_or_too_deep_has_a_fault() {
        assert_eq!(fault(br#"{"a": [1, {"b": null}]}"#), None);
        assert!(fault(b"{").unwrap().starts_with("no JSON"));
        assert!(fault(b"").is_some());
        assert!(fault("[".repeat(100_000).as_bytes()).unwrap().contains("deep"));
        assert_eq!(fault(("[".repeat(64) + &"]".repeat(64)).as_bytes()), None);
    }
}
