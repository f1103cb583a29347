//! Pub/Sub pushes with a token that Google signed.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

use super::keys::{KeyError, Keys};
use super::{Refusal, one};

/// What a push must prove: that Google signed it, for this receiver, in the name of this account.
///
/// The account matters: whoever has any account at Google can have a token signed for any audience.
pub struct Push {
    keys: Keys,
    rules: Validation,
    emails: Vec<String>,
}

/// How far two clocks may differ, in seconds.
const LEEWAY: u64 = 60;

#[derive(Deserialize)]
struct Claims {
    email: Option<String>,
    email_verified: Option<bool>,
    iat: Option<f64>,
}

const MALFORMED: Refusal = Refusal::malformed("the header Authorization holds no token of Pub/Sub");

impl Push {
    /// A verifier of tokens for one of these audiences, in the name of one of these accounts.
    #[must_use]
    pub fn new(keys: Keys, audiences: &[String], emails: &[String], issuers: &[String]) -> Self {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.leeway = LEEWAY;
        rules.validate_nbf = true;
        rules.set_audience(audiences);
        rules.set_issuer(issuers);
        rules.set_required_spec_claims(&["exp", "aud", "iss"]);
        Self { keys, rules, emails: emails.to_vec() }
    }

    pub(super) async fn verify(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Result<(), Refusal> {
        let value = one(headers, AUTHORIZATION.as_str())?;
        let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = token.map(|(_, token)| token.trim()).ok_or(MALFORMED)?;
        let header = jsonwebtoken::decode_header(token).map_err(|_| MALFORMED)?;
        // Before a key is looked for: a public key must never be tried as the secret of another algorithm.
        if header.alg != Algorithm::RS256 {
            return Err(refused("wrong_algorithm", "the token is not signed with RS256"));
        }
        let kid = header.kid.ok_or(MALFORMED)?;
        let key = self.keys.of(&kid).await.map_err(|error| match error {
            KeyError::Unknown => refused("unknown_key", "the key of the token is not known"),
            KeyError::Unreachable => {
                Refusal { status: 503, reason: "no_keys", told: "the keys cannot be had now: try again" }
            }
        })?;
        let token = jsonwebtoken::decode::<Claims>(token, &key, &self.rules).map_err(|e| refusal(e.kind()))?;
        self.claims(&token.claims, now)
    }

    fn claims(&self, claims: &Claims, now: DateTime<Utc>) -> Result<(), Refusal> {
        let latest = now.timestamp() as f64 + LEEWAY as f64;
        if claims.iat.is_none_or(|issued| issued > latest) {
            return Err(refused("not_yet_valid", "the token was issued in the future"));
        }
        let email = claims.email.as_deref().unwrap_or_default();
        if claims.email_verified != Some(true) || !self.emails.iter().any(|known| known == email) {
            return Err(refused("wrong_account", "the token is not of an account that may push"));
        }
        Ok(())
    }
}

const fn refused(reason: &'static str, told: &'static str) -> Refusal {
    Refusal { status: 403, reason, told }
}

fn refusal(kind: &ErrorKind) -> Refusal {
    match kind {
        ErrorKind::ExpiredSignature => refused("expired", "the token has expired"),
        ErrorKind::ImmatureSignature => refused("not_yet_valid", "the token is not valid yet"),
        ErrorKind::InvalidAudience => refused("wrong_audience", "the token is for another audience"),
        ErrorKind::InvalidIssuer => refused("wrong_issuer", "the token is of another issuer"),
        ErrorKind::InvalidAlgorithm => refused("wrong_algorithm", "the token is not signed with RS256"),
        ErrorKind::MissingRequiredClaim(_) => refused("missing_claim", "the token lacks exp, aud or iss"),
        _ => Refusal::wrong("the token is not signed by its key"),
    }
}
