//! What a refusal of the service means.

use std::time::Duration;

use serde::Deserialize;

use super::error::{BigQueryError, Missing};
use super::retry::{Again, Failure};
use super::secret::{Secret, harmless};

/// An answer that is no success.
pub(super) struct Refusal<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
    pub(super) retry_after: Option<Duration>,
    /// Who answered.
    pub(super) host: &'a str,
    /// What was sent and must not be shown.
    pub(super) secrets: &'a [&'a Secret],
}

/// What the question was about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    /// The table or the file of the query.
    pub(super) place: &'a str,
    /// The project that was asked.
    pub(super) project: &'a str,
    /// Whose credentials were used.
    pub(super) who: &'a str,
    /// Bytes that may be billed.
    pub(super) limit: u64,
    /// How long it may take, in seconds.
    pub(super) seconds: u64,
}

#[derive(Deserialize)]
struct Body {
    error: Said,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Reason>,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    reason: String,
}

/// The failure that an answer means.
pub(super) fn failure(refusal: &Refusal<'_>, about: &About<'_>) -> Failure {
    let Ok(Body { error: said }) = serde_json::from_slice::<Body>(refusal.body) else {
        return not_bigquery(refusal);
    };
    let reason = said.errors.first().map_or(said.status.as_str(), |first| first.reason.as_str());
    let message = harmless(&said.message, refusal.secrets);
    of_reason(refusal.status, reason, message, about, refusal.retry_after)
}

/// A page of a proxy. It is tried again where its status says that the trouble may pass.
pub(super) fn not_bigquery(refusal: &Refusal<'_>) -> Failure {
    let text = String::from_utf8_lossy(refusal.body.get(..200).unwrap_or(refusal.body)).trim_start().to_lowercase();
    let what = match text.as_str() {
        "" => "nothing",
        html if html.starts_with('<') => "an HTML page",
        _ => "a text",
    };
    let error = BigQueryError::NotBigQuery { host: refusal.host.to_owned(), status: refusal.status, what };
    let again = if passes(refusal.status) { Again::Later(refusal.retry_after) } else { Again::No };
    Failure { error, again }
}

/// Whether the trouble of a status may pass by itself.
fn passes(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

fn of_reason(status: u16, reason: &str, message: String, about: &About<'_>, wait: Option<Duration>) -> Failure {
    let later = |error| Failure { error, again: Again::Later(wait) };
    let place = about.place.to_owned();
    match (status, reason) {
        (_, "rateLimitExceeded" | "userRateLimitExceeded" | "jobRateLimitExceeded") | (429, _) => {
            later(BigQueryError::RateLimited { attempts: 1, message })
        }
        (_, "backendError" | "internalError" | "jobBackendError" | "jobInternalError") | (500..=599, _) => {
            later(BigQueryError::Unavailable { status, attempts: 1, message })
        }
        (401, _) => BigQueryError::CredentialsRefused { place: about.who.to_owned(), message }.into(),
        (_, "quotaExceeded") => BigQueryError::Quota { message }.into(),
        (_, "accessNotConfigured" | "SERVICE_DISABLED" | "billingNotEnabled") => not_enabled(message, about),
        (403, _) if message.contains("has not been used in project") || message.contains("is disabled") => {
            not_enabled(message, about)
        }
        (403, _) => BigQueryError::Forbidden { who: about.who.to_owned(), message }.into(),
        (_, "notFound") | (404, _) => BigQueryError::NotFound { what: missing(&message), message }.into(),
        (409, _) => BigQueryError::Duplicate.into(),
        (_, "bytesBilledLimitExceeded") => {
            let needed = numbers(&message).last().copied().unwrap_or_default();
            BigQueryError::OverBytes { place, needed, limit: about.limit }.into()
        }
        (_, "timeout" | "stopped") => BigQueryError::Timeout { place, seconds: about.seconds }.into(),
        (400, _) if message.contains("Job timed out") || message.contains("Job execution was cancelled") => {
            BigQueryError::Timeout { place, seconds: about.seconds }.into()
        }
        (400, "invalid") if message.to_lowercase().contains("project") => {
            BigQueryError::NotFound { what: Missing::Project, message }.into()
        }
        (400, _) => of_query(place, message).into(),
        _ => BigQueryError::Refused { status, message }.into(),
    }
}

fn not_enabled(message: String, about: &About<'_>) -> Failure {
    BigQueryError::NotEnabled { project: about.project.to_owned(), message }.into()
}

/// What is not there, by the words of the service: `Not found: Table p:d.t was not found in location US`.
fn missing(message: &str) -> Missing {
    match message.split("Not found: ").nth(1).and_then(|rest| rest.split_whitespace().next()) {
        Some("Project") => Missing::Project,
        Some("Dataset") => Missing::Dataset,
        Some("Table" | "View") => Missing::Table,
        _ if message.contains("project") => Missing::Project,
        _ => Missing::Other,
    }
}

/// What is wrong with a query, by the words of the service.
fn of_query(place: String, message: String) -> BigQueryError {
    let unrecognized = ["Unrecognized name: ", "Name "];
    let found = unrecognized.iter().find_map(|words| message.split_once(words)).map(|(_, rest)| rest);
    if let Some(rest) =
        found.filter(|_| message.contains("Unrecognized name") || message.contains(" not found inside "))
    {
        let column = rest.split([';', ' ', '[']).next().unwrap_or_default().trim_matches('`').to_owned();
        let nearest =
            message.split_once("Did you mean ").and_then(|(_, rest)| rest.split('?').next()).map(str::to_owned);
        return BigQueryError::UnknownColumn { place, column, nearest };
    }
    if message.contains("without a filter over column") {
        return BigQueryError::PartitionFilter { place, message };
    }
    let types = ["No matching signature", "Could not cast", "Bad double value", "Bad int64 value", "Invalid timestamp"];
    if types.iter().any(|words| message.contains(words)) {
        let hint = "compare columns with values of their type: numbers with numbers, texts with 'texts'".to_owned();
        return BigQueryError::WrongType { place, message, hint };
    }
    BigQueryError::InvalidQuery { place, message }
}

fn numbers(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, reason: &str, message: &str) -> Failure {
        let body = serde_json::json!({"error": {"code": status, "message": message,
            "errors": [{"reason": reason, "message": message, "domain": "global"}]}});
        let body = body.to_string();
        let refusal = Refusal { status, body: body.as_bytes(), retry_after: None, host: "h", secrets: &[] };
        failure(&refusal, &About { place: "p.d.t", project: "p", who: "w", limit: 7, seconds: 9 })
    }

    #[test]
    fn each_refusal_has_its_error_and_only_passing_trouble_is_tried_again() {
        let again = |failure: &Failure| failure.again != Again::No;
        for (status, reason, retried) in [
            (429, "", true),
            (403, "rateLimitExceeded", true),
            (403, "quotaExceeded", false),
            (400, "jobRateLimitExceeded", true),
            (500, "", true),
            (503, "backendError", true),
            (403, "accessDenied", false),
            (401, "authError", false),
            (404, "notFound", false),
            (400, "invalidQuery", false),
        ] {
            assert_eq!(again(&told(status, reason, "m")), retried, "{status} {reason}");
        }
    }

    #[test]
    fn the_words_of_the_service_become_kinds() {
        let error = |message: &str| told(400, "invalidQuery", message).error;
        let unknown = error("Unrecognized name: hapened_at; Did you mean happened_at? at [3:7]");
        let expected = BigQueryError::UnknownColumn {
            place: "p.d.t".to_owned(),
            column: "hapened_at".to_owned(),
            nearest: Some("happened_at".to_owned()),
        };
        assert_eq!(unknown, expected);
        assert!(matches!(
            error("Cannot query over table 'p.d.t' without a filter over column(s) 'd' that can be used"),
            BigQueryError::PartitionFilter { .. }
        ));
        assert!(matches!(
            error("No matching signature for operator >= for argument types: STRING, TIMESTAMP"),
            BigQueryError::WrongType { .. }
        ));
        assert!(matches!(error("Syntax error: Unexpected identifier"), BigQueryError::InvalidQuery { .. }));
        let table = told(404, "notFound", "Not found: Table p:d.t was not found in location US").error;
        assert!(matches!(table, BigQueryError::NotFound { what: Missing::Table, .. }));
        let over = told(
            400,
            "bytesBilledLimitExceeded",
            "Query exceeded limit for bytes billed: 7. 10485760 or higher required.",
        );
        assert_eq!(over.error, BigQueryError::OverBytes { place: "p.d.t".to_owned(), needed: 10_485_760, limit: 7 });
    }

    #[test]
    fn a_page_of_a_proxy_is_not_shown_and_tried_again_where_that_may_help() {
        let page = |status| {
            let body = b"<html>Sign in, token=abc</html>";
            let refusal = Refusal { status, body, retry_after: None, host: "h", secrets: &[] };
            failure(&refusal, &About { place: "", project: "", who: "", limit: 0, seconds: 0 })
        };
        assert_eq!((page(502).again, page(403).again), (Again::Later(None), Again::No));
        assert!(!page(502).error.to_string().contains("token"));
    }
}
