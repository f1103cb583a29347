use std::path::Path;
use std::str::FromStr;

use super::csv::Csv;
use super::html::Html;
use super::json::Json;
use super::markdown::Markdown;
use super::svg::Svg;
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
    /// One page that works offline, with charts to zoom.
    Html,
    /// The chart alone, as a picture.
    Svg,
}

/// Why a format could not be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// There is no format of this name.
    #[error("there is no format '{}': use one of {}", text::visible(.0), Format::NAMES.join(", "))]
    Name(String),
    /// The file's ending says nothing. The field is the path as it was given.
    #[error("the ending of '{}' names no format: end it in .txt, .json, .csv, .md, .html or .svg", text::visible(.0))]
    Ending(String),
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] = [Self::Table, Self::Json, Self::Csv, Self::Markdown, Self::Html, Self::Svg];

    /// The names that `--format` takes, in the order of [`Format::ALL`].
    pub const NAMES: [&'static str; 6] = ["table", "json", "csv", "markdown", "html", "svg"];

    /// The format's name, one of [`Format::NAMES`].
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The format that a file's ending stands for, in any case; none where there is no ending or an unknown one.
    #[must_use]
    pub fn from_ending(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "txt" => Some(Self::Table),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" => Some(Self::Html),
            "svg" => Some(Self::Svg),
            _ => None,
        }
    }

    /// As [`Format::from_ending`], with words for the person who named the file.
    ///
    /// # Errors
    /// Where the ending names no format.
    pub fn from_path(path: &Path) -> Result<Self, FormatError> {
        Self::from_ending(path).ok_or_else(|| FormatError::Ending(path.display().to_string()))
    }

    pub(super) fn exporter(self) -> &'static dyn Exporter {
        match self {
            Self::Table => &Table,
            Self::Json => &Json,
            Self::Csv => &Csv,
            Self::Markdown => &Markdown,
            Self::Html => &Html,
            Self::Svg => &Svg,
        }
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(name: &str) -> Result<Self, FormatError> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| FormatError::Name(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_format_and_back() {
        for (format, name) in Format::ALL.into_iter().zip(Format::NAMES) {
            assert_eq!((format.name(), name.parse()), (name, Ok(format)));
        }
    }

    #[test]
    fn an_ending_names_its_format_in_any_case() {
        let of = |path: &str| Format::from_ending(Path::new(path));
        assert_eq!(of("a/report.MD"), Some(Format::Markdown));
        assert_eq!(of("report.tar.csv"), Some(Format::Csv));
        assert_eq!(of("report.txt"), Some(Format::Table));
        assert_eq!([of("report.xls"), of("report"), of(".json")], [None; 3]);
    }

    #[test]
    fn an_unknown_name_or_ending_says_which_there_are() {
        let error = "xml".parse::<Format>().unwrap_err();
        assert_eq!(error.to_string(), "there is no format 'xml': use one of table, json, csv, markdown, html, svg");
        let error = Format::from_path(Path::new("out.xls")).unwrap_err();
        let said = "the ending of 'out.xls' names no format: end it in .txt, .json, .csv, .md, .html or .svg";
        assert_eq!(error.to_string(), said);
    }
}
