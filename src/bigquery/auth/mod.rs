//! Who is asking: credentials as Google's own tools find them.
//!
//! The order is that of the application default credentials: `BIGQUERY_EMULATOR_HOST` (no credentials at all), the file that
//! `GOOGLE_APPLICATION_CREDENTIALS` names, the file that `gcloud auth application-default login` writes, the metadata server of a machine of
//! Google's cloud.

mod external;
mod file;
mod metadata;
mod token;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::error::BigQueryError;
use super::retry::Failure;
use super::secret::Secret;
use super::settings::Settings;
use file::Kind;

pub(in crate::bigquery) use file::safe_url;
pub(in crate::bigquery) use token::encoded;

/// What tokens are asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";
/// A token is renewed so long before it ends.
const EARLY: Duration = Duration::from_mins(1);

/// Credentials, and the token that they last gave.
#[derive(Debug)]
pub(super) struct Credentials {
    kind: Kind,
    /// Where they were found, for messages.
    pub(super) place: String,
    /// The project that they belong to.
    pub(super) project: Option<String>,
    /// The project whose quota is used, where it is another.
    pub(super) quota_project: Option<String>,
    token: Mutex<Option<Token>>,
}

/// A token and the moment from which it is not used any more.
#[derive(Debug, Clone)]
struct Token {
    text: Secret,
    until: Instant,
}

impl Token {
    fn new(text: Secret, seconds: u64) -> Self {
        let life = Duration::from_secs(seconds.min(86_400));
        Self { text, until: Instant::now() + life.saturating_sub(EARLY) }
    }
}

impl Credentials {
    /// Finds the credentials. The network is asked only for the metadata server, and only where there is no file.
    pub(super) async fn find(http: &reqwest::Client, settings: &Settings) -> Result<Self, BigQueryError> {
        let credentials = |kind: Kind, place: String, project: Option<String>, quota_project: Option<String>| Self {
            kind,
            place,
            project,
            quota_project,
            token: Mutex::new(None),
        };
        if let Some(host) = settings.variable("BIGQUERY_EMULATOR_HOST") {
            return Ok(credentials(Kind::None, format!("to the emulator at {}", shown(host)), None, None));
        }
        let mut looked = Vec::new();
        for (named_by, path) in files(settings) {
            if path.exists() || named_by.is_some() {
                let by = named_by.map(|variable| format!(", named by {variable}")).unwrap_or_default();
                let place = format!("{}{by}", path.display());
                let read = file::read(&path, &place)?;
                return Ok(credentials(read.kind, place, read.project, read.quota_project));
            }
            looked.push(path.display().to_string());
        }
        looked.insert(0, "GOOGLE_APPLICATION_CREDENTIALS".to_owned());
        looked.push("the metadata server".to_owned());
        let Some(project) = metadata::project(http, settings).await else {
            return Err(BigQueryError::NoCredentials { looked });
        };
        let host = metadata::host(settings);
        Ok(credentials(Kind::Metadata { host }, "of this machine, from the metadata server".to_owned(), project, None))
    }

    /// What they are, for people; never a secret.
    pub(super) fn described(&self) -> String {
        format!("{} {}", self.kind.described(), self.place)
    }

    /// A token that is good for now; none where the service wants none. `fresh` asks for a new one: the last one was refused.
    pub(super) async fn token(&self, http: &reqwest::Client, fresh: bool) -> Result<Option<Secret>, Failure> {
        if matches!(self.kind, Kind::None) {
            return Ok(None);
        }
        let mut last = self.token.lock().await;
        if let Some(token) = last.as_ref().filter(|token| !fresh && Instant::now() < token.until) {
            return Ok(Some(token.text.clone()));
        }
        let token = self.kind.token(http, &self.place).await?;
        let text = token.text.clone();
        *last = Some(token);
        Ok(Some(text))
    }
}

/// A host that a variable names, without what may be a password in it.
fn shown(host: &str) -> &str {
    host.rsplit('@').next().unwrap_or(host)
}

/// The files in which credentials are looked for, with the variable that names one.
fn files(settings: &Settings) -> Vec<(Option<&'static str>, PathBuf)> {
    const NAMED_BY: &str = "GOOGLE_APPLICATION_CREDENTIALS";
    if let Some(file) = settings.variable(NAMED_BY) {
        return vec![(Some(NAMED_BY), PathBuf::from(file))];
    }
    let folder = settings.variable("CLOUDSDK_CONFIG").map(PathBuf::from).or_else(|| {
        let windows = settings.variable("APPDATA").filter(|_| cfg!(windows)).map(|data| Path::new(data).join("gcloud"));
        windows.or_else(|| settings.variable("HOME").map(|home| Path::new(home).join(".config").join("gcloud")))
    });
    folder.map(|folder| (None, folder.join("application_default_credentials.json"))).into_iter().collect()
}
