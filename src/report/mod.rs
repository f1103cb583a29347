//! Writes an [`Answer`] for people and programs. Reports are functions of the answer.
//!
//! A new format is one file with an `Exporter` in it, and one line in `format.rs`.

use std::io::{self, Write};

use crate::model::Answer;

mod chart;
mod csv;
mod fields;
mod format;
mod grid;
mod html;
mod json;
mod markdown;
mod phrase;
mod row;
mod svg;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use format::{Format, FormatError};
pub use phrase::stretch;
pub use text::visible;

/// How a report should look.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Style {
    /// Columns of the terminal; none where the output is not a terminal.
    pub width: Option<usize>,
    /// Whether colours may be used.
    pub color: bool,
    /// Whether only ASCII may be drawn (data stays as it is).
    pub ascii: bool,
    /// How many suspects a table shows before it sums the others up.
    pub top: usize,
    /// Further deployment columns (keys of `extra`, or known ones not shown by default) to show.
    pub columns: Vec<String>,
    /// Whether CSV cells are written as they are, also where a spreadsheet would run them as formulas.
    pub raw: bool,
    /// Whether the arithmetic is shown below the answer, in tables and Markdown.
    pub explain: bool,
    /// Whether charts are drawn: beside the answer of `why`, in tables of `deploys`, and as sparklines of `scan`.
    pub chart: bool,
    /// The name of a picture of the answer that lies beside the document, for Markdown to show.
    pub picture: Option<String>,
    /// Template of links to commits, with `{repo}` and `{commit}`.
    pub commit_url: Option<String>,
}

/// Writes answers in one format.
trait Exporter: Sync {
    /// The whole report, as the bytes of a file in UTF-8.
    ///
    /// # Errors
    /// Where the answer cannot be put into the format, which none of the model's types allows.
    fn export(&self, answer: &Answer, style: &Style) -> io::Result<Vec<u8>>;
}

/// Writes an answer in a format. The report is composed first, then written in one piece.
///
/// # Errors
/// Those of the writer.
pub fn write(answer: &Answer, format: Format, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let report = format.exporter().export(answer, style)?;
    out.write_all(&report)?;
    out.flush()
}
