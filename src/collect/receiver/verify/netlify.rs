//! Netlify signs a token that holds the digest of the body.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::super::secret::Secret;
use super::Refusal;

#[derive(Deserialize)]
struct Claims {
    sha256: String,
}

/// A JWS with HS256, of which the issuer is `netlify` and `sha256` is the digest of the body in hexadecimal.
pub(super) fn verify(secrets: &[Secret], header: &str, body: &[u8]) -> Result<(), Refusal> {
    // HS256 and no other: what the token says of its algorithm is only compared with this.
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_issuer(&["netlify"]);
    rules.set_required_spec_claims(&["iss"]);
    rules.validate_nbf = true;
    rules.validate_aud = false;
    let claims = |secret: &Secret| {
        jsonwebtoken::decode::<Claims>(header, &DecodingKey::from_secret(secret.bytes()), &rules).ok()
    };
    let token = secrets.iter().find_map(claims);
    let token = token.ok_or(Refusal::wrong("the token is not signed by Netlify with this secret"))?;
    let digest = hex::encode(Sha256::digest(body));
    if digest.as_bytes().ct_eq(token.claims.sha256.to_ascii_lowercase().as_bytes()).into() {
        return Ok(());
    }
    Err(Refusal::wrong("the token was signed for another body"))
}
