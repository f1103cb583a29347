//! Writes an [`Answer`](crate::model::Answer) for people and programs. Reports are functions of the answer.

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

/// How a report should look.
#[derive(Debug, Clone, PartialEq)]
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
    /// Template of links to commits, with `{repo}` and `{commit}`.
    pub commit_url: Option<String>,
}
