use crate::bigquery::BigQueryError;
use crate::collect::store::StoreError;

use super::locator::endings;
use super::points::FAR_OFF;

/// Whose fault an error of a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// The data, or what was said about it.
    Data,
    /// The source could not be reached or refused.
    Unreachable,
    /// The person interrupted it.
    Interrupted,
}

/// Why data was not read. Rows are counted as a spreadsheet does: the header is row 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// A kind of source that this version does not read.
    #[error("{locator}: this version does not read {what}")]
    NotSupported {
        /// As it was written.
        locator: String,
        /// What it is.
        what: &'static str,
    },
    /// The ending says nothing about how the file is written.
    #[error("{locator}: the ending says nothing about the file; read are {}", endings())]
    Ending {
        /// As it was written.
        locator: String,
    },
    /// A database, where metrics are wanted.
    #[error("{file}: a database of collect holds deployments, and no metrics")]
    OnlyDeploys {
        /// The file.
        file: String,
    },
    /// A database that cannot be read.
    #[error(transparent)]
    Database(#[from] StoreError),
    /// A glob that is malformed or matches nothing.
    #[error("{pattern}: {reason}")]
    Glob {
        /// The glob.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// A file that does not exist or may not be read.
    #[error("{file}: cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// Nothing at all.
    #[error("{file}: the file is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// A header without rows.
    #[error("{file}: there is a header and no rows")]
    NoRows {
        /// The file.
        file: String,
    },
    /// Bytes that are no UTF-8.
    #[error("{file}, row {row}: the text is not UTF-8")]
    NotUtf8 {
        /// The file.
        file: String,
        /// The row.
        row: usize,
    },
    /// A row with too few or too many cells.
    #[error("{file}, row {row}: {found} cells, and the header has {expected}")]
    Ragged {
        /// The file.
        file: String,
        /// The row.
        row: usize,
        /// How many cells it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// A line of JSON lines that is none.
    #[error("{file}, row {row}: no JSON object, by character {column}: {problem}")]
    NoObject {
        /// The file.
        file: String,
        /// The line.
        row: usize,
        /// The character at which reading ended.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// A file that is not what its ending says.
    #[error("{file}: {detail}")]
    Malformed {
        /// The file, and the row where that is known.
        file: String,
        /// What is wrong.
        detail: String,
    },
    /// A required column is not there.
    #[error("{file}: there is no column {column:?}; the columns are {}", quoted(found))]
    MissingColumn {
        /// The file.
        file: String,
        /// The column wanted, as it should be called in this file.
        column: String,
        /// The columns found.
        found: Vec<String>,
        /// The most similar of them.
        nearest: Option<String>,
    },
    /// Two columns of one name.
    #[error("{file}: there are two columns {column:?}")]
    DuplicateColumn {
        /// The file.
        file: String,
        /// The name.
        column: String,
    },
    /// A cell that is not what its column holds.
    #[error("{file}, row {row}, column {column:?}: {text:?} is {problem}")]
    Cell {
        /// The file.
        file: String,
        /// The row.
        row: usize,
        /// The column.
        column: String,
        /// What stands there, shortened.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// BigQuery did not answer.
    #[error(transparent)]
    BigQuery(Box<BigQueryError>),
    /// A ratio of which a part is not there.
    #[error(transparent)]
    HalfRatio(Box<HalfRatio>),
    /// The definition of a metric does not suit the data.
    #[error("{file}: {metric}: {problem}")]
    Definition {
        /// The file.
        file: String,
        /// The metric.
        metric: String,
        /// What does not suit.
        problem: String,
        /// What to do.
        hint: Option<String>,
    },
    /// No source holds the metric.
    #[error("there is no metric {metric:?} among the {known} that were read")]
    UnknownMetric {
        /// The metric asked for.
        metric: String,
        /// The most similar names.
        nearest: Vec<String>,
        /// How many metrics there are.
        known: usize,
    },
    /// A source that defines a metric does not hold it.
    #[error("{file}: there is no {metric:?}, which [metrics.{metric}] reads from it; it holds {}", if found.is_empty() { "no other".to_owned() } else { quoted(found) })]
    NotInSource {
        /// What was read.
        file: String,
        /// The metric that it defines.
        metric: String,
        /// What there is.
        found: Vec<String>,
    },
    /// The timestamps of a metric make no buckets.
    #[error("the timestamps of {metric} make no regular series: {reason}")]
    Irregular {
        /// The metric.
        metric: String,
        /// Why not.
        reason: String,
    },
}

impl From<BigQueryError> for SourceError {
    fn from(error: BigQueryError) -> Self {
        Self::BigQuery(Box::new(error))
    }
}

impl SourceError {
    /// Whose fault it is.
    #[must_use]
    pub fn kind(&self) -> SourceErrorKind {
        match self {
            Self::BigQuery(error) if **error == BigQueryError::Interrupted => SourceErrorKind::Interrupted,
            Self::BigQuery(error) if !error.is_of_data() => SourceErrorKind::Unreachable,
            _ => SourceErrorKind::Data,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotSupported { .. } => "export the table to CSV or Parquet and give that file".to_owned(),
            Self::Ending { locator } => return conversion(locator).map(str::to_owned),
            Self::MissingColumn { found, .. } if found.len() == 1 && found[0].contains([';', '\t']) => {
                "the file seems to be separated by semicolons or tabs: write it with commas".to_owned()
            }
            Self::MissingColumn { column, nearest: Some(nearest), .. } => {
                format!(
                    "if {nearest:?} is that column, rename it, or say so under columns in shiptrace.toml: {column} = {nearest:?}"
                )
            }
            Self::MissingColumn { column, .. } => {
                format!("rename the column that holds it to {column:?}, or map it under columns in shiptrace.toml")
            }
            Self::OnlyDeploys { .. } => "give it with --deploys".to_owned(),
            Self::Database(error) => return error.hint(),
            Self::Empty { .. } | Self::NoRows { .. } => {
                "the first line is to name the columns, and each line after it is a row; is it the file that you meant?"
                    .to_owned()
            }
            Self::NoObject { .. } => {
                "write one JSON object on each line, such as {\"timestamp\": \"2023-11-24\", \"value\": 1}".to_owned()
            }
            Self::NotUtf8 { .. } => "save the file as UTF-8".to_owned(),
            Self::Ragged { .. } => "quote cells that hold commas, quotes or line breaks".to_owned(),
            Self::HalfRatio(half) => half.hint(),
            Self::BigQuery(error) => return error.hint(),
            Self::Definition { hint: Some(hint), .. } => hint.clone(),
            Self::UnknownMetric { nearest, .. } if !nearest.is_empty() => {
                format!("the nearest: {}; shiptrace metrics lists all", quoted(nearest))
            }
            Self::UnknownMetric { .. } => "shiptrace metrics lists all".to_owned(),
            Self::NotInSource { .. } => {
                "call each block by the metric that it reads, or give the file with --metrics for all that it holds"
                    .to_owned()
            }
            Self::Irregular { reason, .. } if reason.ends_with(FAR_OFF) => {
                "correct or remove the rows of that time; it may be one that stands for none, or in another unit"
                    .to_owned()
            }
            Self::Irregular { .. } => {
                "give one value a bucket, or set every = \"1d\" (or the like) for the metric".to_owned()
            }
            Self::Cell { problem, .. } if problem.contains("denominator") => {
                "denominators count what the numerator is a part of: leave the cell empty where that is not known"
                    .to_owned()
            }
            Self::Cell { problem, .. } if problem.contains("number") => {
                "write numbers like 1234.5 or 1.2e3, and leave the cell empty where there is none".to_owned()
            }
            Self::Cell { problem, .. } if problem.contains("time") => {
                "write times like 2023-11-24, 2023-11-24T10:30:00 or 2023-11-24T10:30:00+01:00".to_owned()
            }
            _ => return None,
        };
        Some(hint)
    }

    /// A cell that cannot be read.
    pub(super) fn cell(file: &str, row: usize, column: &str, text: &str, problem: &'static str) -> Self {
        let short: String = text.chars().take(60).collect();
        let text = if short.len() < text.len() { format!("{short}…") } else { short };
        Self::Cell { file: file.to_owned(), row, column: column.to_owned(), text, problem }
    }
}

/// How a file of another kind becomes one that is read, by its ending.
fn conversion(file: &str) -> Option<&'static str> {
    let (_, ending) = file.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "xlsx" | "xls" | "xlsm" | "ods" | "numbers" => "save the sheet as CSV (UTF-8) and give that file",
        "json" => "write one object on each line of a file that ends in .ndjson, as `jq -c '.[]'` does with an array",
        "tsv" | "tab" | "txt" => "write it with commas to a file that ends in .csv",
        "zip" | "tar" | "tgz" | "7z" | "rar" | "bz2" | "xz" => {
            "unpack it and give what is in it; gzip and zstd are read as they are (.csv.gz, .csv.zst)"
        }
        _ => return None,
    })
}

/// A ratio of which a part is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {metric} has {}no {part} {missing:?}{}", self.told_found(), self.told_nearest())]
pub struct HalfRatio {
    /// The file that holds the other part, or those that were read.
    pub file: String,
    /// The ratio.
    pub metric: String,
    /// The part that was found.
    pub found: Option<String>,
    /// What is missing: the numerator or the denominator.
    pub part: &'static str,
    /// The column or metric that should hold it.
    pub missing: String,
    /// The most similar name found.
    pub nearest: Option<String>,
}

impl HalfRatio {
    fn told_found(&self) -> String {
        self.found.as_ref().map(|name| format!("{name:?} and ")).unwrap_or_default()
    }

    fn told_nearest(&self) -> String {
        self.nearest.as_ref().map(|name| format!("; the nearest is {name:?}")).unwrap_or_default()
    }

    fn hint(&self) -> String {
        let Self { found, part, missing, nearest, .. } = self;
        match (found, nearest) {
            (_, Some(nearest)) => {
                format!("if {nearest:?} is that part, rename it to {missing:?}, or name both parts in shiptrace.toml")
            }
            (Some(found), None) => {
                format!("a ratio needs both parts: add {missing:?}, or rename {found:?} if it is a metric by itself")
            }
            (None, None) => format!("say in shiptrace.toml which column or metric is the {part}"),
        }
    }
}

fn quoted(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(20).map(|name| format!("{name:?}")).collect();
    if names.len() > shown.len() {
        shown.push(format!("and {} more", names.len() - shown.len()));
    }
    shown.join(", ")
}
