//! Deployments that are one change, or that no metric could tell apart.

use std::collections::HashMap;

use crate::model::{Deploy, EventKind};

/// What a deployment is part of.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The name of the group that it shares with others; none where it stands alone.
    pub group: Option<String>,
    /// How much of one change it is: a commit that went out six times is one change, and each time a sixth of it.
    pub share: f64,
}

/// Deployments of one app that are not further apart than this, in seconds, are shown together: nobody can tell from a metric which
/// of them it was, and one release often goes out in steps.
const TOGETHER: f64 = 600.0;

/// The group and the share of each deployment, given in the order of time.
///
/// A commit is one change, however often and to however many apps it goes out: what may be wrong with it is in all of them, and six
/// deployments of it shall not have six times the prior of one. Its deployments share one prior evenly, and are a group. An app that goes
/// back to a commit after it had another is changed anew, and begins another group.
///
/// Deployments of one app within ten minutes are a group as well, but different commits are different changes, and keep a prior each.
#[must_use]
pub fn groups(deploys: &[Deploy]) -> Vec<Member> {
    let units = by_commit(deploys);
    let clusters = by_time(deploys, &units);
    let (in_unit, in_cluster) = (counts(&units), counts(&clusters));
    let mut names: HashMap<usize, String> = HashMap::new();
    let mut taken: HashMap<String, usize> = HashMap::new();
    for (deploy, &cluster) in deploys.iter().zip(&clusters) {
        names.entry(cluster).or_insert_with(|| {
            let name = name(deploy);
            let n = taken.entry(name.clone()).and_modify(|n| *n += 1).or_insert(1);
            if *n == 1 { name } else { format!("{name}~{n}") }
        });
    }
    let member = |(unit, cluster): (&usize, &usize)| Member {
        group: names.get(cluster).filter(|_| in_cluster[cluster] > 1).cloned(),
        share: 1.0 / in_unit[unit] as f64,
    };
    units.iter().zip(&clusters).map(member).collect()
}

/// How often each number occurs.
fn counts(numbers: &[usize]) -> HashMap<usize, usize> {
    let mut counts = HashMap::new();
    for number in numbers {
        *counts.entry(*number).or_default() += 1;
    }
    counts
}

/// For each deployment a number that it shares with the others of its commit.
fn by_commit(deploys: &[Deploy]) -> Vec<usize> {
    let mut latest: HashMap<(&str, &str), usize> = HashMap::new();
    let mut of_place: HashMap<(&str, String), Vec<&str>> = HashMap::new();
    let mut units = Vec::with_capacity(deploys.len());
    for (i, deploy) in deploys.iter().enumerate() {
        let Some(commit) = commit(deploy) else {
            units.push(i);
            continue;
        };
        let had = of_place.entry(deploy.place()).or_default();
        let is_back = had.contains(&commit) && had.last() != Some(&commit);
        had.push(commit);
        let unit = latest.entry((deploy.repo.as_deref().unwrap_or(""), commit)).or_insert(i);
        if is_back {
            *unit = i;
        }
        units.push(*unit);
    }
    units
}

/// For each deployment a number that it shares with those of its unit, and of units that began within minutes and have an app in common.
fn by_time(deploys: &[Deploy], units: &[usize]) -> Vec<usize> {
    let mut of_unit: HashMap<usize, Vec<usize>> = HashMap::new();
    for (i, unit) in units.iter().enumerate() {
        of_unit.entry(*unit).or_default().push(i);
    }
    let mut clusters: Vec<usize> = units.to_vec();
    // For each app the cluster that its next unit may still join: its number and when it began.
    let mut open: HashMap<&str, (usize, f64)> = HashMap::new();
    for (i, &unit) in units.iter().enumerate().filter(|(i, unit)| i == *unit) {
        let members = &of_unit[&unit];
        let apps = members.iter().filter(|j| is_deployment(&deploys[**j])).filter_map(|j| deploys[*j].app.as_deref());
        let apps: Vec<&str> = apps.collect();
        let begun = deploys[i].unix();
        let joined = apps.iter().filter_map(|app| open.get(app)).find(|(_, first)| begun - first <= TOGETHER).copied();
        let (cluster, first) = joined.unwrap_or((unit, begun));
        open.extend(apps.into_iter().map(|app| (app, (cluster, first))));
        for member in members {
            clusters[*member] = cluster;
        }
    }
    clusters
}

/// The commit of a deployment, where it has one.
pub(super) fn commit(deploy: &Deploy) -> Option<&str> {
    deploy.commit.as_deref().filter(|c| !c.trim().is_empty() && is_deployment(deploy))
}

fn is_deployment(deploy: &Deploy) -> bool {
    deploy.event() == EventKind::Deploy
}

/// A name for the group of which this is the first: its app, and its commit or its time.
fn name(deploy: &Deploy) -> String {
    let app = deploy.app.as_deref().unwrap_or("");
    match commit(deploy) {
        Some(commit) => format!("{app}@{commit}"),
        None => format!("{app}@{}", deploy.deployed_at.to_rfc3339()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    /// Deployments written as minute, app and commit.
    fn feed(rows: &[(i64, &str, &str)]) -> Vec<Deploy> {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap().with_timezone(&chrono_tz::UTC);
        let row = |(minute, app, commit): &(i64, &str, &str)| Deploy {
            app: Some((*app).to_owned()),
            commit: Some((*commit).to_owned()),
            ..Deploy::at(start + TimeDelta::minutes(*minute))
        };
        rows.iter().map(row).collect()
    }

    fn told(rows: &[(i64, &str, &str)]) -> (Vec<Option<String>>, Vec<f64>) {
        groups(&feed(rows)).into_iter().map(|m| (m.group, m.share)).unzip()
    }

    #[test]
    fn a_commit_is_one_change_however_often_it_went_out() {
        let (group, share) = told(&[(0, "web", "aaa"), (30, "api", "aaa"), (500, "web", "aaa"), (600, "web", "bbb")]);
        assert_eq!(group[0].as_deref(), Some("web@aaa"));
        assert!(group[0] == group[1] && group[1] == group[2] && group[3].is_none());
        assert_eq!(share, [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 1.0]);
    }

    #[test]
    fn commits_of_one_app_within_minutes_are_shown_together_and_keep_a_prior_each() {
        let (group, share) = told(&[(0, "web", "a"), (4, "web", "b"), (6, "api", "c"), (12, "web", "d")]);
        assert!(group[0].is_some() && group[0] == group[1]);
        assert!(group[2].is_none() && group[3].is_none());
        assert_eq!(share, [1.0; 4]);
    }

    #[test]
    fn an_app_that_goes_back_to_a_commit_is_changed_anew() {
        let (group, share) = told(&[(0, "web", "a"), (60, "web", "b"), (120, "web", "a")]);
        assert_eq!(group, [None, None, None]);
        assert_eq!(share, [1.0; 3]);
    }

    #[test]
    fn two_groups_never_have_one_name() {
        let rows = [(0, "web", "a"), (1, "web", "a"), (60, "web", "b"), (120, "web", "a"), (121, "web", "a")];
        let (group, _) = told(&rows);
        assert!(group[0] == group[1] && group[3] == group[4] && group[0] != group[3]);
    }
}
