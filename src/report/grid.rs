//! Rows and columns that fit into a terminal.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::text;

/// A column of a [`Grid`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    head: String,
    right: bool,
    /// Its cells are cut down to this many columns before the table outgrows the terminal.
    least: usize,
}

impl Column {
    /// Short cells that are never cut: times, states.
    pub(super) fn whole(head: &str) -> Self {
        Self { head: head.to_owned(), right: false, least: usize::MAX }
    }

    /// Numbers, which stand to the right and are never cut.
    pub(super) fn number(head: &str) -> Self {
        Self { right: true, ..Self::whole(head) }
    }

    /// Texts from data, cut where room is scarce.
    pub(super) fn text(head: &str) -> Self {
        Self { head: text::visible(head), right: false, least: 8 }
    }

    /// Texts from data that are short, such as units.
    pub(super) fn word(head: &str) -> Self {
        Self { least: 5, ..Self::text(head) }
    }
}

/// Cells that are safe to show, one text a row and column. Columns without any text are left out.
///
/// Each row may have a long text besides, such as a message. It stands in a last column where that leaves enough of it
/// to read, else on a line of its own below the row, behind its name unless it is a message, which speaks for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<(Vec<String>, String)>,
    pub(super) long: &'static str,
}

/// A grid in lines that fit.
pub(super) struct Drawn {
    /// The names of the columns and a rule.
    pub(super) head: Vec<String>,
    /// The lines of each row.
    pub(super) rows: Vec<Vec<String>>,
}

/// The name of a long text that is a message.
pub(super) const MESSAGE: &str = "message";
/// Spaces between columns.
const GAP: u16 = 2;
/// Texts are not wider than this, however much room there is.
const MOST: usize = 24;
/// On less than this a long text below its row has two lines.
const ROOMY: usize = 78;
/// A long text with less room than this goes below its row.
const READABLE: usize = 26;

const LINES: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));
const ASCII_LINES: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('-'));

impl Grid {
    /// The table in lines of at most `width` columns, where that is possible at all.
    pub(super) fn draw(&self, width: usize, ascii: bool) -> Drawn {
        let ellipsis = if ascii { "..." } else { "…" };
        let columns: Vec<usize> =
            (0..self.columns.len()).filter(|&c| self.rows.iter().any(|(cells, _)| !cells[c].is_empty())).collect();
        let widths = self.widths(&columns, width);
        let room = width.saturating_sub(widths.iter().map(|w| w + usize::from(GAP)).sum());
        let beside = self.is_beside(room);

        let line = |cells: Vec<&str>, long: &str| {
            let cut = cells.into_iter().zip(&widths).map(|(cell, &w)| text::cut(cell, w, ellipsis));
            cut.chain(beside.then(|| text::cut(long, room, ellipsis))).collect::<Vec<String>>()
        };
        let mut table = Table::new();
        table.load_style(if ascii { ASCII_LINES } else { LINES }).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(line(columns.iter().map(|&c| self.columns[c].head.as_str()).collect(), self.long));
        for (cells, long) in &self.rows {
            table.add_row(line(columns.iter().map(|&c| cells[c].as_str()).collect(), long));
        }
        self.align(&mut table, &columns);

        let mut lines = table.lines().map(|line| line.trim_end().to_owned());
        let head = lines.by_ref().take(2).collect();
        let indent = widths.iter().take(2).map(|w| w + usize::from(GAP)).sum::<usize>().min(width / 4);
        let named = |long: &str| if self.is_plain(long) { long.to_owned() } else { format!("{}: {long}", self.long) };
        let below = |long: &str| if beside { Vec::new() } else { below(&named(long), indent, width, ellipsis) };
        let rows = lines.zip(&self.rows).map(|(line, (_, long))| [line].into_iter().chain(below(long)).collect());
        Drawn { head, rows: rows.collect() }
    }

    /// The columns that the table takes where nothing is cut, without the long texts.
    pub(super) fn natural_width(&self) -> usize {
        let used: Vec<usize> =
            (0..self.columns.len()).filter(|&c| self.rows.iter().any(|(cells, _)| !cells[c].is_empty())).collect();
        let widths = self.widths(&used, usize::MAX);
        widths.iter().sum::<usize>() + usize::from(GAP) * widths.len().saturating_sub(1)
    }

    /// Whether the long texts stand in a last column of `room` columns.
    fn is_beside(&self, room: usize) -> bool {
        let longest = self.rows.iter().map(|(_, long)| text::width(long)).max().unwrap_or(0);
        longest > 0 && room >= READABLE.min(longest.max(text::width(self.long)))
    }

    /// Whether a long text needs no name where it stands below its row.
    fn is_plain(&self, long: &str) -> bool {
        long.is_empty() || ["", MESSAGE].contains(&self.long)
    }

    fn align(&self, table: &mut Table, columns: &[usize]) {
        let last = table.column_count().saturating_sub(1);
        for (i, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if i < last { GAP } else { 0 }));
            let right = columns.get(i).is_some_and(|&c| self.columns[c].right);
            column.set_cell_alignment(if right { CellAlignment::Right } else { CellAlignment::Left });
        }
    }

    /// The widths of the columns in use: their own where all fit, else the widest texts give way.
    fn widths(&self, columns: &[usize], width: usize) -> Vec<usize> {
        let own = |&c: &usize| {
            let cells = self.rows.iter().map(|(cells, _)| text::width(&cells[c]));
            let widest = cells.chain([text::width(&self.columns[c].head)]).max().unwrap_or(0);
            if self.columns[c].least == usize::MAX { widest } else { widest.min(MOST) }
        };
        let mut widths: Vec<usize> = columns.iter().map(own).collect();
        let room = width.saturating_sub(usize::from(GAP) * columns.len().saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            let yielding = (0..widths.len()).filter(|&i| widths[i] > self.columns[columns[i]].least);
            let Some(widest) = yielding.max_by_key(|&i| widths[i]) else { break };
            widths[widest] -= 1;
        }
        widths
    }
}

/// A long text below its row, indented, in as many lines as it may have.
fn below(long: &str, indent: usize, width: usize, ellipsis: &str) -> Vec<String> {
    if long.is_empty() {
        return Vec::new();
    }
    let room = width - indent;
    let mut lines = vec![text::cut(long, room, ellipsis)];
    if width < ROOMY && text::width(long) > room {
        let mut all = text::wrap(long, room).into_iter();
        let first = all.next().unwrap_or_default();
        let rest: Vec<String> = all.collect();
        lines = vec![first, text::cut(&rest.join(" "), room, ellipsis)];
    }
    lines.into_iter().map(|line| " ".repeat(indent) + &line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let row = |n: &str, app: &str, long: &str| (vec![n.to_owned(), app.to_owned(), String::new()], long.to_owned());
        Grid {
            columns: vec![Column::number("#"), Column::text("app"), Column::text("unused")],
            rows: vec![row("1", "日本語のアプリ", "Short"), row("10", "web", &"long text ".repeat(6))],
            long: MESSAGE,
        }
    }

    #[test]
    fn a_long_text_stands_beside_where_there_is_room_and_else_below() {
        let wide = grid().draw(60, false);
        assert_eq!(wide.head[0], " #  app             message");
        assert_eq!(wide.rows[0], [" 1  日本語のアプリ  Short"]);
        assert_eq!(wide.rows[1], ["10  web             long text long text long text long text…"]);
        let narrow = grid().draw(30, true);
        assert_eq!(narrow.head, [" #  app", "------------------"]);
        assert_eq!(narrow.rows[1], ["10  web", "       long text long text", "       long text long text..."]);
    }

    #[test]
    fn texts_give_way_before_the_table_outgrows_the_terminal() {
        let narrow = grid().draw(14, false);
        assert_eq!(narrow.rows[0], [" 1  日本語の…", "   Short"]);
    }
}
