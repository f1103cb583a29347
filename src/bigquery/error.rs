use super::money::shown_bytes;
use super::name::NameError;

/// What is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A project.
    Project,
    /// A dataset.
    Dataset,
    /// A table or a view.
    Table,
    /// Something else.
    Other,
}

/// Why BigQuery did not answer. No message holds a secret; texts of the service are shortened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BigQueryError {
    /// A name that cannot be one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nothing says who is asking.
    #[error("BigQuery: there are no Google credentials (looked at {})", looked.join(", "))]
    NoCredentials {
        /// Where they were looked for.
        looked: Vec<String>,
    },
    /// Credentials that cannot be used as they are.
    #[error("BigQuery: the credentials {place} cannot be used: {problem}")]
    BadCredentials {
        /// The file or the variable.
        place: String,
        /// What is wrong with them.
        problem: String,
    },
    /// Credentials that are expired, revoked or unknown.
    #[error("BigQuery: the credentials {place} were refused: {message}")]
    CredentialsRefused {
        /// The file, or the service they come from.
        place: String,
        /// What was said.
        message: String,
    },
    /// No project is named to run the queries in.
    #[error("BigQuery: no project is named to run the query in")]
    NoProject,
    /// The account may not do this.
    #[error("BigQuery: {who} has no permission for this: {message}")]
    Forbidden {
        /// Whose credentials they are.
        who: String,
        /// What the service says.
        message: String,
    },
    /// The interface is not switched on, or billing is not.
    #[error("BigQuery: the service is not enabled in the project {project}: {message}")]
    NotEnabled {
        /// The project.
        project: String,
        /// What the service says.
        message: String,
    },
    /// A project, dataset or table that is not there.
    #[error("BigQuery: {message}")]
    NotFound {
        /// What is not there.
        what: Missing,
        /// What the service says.
        message: String,
    },
    /// A column that is not there.
    #[error("{place}: there is no column {column:?}")]
    UnknownColumn {
        /// The table or the file of the query.
        place: String,
        /// The column.
        column: String,
        /// The nearest name, where one is known.
        nearest: Option<String>,
    },
    /// A column or an expression of a type that does not fit.
    #[error("{place}: {message}")]
    WrongType {
        /// The table or the file of the query.
        place: String,
        /// What does not fit.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The table is only to be read by partitions.
    #[error("{place}: the table must be read with a filter on its partitions: {message}")]
    PartitionFilter {
        /// The table or the file of the query.
        place: String,
        /// What the service says.
        message: String,
    },
    /// A query that is refused as it is.
    #[error("{place}: the query is refused: {message}")]
    InvalidQuery {
        /// The table or the file of the query.
        place: String,
        /// What the service says.
        message: String,
    },
    /// A query file that would do something else than read.
    #[error("{place}: the query is {kind}, and only one SELECT statement is run")]
    NotSelect {
        /// The file of the query.
        place: String,
        /// What it is.
        kind: String,
    },
    /// The query would scan more than is allowed.
    #[error("{place}: the query would scan {}, and at most {} may be billed", shown_bytes(*needed), shown_bytes(*limit))]
    OverBytes {
        /// The table or the file of the query.
        place: String,
        /// Bytes that would be billed.
        needed: u64,
        /// Bytes that may be.
        limit: u64,
    },
    /// The result has more rows than are read.
    #[error("{place}: the result has {rows} rows, and at most {limit} are read")]
    TooManyRows {
        /// The table or the file of the query.
        place: String,
        /// Rows of the result.
        rows: u64,
        /// Rows that are read.
        limit: u64,
    },
    /// A quota is used up.
    #[error("BigQuery: a quota is used up: {message}")]
    Quota {
        /// What the service says.
        message: String,
    },
    /// Too many requests, also after waiting.
    #[error("BigQuery: too many requests, also after {attempts} attempts: {message}")]
    RateLimited {
        /// How often it was tried.
        attempts: u32,
        /// What the service says.
        message: String,
    },
    /// The service failed, also after waiting.
    #[error("BigQuery: the service failed with status {status}, {attempts} times: {message}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How often it was tried.
        attempts: u32,
        /// What it says.
        message: String,
    },
    /// No answer within the time.
    #[error("{place}: there was no result within {seconds} s, and the query was cancelled")]
    Timeout {
        /// The table, or the file of the query.
        place: String,
        /// The time that was given.
        seconds: u64,
    },
    /// The connection could not be made, or was cut.
    #[error("{host} could not be reached, after {attempts} attempts: {reason}")]
    Unreachable {
        /// The host.
        host: String,
        /// How often it was tried.
        attempts: u32,
        /// What happened.
        reason: String,
    },
    /// What answered is not BigQuery: a proxy or a login page.
    #[error("{host} answered with status {status} and {what}, which is not BigQuery's answer")]
    NotBigQuery {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What came instead.
        what: &'static str,
    },
    /// A refusal of another kind.
    #[error("BigQuery refused with status {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says.
        message: String,
    },
    /// A job of this name is there already; a retried insert that had arrived before.
    #[error("BigQuery: the job exists already")]
    Duplicate,
    /// The person pressed Ctrl-C.
    #[error("interrupted; the running query was cancelled")]
    Interrupted,
    /// The machine did not let the client begin.
    #[error("the client of BigQuery could not be started: {0}")]
    Start(String),
}

impl BigQueryError {
    /// Whether what is wrong is what the user wrote: names, columns, queries and limits. All else is a source that could not be reached
    /// or refused.
    #[must_use]
    pub fn is_of_data(&self) -> bool {
        matches!(
            self,
            Self::Name(_)
                | Self::BadCredentials { .. }
                | Self::NoProject
                | Self::NotFound { .. }
                | Self::UnknownColumn { .. }
                | Self::WrongType { .. }
                | Self::PartitionFilter { .. }
                | Self::InvalidQuery { .. }
                | Self::NotSelect { .. }
                | Self::OverBytes { .. }
                | Self::TooManyRows { .. }
        )
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Name(error) => return Some(error.hint()),
            Self::NoCredentials { .. } => {
                "run: gcloud auth application-default login   (or name a key file in GOOGLE_APPLICATION_CREDENTIALS)"
            }
            Self::BadCredentials { .. } => {
                "name another file in GOOGLE_APPLICATION_CREDENTIALS, or run: gcloud auth application-default login"
            }
            Self::CredentialsRefused { .. } => {
                "they may be expired or revoked; run: gcloud auth application-default login   (or make a new key)"
            }
            Self::NoProject => "set project under [bigquery] in shiptrace.toml, or GOOGLE_CLOUD_PROJECT",
            Self::Forbidden { message, .. } => return Some(permission_hint(message)),
            Self::NotEnabled { project, .. } => {
                return Some(format!(
                    "run: gcloud services enable bigquery.googleapis.com --project={project}   (and see that billing is on)"
                ));
            }
            Self::NotFound { what: Missing::Project, .. } => {
                "check the project's name (its id, not its title): gcloud projects list"
            }
            Self::NotFound { what: Missing::Dataset, .. } => {
                "check the dataset's name with bq ls --project_id=PROJECT, and location under [bigquery]"
            }
            Self::NotFound { what: Missing::Table, .. } => {
                "check the table's name with bq ls PROJECT:DATASET, and location under [bigquery]"
            }
            Self::NotFound { .. } => "check project, dataset, table and location",
            Self::UnknownColumn { nearest: Some(nearest), .. } => {
                return Some(format!("the nearest is {nearest:?}; other names go under columns in shiptrace.toml"));
            }
            Self::UnknownColumn { .. } => "bq show --schema lists the columns; other names go under columns",
            Self::WrongType { hint, .. } => hint,
            Self::PartitionFilter { .. } => "filter by the partition column in the query, between @from and @to",
            Self::InvalidQuery { .. } => "--dry-run shows the query; bq query --dry_run tries one without cost",
            Self::NotSelect { .. } => "write one SELECT (or WITH ... SELECT); make tables and views by another tool",
            Self::OverBytes { needed, .. } => {
                return Some(format!(
                    "allow it with --max-bytes-billed {needed} (max_bytes_billed under [bigquery]), or ask for less with history = \"90d\""
                ));
            }
            Self::TooManyRows { rows, .. } => {
                return Some(format!(
                    "let BigQuery count: define the metric by time, where and value; or give --max-rows {rows}"
                ));
            }
            Self::Quota { .. } => "wait until the quota is new, or raise it in the console under IAM and Admin, Quotas",
            Self::RateLimited { .. } | Self::Unavailable { .. } => {
                "try again later; status.cloud.google.com tells of outages"
            }
            Self::Timeout { .. } => "give more time with --timeout 20m, or ask for less with history = \"90d\"",
            Self::Unreachable { .. } => "check the network, and HTTPS_PROXY where there is a proxy",
            Self::NotBigQuery { .. } => {
                "a proxy or a login page seems to stand between: check HTTPS_PROXY, NO_PROXY and the network"
            }
            Self::Refused { .. } | Self::Duplicate | Self::Interrupted | Self::Start(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// The roles that let in, by the permission that the service names.
fn permission_hint(message: &str) -> String {
    let role = if message.contains("bigquery.jobs") {
        "roles/bigquery.jobUser on the project that runs the query"
    } else if message.contains("serviceusage") {
        "roles/serviceusage.serviceUsageConsumer on the project that runs the query"
    } else if message.contains("updateData") {
        "roles/bigquery.dataEditor on the dataset"
    } else if message.contains("bigquery.tables") || message.contains("bigquery.datasets") {
        "roles/bigquery.dataViewer on the dataset"
    } else {
        "roles/bigquery.jobUser on the project and roles/bigquery.dataViewer on the dataset"
    };
    format!("ask for {role}")
}
