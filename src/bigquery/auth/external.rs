//! Workload identity federation: a token of another cloud or CI system is exchanged for one of Google's.

use std::collections::BTreeMap;
use std::path::PathBuf;

use reqwest::Client;
use serde::Deserialize;

use super::file::safe_url;
use super::token::{asked, asked_by_form};
use super::{SCOPE, Token};
use crate::bigquery::error::BigQueryError;
use crate::bigquery::http::{exchange, host_of};
use crate::bigquery::retry::Failure;
use crate::bigquery::secret::Secret;

/// What `gcloud iam workload-identity-pools create-cred-config` writes.
#[derive(Debug, Deserialize)]
pub(super) struct External {
    audience: String,
    subject_token_type: String,
    #[serde(default = "google")]
    token_url: String,
    service_account_impersonation_url: Option<String>,
    credential_source: Source,
}

fn google() -> String {
    "https://sts.googleapis.com/v1/token".to_owned()
}

/// Where the token of the other system comes from.
#[derive(Debug, Deserialize)]
struct Source {
    file: Option<PathBuf>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
    #[serde(default)]
    format: Format,
    environment_id: Option<String>,
    executable: Option<serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
struct Format {
    #[serde(rename = "type", default)]
    kind: String,
    subject_token_field_name: Option<String>,
}

impl External {
    pub(super) fn read(json: serde_json::Value) -> Result<Self, String> {
        let read: Self = serde_json::from_value(json)
            .map_err(|_| "they are not as the type external_account is written".to_owned())?;
        safe_url(&read.token_url)?;
        read.service_account_impersonation_url.as_deref().map(safe_url).transpose()?;
        let source = &read.credential_source;
        if source.executable.is_some() {
            return Err("they want to run a program, which is not done: let it write a file, and name that".to_owned());
        }
        if source.environment_id.is_some() {
            return Err(
                "identities of AWS by signed requests are not read: use an OIDC token in a file or by URL".to_owned()
            );
        }
        if source.file.is_none() && source.url.is_none() {
            return Err("credential_source names neither a file nor a url".to_owned());
        }
        Ok(read)
    }

    pub(super) async fn token(&self, http: &Client, place: &str) -> Result<Token, Failure> {
        let subject = self.subject(http, place).await?;
        // The broad scope is needed where the token only serves to act as a service account.
        let scope = match self.service_account_impersonation_url {
            Some(_) => "https://www.googleapis.com/auth/cloud-platform",
            None => SCOPE,
        };
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("audience", self.audience.as_str()),
            ("scope", scope),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token_type", self.subject_token_type.as_str()),
            ("subject_token", subject.reveal()),
        ];
        let token = asked_by_form(http, &self.token_url, &form, &[&subject], place).await?;
        match &self.service_account_impersonation_url {
            Some(url) => impersonated(http, url, &token.text, place).await,
            None => Ok(token),
        }
    }

    /// The token of the other system, read anew each time: it is short-lived.
    async fn subject(&self, http: &Client, place: &str) -> Result<Secret, Failure> {
        let wrong = |problem: String| BigQueryError::BadCredentials { place: place.to_owned(), problem };
        let source = &self.credential_source;
        let text = match (&source.file, &source.url) {
            (Some(file), _) => std::fs::read_to_string(file)
                .map_err(|e| wrong(format!("the subject token in {} cannot be read: {}", file.display(), e.kind())))?,
            (None, Some(url)) => source.fetched(http, url, place).await?,
            (None, None) => String::new(),
        };
        source
            .format
            .token_in(&text)
            .ok_or_else(|| wrong("there is no subject token where one should be".to_owned()).into())
    }
}

impl Source {
    async fn fetched(&self, http: &Client, url: &str, place: &str) -> Result<String, Failure> {
        let request = self.headers.iter().fold(http.get(url), |r, (name, value)| r.header(name, value.reveal()));
        let host = host_of(url);
        let reply = exchange(request, &host).await?;
        if reply.is_success() {
            return Ok(String::from_utf8_lossy(&reply.body).into_owned());
        }
        let message = format!("{host} gave no subject token, but status {}", reply.status);
        Err(BigQueryError::CredentialsRefused { place: place.to_owned(), message }.into())
    }
}

impl Format {
    /// The token in a text: the text itself, or a field of its JSON.
    fn token_in(&self, text: &str) -> Option<Secret> {
        let token = if self.kind == "json" {
            let json: serde_json::Value = serde_json::from_str(text).ok()?;
            json[self.subject_token_field_name.as_deref()?].as_str()?.to_owned()
        } else {
            text.trim().to_owned()
        };
        (!token.is_empty()).then(|| Secret::new(token))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Impersonated {
    access_token: Secret,
}

/// A token of a service account, got by an identity that may act as it. It lives an hour.
pub(super) async fn impersonated(http: &Client, url: &str, by: &Secret, place: &str) -> Result<Token, Failure> {
    let body = serde_json::json!({"scope": [SCOPE], "lifetime": "3600s"});
    let request = http.post(url).bearer_auth(by.reveal()).json(&body);
    let answer: Impersonated = asked(request, url, &[by], place).await?;
    Ok(Token::new(answer.access_token, 3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_token_is_a_text_or_a_field() {
        let field = Format { kind: "json".to_owned(), subject_token_field_name: Some("value".to_owned()) };
        let shown = |format: &Format, text: &str| format.token_in(text).map(|token| token.reveal().to_owned());
        assert_eq!(shown(&field, r#"{"value": "abc"}"#).as_deref(), Some("abc"));
        assert_eq!(shown(&Format::default(), " abc\n").as_deref(), Some("abc"));
        assert_eq!(shown(&field, "abc"), None);
    }

    #[test]
    fn what_is_not_done_is_said() {
        let with = |source: serde_json::Value| {
            let json = serde_json::json!({"audience": "a", "subject_token_type": "t", "credential_source": source});
            External::read(json).map(drop)
        };
        assert!(with(serde_json::json!({"file": "/tmp/t"})).is_ok());
        assert!(with(serde_json::json!({"executable": {"command": "x"}})).unwrap_err().contains("run a program"));
        assert!(with(serde_json::json!({"environment_id": "aws1", "url": "x"})).unwrap_err().contains("AWS"));
        assert!(with(serde_json::json!({})).is_err());
    }
}
