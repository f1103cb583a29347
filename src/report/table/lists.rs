//! The tables of `scan`, `deploys` and `metrics`.

use super::{BOLD, PLAIN, Page, shown};
use crate::model::{Better, DeployList, Direction, Event, MetricList, MetricSummary, Scan};
use crate::report::grid::{Column, Drawn, Grid};
use crate::report::phrase::{self, clock, date, day_or_clock, effect, last_date, number, probability};
use crate::report::{fields, text};

impl Page<'_> {
    pub(super) fn scan(&mut self, scan: &Scan) {
        let zone = text::visible(&scan.question.timezone);
        self.paragraph(&format!("{}; times in {zone}.", phrase::found(scan)), BOLD);
        let events = self.events(scan).draw(self.width, self.style.ascii);
        let suspects = self.likeliest(scan);
        if !scan.changes.is_empty() {
            self.blank();
            self.lines(&events.head, BOLD);
        }
        let mut rest = suspects.rows.as_slice();
        for (event, lines) in scan.changes.iter().zip(&events.rows) {
            self.lines(lines, PLAIN);
            let (own, further) = rest.split_at(event.suspects.len());
            rest = further;
            let none = format!("none of these: {}", probability(event.none_of_these));
            let others = phrase::others_of(event);
            let inner = own.iter().flatten().chain(&others).chain([&none]).map(|line| format!("{INDENT}{line}"));
            self.lines(&inner.collect::<Vec<_>>(), PLAIN);
            self.blank();
        }
        if !scan.changes.is_empty() {
            self.text.pop();
        }
        self.caveats(&scan.caveats);
    }

    fn events(&self, scan: &Scan) -> Grid {
        let arrow = if self.style.ascii { "->" } else { "→" };
        let levels = format!("before {arrow} after");
        let columns = vec![
            Column::whole("first visible"),
            Column::text("metric"),
            Column::number("change"),
            Column::whole(&levels),
            Column::whole(""),
            Column::whole("q"),
        ];
        let row = |event: &Event| {
            let change = &event.change;
            let cells = vec![
                day_or_clock(&change.at),
                text::visible(&event.metric),
                effect(change),
                format!("{} {arrow} {}", number(change.before), number(change.after)),
                phrase::sort(change),
                phrase::q_value(event.q_value).trim_start_matches("q ").trim_start_matches("= ").to_owned(),
            ];
            (cells, String::new())
        };
        Grid { columns, rows: scan.changes.iter().map(row).collect(), long: "" }
    }

    /// The suspects of all events one below the other, so that their columns line up.
    fn likeliest(&self, scan: &Scan) -> Drawn {
        let rows =
            scan.changes.iter().flat_map(|event| event.suspects.iter().map(|s| self.suspect(&event.suspects, s)));
        let grid = Grid { columns: self.suspect_columns(), rows: rows.collect(), long: "message" };
        grid.draw(self.width - INDENT.len(), self.style.ascii)
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
            (row, fields::message(deploy, text::visible))
        });
        let rows = rows.collect();
        self.grid(&Grid { columns, rows, long: "message" });
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

/// What the suspects of an event are indented by.
const INDENT: &str = "    ";

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
