//! Requests to the service, with a token, and again where that may help.

use std::cell::Cell;
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::Value;

use super::api::Listener;
use super::auth::{Credentials, safe_url};
use super::error::BigQueryError;
use super::fault::{About, Refusal, failure, not_bigquery};
use super::http::{Reply, client, cut, exchange, host_of};
use super::retry::{ATTEMPTS, Again, Failure, retried};
use super::secret::Secret;
use super::settings::Settings;

/// The service's own address.
const SERVICE: &str = "https://bigquery.googleapis.com";

/// What is asked.
#[derive(Debug)]
pub(super) struct Ask {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    attempts: u32,
}

impl Ask {
    pub(super) fn get(path: String, query: Vec<(&'static str, String)>) -> Self {
        Self { method: Method::GET, path, query, body: None, attempts: ATTEMPTS }
    }

    pub(super) fn post(path: String, body: &impl serde::Serialize) -> Self {
        Self {
            method: Method::POST,
            path,
            query: Vec::new(),
            body: serde_json::to_value(body).ok(),
            attempts: ATTEMPTS,
        }
    }

    /// The same, tried no more often than this.
    pub(super) fn tried(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// A request without a body.
    pub(super) fn signal(path: String, query: Vec<(&'static str, String)>) -> Self {
        Self { method: Method::POST, path, query, body: None, attempts: ATTEMPTS }
    }
}

/// The way to the service.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) http: Client,
    base: String,
    host: String,
}

impl Connection {
    pub(super) fn new(settings: &Settings) -> Result<Self, BigQueryError> {
        let address = match (settings.variable("BIGQUERY_EMULATOR_HOST"), &settings.endpoint) {
            (Some(host), _) if host.contains("://") => host.to_owned(),
            (Some(host), _) => format!("http://{host}"),
            (None, Some(endpoint)) => safe_url(endpoint)
                .map_err(|_| BigQueryError::Start("endpoint under [bigquery] is not an HTTPS address".to_owned()))?,
            (None, None) => SERVICE.to_owned(),
        };
        let base = format!("{}/bigquery/v2", address.trim_end_matches('/').trim_end_matches("/bigquery/v2"));
        Ok(Self { http: client()?, host: host_of(&base), base })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Asks until there is an answer that can be read, it is refused for good, or the time is over.
    pub(super) async fn call<T>(
        &self,
        ask: &Ask,
        credentials: &Credentials,
        about: &About<'_>,
        (deadline, listener): (Instant, &dyn Listener),
        read: fn(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<T, BigQueryError> {
        let renewed = Cell::new(false);
        let renew = Cell::new(false);
        let attempt = async || {
            let token = credentials.token(&self.http, renew.take()).await?;
            let secrets: Vec<&Secret> = token.iter().collect();
            let reply = self.once(ask, token.as_ref(), credentials.quota_project.as_deref()).await?;
            if reply.is_success() {
                return self.read(&reply, read);
            }
            let refusal = self.refusal(&reply, &secrets);
            let mut failure = failure(&refusal, about);
            // A token can be withdrawn before its time; one new one is asked for.
            if reply.status == 401 && token.is_some() && !renewed.replace(true) {
                renew.set(true);
                failure.again = Again::Later(Some(Duration::ZERO));
            }
            Err(failure)
        };
        retried(listener, (deadline, ask.attempts), attempt).await
    }

    async fn once(&self, ask: &Ask, token: Option<&Secret>, quota_project: Option<&str>) -> Result<Reply, Failure> {
        let url = format!("{}/{}", self.base, ask.path);
        let mut request = self.http.request(ask.method.clone(), url).query(&ask.query);
        if let Some(token) = token {
            request = request.bearer_auth(token.reveal());
        }
        if let Some(project) = quota_project {
            request = request.header("x-goog-user-project", project);
        }
        request = match &ask.body {
            Some(body) => request.json(body),
            None if ask.method == Method::POST => request.header("content-length", "0"),
            None => request,
        };
        exchange(request, &self.host).await
    }

    fn read<T>(&self, reply: &Reply, read: fn(&[u8]) -> Result<T, serde_json::Error>) -> Result<T, Failure> {
        read(&reply.body).map_err(|error| match reply.body.first() {
            Some(b'{') if error.is_eof() || error.is_syntax() => cut(&self.host, "the answer is torn"),
            Some(b'{') => cut(&self.host, "the answer cannot be read"),
            _ => not_bigquery(&self.refusal(reply, &[])),
        })
    }

    fn refusal<'a>(&'a self, reply: &'a Reply, secrets: &'a [&'a Secret]) -> Refusal<'a> {
        Refusal { status: reply.status, body: &reply.body, retry_after: reply.retry_after, host: &self.host, secrets }
    }
}
