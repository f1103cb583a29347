use std::fmt::Write;
use std::io;

use escape::{cell, code, fenced, plain};

use super::phrase::{self, clock, date, effect, first_visible, last_date, number};
use super::row::{Row, rows, said};
use super::{Exporter, Style, fields, text};
use crate::model::{
    Answer, Caveat, Deploy, DeployList, MetricChange, MetricList, MetricSummary, Scan, Suspect, WhyAnswer,
};

mod escape;

/// A document for an incident channel or a pull request.
///
/// Texts from data stand in code spans: there, no renderer takes anything in them for markup, a link or a mention.
pub(super) struct Markdown;

impl Exporter for Markdown {
    fn export(&self, answer: &Answer, style: &Style) -> io::Result<Vec<u8>> {
        let mut document = Document { style, text: String::new() };
        match answer {
            Answer::Why(answer) => document.why(answer),
            Answer::Scan(scan) => document.scan(scan),
            Answer::Deploys(list) => document.deploys(list),
            Answer::Metrics(list) => document.metrics(list),
        }
        Ok(document.text.into_bytes())
    }
}

struct Document<'a> {
    style: &'a Style,
    text: String,
}

impl Document<'_> {
    fn why(&mut self, answer: &WhyAnswer) {
        self.block(&format!("## {}", phrase::title(answer, code)));
        self.picture("The metric, its change, and the deployments by app");
        for (i, sentence) in phrase::headline(answer, code).iter().enumerate() {
            self.block(&if i == 0 { format!("**{sentence}**") } else { sentence.clone() });
        }
        let with = phrase::with(answer, code);
        if !with.is_empty() {
            let list: Vec<String> = with.iter().map(|sentence| format!("- {sentence}")).collect();
            self.block(&list.join("\n"));
        }
        if answer.suspects.is_empty() {
            self.block(&phrase::nothing_recorded(answer, code));
        }
        self.suspects(&answer.suspects);
        self.block(&format!("**{}**", phrase::none(answer.none_of_these, answer.none)));
        self.reasons(answer);
        if let Some(rate) = phrase::base_rate(answer) {
            self.block(&rate);
        }
        if let Some(left_out) = phrase::excluded(answer) {
            self.block(&left_out);
        }
        if self.style.explain {
            self.explain(answer);
        }
        self.caveats(&answer.caveats);
        self.reproduced(&answer.command);
        self.block(&format!("As of {}, by shiptrace.", clock(&answer.as_of)));
    }

    /// The table of the first suspects, and what the others are together.
    fn suspects(&mut self, suspects: &[Suspect]) {
        let rows = rows(suspects);
        let shown = &rows[..rows.len().min(self.style.top)];
        if !shown.is_empty() {
            let cells = shown.iter().map(|row| self.suspect(row)).collect();
            self.table(self.heads(&["#", "probability", "when", "before"]), cells);
        }
        if let Some(rest) = phrase::remainder(&rows, shown.len()) {
            self.block(&rest);
        }
    }

    fn suspect(&self, row: &Row<'_>) -> Vec<String> {
        let show = |name: &str, deploy: &Deploy, value: &str| {
            if name == "commit" { self.commit(deploy) } else { code(value) }
        };
        row.cells(&self.style.columns, show).into_iter().chain([row.message(code)]).collect()
    }

    /// The picture that lies beside the document, where there is one.
    fn picture(&mut self, told: &str) {
        if let Some(name) = &self.style.picture {
            self.block(&format!("![{told}]({})", fields::encoded(name, "")));
        }
    }

    /// How the answer is had again.
    fn reproduced(&mut self, command: &str) {
        if !command.is_empty() {
            self.block(&format!("This answer again:\n\n{}", fenced(command)));
        }
    }

    /// Why the first suspect is first, and all that its commit says.
    fn reasons(&mut self, answer: &WhyAnswer) {
        let rows = rows(&answer.suspects);
        let Some((row, first)) = rows.first().and_then(|row| Some((row, row.likeliest()?))) else { return };
        if self.style.top == 0 {
            return;
        }
        if !first.reasons.is_empty() {
            if answer.none_of_these > row.probability() {
                self.block("That none of them did it is likelier than any one deployment.");
            }
            let list: Vec<String> = first.reasons.iter().map(|reason| format!("\n- {}", plain(reason))).collect();
            self.block(&format!("Why the first is first:\n{}", list.concat()));
        }
        let message = first.deploy.message.as_deref().unwrap_or_default();
        if text::first_line(message).1 > 0 {
            self.block(&format!("Commit message of the first:\n\n{}", fenced(message)));
        }
    }

    /// The arithmetic: prior, likelihood ratio and posterior of each hypothesis.
    fn explain(&mut self, answer: &WhyAnswer) {
        let cells = |line: phrase::Explained| {
            vec![
                line.hypothesis,
                line.when,
                line.prior,
                line.log_likelihood_ratio,
                line.posterior,
                line.by_data,
                line.parts,
            ]
        };
        let rows = phrase::explained(answer, self.style.top, code).into_iter().map(cells).collect();
        self.table(phrase::HEADS.map(str::to_owned).into(), rows);
        for sentence in phrase::sources(answer, code) {
            self.block(&sentence);
        }
    }

    fn scan(&mut self, scan: &Scan) {
        self.block(&format!("## {}", phrase::found(scan)));
        self.picture("The metrics that changed, and the deployments by app");
        scan.events().iter().for_each(|event| self.event(event));
        self.caveats(&scan.caveats);
        self.reproduced(&scan.command);
        self.block(&format!("Times in {}.", phrase::zone(&scan.question.timezone, code)));
    }

    fn event(&mut self, event: &[&MetricChange]) {
        let Some(from) = phrase::judged_from(event) else { return };
        match event {
            [one] => self.change(one),
            several => self.changes(several),
        }
        if let Some(head) = phrase::judged(event, code) {
            self.block(&format!("The {head}"));
        }
        self.suspects(&from.suspects);
        if let Some(others) = phrase::others_of(from) {
            self.block(&others);
        }
        self.block(&format!("**{}**", phrase::none(from.none_of_these, from.none)));
    }

    fn change(&mut self, one: &MetricChange) {
        let change = &one.change;
        self.block(&format!("### {}: {}, {}", code(&one.metric), effect(change), first_visible(change)));
        let sort = phrase::sort(change);
        let sort = if sort.is_empty() { sort } else { format!(" ({sort})") };
        let (before, after) = (number(change.before), number(change.after));
        self.block(&format!("From {before} to {after}{sort}, {}.", phrase::q_value(one.q_value)));
    }

    /// Changes of several metrics at one moment.
    fn changes(&mut self, event: &[&MetricChange]) {
        let first = event.iter().map(|one| &one.change).min_by_key(|change| change.at);
        let at = first.map(first_visible).unwrap_or_default();
        self.block(&format!("### {} at one moment, {at}", phrase::count(event.len(), "metric")));
        let row = |one: &&MetricChange| {
            let change = &one.change;
            vec![
                first_visible(change),
                code(&one.metric),
                effect(change),
                number(change.before),
                number(change.after),
                phrase::sort(change),
                phrase::q_alone(one.q_value),
            ]
        };
        let heads = ["first visible", "metric", "change", "before", "after", "remarks", "q"];
        self.table(heads.map(str::to_owned).into(), event.iter().map(row).collect());
    }

    fn deploys(&mut self, list: &DeployList) {
        self.block(&format!("## {}", phrase::count(list.deploys.len(), "deployment")));
        self.picture("The deployments by app");
        let rows = list.deploys.iter().map(|deploy| {
            let own = [clock(&deploy.deployed_at), shown(deploy, "environment"), shown(deploy, "status")];
            let said = said(deploy, code);
            own.into_iter().chain(self.deploy_cells(deploy)).chain([said]).collect()
        });
        let rows = rows.collect();
        self.table(self.heads(&["when", "environment", "status"]), rows);
        self.caveats(&list.caveats);
        self.block(&format!("Times in {}.", phrase::zone(&list.timezone, code)));
    }

    fn metrics(&mut self, list: &MetricList) {
        self.block(&format!("## {}", phrase::count(list.metrics.len(), "metric")));
        self.picture("The metrics");
        let heads = ["metric", "from", "to", "kind", "step", "buckets", "missing", "last", "apps"];
        self.table(heads.map(str::to_owned).into(), list.metrics.iter().map(metric).collect());
        self.caveats(&list.caveats);
        self.block(&format!("Times in {}.", phrase::zone(&list.timezone, code)));
    }

    /// The heads of a table of deployments.
    fn heads(&self, own: &[&str]) -> Vec<String> {
        let own = own.iter().chain(&["app", "commit", "author"]).map(|head| (*head).to_owned());
        own.chain(self.style.columns.iter().map(|name| code(name))).chain(["message".to_owned()]).collect()
    }

    /// App, commit, author and the columns asked for.
    fn deploy_cells(&self, deploy: &Deploy) -> Vec<String> {
        let own = [shown(deploy, "app"), self.commit(deploy), shown(deploy, "author")];
        own.into_iter().chain(self.style.columns.iter().map(|name| shown(deploy, name))).collect()
    }

    /// The short commit, as a link where a template and what it needs are known.
    fn commit(&self, deploy: &Deploy) -> String {
        let Some(commit) = deploy.commit.as_deref().filter(|c| !c.is_empty()) else { return String::new() };
        let short = code(&fields::short_commit(commit));
        match self
            .style
            .commit_url
            .as_deref()
            .and_then(|template| fields::commit_link(template, deploy.repo.as_deref(), commit))
        {
            Some(url) => format!("[{short}]({url})"),
            None => short,
        }
    }

    fn caveats(&mut self, caveats: &[Caveat]) {
        if !caveats.is_empty() {
            let list: Vec<String> = caveats.iter().map(|c| format!("- Note: {}", plain(&c.text))).collect();
            self.block(&list.join("\n"));
        }
    }

    /// Columns without any text are left out.
    fn table(&mut self, heads: Vec<String>, rows: Vec<Vec<String>>) {
        let used: Vec<usize> = (0..heads.len()).filter(|&c| rows.iter().any(|row| !row[c].is_empty())).collect();
        if used.is_empty() {
            return;
        }
        let rule = vec!["---".to_owned(); heads.len()];
        let mut lines = Vec::new();
        for row in [heads, rule].into_iter().chain(rows) {
            let cells: Vec<String> = used.iter().map(|&c| cell(&row[c])).collect();
            lines.push(format!("| {} |", cells.join(" | ")));
        }
        self.block(&lines.join("\n"));
    }

    /// A paragraph, heading, list or table, with a blank line before the next.
    fn block(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let _ = writeln!(self.text, "{block}");
    }
}

fn shown(deploy: &Deploy, name: &str) -> String {
    fields::field(deploy, name).map(|value| code(&value)).unwrap_or_default()
}

fn metric(metric: &MetricSummary) -> Vec<String> {
    let unit = metric.unit.as_deref().map(|unit| format!(" {}", code(unit))).unwrap_or_default();
    let apps: Vec<String> = metric.apps.iter().map(|app| code(app)).collect();
    vec![
        code(&metric.metric),
        date(&metric.from),
        last_date(&metric.to),
        if metric.ratio { "ratio".to_owned() } else { String::new() },
        metric.granularity.to_string(),
        metric.buckets.to_string(),
        metric.missing.to_string(),
        metric.last.map(|last| number(Some(last)) + &unit).unwrap_or_default(),
        apps.join(" "),
    ]
}
