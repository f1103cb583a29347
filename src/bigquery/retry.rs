//! What is tried again, and when.

use std::time::{Duration, Instant};

use super::api::{Event, Listener};
use super::error::BigQueryError;

/// Something that failed, and whether it is worth another try.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: BigQueryError,
    pub(super) again: Again,
}

/// Whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It would fail again.
    No,
    /// After a while; the service may say how long.
    Later(Option<Duration>),
}

impl From<BigQueryError> for Failure {
    fn from(error: BigQueryError) -> Self {
        Self { error, again: Again::No }
    }
}

/// So often something is tried.
pub(super) const ATTEMPTS: u32 = 9;
/// The longest first wait; it doubles with each attempt.
const FIRST: Duration = Duration::from_millis(400);
/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(20);

/// Tries until it works, fails for good, was tried often enough, or would be over only after `deadline`.
///
/// The wait before a further attempt is drawn evenly between nothing and twice the last longest one, so that many clients that failed
/// together do not come back together.
pub(super) async fn retried<T>(
    listener: &dyn Listener,
    (deadline, attempts): (Instant, u32),
    mut attempt: impl AsyncFnMut() -> Result<T, Failure>,
) -> Result<T, BigQueryError> {
    let mut tried = 0;
    loop {
        tried += 1;
        let failure = match attempt().await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let Again::Later(asked) = failure.again else { return Err(failure.error) };
        let wait = asked.unwrap_or_else(|| drawn(tried)).min(LONGEST);
        if tried >= attempts || Instant::now() + wait >= deadline {
            return Err(tried_so_often(failure.error, tried));
        }
        listener.hear(&Event::Retry { reason: failure.error.to_string(), wait: wait.as_secs_f64() });
        tokio::time::sleep(wait).await;
    }
}

/// Waits before something that failed for the `tried`th time is begun anew.
pub(super) async fn pause(tried: u32) {
    tokio::time::sleep(drawn(tried)).await;
}

/// A wait, evenly between nothing and the longest one of this attempt.
fn drawn(tried: u32) -> Duration {
    let longest = FIRST.saturating_mul(1 << (tried - 1).min(8)).min(LONGEST);
    longest.mul_f64(share())
}

/// A number between 0 and 1 that differs from process to process and from call to call.
fn share() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(Instant::now()) >> 11) as f64 / (1_u64 << 53) as f64
}

fn tried_so_often(error: BigQueryError, tried: u32) -> BigQueryError {
    match error {
        BigQueryError::RateLimited { message, .. } => BigQueryError::RateLimited { attempts: tried, message },
        BigQueryError::Unavailable { status, message, .. } => {
            BigQueryError::Unavailable { status, attempts: tried, message }
        }
        BigQueryError::Unreachable { host, reason, .. } => BigQueryError::Unreachable { host, attempts: tried, reason },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_bounded() {
        for tried in 1..40 {
            assert!(drawn(tried) <= LONGEST);
        }
        assert!((0..50).any(|_| drawn(6) > FIRST), "the sixth wait can be longer than the first");
        assert!((0..50).map(|_| share()).all(|share| (0.0..1.0).contains(&share)));
    }
}
