//! The metadata server that machines of Google's cloud have.

use std::time::Duration;

use reqwest::Client;

use super::Token;
use super::token::{Answer, asked};
use crate::bigquery::retry::Failure;
use crate::bigquery::settings::Settings;

/// Its address, which needs no name server.
const HOST: &str = "169.254.169.254";
/// A machine that has one answers sooner.
const SOON: Duration = Duration::from_millis(1500);

/// Where the metadata server is, or would be.
pub(super) fn host(settings: &Settings) -> String {
    let named = settings.variable("GCE_METADATA_HOST").or_else(|| settings.variable("GCE_METADATA_IP"));
    named.unwrap_or(HOST).to_owned()
}

/// The project of this machine, where it knows one; none at all where there is no metadata server.
pub(super) async fn project(http: &Client, settings: &Settings) -> Option<Option<String>> {
    if settings.variable("NO_GCE_CHECK").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return None;
    }
    let url = format!("http://{}/computeMetadata/v1/project/project-id", host(settings));
    let request = http.get(url).header("Metadata-Flavor", "Google").timeout(SOON);
    let response = request.send().await.ok()?;
    let of_google = response.headers().get("metadata-flavor").is_some_and(|flavor| flavor == "Google");
    if !of_google {
        return None;
    }
    let found = response.status().is_success();
    let project = response.text().await.ok().filter(|text| found && super::super::name::is_project(text.trim()));
    Some(project.map(|text| text.trim().to_owned()))
}

/// A token of the machine's service account.
pub(super) async fn token(http: &Client, host: &str, place: &str) -> Result<Token, Failure> {
    let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
    let request = http.get(&url).header("Metadata-Flavor", "Google");
    asked::<Answer>(request, &url, &[], place).await.map(Token::from)
}
