//! Rows and columns that fit into a terminal.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::text;

/// How the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A column of a [`Grid`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    head: String,
    align: Align,
    flexible: bool,
}

impl Column {
    pub(super) fn new(head: impl Into<String>, align: Align) -> Self {
        Self { head: head.into(), align, flexible: false }
    }

    /// The column that is cut first where the terminal is narrow.
    pub(super) fn flexible(head: &str) -> Self {
        Self { flexible: true, ..Self::new(head, Align::Left) }
    }
}

/// Cells that are safe to show, one text a row and column. Columns without any text are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
    /// For each row the lines that stand below it, indented; may be shorter than `rows`.
    pub(super) notes: Vec<Vec<String>>,
}

/// Spaces between columns.
const GAP: u16 = 2;
/// Before a note.
const INDENT: &str = "      ";
/// A flexible column is not cut below this; then the others are cut as well.
const LEAST: usize = 24;
/// Nothing is cut below this.
const SHORTEST: usize = 8;

const LINES: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
const ASCII_LINES: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('-').junction('-'));

impl Grid {
    /// The table as lines of at most `width` columns, where that is possible at all.
    pub(super) fn draw(&self, width: usize, ascii: bool) -> String {
        let used: Vec<usize> =
            (0..self.columns.len()).filter(|&c| self.rows.iter().any(|row| !row[c].is_empty())).collect();
        let widths = self.widths(&used, width);
        let ellipsis = if ascii { "..." } else { "…" };
        let mut table = Table::new();
        table.load_style(if ascii { ASCII_LINES } else { LINES }).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(used.iter().zip(&widths).map(|(&c, &w)| text::cut(&self.columns[c].head, w, ellipsis)));
        for row in &self.rows {
            table.add_row(used.iter().zip(&widths).map(|(&c, &w)| text::cut(&row[c], w, ellipsis)));
        }
        for (i, &c) in used.iter().enumerate() {
            let Some(column) = table.column_mut(i) else { continue };
            // Between two columns there is a space already, where a line would stand.
            column.set_padding((0, if i + 1 < used.len() { GAP - 1 } else { 0 }));
            let right = self.columns[c].align == Align::Right;
            column.set_cell_alignment(if right { CellAlignment::Right } else { CellAlignment::Left });
        }
        let mut lines = table.lines().map(|line| line.trim_end().to_owned());
        let mut drawn: Vec<String> = lines.by_ref().take(2).collect();
        for (i, line) in lines.enumerate() {
            drawn.push(line);
            let notes = self.notes.get(i).into_iter().flatten().filter(|note| !note.is_empty());
            drawn.extend(
                notes.map(|note| format!("{INDENT}{}", text::cut(note, width.saturating_sub(INDENT.len()), ellipsis))),
            );
        }
        drawn.into_iter().map(|line| line + "\n").collect()
    }

    /// The widths of the used columns: their own where all fit, else the flexible ones give way, then the widest.
    fn widths(&self, used: &[usize], width: usize) -> Vec<usize> {
        let own = |&c: &usize| {
            self.rows
                .iter()
                .map(|row| text::width(&row[c]))
                .chain([text::width(&self.columns[c].head)])
                .max()
                .unwrap_or(0)
        };
        let mut widths: Vec<usize> = used.iter().map(own).collect();
        let room = width.saturating_sub(usize::from(GAP) * used.len().saturating_sub(1));
        let too_much = |widths: &[usize]| widths.iter().sum::<usize>().saturating_sub(room);
        for i in (0..used.len()).filter(|&i| self.columns[used[i]].flexible) {
            widths[i] = widths[i].saturating_sub(too_much(&widths)).max(LEAST.min(widths[i]));
        }
        while too_much(&widths) > 0 {
            let Some(widest) = (0..widths.len()).max_by_key(|&i| widths[i]).filter(|&i| widths[i] > SHORTEST) else {
                break;
            };
            widths[widest] -= 1;
        }
        widths
    }
}
