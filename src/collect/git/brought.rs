//! What a deployment brought that no earlier one had.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use git2::{Commit, Oid};

use super::Repository;
use crate::model::Deploy;

/// First lines that are kept of a deployment's commits, the newest.
const MOST_LINES: usize = 50;
/// Letters that are kept of a first line.
const MOST_OF_LINE: usize = 200;

/// The commits of a deployment.
#[derive(Debug, Default)]
pub(super) struct Brought {
    count: usize,
    /// Time and first line of those that are no merges, the oldest of the kept on top.
    lines: BinaryHeap<Reverse<(i64, String)>>,
    /// Whether some could not be read, because a shallow clone does not have them.
    pub(super) cut_off: bool,
}

impl Brought {
    pub(super) fn add(&mut self, commit: &Commit<'_>) {
        self.count += 1;
        let time = commit.time().seconds();
        let full = self.lines.len() == MOST_LINES;
        if commit.parent_count() > 1 || (full && self.lines.peek().is_some_and(|Reverse((oldest, _))| time <= *oldest))
        {
            return;
        }
        if full {
            self.lines.pop();
        }
        let line = first_line(commit.message_bytes());
        if !line.is_empty() {
            self.lines.push(Reverse((time, line)));
        }
    }

    /// Writes the columns `commits` and `commit_messages`, the newest line first.
    pub(super) fn write(self, deploy: &mut Deploy) {
        deploy.extra.insert("commits".to_owned(), self.count.to_string());
        // Ascending by the reversed order: the newest first.
        let lines: Vec<String> = self.lines.into_sorted_vec().into_iter().map(|Reverse((_, line))| line).collect();
        if !lines.is_empty() {
            deploy.extra.insert("commit_messages".to_owned(), lines.join("\n"));
        }
    }
}

fn first_line(message: &[u8]) -> String {
    let line = message.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    String::from_utf8_lossy(line.trim_ascii()).chars().take(MOST_OF_LINE).collect()
}

/// The commits that went out so far. It holds 20 bytes of each, and each is read once.
#[derive(Default)]
pub(super) struct Out(HashSet<Oid>);

impl Out {
    /// Lets a commit go out, with all before it, and tells what is new of that.
    pub(super) fn go(&mut self, repository: &Repository, tip: Oid) -> Brought {
        let mut brought = Brought::default();
        let mut waiting = vec![tip];
        while let Some(id) = waiting.pop() {
            if !self.0.insert(id) {
                continue;
            }
            let Ok(commit) = repository.git.find_commit(id) else {
                brought.cut_off = true;
                continue;
            };
            brought.cut_off |= repository.boundary.contains(&id);
            brought.add(&commit);
            waiting.extend(commit.parent_ids().filter(|parent| !self.0.contains(parent)));
        }
        brought
    }
}
