//! The bodies of requests and answers of jobs.

use std::collections::HashMap;
use std::time::Duration;

use gcp_bigquery_client::model::job::Job;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_query::JobConfigurationQuery;
use gcp_bigquery_client::model::job_reference::JobReference;
use serde::Deserialize;

use super::query::Query;
use super::table::Schema;

/// A job that runs a query, or only tries it where it has no name.
pub(super) struct NewJob<'a> {
    pub(super) query: &'a Query,
    pub(super) project: &'a str,
    pub(super) location: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) max_bytes_billed: u64,
    pub(super) timeout: Duration,
}

impl NewJob<'_> {
    pub(super) fn body(&self) -> Job {
        let dry = self.id.is_none();
        let query = JobConfigurationQuery {
            query: self.query.sql.clone(),
            use_legacy_sql: Some(false),
            parameter_mode: (!self.query.parameters.is_empty()).then(|| "NAMED".to_owned()),
            query_parameters: (!self.query.parameters.is_empty()).then(|| self.query.parameter_models()),
            maximum_bytes_billed: (!dry).then(|| self.max_bytes_billed.to_string()),
            ..JobConfigurationQuery::default()
        };
        let configuration = JobConfiguration {
            dry_run: Some(dry),
            job_timeout_ms: (!dry).then(|| self.timeout.as_millis().to_string()),
            labels: Some(HashMap::from([("tool".to_owned(), "shiptrace".to_owned())])),
            query: Some(query),
            ..JobConfiguration::default()
        };
        let reference = JobReference {
            job_id: self.id.map(str::to_owned),
            location: self.location.map(str::to_owned),
            project_id: Some(self.project.to_owned()),
        };
        Job { configuration: Some(configuration), job_reference: Some(reference), ..Job::default() }
    }
}

/// What the service says of a job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobAnswer {
    pub(super) job_reference: Option<Reference>,
    #[serde(default)]
    pub(super) statistics: Statistics,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    error_result: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) location: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statistics {
    total_bytes_processed: Option<String>,
    query: Option<QueryStatistics>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryStatistics {
    total_bytes_processed: Option<String>,
    statement_type: Option<String>,
    schema: Option<Schema>,
}

impl JobAnswer {
    pub(super) fn bytes(&self) -> u64 {
        let of_query = self.statistics.query.as_ref().and_then(|query| query.total_bytes_processed.as_deref());
        let text = of_query.or(self.statistics.total_bytes_processed.as_deref());
        text.and_then(|bytes| bytes.parse().ok()).unwrap_or_default()
    }

    /// Whether it is over and failed.
    pub(super) fn has_failed(&self) -> bool {
        self.status.error_result.is_some()
    }

    pub(super) fn statement(&self) -> Option<&str> {
        self.statistics.query.as_ref()?.statement_type.as_deref()
    }

    pub(super) fn location(&self) -> Option<&str> {
        self.job_reference.as_ref()?.location.as_deref()
    }

    pub(super) fn schema(self) -> Option<Schema> {
        self.statistics.query?.schema
    }
}

/// A name for a job that no other has, so that one that is sent twice is not run twice.
pub(super) fn new_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    let now = std::time::SystemTime::now();
    let parts = [0, 1].map(|part| RandomState::new().hash_one((now, part, std::process::id())));
    format!("shiptrace_{:016x}{:016x}", parts[0], parts[1])
}
