use std::fmt::Write;
use std::io;

use super::phrase::{self, clock, day_or_clock, effect, number, probability};
use super::{Exporter, Style, fields, text};
use crate::model::{Answer, Caveat, Deploy, DeployList, MetricList, Scan, Suspect, WhyAnswer};

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
        self.line(&format!("## {}\n", phrase::title(answer, code)));
        for (i, sentence) in phrase::headline(answer, code).iter().enumerate() {
            self.line(&if i == 0 { format!("**{sentence}**\n") } else { format!("{sentence}\n") });
        }
        if answer.suspects.is_empty() {
            self.line(&format!("{}\n", phrase::nothing_recorded(answer, code)));
        } else {
            self.suspects(answer);
        }
        self.line(&format!("**{}**\n", phrase::none(answer.none_of_these, answer.none)));
        if let Some(first) = answer.suspects.first().filter(|s| !s.reasons.is_empty()) {
            if answer.none_of_these > first.probability {
                self.line("That none of them did it is likelier than any one deployment.\n");
            }
            self.line("Why #1:\n");
            first.reasons.iter().for_each(|reason| self.line(&format!("- {}", plain(reason))));
            self.line("");
        }
        if let Some(left_out) = phrase::excluded(answer) {
            self.line(&format!("{left_out}\n"));
        }
        self.caveats(&answer.caveats);
        let zone = phrase::zone(&answer.question.timezone, code);
        self.line(&format!("Times in {zone}, as of {}. Found by shiptrace.", clock(&answer.as_of)));
    }

    fn suspects(&mut self, answer: &WhyAnswer) {
        let mut head = vec!["#", "probability", "when", "before", "app", "commit", "author"];
        head.extend(self.style.columns.iter().map(|_| ""));
        head.push("message");
        let mut head: Vec<String> = head.into_iter().map(str::to_owned).collect();
        for (i, name) in self.style.columns.iter().enumerate() {
            head[7 + i] = code(name);
        }
        self.head(&head);
        let shown = answer.suspects.len().min(self.style.top);
        for suspect in &answer.suspects[..shown] {
            let mut row = vec![
                suspect.rank.to_string(),
                probability(suspect.probability),
                clock(&suspect.deploy.deployed_at),
                phrase::lag(suspect.lag_seconds),
            ];
            row.extend(self.deploy_cells(&suspect.deploy));
            self.row(&row);
        }
        self.line("");
        if let Some(rest) = phrase::remainder(&answer.suspects, shown) {
            self.line(&format!("{rest}\n"));
        }
    }

    fn scan(&mut self, scan: &Scan) {
        let (changes, metrics) = (scan.changes.len(), scan.question.metrics.len());
        self.line(&format!("## {} in {}\n", phrase::count(changes, "change"), phrase::count(metrics, "metric")));
        if changes > 0 {
            self.head(
                &["first visible", "metric", "change", "before", "after", "q", "likeliest cause"].map(str::to_owned),
            );
        }
        for event in &scan.changes {
            let causes: Vec<String> = event.suspects.iter().map(|s| self.cause(s)).collect();
            let none = format!("{} none of these", probability(event.none_of_these));
            self.row(&[
                day_or_clock(&event.change.at),
                code(&event.metric),
                format!("{} ({})", effect(&event.change), phrase::kind(&event.change)),
                number(event.change.before),
                number(event.change.after),
                phrase::q_value(event.q_value),
                causes.into_iter().chain([none]).collect::<Vec<_>>().join("<br>"),
            ]);
        }
        self.line("");
        self.caveats(&scan.caveats);
        self.line(&format!("Times in {}.", phrase::zone(&scan.question.timezone, code)));
    }

    /// A suspect in one line of a cell.
    fn cause(&self, suspect: &Suspect) -> String {
        let deploy = &suspect.deploy;
        let (message, _) = deploy.message.as_deref().map(text::first_line).unwrap_or_default();
        let app = deploy.app.as_deref().map(code).unwrap_or_default();
        let parts =
            [probability(suspect.probability), clock(&deploy.deployed_at), app, self.commit(deploy), code(&message)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn deploys(&mut self, list: &DeployList) {
        let mut head: Vec<String> =
            ["when", "environment", "status", "app", "commit", "author"].map(str::to_owned).into();
        head.extend(self.style.columns.iter().map(|name| code(name)));
        head.push("message".to_owned());
        self.head(&head);
        for deploy in &list.deploys {
            let mut row = vec![clock(&deploy.deployed_at), shown(deploy, "environment"), shown(deploy, "status")];
            row.extend(self.deploy_cells(deploy));
            self.row(&row);
        }
        self.line("");
        self.caveats(&list.caveats);
        self.line(&format!("Times in {}.", phrase::zone(&list.timezone, code)));
    }

    fn metrics(&mut self, list: &MetricList) {
        self.head(&["metric", "from", "to", "step", "buckets", "missing", "last", "apps"].map(str::to_owned));
        for metric in &list.metrics {
            let unit = metric.unit.as_deref().map(|u| format!(" {}", code(u))).unwrap_or_default();
            self.row(&[
                code(&metric.metric),
                day_or_clock(&metric.from),
                day_or_clock(&metric.to),
                metric.granularity.to_string(),
                metric.buckets.to_string(),
                metric.missing.to_string(),
                metric.last.map(|last| number(Some(last)) + &unit).unwrap_or_default(),
                metric.apps.iter().map(|app| code(app)).collect::<Vec<_>>().join(" "),
            ]);
        }
        self.line("");
        self.caveats(&list.caveats);
        self.line(&format!("Times in {}.", phrase::zone(&list.timezone, code)));
    }

    /// App, commit, author, the columns asked for, message.
    fn deploy_cells(&self, deploy: &Deploy) -> Vec<String> {
        let mut cells = vec![shown(deploy, "app"), self.commit(deploy), shown(deploy, "author")];
        cells.extend(self.style.columns.iter().map(|name| shown(deploy, name)));
        let (first, more) = deploy.message.as_deref().map(text::first_line).unwrap_or_default();
        let tail = if more > 0 { format!(" (+{})", phrase::count(more, "line")) } else { String::new() };
        cells.push(code(&first) + &tail);
        cells
    }

    /// The short commit, as a link where a template and what it needs are known.
    fn commit(&self, deploy: &Deploy) -> String {
        let Some(commit) = deploy.commit.as_deref().filter(|c| !c.is_empty()) else { return String::new() };
        let short = code(&fields::short_commit(commit));
        match self.style.commit_url.as_deref().and_then(|template| link(template, deploy.repo.as_deref(), commit)) {
            Some(url) => format!("[{short}]({url})"),
            None => short,
        }
    }

    fn caveats(&mut self, caveats: &[Caveat]) {
        for caveat in caveats {
            self.line(&format!("- Note: {}", plain(&caveat.text)));
        }
        if !caveats.is_empty() {
            self.line("");
        }
    }

    fn head(&mut self, cells: &[String]) {
        self.row(cells);
        self.line(&format!("|{}", " --- |".repeat(cells.len())));
    }

    fn row(&mut self, cells: &[String]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }
}

fn shown(deploy: &Deploy, name: &str) -> String {
    fields::field(deploy, name).map(|value| code(&value)).unwrap_or_default()
}

/// A text from data as a code span, fit for a table cell.
fn code(text: &str) -> String {
    let shown = text::visible(text).replace('|', "\\|");
    if shown.trim().is_empty() {
        return String::new();
    }
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A space on each side keeps backticks at the ends apart from the fence; renderers strip one pair.
    let pad = if shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ', '\\']) { " " } else { "" };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// A sentence of ours that may quote data, as plain text: every character that markup begins with is escaped.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text::visible(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            // No renderer takes what follows for a mention or an issue.
            '@' | '#' => {
                let _ = write!(out, "`{c}`");
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    // An address is not made a link where its colon is escaped.
    out.replace("://", "\\://").replace("www.", "www\\.")
}

/// The template with its places filled; none where it needs a repository that is not known, or is no web address.
fn link(template: &str, repo: Option<&str>, commit: &str) -> Option<String> {
    let repo = match repo {
        Some(repo) => repo,
        None if template.contains("{repo}") => return None,
        None => "",
    };
    let url = template.replace("{repo}", &encoded(repo, "/")).replace("{commit}", &encoded(commit, ""));
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let is_clean = !url.contains(|c: char| c.is_whitespace() || c.is_control() || "<>()[]|\\`\"'".contains(c));
    (is_web && is_clean).then_some(url)
}

/// Percent-encodes all but unreserved characters (RFC 3986) and those in `keep`.
fn encoded(text: &str, keep: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_and_pipes_cannot_leave_a_code_span() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`rm`"), "`` `rm` ``");
        assert_eq!(code("a|b\nc"), r"`a\|b c`");
        assert_eq!(code("ends in \\"), "` ends in \\ `");
        assert_eq!(code(" \n"), "");
    }

    #[test]
    fn a_sentence_quotes_data_as_text() {
        assert_eq!(plain("<b> @ann [x](http://y) #7"), r"&lt;b> `@`ann \[x\](http\://y) `#`7");
    }

    #[test]
    fn links_are_encoded_and_only_to_the_web() {
        let template = "https://git.example.com/{repo}/commit/{commit}";
        assert_eq!(
            link(template, Some("acme/web"), "a)b").as_deref(),
            Some("https://git.example.com/acme/web/commit/a%29b")
        );
        assert_eq!(link(template, None, "abc"), None);
        assert_eq!(link("javascript:alert({commit})", Some("x"), "1"), None);
    }
}
