//! Which deployments undo others.

use std::collections::HashMap;

use crate::model::{Deploy, EventKind};

/// That one deployment took back what others had brought. The numbers are places in the list that was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undoing {
    /// The deployment that takes back.
    pub by: usize,
    /// What it takes back, in the order of time.
    pub targets: Vec<usize>,
    /// Whether the app went back to a commit that it had before, rather than on to one that reverts another.
    pub rollback: bool,
}

/// Fewer hexadecimal digits than this do not name a commit.
const SHORTEST: usize = 7;
/// A list of more commits than this was not gone through to find the broken one.
const MOST_ROLLED_BACK: usize = 20;

/// The deployments of a list, in the order of time, that undo earlier ones of it.
///
/// - A message `Revert "..."` names the message of what is reverted, as git writes it; `Reapply "..."` and `Revert "Revert "...""` take back
///   a revert. The number of the pull request that a forge appends does not count.
/// - `This reverts commit 1a2b3c4` names the commit.
/// - An app that goes back, in an environment, to a commit that it had there before takes back what went out in between: a rollback.
///
/// Of several deployments that fit the latest one to the same app is taken, with all of its commit.
#[must_use]
pub fn undoings(deploys: &[&Deploy]) -> Vec<Undoing> {
    let mut by_title: HashMap<String, Vec<usize>> = HashMap::new();
    let mut by_place: HashMap<(&str, String), Vec<usize>> = HashMap::new();
    let mut found = Vec::new();
    for (i, deploy) in deploys.iter().enumerate().filter(|(_, d)| d.event() == EventKind::Deploy) {
        let message = deploy.message.as_deref().unwrap_or("");
        let title = title(message);
        let commit = reverted_commit(message).and_then(|start| of_commit(deploys, i, start));
        let named = reverted_title(&title).and_then(|target| by_title.get(target.as_str()));
        let latest = || commit.or_else(|| latest(deploys, deploy, named.map_or(&[], Vec::as_slice)));
        let earlier = by_place.entry(deploy.place()).or_default();
        if let Some(target) = latest() {
            found.push(Undoing { by: i, targets: same_commit(deploys, i, target), rollback: false });
        } else if let Some(targets) = rolled_back(deploys, earlier, deploy) {
            found.push(Undoing { by: i, targets, rollback: true });
        }
        earlier.push(i);
        by_title.entry(title).or_default().push(i);
    }
    found
}

/// The first line of a message without the number of a pull request at its end.
fn title(message: &str) -> String {
    let first = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    without_number(first).to_owned()
}

fn without_number(title: &str) -> &str {
    let number = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
    let cut = title.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (#")).filter(|(_, n)| number(n));
    cut.map_or(title, |(rest, _)| rest.trim_end())
}

/// The title of what a title says to take back.
fn reverted_title(title: &str) -> Option<String> {
    let quoted = |verb: &str| title.strip_prefix(verb)?.trim().strip_prefix('"')?.strip_suffix('"');
    if let Some(target) = quoted("Revert") {
        return Some(without_number(target.trim()).to_owned());
    }
    quoted("Reapply").map(|target| format!("Revert \"{}\"", without_number(target.trim())))
}

/// The commit that a message says to take back: `This reverts commit 1a2b3c4.`
fn reverted_commit(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("This reverts commit ")?;
    let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
    Some(&rest[..end]).filter(|commit| commit.len() >= SHORTEST)
}

/// The latest deployment before `i` whose commit begins like this, or the other way round where commits are recorded in short.
fn of_commit(deploys: &[&Deploy], i: usize, start: &str) -> Option<usize> {
    let same = |commit: &str| {
        let length = commit.len().min(start.len());
        length >= SHORTEST && commit.is_char_boundary(length) && commit[..length].eq_ignore_ascii_case(&start[..length])
    };
    let found: Vec<usize> = (0..i).filter(|j| deploys[*j].commit.as_deref().is_some_and(same)).collect();
    latest(deploys, deploys[i], &found)
}

/// The latest of these deployments to the same app; where there is none, the latest of all.
fn latest(deploys: &[&Deploy], like: &Deploy, of: &[usize]) -> Option<usize> {
    of.iter().rev().find(|j| deploys[**j].app == like.app).or(of.last()).copied()
}

/// All deployments before `i` of the commit that `target` brought; to the app of `i` alone, where that had it.
fn same_commit(deploys: &[&Deploy], i: usize, target: usize) -> Vec<usize> {
    let Some(commit) = deploys[target].commit.as_deref().filter(|c| !c.is_empty()) else { return vec![target] };
    let is_own = deploys[target].app == deploys[i].app;
    let same =
        |j: &usize| deploys[*j].commit.as_deref() == Some(commit) && (!is_own || deploys[*j].app == deploys[i].app);
    (0..i).filter(same).collect()
}

/// What lies between a deployment and the last one of the same commit to the same app and environment (`earlier` are all of these); none where it
/// brings another commit or none, or the one that runs already.
fn rolled_back(deploys: &[&Deploy], earlier: &[usize], deploy: &Deploy) -> Option<Vec<usize>> {
    let commit = deploy.commit.as_deref().filter(|c| !c.trim().is_empty())?;
    let of = |j: &usize| deploys[*j].commit.as_deref().filter(|c| !c.trim().is_empty());
    let back = earlier.iter().rposition(|j| of(j) == Some(commit))?;
    let between: Vec<usize> = earlier[back + 1..].iter().copied().filter(|j| of(j).is_some()).collect();
    (!between.is_empty() && between.len() <= MOST_ROLLED_BACK).then_some(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    /// Deployments an hour apart, written as app, commit and message.
    fn found(rows: &[(&str, &str, &str)]) -> Vec<(usize, Vec<usize>)> {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap().with_timezone(&chrono_tz::UTC);
        let row = |(i, (app, commit, message)): (usize, &(&str, &str, &str))| Deploy {
            app: Some((*app).to_owned()),
            commit: Some((*commit).to_owned()),
            message: Some((*message).to_owned()),
            ..Deploy::at(start + TimeDelta::hours(i64::try_from(i).unwrap()))
        };
        let deploys: Vec<Deploy> = rows.iter().enumerate().map(row).collect();
        undoings(&deploys.iter().collect::<Vec<_>>()).into_iter().map(|u| (u.by, u.targets)).collect()
    }

    #[test]
    fn a_revert_names_the_message_or_the_commit() {
        let rows = [
            ("web", "aaaaaaa1", "New button (#12)\n\nbody"),
            ("web", "bbbbbbb2", "Other"),
            ("web", "ccccccc3", "Revert \"New button (#12)\" (#13)"),
            ("web", "ddddddd4", "Undo it\n\nThis reverts commit bbbbbbb2ffff."),
        ];
        assert_eq!(found(&rows), [(2, vec![0]), (3, vec![1])]);
    }

    #[test]
    fn a_revert_of_a_revert_takes_back_the_revert() {
        let rows = [
            ("web", "a1", "New"),
            ("web", "b2", "Revert \"New\""),
            ("web", "c3", "Revert \"Revert \"New\"\""),
            ("web", "d4", "Revert \"New\""),
            ("web", "e5", "Reapply \"New\""),
        ];
        assert_eq!(found(&rows), [(1, vec![0]), (2, vec![1]), (3, vec![0]), (4, vec![3])]);
    }

    #[test]
    fn an_app_that_goes_back_takes_back_what_lies_between() {
        let rows = [
            ("web", "a1", "One"),
            ("web", "b2", "Two"),
            ("api", "z9", "Else"),
            ("web", "c3", "Three"),
            ("web", "a1", "One"),
            ("web", "a1", "One"),
        ];
        assert_eq!(found(&rows), [(4, vec![1, 3])]);
    }

    #[test]
    fn what_goes_to_one_environment_after_another_takes_back_nothing() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap().with_timezone(&chrono_tz::UTC);
        let row = |(hours, environment, commit): (i64, &str, &str)| Deploy {
            app: Some("web".to_owned()),
            environment: Some(environment.to_owned()),
            commit: Some(commit.to_owned()),
            ..Deploy::at(start + TimeDelta::hours(hours))
        };
        let rows = [(0, "canary", "a1"), (1, "canary", "b2"), (2, "Production", "a1"), (3, "production", "b2")];
        let deploys = rows.map(row);
        assert_eq!(undoings(&deploys.iter().collect::<Vec<_>>()), []);
        let back = row((4, "production", "a1"));
        let found = undoings(&deploys.iter().chain([&back]).collect::<Vec<_>>());
        assert_eq!(found, [Undoing { by: 4, targets: vec![3], rollback: true }]);
    }

    #[test]
    fn the_deployments_to_the_same_app_come_first_and_a_commit_goes_with_all_of_its() {
        let rows = [
            ("web", "aaaaaaa1", "New"),
            ("api", "aaaaaaa1", "New"),
            ("web", "bbbbbbb2", "Revert \"New\""),
            ("all", "ccccccc3", "Back\n\nThis reverts commit aaaaaaa."),
        ];
        assert_eq!(found(&rows), [(2, vec![0]), (3, vec![0, 1])]);
    }

    #[test]
    fn what_only_speaks_of_reverts_undoes_nothing() {
        let rows = [
            ("web", "a1", "New"),
            ("web", "b2", "Revert the order of names"),
            ("web", "c3", "Revert \"Unknown\""),
            ("web", "d4", "This reverts commit a1."),
            ("web", "e5", "Revert \""),
            ("web", "", "x"),
            ("web", "", "y"),
        ];
        assert!(found(&rows).is_empty());
    }
}
