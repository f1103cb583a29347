//! The public keys of Google, or of whoever signs in a test.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use tokio::sync::{Mutex, RwLock};

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A JSON Web Key Set at this address.
    Url(String),
    /// The same in a file.
    File(PathBuf),
}

/// Keys are read anew after this time, unless the server says how long they hold.
const HOLD: Duration = Duration::from_hours(1);
/// Bounds of what a server may say.
const SHORTEST: Duration = Duration::from_mins(5);
const LONGEST: Duration = Duration::from_hours(24);
/// An unknown key makes us look for new ones, at most this often: anybody can send an unknown key.
const PAUSE: Duration = Duration::from_secs(30);
/// How long a look takes at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// A longer answer is no key set.
const MOST_BYTES: usize = 1 << 20;

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyError {
    /// The signer has none of this name.
    Unknown,
    /// No keys could be had.
    Unreachable,
}

/// Keys by their names, read again as they change.
pub struct Keys {
    source: KeySource,
    client: reqwest::Client,
    known: RwLock<Known>,
    /// When keys were last looked for. Whoever holds it is looking.
    looked: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<DecodingKey>>,
    good_until: Option<Instant>,
}

impl Known {
    /// The key of a name, and whether it is yet to be read anew.
    fn of(&self, name: &str) -> Option<(Arc<DecodingKey>, bool)> {
        let until = self.good_until?;
        let now = Instant::now();
        // A signer that cannot be reached does not stop us for a day; a key that was withdrawn does not hold for ever.
        if now > until + LONGEST {
            return None;
        }
        self.keys.get(name).map(|key| (Arc::clone(key), now < until))
    }
}

impl Keys {
    /// Keys that are read when the first is needed.
    ///
    /// # Errors
    /// Where the client of the system cannot be set up.
    pub fn new(source: KeySource) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| e.without_url().to_string())?;
        Ok(Self { source, client, known: RwLock::default(), looked: Mutex::default() })
    }

    /// The key of this name. Requests that need new keys at once wait for one look.
    pub(super) async fn of(&self, name: &str) -> Result<Arc<DecodingKey>, KeyError> {
        let old = match self.known.read().await.of(name) {
            Some((key, true)) => return Ok(key),
            Some((key, false)) => Some(key),
            None => None,
        };
        let looked = match &old {
            Some(_) => self.looked.try_lock().ok(),
            None => Some(self.looked.lock().await),
        };
        if let Some(mut looked) = looked {
            let fresh = self.known.read().await.of(name).is_some_and(|(_, good)| good);
            if !fresh && looked.is_none_or(|before| before.elapsed() >= PAUSE) {
                *looked = Some(Instant::now());
                // Where it fails the old keys are tried.
                let _ = self.look().await;
            }
        }
        let known = self.known.read().await;
        match known.of(name) {
            Some((key, _)) => Ok(key),
            None if known.keys.is_empty() => Err(KeyError::Unreachable),
            None => Err(KeyError::Unknown),
        }
    }

    /// Reads the keys. Returns how many there are.
    ///
    /// # Errors
    /// Where they cannot be had, in words that hold no secret.
    pub async fn look(&self) -> Result<usize, String> {
        let (text, hold) = match &self.source {
            KeySource::Url(url) => self.fetch(url).await?,
            KeySource::File(file) => {
                let text = tokio::fs::read(file).await.map_err(|e| format!("{}: {e}", file.display()))?;
                (text, PAUSE)
            }
        };
        let keys = keys_of(&text)?;
        if keys.is_empty() {
            return Err("there is no RSA key with a name (kid) in the key set".to_owned());
        }
        let count = keys.len();
        *self.known.write().await = Known { keys, good_until: Some(Instant::now() + hold) };
        Ok(count)
    }

    async fn fetch(&self, url: &str) -> Result<(Vec<u8>, Duration), String> {
        let failed = |e: reqwest::Error| e.without_url().to_string();
        let mut answer =
            self.client.get(url).send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
        let hold = answer.headers().get("cache-control").and_then(|value| max_age(value.to_str().ok()?));
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            text.extend_from_slice(&chunk);
            if text.len() > MOST_BYTES {
                return Err("the answer is too long for a key set".to_owned());
            }
        }
        Ok((text, hold.unwrap_or(HOLD).clamp(SHORTEST, LONGEST)))
    }
}

/// How long a server says that its answer holds.
fn max_age(cache_control: &str) -> Option<Duration> {
    let seconds = cache_control.split(',').find_map(|part| part.trim().strip_prefix("max-age="));
    seconds?.parse().ok().map(Duration::from_secs)
}

/// The RSA keys of a key set that have a name; all others are of no use to us.
fn keys_of(text: &[u8]) -> Result<HashMap<String, Arc<DecodingKey>>, String> {
    let set: JwkSet = serde_json::from_slice(text).map_err(|e| format!("that is no JSON Web Key Set: {e}"))?;
    let rsa = set.keys.iter().filter(|key| matches!(key.algorithm, AlgorithmParameters::RSA(_)));
    let named =
        |key: &jsonwebtoken::jwk::Jwk| Some((key.common.key_id.clone()?, Arc::new(DecodingKey::from_jwk(key).ok()?)));
    Ok(rsa.filter_map(named).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_keys_hold_is_read_from_the_answer() {
        assert_eq!(max_age("public, max-age=22000, must-revalidate"), Some(Duration::from_secs(22_000)));
        assert_eq!([max_age("no-store"), max_age("max-age=x")], [None, None]);
    }

    #[test]
    fn a_key_set_without_rsa_keys_has_no_keys() {
        let set =
            br#"{"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}"#;
        assert!(keys_of(set).unwrap().is_empty());
        assert!(keys_of(b"<html>").is_err());
    }
}
