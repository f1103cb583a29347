use std::fmt::Write;
use std::io;

use anstyle::{AnsiColor, Effects, Style as Ansi};

use super::grid::{Align, Column, Grid};
use super::phrase::{self, clock, day_or_clock, effect, number, probability};
use super::{Exporter, Style, fields, text};
use crate::model::{
    Answer, Better, Caveat, Change, Deploy, DeployList, Direction, Event, MetricList, MetricSummary, Moment, Scan,
    Suspect, Verdict, WhyAnswer,
};

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
/// From so many columns on messages stand beside what they belong to, below that under it.
const WIDE: usize = 110;
/// Sentences are not wider than this, however wide the terminal is.
const READABLE: usize = 100;

struct Page<'a> {
    style: &'a Style,
    width: usize,
    text: String,
}

impl<'a> Page<'a> {
    fn new(style: &'a Style) -> Self {
        Self { style, width: style.width.unwrap_or(WIDTH).max(40), text: String::new() }
    }

    fn why(&mut self, answer: &WhyAnswer) {
        let told = phrase::headline(answer, text::visible);
        let colour = answer.change.as_ref().map_or(Ansi::new(), |c| verdict_colour(c.verdict));
        for (i, sentence) in told.iter().enumerate() {
            self.paragraph(sentence, if i == 0 { colour.effects(Effects::BOLD) } else { Ansi::new() });
        }
        self.blank();
        if answer.suspects.is_empty() {
            self.paragraph(&phrase::nothing_recorded(answer, text::visible), Ansi::new());
        } else {
            self.suspects(answer);
        }
        self.paragraph(&phrase::none(answer.none_of_these, answer.none), Ansi::new());
        self.reasons(answer);
        if let Some(left_out) = phrase::excluded(answer) {
            self.paragraph(&left_out, Ansi::new());
        }
        self.caveats(&answer.caveats);
        if !answer.next.is_empty() {
            self.blank();
            self.paragraph("Next:", Ansi::new());
            for step in &answer.next {
                let _ = writeln!(self.text, "  {}  # {}", text::visible(&step.command), text::visible(&step.purpose));
            }
        }
    }

    fn suspects(&mut self, answer: &WhyAnswer) {
        let shown = &answer.suspects[..answer.suspects.len().min(self.style.top)];
        let when = format!("when ({})", text::visible(&answer.question.timezone));
        let mut columns = vec![
            Column::new("#", Align::Right),
            Column::new("prob.", Align::Right),
            Column::new(when, Align::Left),
            Column::new("before", Align::Left),
        ];
        columns.extend(self.deploy_columns());
        let rows = shown.iter().map(|s| {
            let mut row = vec![
                s.rank.to_string(),
                probability(s.probability),
                clock(&s.deploy.deployed_at),
                phrase::lag(s.lag_seconds),
            ];
            row.extend(self.deploy_cells(&s.deploy));
            row
        });
        let rows = rows.collect();
        let message = |s: &Suspect| {
            let (first, tail) = phrase::message(&answer.suspects, s, text::visible);
            first + &tail
        };
        self.with_messages(columns, rows, shown.iter().map(message).collect());
        if let Some(rest) = phrase::remainder(&answer.suspects, shown.len()) {
            self.paragraph(&rest, Ansi::new());
        }
    }

    fn reasons(&mut self, answer: &WhyAnswer) {
        let Some(first) = answer.suspects.first().filter(|s| !s.reasons.is_empty()) else { return };
        self.blank();
        if answer.none_of_these > first.probability {
            self.paragraph("That none of them did it is likelier than any one deployment.", Ansi::new());
        }
        let told: Vec<String> = first.reasons.iter().map(|r| text::visible(r)).collect();
        self.paragraph(&format!("Why #1: {}.", told.join("; ")), Ansi::new());
    }

    fn scan(&mut self, scan: &Scan) {
        let count = phrase::count(scan.changes.len(), "change");
        let of = phrase::count(scan.question.metrics.len(), "metric");
        let zone = text::visible(&scan.question.timezone);
        self.paragraph(&format!("{count} in {of} (times in {zone})."), Ansi::new().effects(Effects::BOLD));
        if !scan.changes.is_empty() {
            self.blank();
            let columns = vec![
                Column::new("first visible", Align::Left),
                Column::new("metric", Align::Left),
                Column::new("change", Align::Right),
                Column::new(if self.style.ascii { "before -> after" } else { "before → after" }, Align::Left),
                Column::new("q", Align::Left),
                Column::new("none of these", Align::Right),
            ];
            let rows = scan.changes.iter().map(|event| self.event(event)).collect();
            let notes = scan.changes.iter().map(|event| event.suspects.iter().map(cause).collect()).collect();
            self.grid(&Grid { columns, rows, notes });
        }
        self.caveats(&scan.caveats);
    }

    fn event(&self, event: &Event) -> Vec<String> {
        let change = &event.change;
        let arrow = if self.style.ascii { "->" } else { "→" };
        vec![
            day_or_clock(&change.at),
            text::visible(&event.metric),
            format!("{} {}", effect(change), verdict_or_kind(change)),
            format!("{} {arrow} {}", number(change.before), number(change.after)),
            phrase::q_value(event.q_value).trim_start_matches("q ").trim_start_matches("= ").to_owned(),
            probability(event.none_of_these),
        ]
    }

    fn deploys(&mut self, list: &DeployList) {
        if list.deploys.is_empty() {
            self.paragraph("No such deployments are recorded.", Ansi::new());
        } else {
            let mut columns = vec![Column::new(format!("when ({})", text::visible(&list.timezone)), Align::Left)];
            let present =
                |name: &str| list.deploys.iter().any(|d| fields::field(d, name).is_some_and(|v| !v.is_empty()));
            let further: Vec<&str> = ["environment", "status"].into_iter().filter(|name| present(name)).collect();
            columns.extend(further.iter().map(|name| Column::new(*name, Align::Left)));
            columns.extend(self.deploy_columns());
            let rows = list.deploys.iter().map(|d| {
                let mut row = vec![clock(&d.deployed_at)];
                row.extend(further.iter().map(|name| shown(d, name)));
                row.extend(self.deploy_cells(d));
                row
            });
            let rows = rows.collect();
            let message = |d: &Deploy| {
                let (first, more) = d.message.as_deref().map(text::first_line).unwrap_or_default();
                if more > 0 { format!("{first} (+{})", phrase::count(more, "line")) } else { first }
            };
            self.with_messages(columns, rows, list.deploys.iter().map(message).collect());
            self.paragraph(&phrase::count(list.deploys.len(), "deployment"), Ansi::new());
        }
        self.caveats(&list.caveats);
    }

    fn metrics(&mut self, list: &MetricList) {
        let head = ["metric", "from", "to", "step", "buckets", "missing", "last", "better", "apps"];
        let align = |i: usize| if (4..=6).contains(&i) { Align::Right } else { Align::Left };
        let columns = head.iter().enumerate().map(|(i, name)| Column::new(*name, align(i))).collect();
        let rows = list.metrics.iter().map(metric_row).collect();
        self.grid(&Grid { columns, rows, notes: Vec::new() });
        self.paragraph(&format!("Times in {}.", text::visible(&list.timezone)), Ansi::new());
        self.caveats(&list.caveats);
    }

    /// Draws rows with the message of each: as the last column, or below its row where the terminal is narrow.
    fn with_messages(&mut self, mut columns: Vec<Column>, mut rows: Vec<Vec<String>>, messages: Vec<String>) {
        let mut notes = Vec::new();
        if self.width < WIDE {
            notes = messages.into_iter().map(|message| vec![message]).collect();
        } else {
            columns.push(Column::flexible("message"));
            rows.iter_mut().zip(messages).for_each(|(row, message)| row.push(message));
        }
        self.grid(&Grid { columns, rows, notes });
    }

    /// The columns that tell deployments apart.
    fn deploy_columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> =
            ["app", "commit", "author"].iter().map(|name| Column::new(*name, Align::Left)).collect();
        columns.extend(self.style.columns.iter().map(|name| Column::new(text::visible(name), Align::Left)));
        columns
    }

    fn deploy_cells(&self, deploy: &Deploy) -> Vec<String> {
        let commit = deploy.commit.as_deref().map(fields::short_commit).unwrap_or_default();
        let mut cells = vec![shown(deploy, "app"), commit, shown(deploy, "author")];
        cells.extend(self.style.columns.iter().map(|name| shown(deploy, name)));
        cells
    }

    fn caveats(&mut self, caveats: &[Caveat]) {
        if !caveats.is_empty() {
            self.blank();
        }
        for caveat in caveats {
            self.paragraph(&format!("Note: {}", text::visible(&caveat.text)), Ansi::new());
        }
    }

    fn grid(&mut self, grid: &Grid) {
        self.text.push_str(&grid.draw(self.width, self.style.ascii));
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn paragraph(&mut self, sentence: &str, style: Ansi) {
        let style = if self.style.color { style } else { Ansi::new() };
        for line in text::wrap(sentence, self.width.min(READABLE)) {
            let _ = writeln!(self.text, "{style}{line}{style:#}");
        }
    }
}

fn shown(deploy: &Deploy, name: &str) -> String {
    fields::field(deploy, name).map(|value| text::visible(&value)).unwrap_or_default()
}

fn verdict_colour(verdict: Verdict) -> Ansi {
    match verdict {
        Verdict::Better => Ansi::new().fg_color(Some(AnsiColor::Green.into())),
        Verdict::Worse => Ansi::new().fg_color(Some(AnsiColor::Red.into())),
        Verdict::Unknown => Ansi::new(),
    }
}

fn verdict_or_kind(change: &Change) -> String {
    match change.verdict {
        Verdict::Better => format!("{}, better", phrase::kind(change)),
        Verdict::Worse => format!("{}, worse", phrase::kind(change)),
        Verdict::Unknown => phrase::kind(change),
    }
}

/// A suspect in one line: probability, time, app, commit, message.
fn cause(suspect: &Suspect) -> String {
    let deploy = &suspect.deploy;
    let commit = deploy.commit.as_deref().map(fields::short_commit).unwrap_or_default();
    let (message, _) = deploy.message.as_deref().map(text::first_line).unwrap_or_default();
    let parts = [probability(suspect.probability), clock(&deploy.deployed_at), shown(deploy, "app"), commit, message];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}

/// A day, with the time where it is not midnight.
fn date(moment: &Moment) -> String {
    let midnight = moment.time() == chrono::NaiveTime::MIN;
    moment.format(if midnight { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" }).to_string()
}

fn metric_row(metric: &MetricSummary) -> Vec<String> {
    let unit = metric.unit.as_deref().map(|u| format!(" {}", text::visible(u))).unwrap_or_default();
    let better = match metric.better {
        Some(Better::Up) => phrase::direction(Direction::Up),
        Some(Better::Down) => phrase::direction(Direction::Down),
        None => "",
    };
    vec![
        text::visible(&metric.metric),
        date(&metric.from),
        date(&metric.to),
        metric.granularity.to_string(),
        metric.buckets.to_string(),
        metric.missing.to_string(),
        metric.last.map(|last| number(Some(last)) + &unit).unwrap_or_default(),
        better.to_owned(),
        text::visible(&metric.apps.join(", ")),
    ]
}
