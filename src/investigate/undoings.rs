//! What the candidates have to do with reverts and rollbacks, in the window and around it.

use crate::attribute::{OtherEnd, Part, Undoing, duration, undoings};
use crate::model::Deploy;

/// How far around the window reverts and their targets are looked for, in seconds. Reverted commits linger for 1 to 35 days in the median of
/// a project (Shimagaki et al. 2016).
pub(super) const AROUND: f64 = 60.0 * 86_400.0;
/// By how much likelier a reverted deployment is to have moved a metric. Of all commits 1 to 5 % are reverted (Shimagaki et al. 2016, "Why
/// are commits being reverted?", ICSME); of those that visibly moved a metric some 10 %, as most moves are small or welcome. That ratio is an
/// assumption.
const REVERTED: f64 = 4.0;
/// From this log likelihood ratio on the metric is said to have moved back.
const MOVED: f64 = 0.69;
/// Down to this it is said to have stayed.
const STAYED: f64 = -0.4;

/// That a candidate was undone, or undoes another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Link {
    /// When the other one went out, Unix seconds.
    pub(super) other: f64,
    at: f64,
    /// The other one in a few characters.
    name: String,
    rollback: bool,
    /// Among how many the prior of a rollback is shared.
    targets: usize,
}

/// For each candidate what undid it or what it undoes, where it has to do with either. `history` are the deployments around the window, the
/// candidates among them, in the order of time.
pub(super) fn links(candidates: &[Deploy], history: &[&Deploy]) -> Vec<Option<Link>> {
    let mut links: Vec<Option<Link>> = vec![None; candidates.len()];
    let place = |deploy: &Deploy| {
        let from = candidates.partition_point(|c| c.deployed_at < deploy.deployed_at);
        (from..candidates.len())
            .take_while(|i| candidates[*i].deployed_at == deploy.deployed_at)
            .find(|i| candidates[*i] == *deploy)
    };
    let link = |undoing: &Undoing, of: usize, other: usize| Link {
        other: history[other].unix(),
        at: history[of].unix(),
        name: name(history[other]),
        rollback: undoing.rollback,
        targets: undoing.targets.len(),
    };
    let all = undoings(history);
    for undoing in &all {
        for &target in &undoing.targets {
            if let Some(i) = place(history[target]) {
                links[i].get_or_insert_with(|| link(undoing, target, undoing.by));
            }
        }
    }
    // What was taken back says more of a deployment than what it takes back.
    for undoing in &all {
        // Of what a rollback took back, the last one is the likeliest reason; a revert takes back one commit, which acted when it first went out.
        let reason = if undoing.rollback { undoing.targets.last() } else { undoing.targets.first() };
        if let (Some(i), Some(&target)) = (place(history[undoing.by]), reason) {
            links[i].get_or_insert_with(|| link(undoing, undoing.by, target));
        }
    }
    links
}

impl Link {
    /// The other end of the effect.
    pub(super) fn end(&self, candidate: usize) -> OtherEnd {
        OtherEnd { candidate, at: self.at, other: self.other }
    }

    /// What it says before the metric is looked at: people take back what broke something. Of several that a rollback took back one did.
    pub(super) fn part(&self) -> Option<Part> {
        let factor = if self.rollback { 1.0 + (REVERTED - 1.0) / self.targets.max(1) as f64 } else { REVERTED };
        let name = if self.rollback { "rolled_back" } else { "reverted" };
        (self.other > self.at).then(|| Part { name, factor, reason: String::new() })
    }

    /// The reason in words. `moved` is the log likelihood ratio of what the metric did at the other end.
    pub(super) fn reason(&self, moved: f64) -> String {
        let apart = duration((self.other - self.at).abs());
        if self.other > self.at {
            let verb = if self.rollback { "rolled back" } else { "reverted" };
            let then = match moved {
                m if m > MOVED => ", and the metric moved back",
                m if m < STAYED => ", and the metric stayed",
                _ => "",
            };
            return format!("{verb} {apart} later by {}{then}", self.name);
        }
        let verb = if self.rollback { "goes back behind" } else { "reverts" };
        let then = match moved {
            m if m > MOVED => ", when the metric had moved",
            m if m < STAYED => ", when the metric had not moved",
            _ => "",
        };
        format!("{verb} {} of {apart} before{then}", self.name)
    }
}

/// A deployment in a few characters: its commit in short, else its identifier, else its time.
fn name(deploy: &Deploy) -> String {
    let commit = deploy.commit.as_deref().filter(|c| !c.trim().is_empty());
    let is_hash = |c: &str| c.len() > 8 && c.bytes().all(|b| b.is_ascii_hexdigit());
    match commit {
        Some(commit) if is_hash(commit) => commit[..8].to_owned(),
        Some(commit) => commit.to_owned(),
        None => deploy.id.clone().unwrap_or_else(|| deploy.deployed_at.format("%a %Y-%m-%d %H:%M").to_string()),
    }
}
