//! Files of credentials, and the tokens that their kinds give.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Client;
use serde::{Deserialize, Serialize};

use super::external::{External, impersonated};
use super::token::asked_by_form;
use super::{SCOPE, Token, metadata};
use crate::bigquery::error::BigQueryError;
use crate::bigquery::retry::Failure;
use crate::bigquery::secret::Secret;

/// Where tokens come from, where a file does not say.
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
/// No file of credentials is larger.
const LARGEST: u64 = 1 << 20;

/// How tokens are got.
#[derive(Debug)]
pub(super) enum Kind {
    /// Not at all: an emulator wants none.
    None,
    /// By the login of a person.
    User(User),
    /// By the key of a service account.
    Service(Service),
    /// By the identity that another cloud or CI system gives (workload identity federation).
    External(Box<External>),
    /// By another identity that may act as a service account.
    Impersonated { source: Box<Kind>, url: String },
    /// From the machine itself.
    Metadata { host: String },
}

#[derive(Debug, Deserialize)]
pub(super) struct User {
    client_id: String,
    client_secret: Secret,
    refresh_token: Secret,
    #[serde(alias = "token_url")]
    token_uri: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Service {
    client_email: String,
    private_key: Secret,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Impersonation {
    service_account_impersonation_url: String,
    source_credentials: serde_json::Value,
}

/// What all files of credentials have.
#[derive(Debug, Deserialize)]
struct Common {
    #[serde(rename = "type")]
    kind: String,
    project_id: Option<String>,
    quota_project_id: Option<String>,
}

/// What a file holds.
pub(super) struct Read {
    pub(super) kind: Kind,
    pub(super) project: Option<String>,
    pub(super) quota_project: Option<String>,
}

/// Reads a file of credentials.
pub(super) fn read(path: &Path, place: &str) -> Result<Read, BigQueryError> {
    let wrong = |problem: String| BigQueryError::BadCredentials { place: place.to_owned(), problem };
    let about = std::fs::metadata(path).map_err(|e| wrong(io_reason(&e)))?;
    if about.len() > LARGEST {
        return Err(wrong("the file is too large for credentials".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|e| wrong(io_reason(&e)))?;
    // The error of the reader would show what stands in the file.
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|_| wrong("the file is not JSON".to_owned()))?;
    let common: Common =
        serde_json::from_value(json.clone()).map_err(|_| wrong("the file does not say its type".to_owned()))?;
    Ok(Read {
        kind: kind(&common.kind, json, 0).map_err(wrong)?,
        project: common.project_id,
        quota_project: common.quota_project_id,
    })
}

fn io_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// The credentials of a type; `depth` counts those around them.
fn kind(name: &str, json: serde_json::Value, depth: u8) -> Result<Kind, String> {
    fn parsed<T: for<'de> Deserialize<'de>>(name: &str, json: serde_json::Value) -> Result<T, String> {
        // Only names of fields are shown, never what they hold.
        serde_json::from_value(json).map_err(|e| {
            let text = e.to_string();
            let missing = text.strip_prefix("missing field ").filter(|field| field.starts_with('`'));
            match missing.and_then(|field| field.get(..=1 + field[1..].find('`')?)) {
                Some(field) => format!("credentials of the type {name} need {field}"),
                None => format!("they are not as the type {name} is written"),
            }
        })
    }
    match name {
        "authorized_user" | "external_account_authorized_user" => Ok(Kind::User(parsed(name, json)?)),
        "service_account" => Ok(Kind::Service(parsed(name, json)?)),
        "external_account" => Ok(Kind::External(Box::new(External::read(json)?))),
        "impersonated_service_account" if depth == 0 => {
            let outer: Impersonation = parsed(name, json)?;
            let inner = outer.source_credentials["type"].as_str().unwrap_or_default().to_owned();
            let source = kind(&inner, outer.source_credentials, depth + 1)?;
            Ok(Kind::Impersonated {
                source: Box::new(source),
                url: safe_url(&outer.service_account_impersonation_url)?,
            })
        }
        other => Err(format!("credentials of the type {other:?} are not known")),
    }
}

/// An address to which secrets may be sent: by HTTPS, or on this machine.
pub(in crate::bigquery) fn safe_url(url: &str) -> Result<String, String> {
    let parsed = reqwest::Url::parse(url).map_err(|_| "an address in it is none".to_owned())?;
    let local = parsed.host_str().is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host));
    match parsed.scheme() {
        "https" => Ok(url.to_owned()),
        "http" if local => Ok(url.to_owned()),
        _ => Err("an address in it is not HTTPS".to_owned()),
    }
}

impl Kind {
    /// What it is, for people.
    pub(super) fn described(&self) -> String {
        match self {
            Self::None => "no credentials are sent".to_owned(),
            Self::User(_) => "the login of a person".to_owned(),
            Self::Service(service) => format!("the key of the service account {}", service.client_email),
            Self::External(_) => "an identity of another system (workload identity federation)".to_owned(),
            Self::Impersonated { source, .. } => format!("a service account, acted for by {}", source.described()),
            Self::Metadata { .. } => "the service account".to_owned(),
        }
    }

    /// A new token.
    pub(super) async fn token(&self, http: &Client, place: &str) -> Result<Token, Failure> {
        match self {
            Self::None => Ok(Token::new(Secret::new(""), 0)),
            Self::User(user) => user.token(http, place).await,
            Self::Service(service) => service.token(http, place).await,
            Self::External(external) => external.token(http, place).await,
            Self::Metadata { host } => metadata::token(http, host, place).await,
            Self::Impersonated { source, url } => {
                let token = Box::pin(source.token(http, place)).await?;
                impersonated(http, url, &token.text, place).await
            }
        }
    }
}

fn token_url(given: Option<&String>, place: &str) -> Result<String, BigQueryError> {
    let wrong = |problem| BigQueryError::BadCredentials { place: place.to_owned(), problem };
    given.map_or_else(|| Ok(TOKEN_URL.to_owned()), |url| safe_url(url).map_err(wrong))
}

impl User {
    async fn token(&self, http: &Client, place: &str) -> Result<Token, Failure> {
        let url = token_url(self.token_uri.as_ref(), place)?;
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.reveal()),
            ("refresh_token", self.refresh_token.reveal()),
        ];
        asked_by_form(http, &url, &form, &[&self.client_secret, &self.refresh_token], place).await
    }
}

/// What a service account says of itself, signed by its key.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

impl Service {
    async fn token(&self, http: &Client, place: &str) -> Result<Token, Failure> {
        let url = token_url(self.token_uri.as_ref(), place)?;
        let assertion = self.signed(&url, place)?;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.reveal())];
        asked_by_form(http, &url, &form, &[&assertion, &self.private_key], place).await
    }

    fn signed(&self, audience: &str, place: &str) -> Result<Secret, BigQueryError> {
        let wrong = |_| BigQueryError::BadCredentials {
            place: place.to_owned(),
            problem: "private_key is not an RSA key in PEM".to_owned(),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
        let claims = Claims { iss: &self.client_email, scope: SCOPE, aud: audience, iat: now, exp: now + 3600 };
        let header = Header { kid: self.private_key_id.clone(), ..Header::new(Algorithm::RS256) };
        let key = EncodingKey::from_rsa_pem(self.private_key.reveal().as_bytes()).map_err(wrong)?;
        jsonwebtoken::encode(&header, &claims, &key).map(Secret::new).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: serde_json::Value) -> String {
        let name = json["type"].as_str().unwrap_or_default().to_owned();
        kind(&name, json, 0).unwrap_err()
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_that_the_file_holds_is_shown() {
        let json = serde_json::json!({"type": "service_account", "client_email": "a@b", "private_key": 7});
        assert_eq!(told(json), "they are not as the type service_account is written");
        let json = serde_json::json!({"type": "authorized_user", "client_id": "c", "client_secret": "hidden"});
        assert_eq!(told(json), "credentials of the type authorized_user need `refresh_token`");
        assert!(told(serde_json::json!({"type": "magic"})).contains("\"magic\" are not known"));
    }

    #[test]
    fn secrets_go_only_over_https_or_to_this_machine() {
        assert!(safe_url("https://sts.googleapis.com/v1/token").is_ok());
        assert!(safe_url("http://127.0.0.1:8080/token").is_ok());
        for wrong in ["http://example.com/token", "file:///etc/passwd", "http://127.0.0.1.example.com/", "token"] {
            assert!(safe_url(wrong).is_err(), "{wrong}");
        }
    }
}
