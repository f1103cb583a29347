use std::path::Path;
use std::str::FromStr;

use super::csv::Csv;
use super::json::Json;
use super::markdown::Markdown;
use super::table::Table;
use super::{Exporter, text};

/// The formats an answer can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Tables and sentences for a terminal.
    Table,
    /// The answer as it is.
    Json,
    /// One row per change and suspect.
    Csv,
    /// A document for an incident channel or a pull request.
    Markdown,
}

/// Why a format could not be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// There is no format of this name.
    #[error("there is no format '{}': use one of {}", text::visible(.0), Format::NAMES.join(", "))]
    Name(String),
    /// The file's ending says nothing. The field is the path as it was given.
    #[error("the ending of '{}' names no format: end it in .{}, or say --format", text::visible(.0), endings().join(", ."))]
    Ending(String),
}

/// What is registered of a format.
struct Entry {
    format: Format,
    name: &'static str,
    endings: &'static [&'static str],
    exporter: &'static dyn Exporter,
}

/// Every format, in the order of [`Format`]'s variants.
static FORMATS: [Entry; 4] = [
    Entry { format: Format::Table, name: "table", endings: &["txt"], exporter: &Table },
    Entry { format: Format::Json, name: "json", endings: &["json"], exporter: &Json },
    Entry { format: Format::Csv, name: "csv", endings: &["csv"], exporter: &Csv },
    Entry { format: Format::Markdown, name: "markdown", endings: &["md", "markdown"], exporter: &Markdown },
];

impl Format {
    /// The names that `--format` takes.
    pub const NAMES: [&'static str; 4] = ["table", "json", "csv", "markdown"];

    /// The format's name, one of [`Format::NAMES`].
    #[must_use]
    pub fn name(self) -> &'static str {
        FORMATS[self as usize].name
    }

    /// The format that a file's ending stands for, in any case: `.json .csv .md .markdown .txt`.
    ///
    /// # Errors
    /// Where there is no ending, or none that names a format.
    pub fn from_path(path: &Path) -> Result<Self, FormatError> {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        FORMATS
            .iter()
            .find(|entry| entry.endings.contains(&ending.as_str()))
            .map(|entry| entry.format)
            .ok_or_else(|| FormatError::Ending(path.display().to_string()))
    }

    pub(super) fn exporter(self) -> &'static dyn Exporter {
        FORMATS[self as usize].exporter
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(name: &str) -> Result<Self, FormatError> {
        let entry = FORMATS.iter().find(|entry| entry.name == name);
        entry.map(|entry| entry.format).ok_or_else(|| FormatError::Name(name.to_owned()))
    }
}

fn endings() -> Vec<&'static str> {
    FORMATS.iter().flat_map(|entry| entry.endings).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_format_and_back() {
        for (entry, name) in FORMATS.iter().zip(Format::NAMES) {
            assert_eq!(entry.name, name);
            assert_eq!(name.parse(), Ok(entry.format));
            assert_eq!(entry.format.name(), name);
        }
    }

    #[test]
    fn an_ending_names_its_format_in_any_case() {
        assert_eq!(Format::from_path(Path::new("a/report.MD")), Ok(Format::Markdown));
        assert_eq!(Format::from_path(Path::new("report.tar.csv")), Ok(Format::Csv));
        assert_eq!(Format::from_path(Path::new("report.txt")), Ok(Format::Table));
    }

    #[test]
    fn an_unknown_name_or_ending_says_what_there_is() {
        let name = "xml".parse::<Format>().unwrap_err();
        assert_eq!(name.to_string(), "there is no format 'xml': use one of table, json, csv, markdown");
        let ending = Format::from_path(Path::new("out.xls")).unwrap_err();
        assert_eq!(
            ending.to_string(),
            "the ending of 'out.xls' names no format: end it in .txt, .json, .csv, .md, .markdown, or say --format"
        );
    }
}
