//! The tables of `scan`, `deploys` and `metrics`.

use super::{BOLD, PLAIN, Page, shown};
use crate::model::{Better, DeployList, Direction, MetricChange, MetricList, MetricSummary, Scan};
use crate::report::grid::{Column, Drawn, Grid, MESSAGE};
use crate::report::phrase::{self, clock, date, effect, first_visible, last_date, number, probability};
use crate::report::row::{rows as rows_of, said};
use crate::report::text;
use crate::report::{chart, fields};

impl Page<'_> {
    pub(super) fn scan(&mut self, scan: &Scan) {
        let zone = text::visible(&scan.question.timezone);
        self.paragraph(&format!("{}; times in {zone}.", phrase::found(scan)), BOLD);
        let events = scan.events();
        let changes = self.changes(&events, scan).draw(self.width, self.style.ascii);
        let suspects = self.likeliest(&events);
        if !events.is_empty() {
            self.blank();
            self.lines(&changes.head, BOLD);
        }
        let (mut rows, mut rest) = (changes.rows.as_slice(), suspects.rows.as_slice());
        for (i, event) in events.iter().enumerate() {
            if i > 0 {
                self.blank();
            }
            let (own, further) = rows.split_at(event.len());
            rows = further;
            self.lines(&own.concat(), PLAIN);
            let listed = phrase::judged_from(event).map_or(0, |from| rows_of(&from.suspects).len());
            let (own, further) = rest.split_at(listed);
            rest = further;
            self.judged(event, own);
        }
        self.caveats(&scan.caveats);
    }

    /// The deployments of an event, which are drawn already, and what is left for the others and for none.
    fn judged(&mut self, event: &[&MetricChange], suspects: &[Vec<String>]) {
        let Some(from) = phrase::judged_from(event) else { return };
        let head = phrase::judged(event, text::visible);
        let head = head.iter().flat_map(|head| text::wrap(head, self.width - self.indent().len()));
        let none = format!("none of these: {}", probability(from.none_of_these));
        let lines = head.chain(suspects.concat()).chain(phrase::others_of(from)).chain([none]);
        let lines: Vec<String> = lines.map(|line| format!("{}{line}", self.indent())).collect();
        self.lines(&lines, PLAIN);
    }

    fn changes(&self, events: &[Vec<&MetricChange>], scan: &Scan) -> Grid {
        let arrow = if self.style.ascii { "->" } else { "→" };
        if self.is_narrow() {
            return narrow_changes(events, arrow);
        }
        let levels = format!("before {arrow} after");
        let columns = vec![
            Column::whole("first visible"),
            Column::text("metric"),
            Column::number("change"),
            Column::whole(&levels),
            Column::whole(""),
            Column::whole("q"),
        ];
        let row = |one: &&MetricChange| {
            let change = &one.change;
            let cells = vec![
                first_visible(change),
                text::visible(&one.metric),
                effect(change),
                format!("{} {arrow} {}", number(change.before), number(change.after)),
                phrase::sort(change),
                phrase::q_alone(one.q_value),
            ];
            (cells, String::new())
        };
        let mut grid = Grid { columns, rows: events.iter().flatten().map(row).collect(), long: "" };
        if self.style.chart && !self.is_narrow() {
            self.sparklines(&mut grid, events, scan);
        }
        grid
    }

    /// What the suspects of an event are indented by.
    fn indent(&self) -> &'static str {
        if self.is_narrow() { "  " } else { "    " }
    }

    /// Puts a last column to the changes, with the metric drawn and the moment marked, where there is room for one.
    fn sparklines(&self, grid: &mut Grid, events: &[Vec<&MetricChange>], scan: &Scan) {
        let columns = self.width.saturating_sub(grid.natural_width() + 2).min(SPARK.1);
        if columns < SPARK.0 {
            return;
        }
        grid.columns.push(Column::whole("the whole metric"));
        for (one, (cells, _)) in events.iter().flatten().zip(&mut grid.rows) {
            let at = one.change.at.timestamp();
            let drawn =
                scan.picture.curve(&one.metric).map(|c| chart::spark(&c.series, Some(at), columns, self.style.ascii));
            cells.push(drawn.unwrap_or_default());
        }
    }

    /// The suspects of all events one below the other, so that their columns line up.
    fn likeliest(&self, events: &[Vec<&MetricChange>]) -> Drawn {
        let judged = events.iter().filter_map(|event| phrase::judged_from(event));
        let rows = judged.flat_map(|from| rows_of(&from.suspects)).map(|row| self.suspect(&row)).collect();
        let grid = Grid { columns: self.suspect_columns(), rows, long: MESSAGE };
        grid.draw(self.width - self.indent().len(), self.style.ascii)
    }

    pub(super) fn deploys(&mut self, list: &DeployList) {
        let zone = text::visible(&list.timezone);
        if list.deploys.is_empty() {
            self.paragraph("No such deployments are recorded.", PLAIN);
            return self.caveats(&list.caveats);
        }
        let mut columns = vec![Column::whole("when"), Column::text("environment"), Column::text("status")];
        columns.extend(self.deploy_columns());
        let rows = list.deploys.iter().map(|deploy| {
            let mut row = vec![clock(&deploy.deployed_at), shown(deploy, "environment"), shown(deploy, "status")];
            row.extend(self.deploy_cells(deploy));
            let mut message = said(deploy, text::visible);
            if self.is_narrow() {
                let commit = deploy.commit.as_deref().map(fields::short_commit).unwrap_or_default();
                let about = [commit, shown(deploy, "author")].into_iter().filter(|part| !part.is_empty());
                message = format!("{}: {message}", about.collect::<Vec<_>>().join(" "));
            }
            (row, message)
        });
        let rows = rows.collect();
        let drawn = self.style.chart.then(|| chart::calendar(list, self.width, self.style.ascii)).flatten();
        match drawn {
            Some(mut drawn) => {
                let legend = drawn.pop().unwrap_or_default();
                self.lines(&drawn, PLAIN);
                self.paragraph(&legend, PLAIN);
            }
            None => self.grid(&Grid { columns, rows, long: MESSAGE }),
        }
        self.blank();
        self.paragraph(&format!("{}; times in {zone}.", phrase::count(list.deploys.len(), "deployment")), PLAIN);
        self.caveats(&list.caveats);
    }

    pub(super) fn metrics(&mut self, list: &MetricList) {
        let zone = text::visible(&list.timezone);
        if !list.metrics.is_empty() {
            let columns = vec![
                Column::text("metric"),
                Column::whole("from"),
                Column::whole("to"),
                Column::whole("step"),
                Column::number("buckets"),
                Column::number("missing"),
                Column::number("last"),
                Column::word("unit"),
                Column::whole("better"),
            ];
            self.grid(&Grid { columns, rows: list.metrics.iter().map(metric).collect(), long: "apps" });
            self.blank();
        }
        self.paragraph(&format!("{}; times in {zone}.", phrase::count(list.metrics.len(), "metric")), PLAIN);
        self.caveats(&list.caveats);
    }
}

/// A sparkline has at least and at most so many columns.
const SPARK: (usize, usize) = (16, 48);

/// The changes where there is no room for the columns of their levels.
fn narrow_changes(events: &[Vec<&MetricChange>], arrow: &str) -> Grid {
    let columns = vec![Column::whole("first visible"), Column::text("metric"), Column::number("change")];
    let row = |one: &&MetricChange| {
        let change = &one.change;
        let levels = format!("{} {arrow} {}", number(change.before), number(change.after));
        let told = [levels, phrase::sort(change), phrase::q_value(one.q_value)];
        let told: Vec<String> = told.into_iter().filter(|part| !part.is_empty()).collect();
        (vec![first_visible(change), text::visible(&one.metric), effect(change)], told.join(", "))
    };
    Grid { columns, rows: events.iter().flatten().map(row).collect(), long: "" }
}

fn metric(metric: &MetricSummary) -> (Vec<String>, String) {
    let better = metric.better.map(|better| match better {
        Better::Up => phrase::direction(Direction::Up),
        Better::Down => phrase::direction(Direction::Down),
    });
    let cells = vec![
        text::visible(&metric.metric),
        date(&metric.from),
        last_date(&metric.to),
        metric.granularity.to_string(),
        metric.buckets.to_string(),
        metric.missing.to_string(),
        metric.last.map(|last| number(Some(last))).unwrap_or_default(),
        metric.unit.as_deref().or(metric.ratio.then_some("ratio")).map(text::visible).unwrap_or_default(),
        better.unwrap_or_default().to_owned(),
    ];
    (cells, text::visible(&metric.apps.join(", ")))
}
