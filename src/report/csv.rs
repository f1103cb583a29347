use std::collections::BTreeSet;
use std::io;

use super::fields::{field, rfc3339};
use super::{Exporter, Style, text};
use crate::model::{Answer, Change, Deploy, DeployList, MetricList, NoneParts, Scan, Suspect, WhyAnswer};

/// Rows for a spreadsheet or a data frame.
///
/// `why` and `scan` share their columns, so that their files can be put together. There is one row per change and
/// suspect. A change without suspects has one row, as has a suspect where no change is supported; what is not known is
/// empty.
///
/// | columns | what |
/// |---|---|
/// | `metric`, `on` | what was asked; `on` is empty in `scan` |
/// | `at` ... `p_value_scope` | the change, named as in JSON; `onset_from`, `onset_to` are the interval of the onset |
/// | `q_value` | the p-value after the search over metrics; only in `scan` |
/// | `event` | the number that changes of several metrics at one moment share; only in `scan` |
/// | `rank` ... `rank_without_priors` | the suspect; reasons are apart by `; ` |
/// | `none_of_these`, `something_else`, `nothing_happened` | the probabilities of *none*, the same in each row of a change |
/// | `deployed_at` ... `source`, `deploy_kind` | the suspect's deployment |
/// | others | the columns of the file that shiptrace does not know; `deploy_NAME` where one above has the name |
///
/// `deploys` gives one row a deployment and can be read back as deploy events, `metrics` one a metric. Times are RFC 3339.
///
/// A text that a spreadsheet would run as a formula is defused by an apostrophe before it, unless the style says raw.
pub(super) struct Csv;

impl Exporter for Csv {
    fn export(&self, answer: &Answer, style: &Style) -> io::Result<Vec<u8>> {
        let mut rows = Rows { writer: csv::Writer::from_writer(Vec::new()), style };
        match answer {
            Answer::Why(answer) => rows.why(answer)?,
            Answer::Scan(scan) => rows.scan(scan)?,
            Answer::Deploys(list) => rows.deploys(list)?,
            Answer::Metrics(list) => rows.metrics(list)?,
        }
        rows.writer.into_inner().map_err(|e| io::Error::other(e.to_string()))
    }
}

/// The columns of a change.
const CHANGE: [&str; 19] = [
    "at",
    "onset",
    "onset_from",
    "onset_to",
    "kind",
    "until",
    "young",
    "direction",
    "verdict",
    "before",
    "after",
    "difference",
    "relative",
    "relative_from",
    "relative_to",
    "p_value",
    "p_value_scope",
    "q_value",
    "event",
];
/// The columns of a suspect but for its deployment.
const SUSPECT: [&str; 9] = [
    "rank",
    "probability",
    "lag_seconds",
    "group",
    "reasons",
    "prior",
    "log_likelihood_ratio",
    "fit",
    "rank_without_priors",
];
const NONE: [&str; 3] = ["none_of_these", "something_else", "nothing_happened"];

/// A cell: a text from data, or something of our own that no spreadsheet runs.
#[derive(Clone)]
enum Cell {
    Text(String),
    Own(String),
}

impl Cell {
    fn empty() -> Self {
        Self::Own(String::new())
    }

    fn number(value: Option<f64>) -> Self {
        // Debug writes what Display would spell out in hundreds of digits with an exponent.
        Self::Own(value.filter(|v| v.is_finite()).map(|v| format!("{v:?}")).unwrap_or_default())
    }
}

struct Rows<'a> {
    writer: csv::Writer<Vec<u8>>,
    style: &'a Style,
}

impl Rows<'_> {
    fn why(&mut self, answer: &WhyAnswer) -> io::Result<()> {
        let extra = extra(answer.suspects.iter().map(|s| &s.deploy));
        self.head(&extra)?;
        let question = &answer.question;
        let asked = (question.metric.as_str(), question.on.as_str());
        let none = (answer.none_of_these, answer.none);
        self.change(asked, &change_cells(answer.change.as_ref(), None), &answer.suspects, none, &extra)
    }

    fn scan(&mut self, scan: &Scan) -> io::Result<()> {
        let extra = extra(scan.changes.iter().flat_map(|one| &one.suspects).map(|s| &s.deploy));
        self.head(&extra)?;
        for one in &scan.changes {
            let none = (one.none_of_these, one.none);
            let asked = (one.metric.as_str(), "");
            let change = change_cells(Some(&one.change), Some((one.q_value, one.event)));
            self.change(asked, &change, &one.suspects, none, &extra)?;
        }
        Ok(())
    }

    fn head(&mut self, extra: &[String]) -> io::Result<()> {
        let own = ["metric", "on"].into_iter().chain(CHANGE).chain(SUSPECT).chain(NONE);
        let mut own: Vec<String> = own.map(str::to_owned).collect();
        // A column of the deployment with the name of one before it would make two of them.
        let named = |name: &str, own: &[String]| {
            if own.iter().any(|o| o == name) { format!("deploy_{name}") } else { name.to_owned() }
        };
        own.extend(Deploy::COLUMNS.iter().map(|name| named(name, &own)).collect::<Vec<_>>());
        let further = extra.iter().map(|name| named(name, &own));
        let row = own.iter().cloned().map(Cell::Own).chain(further.map(Cell::Text)).collect();
        self.row(row)
    }

    fn change(
        &mut self,
        (metric, on): (&str, &str),
        change: &[Cell],
        suspects: &[Suspect],
        (none_of_these, parts): (f64, NoneParts),
        extra: &[String],
    ) -> io::Result<()> {
        let listed: Vec<Option<&Suspect>> =
            if suspects.is_empty() { vec![None] } else { suspects.iter().map(Some).collect() };
        for suspect in listed {
            let mut row = vec![Cell::Text(metric.to_owned()), Cell::Text(on.to_owned())];
            row.extend_from_slice(change);
            row.extend(suspect_cells(suspect));
            let none = [none_of_these, parts.something_else, parts.nothing_happened];
            row.extend(none.map(|p| Cell::number(Some(p))));
            match suspect {
                Some(suspect) => row.extend(deploy_cells(&suspect.deploy, extra)),
                None => row.extend((0..Deploy::COLUMNS.len() + extra.len()).map(|_| Cell::empty())),
            }
            self.row(row)?;
        }
        Ok(())
    }

    fn deploys(&mut self, list: &DeployList) -> io::Result<()> {
        let extra = extra(list.deploys.iter());
        let head =
            Deploy::COLUMNS.iter().map(|n| Cell::Own((*n).to_owned())).chain(extra.iter().cloned().map(Cell::Text));
        self.row(head.collect())?;
        list.deploys.iter().try_for_each(|deploy| self.row(deploy_cells(deploy, &extra)))
    }

    fn metrics(&mut self, list: &MetricList) -> io::Result<()> {
        let head =
            ["metric", "from", "to", "granularity", "buckets", "missing", "last", "ratio", "better", "unit", "apps"];
        self.row(head.map(|n| Cell::Own(n.to_owned())).into())?;
        for metric in &list.metrics {
            self.row(vec![
                Cell::Text(metric.metric.clone()),
                Cell::Own(rfc3339(&metric.from)),
                Cell::Own(rfc3339(&metric.to)),
                Cell::Own(metric.granularity.to_string()),
                Cell::Own(metric.buckets.to_string()),
                Cell::Own(metric.missing.to_string()),
                Cell::number(metric.last),
                Cell::Own(metric.ratio.to_string()),
                Cell::Own(metric.better.map(word).unwrap_or_default()),
                Cell::Text(metric.unit.clone().unwrap_or_default()),
                Cell::Text(metric.apps.join(" ")),
            ])?;
        }
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        let style = self.style;
        let record = cells.into_iter().map(|cell| match cell {
            Cell::Own(own) => own,
            Cell::Text(data) => {
                let data = if style.raw { data } else { defused(data) };
                // On a terminal the bytes of a cell would act; a file or another program gets them as they are.
                if style.width.is_some() { text::visible_lines(&data) } else { data }
            }
        });
        self.writer.write_record(record).map_err(io::Error::from)
    }
}

/// A text that no spreadsheet takes for a formula.
fn defused(text: String) -> String {
    let runs = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    if text.starts_with(runs) { format!("'{text}") } else { text }
}

fn extra<'a>(deploys: impl Iterator<Item = &'a Deploy>) -> Vec<String> {
    deploys.flat_map(|d| d.extra.keys()).collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// A plain enum as its name in JSON.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The cells of a change, and of its q-value and event where it has them.
fn change_cells(change: Option<&Change>, of_scan: Option<(f64, usize)>) -> Vec<Cell> {
    let Some(change) = change else { return CHANGE.iter().map(|_| Cell::empty()).collect() };
    let interval = change.relative_interval;
    vec![
        Cell::Own(rfc3339(&change.at)),
        Cell::Own(rfc3339(&change.onset)),
        Cell::Own(rfc3339(&change.interval.from)),
        Cell::Own(rfc3339(&change.interval.to)),
        Cell::Own(word(change.kind)),
        change.until.as_ref().map_or_else(Cell::empty, |until| Cell::Own(rfc3339(until))),
        Cell::Own(change.young.to_string()),
        Cell::Own(word(change.direction)),
        Cell::Own(word(change.verdict)),
        Cell::number(change.before),
        Cell::number(change.after),
        Cell::number(change.difference),
        Cell::number(change.relative),
        Cell::number(interval.map(|i| i.from)),
        Cell::number(interval.map(|i| i.to)),
        Cell::number(Some(change.p_value)),
        Cell::Own(word(change.p_value_scope)),
        Cell::number(of_scan.map(|(q_value, _)| q_value)),
        Cell::Own(of_scan.map(|(_, event)| event.to_string()).unwrap_or_default()),
    ]
}

fn suspect_cells(suspect: Option<&Suspect>) -> Vec<Cell> {
    let Some(suspect) = suspect else { return SUSPECT.iter().map(|_| Cell::empty()).collect() };
    vec![
        Cell::Own(suspect.rank.to_string()),
        Cell::number(Some(suspect.probability)),
        Cell::Own(suspect.lag_seconds.map(|s| s.to_string()).unwrap_or_default()),
        Cell::Text(suspect.group.clone().unwrap_or_default()),
        Cell::Text(suspect.reasons.join("; ")),
        Cell::number(Some(suspect.prior)),
        Cell::number(suspect.log_likelihood_ratio),
        Cell::number(suspect.fit),
        Cell::Own(suspect.rank_without_priors.to_string()),
    ]
}

fn deploy_cells(deploy: &Deploy, extra: &[String]) -> Vec<Cell> {
    let names = Deploy::COLUMNS.iter().copied().chain(extra.iter().map(String::as_str));
    let cell = |name| match field(deploy, name) {
        Some(value) if name == "deployed_at" => Cell::Own(value.into_owned()),
        Some(value) => Cell::Text(value.into_owned()),
        None => Cell::empty(),
    };
    names.map(cell).collect()
}
