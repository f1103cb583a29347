//! What a run did, in words.

use std::io::{self, Write as _};

use crate::collect::store::Summary;
use crate::report::visible;

/// What became of the messages.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) summary: Summary,
    /// The first of those rejected, with their places.
    rejected: Vec<String>,
}

/// Rejected messages that are told one by one.
const TOLD: usize = 10;

impl Account {
    pub(super) fn reject(&mut self, file: &str, place: &str, reason: &str) {
        if self.rejected.len() < TOLD {
            self.rejected.push(format!("{file}, {place}: {reason}"));
        }
    }

    /// Whether there were messages, and none could be read.
    pub(super) fn is_all_rejected(&self) -> bool {
        let Summary { new, updated, unchanged, ignored, rejected } = &self.summary;
        *rejected > 0 && new + updated + unchanged == 0 && ignored.is_empty()
    }

    /// The lines for standard error.
    pub(super) fn lines(&self, store: Option<&str>) -> Vec<String> {
        let Summary { new, updated, unchanged, ignored, rejected } = &self.summary;
        let what = store.unwrap_or("dry run");
        let mut lines = vec![format!("{what}: {new} new, {updated} updated, {unchanged} unchanged")];
        let count: usize = ignored.values().sum();
        if count > 0 {
            let mut reasons: Vec<_> = ignored.iter().collect();
            reasons.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
            let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            lines.push(format!("ignored {count}: {}", reasons.join(", ")));
        }
        if *rejected > 0 {
            let kept = if store.is_some() { ", kept aside with the reason" } else { "" };
            lines.push(format!("warning: rejected {rejected}{kept}"));
            lines.extend(self.rejected.iter().map(|line| format!("  {line}")));
            if *rejected > self.rejected.len() {
                lines.push(format!("  and {} more", rejected - self.rejected.len()));
            }
        }
        lines
    }
}

/// Writes lines to standard error, in which nothing from data acts on a terminal.
pub(super) fn say(lines: &[String]) {
    let mut err = io::stderr().lock();
    for line in lines {
        let _ = writeln!(err, "{}", visible(line));
    }
}
