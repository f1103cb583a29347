use std::fmt::Write;
use std::io;

use anstyle::{AnsiColor, Effects, Style as Ansi};

use super::grid::{Column, Drawn, Grid, MESSAGE};
use super::phrase;
use super::row::{Row, rows};
use super::{Exporter, Style, chart, fields, text};
use crate::model::{Answer, Caveat, Deploy, NextStep, Verdict, WhyAnswer};

mod lists;

/// Sentences and tables for a terminal. What is drawn in colour is said in words as well.
pub(super) struct Table;

impl Exporter for Table {
    fn export(&self, answer: &Answer, style: &Style) -> io::Result<Vec<u8>> {
        let mut page = Page::new(style);
        match answer {
            Answer::Why(answer) => page.why(answer),
            Answer::Scan(scan) => page.scan(scan),
            Answer::Deploys(list) => page.deploys(list),
            Answer::Metrics(list) => page.metrics(list),
        }
        Ok(page.text.into_bytes())
    }
}

/// Columns where the output is not a terminal.
const WIDTH: usize = 120;
/// No narrower terminal is drawn for.
const NARROWEST: usize = 40;
/// On a terminal narrower than this, commits and authors have no columns.
const NARROW: usize = 78;
/// So many cells of a row of suspects stand before those of the deployment.
const OWN: usize = 4;
/// Sentences are not wider than this, however wide the terminal is.
const READABLE: usize = 100;

const PLAIN: Ansi = Ansi::new();
const BOLD: Ansi = Ansi::new().effects(Effects::BOLD);

struct Page<'a> {
    style: &'a Style,
    width: usize,
    text: String,
    /// Whether the suspects have letters, which a chart shows.
    lettered: bool,
}

impl<'a> Page<'a> {
    fn new(style: &'a Style) -> Self {
        Self { style, width: style.width.unwrap_or(WIDTH).max(NARROWEST), text: String::new(), lettered: false }
    }

    fn why(&mut self, answer: &WhyAnswer) {
        let colour = answer.change.as_ref().map_or(BOLD, |change| colour(change.verdict).effects(Effects::BOLD));
        for (i, sentence) in phrase::headline(answer, text::visible).iter().enumerate() {
            self.paragraph(sentence, if i == 0 { colour } else { PLAIN });
        }
        for sentence in phrase::with(answer, text::visible) {
            self.paragraph(&sentence, PLAIN);
        }
        self.blank();
        self.chart(answer);
        if answer.suspects.is_empty() {
            self.paragraph(&phrase::nothing_recorded(answer, text::visible), PLAIN);
        } else {
            self.suspects(answer);
        }
        self.paragraph(&phrase::none(answer.none_of_these, answer.none), PLAIN);
        self.reasons(answer);
        if let Some(rate) = phrase::base_rate(answer) {
            self.paragraph(&rate, PLAIN);
        }
        if let Some(left_out) = phrase::excluded(answer) {
            self.paragraph(&left_out, PLAIN);
        }
        if self.style.explain {
            self.explain(answer);
        }
        self.caveats(&answer.caveats);
        self.next(&answer.next);
    }

    /// The metric around the change. From here on the rows of suspects have the letters that stand below it.
    fn chart(&mut self, answer: &WhyAnswer) {
        let rows = rows(&answer.suspects);
        let shown = &rows[..rows.len().min(self.style.top)];
        let drawn = self.style.chart.then(|| chart::of_answer(answer, shown, self.width, self.style.ascii)).flatten();
        let Some(mut drawn) = drawn else { return };
        let legend = drawn.pop().unwrap_or_default();
        self.lines(&drawn, PLAIN);
        self.paragraph(&legend, PLAIN);
        self.blank();
        self.lettered = true;
    }

    fn suspects(&mut self, answer: &WhyAnswer) {
        let rows = rows(&answer.suspects);
        let shown = &rows[..rows.len().min(self.style.top)];
        if !shown.is_empty() {
            let cells = shown.iter().map(|row| self.suspect(row)).collect();
            let columns = self.suspect_columns();
            self.grid(&Grid { columns, rows: cells, long: MESSAGE });
        }
        if let Some(rest) = phrase::remainder(&rows, shown.len()) {
            self.paragraph(&rest, PLAIN);
        }
    }

    fn suspect_columns(&self) -> Vec<Column> {
        let own = [Column::number("#"), Column::number("prob."), Column::whole("when"), Column::whole("before")];
        own.into_iter().chain(self.deploy_columns()).collect()
    }

    /// The cells of a row of suspects, and its message.
    fn suspect(&self, row: &Row<'_>) -> (Vec<String>, String) {
        let show = |name: &str, _: &Deploy, value: &str| {
            if name == "commit" { fields::short_commit(value) } else { text::visible(value) }
        };
        let mut cells = row.cells(&self.style.columns, show);
        let mut message = row.message(text::visible);
        if self.is_narrow() {
            let about: Vec<String> = cells.drain(OWN + 1..OWN + 3).filter(|cell| !cell.is_empty()).collect();
            message =
                [about.join(" "), message].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        }
        if self.lettered {
            let letter = chart::letter(row.place).unwrap_or(' ');
            cells[0] = format!("{} {letter}", row.place);
        }
        (cells, message)
    }

    fn reasons(&mut self, answer: &WhyAnswer) {
        let rows = rows(&answer.suspects);
        let Some(row) = rows.first().filter(|_| self.style.top > 0) else { return };
        let Some(first) = row.likeliest().filter(|s| !s.reasons.is_empty()) else { return };
        self.blank();
        if answer.none_of_these > row.probability() {
            self.paragraph("That none of them did it is likelier than any one deployment.", PLAIN);
        }
        let told: Vec<String> = first.reasons.iter().map(|r| text::visible(r)).collect();
        self.paragraph(&format!("Why #1: {}.", told.join("; ")), PLAIN);
    }

    /// The arithmetic: prior, likelihood ratio and posterior of each hypothesis.
    fn explain(&mut self, answer: &WhyAnswer) {
        self.blank();
        let [hypothesis, when, numbers @ .., long] = phrase::HEADS;
        let numbers = numbers.map(Column::number);
        let columns = [Column::text(hypothesis), Column::whole(when)].into_iter().chain(numbers).collect();
        let cells = |line: phrase::Explained| {
            let own = [line.hypothesis, line.when, line.prior, line.log_likelihood_ratio, line.posterior, line.by_data];
            (own.into(), line.parts)
        };
        let rows = phrase::explained(answer, self.style.top, text::visible).into_iter().map(cells).collect();
        self.grid(&Grid { columns, rows, long });
        for sentence in phrase::sources(answer, text::visible) {
            self.paragraph(&sentence, PLAIN);
        }
    }

    /// Whether there is no room for columns of commits and authors, which then stand before the message.
    fn is_narrow(&self) -> bool {
        self.width < NARROW
    }

    /// The columns that tell deployments apart, but for the message.
    fn deploy_columns(&self) -> Vec<Column> {
        let own = ["app", "commit", "author"].into_iter().take(if self.is_narrow() { 1 } else { 3 }).map(Column::text);
        own.into_iter().chain(self.style.columns.iter().map(|name| Column::text(name))).collect()
    }

    fn deploy_cells(&self, deploy: &Deploy) -> Vec<String> {
        let commit = deploy.commit.as_deref().map(fields::short_commit).unwrap_or_default();
        let own = [shown(deploy, "app"), commit, shown(deploy, "author")];
        own.into_iter()
            .take(if self.is_narrow() { 1 } else { 3 })
            .chain(self.style.columns.iter().map(|name| shown(deploy, name)))
            .collect()
    }

    fn caveats(&mut self, caveats: &[Caveat]) {
        if !caveats.is_empty() {
            self.blank();
        }
        for caveat in caveats {
            self.paragraph(&format!("Note: {}", text::visible(&caveat.text)), PLAIN);
        }
    }

    /// Commands are neither cut nor wrapped, so that they can be copied together with what they are good for.
    fn next(&mut self, steps: &[NextStep]) {
        if steps.is_empty() {
            return;
        }
        self.blank();
        self.paragraph("Next:", PLAIN);
        for step in steps {
            let _ = writeln!(self.text, "  {}  # {}", text::visible(&step.command), text::visible(&step.purpose));
        }
    }

    fn grid(&mut self, grid: &Grid) {
        let Drawn { head, rows } = grid.draw(self.width, self.style.ascii);
        self.lines(&head, BOLD);
        for row in &rows {
            self.lines(row, PLAIN);
        }
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn paragraph(&mut self, sentence: &str, style: Ansi) {
        self.lines(&text::wrap(sentence, self.width.min(READABLE)), style);
    }

    fn lines(&mut self, lines: &[String], style: Ansi) {
        let style = if self.style.color { style } else { PLAIN };
        for line in lines {
            let _ = writeln!(self.text, "{style}{line}{style:#}");
        }
    }
}

fn shown(deploy: &Deploy, name: &str) -> String {
    fields::field(deploy, name).map(|value| text::visible(&value)).unwrap_or_default()
}

fn colour(verdict: Verdict) -> Ansi {
    match verdict {
        Verdict::Better => Ansi::new().fg_color(Some(AnsiColor::Green.into())),
        Verdict::Worse => Ansi::new().fg_color(Some(AnsiColor::Red.into())),
        Verdict::Unknown => PLAIN,
    }
}
