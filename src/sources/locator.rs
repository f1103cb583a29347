use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::bigquery::{BigQueryError, TableName};

use super::{BigQuerySource, Place, SourceError};

/// Where data lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Locator {
    /// A path or a glob, absolute or relative to the working folder.
    Path(PathBuf),
    /// A database of deploy events that `collect` wrote.
    Database(PathBuf),
    /// CSV on standard input.
    Stdin,
    /// A table, a view or a query of BigQuery.
    BigQuery(BigQuerySource),
}

/// How a file is written, by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Also compressed by gzip or zstd.
    Csv,
    Parquet,
    Ndjson,
}

/// The endings that are read, in any case.
const ENDINGS: [(&str, FileKind); 6] = [
    (".csv", FileKind::Csv),
    (".csv.gz", FileKind::Csv),
    (".csv.zst", FileKind::Csv),
    (".parquet", FileKind::Parquet),
    (".ndjson", FileKind::Ndjson),
    (".jsonl", FileKind::Ndjson),
];

impl Locator {
    /// Reads a locator as people write it: `-`, a path or a glob.
    ///
    /// # Errors
    /// Where it names a source that this version does not read, or a file with an ending it does not know.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        if text == "-" {
            return Ok(Self::Stdin);
        }
        if let Some(name) = text.strip_prefix("bigquery:") {
            let name = TableName::parse(name).map_err(BigQueryError::from)?;
            return Ok(Self::BigQuery(BigQuerySource::new(Place::Table(name))));
        }
        if text.to_ascii_lowercase().ends_with(".db") {
            return Ok(Self::Database(PathBuf::from(text)));
        }
        match kind_of(Path::new(text)) {
            Some(_) => Ok(Self::Path(PathBuf::from(text))),
            None => Err(SourceError::Ending { locator: text.to_owned() }),
        }
    }

    /// The table of BigQuery that it names; none where it names something else.
    #[must_use]
    pub fn table(&self) -> Option<&TableName> {
        match self {
            Self::BigQuery(BigQuerySource { place: Place::Table(name), .. }) => Some(name),
            _ => None,
        }
    }

    /// The files that it stands for now, in the order of their names; none for standard input.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>, SourceError> {
        let path = match self {
            Self::Path(path) => path,
            Self::Database(path) => return Ok(vec![path.clone()]),
            Self::Stdin | Self::BigQuery(_) => return Ok(Vec::new()),
        };
        let text = path.to_string_lossy();
        if path.exists() || !text.contains(['*', '?', '[']) {
            return Ok(vec![path.clone()]);
        }
        let bad = |reason: String| SourceError::Glob { pattern: text.to_string(), reason };
        let mut files = Vec::new();
        for entry in glob::glob(&text).map_err(|e| bad(e.to_string()))? {
            let file = entry.map_err(|e| bad(e.to_string()))?;
            if file.is_file() && kind_of(&file).is_some() {
                files.push(file);
            }
        }
        if files.is_empty() {
            return Err(bad("no such file".to_owned()));
        }
        files.sort();
        Ok(files)
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) | Self::Database(path) => write!(f, "{}", path.display()),
            Self::Stdin => write!(f, "-"),
            Self::BigQuery(source) => write!(f, "{source}"),
        }
    }
}

/// Opens every file of a locator, so that one that cannot be read is found before the work starts.
///
/// # Errors
/// Where a file does not exist or may not be read, or a glob matches nothing.
pub fn check_readable(locator: &Locator) -> Result<(), SourceError> {
    locator.files()?.iter().try_for_each(|file| open(file).map(drop))
}

/// Opens a file for reading; a folder is an error here and not later.
pub(super) fn open(path: &Path) -> Result<File, SourceError> {
    let failed = |reason| SourceError::Unreadable { file: path.display().to_string(), reason };
    let file = File::open(path).map_err(|e| failed(io_reason(&e)))?;
    let about = file.metadata().map_err(|e| failed(io_reason(&e)))?;
    if about.is_dir() { Err(failed("it is a folder".to_owned())) } else { Ok(file) }
}

/// What the system said, without its number.
pub(super) fn io_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// How a file is written; none where its ending says nothing.
pub(super) fn kind_of(path: &Path) -> Option<FileKind> {
    let name = path.to_string_lossy().to_lowercase();
    ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, kind)| *kind)
}

/// The endings that are read, for an error message.
pub(super) fn endings() -> String {
    ENDINGS.map(|(ending, _)| ending).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locator_is_told_by_its_look() {
        assert_eq!(Locator::parse("-").unwrap(), Locator::Stdin);
        assert_eq!(Locator::parse("a/B.CSV.GZ").unwrap(), Locator::Path("a/B.CSV.GZ".into()));
        assert_eq!(Locator::parse("a/Deploys.DB").unwrap(), Locator::Database("a/Deploys.DB".into()));
        assert_eq!(Locator::parse("bigquery:p.d.t").unwrap().to_string(), "bigquery:p.d.t");
        assert!(Locator::parse("bigquery:d.t").unwrap_err().hint().unwrap().contains("my-project"));
        assert!(Locator::parse("data.xlsx").unwrap_err().to_string().contains(".parquet"));
    }

    #[test]
    fn a_glob_gives_its_files_in_order_and_says_where_there_are_none() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", "c.txt"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let glob = |pattern: &str| Locator::Path(folder.path().join(pattern));
        let names: Vec<_> = glob("*.csv").files().unwrap().iter().map(|p| p.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["a.csv", "b.csv"]);
        assert!(matches!(glob("x*.csv").files(), Err(SourceError::Glob { .. })));
        assert!(matches!(check_readable(&glob("none.csv")), Err(SourceError::Unreadable { .. })));
    }
}
