//! What other sources leave out, from a clone.

use std::collections::HashMap;

use git2::{Oid, Sort};

use super::brought::Brought;
use super::history::message;
use super::{Repository, person};
use crate::collect::Event;
use crate::model::Deploy;

/// What was filled in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// Commits, by the tag of a release.
    pub commits: usize,
    /// Commit messages.
    pub messages: usize,
    /// Authors.
    pub authors: usize,
    /// What a deployment brought since the one before.
    pub counts: usize,
    /// Deployments of a commit that the clone does not have.
    pub unknown: usize,
    /// Deployments of which the clone does not have all that they brought.
    pub cut_off: usize,
}

/// Commits that are looked at between two deployments; a deployment that brings more is not told by its messages.
const MOST_COMMITS: usize = 10_000;

impl Repository {
    /// Fills what is missing in events, and returns those that changed. Nothing that is there is overwritten.
    ///
    /// The deployment before one is the last of its app and environment that did not fail.
    #[must_use]
    pub fn fill(&self, mut events: Vec<Event>) -> (Vec<Event>, Filled) {
        events.sort_by_key(|event| event.deploy.deployed_at);
        let mut before: HashMap<(Option<String>, Option<String>), Oid> = HashMap::new();
        let (mut changed, mut filled) = (Vec::new(), Filled::default());
        for mut event in events {
            let deploy = &mut event.deploy;
            let as_it_was = deploy.clone();
            let Some(id) = self.fill_commit(deploy, &mut filled) else { continue };
            let key = (deploy.app.clone(), deploy.environment.clone());
            let wanted = deploy.app.is_some() && !deploy.extra.contains_key("commits");
            if let Some(last) = before.get(&key).filter(|_| wanted) {
                self.fill_brought(deploy, *last, id, &mut filled);
            }
            if deploy.status.as_deref().is_none_or(|status| status == "success") {
                before.insert(key, id);
            }
            if *deploy != as_it_was {
                changed.push(event);
            }
        }
        (changed, filled)
    }

    /// Fills the commit, its message and its author; none where the clone does not have it.
    fn fill_commit(&self, deploy: &mut Deploy, filled: &mut Filled) -> Option<Oid> {
        let by_hash = deploy.commit.as_deref().map(|hash| self.commit(hash));
        let commit = match by_hash {
            Some(found) => found,
            None => self.of_tag(deploy.branch.as_deref()?),
        };
        let Some(commit) = commit else {
            filled.unknown += usize::from(deploy.commit.is_some());
            return None;
        };
        if deploy.commit.is_none() {
            deploy.commit = Some(commit.id().to_string());
            filled.commits += 1;
        }
        if deploy.message.is_none() || is_summary(deploy) {
            let found = message(&commit);
            filled.messages += usize::from(found.is_some());
            deploy.message = found.or_else(|| deploy.message.take());
        }
        if deploy.author.is_none() {
            deploy.author = person(commit.author().name_bytes());
            filled.authors += usize::from(deploy.author.is_some());
        }
        Some(commit.id())
    }

    fn of_tag(&self, name: &str) -> Option<git2::Commit<'_>> {
        self.git.find_reference(&format!("refs/tags/{name}")).ok()?.peel_to_commit().ok()
    }

    fn fill_brought(&self, deploy: &mut Deploy, before: Oid, id: Oid, filled: &mut Filled) {
        match self.between(before, id) {
            Some(brought) if brought.cut_off => filled.cut_off += 1,
            Some(brought) => {
                brought.write(deploy);
                filled.counts += 1;
            }
            None => {}
        }
    }

    /// What one commit has that another has not; none where that is beyond counting.
    fn between(&self, before: Oid, id: Oid) -> Option<Brought> {
        let mut walk = self.git.revwalk().ok()?;
        walk.set_sorting(Sort::TIME).ok()?;
        walk.push(id).ok()?;
        walk.hide(before).ok()?;
        let mut brought = Brought::default();
        for (i, id) in walk.enumerate() {
            let Ok(id) = id else {
                brought.cut_off = true;
                break;
            };
            if i >= MOST_COMMITS {
                return None;
            }
            brought.cut_off |= self.boundary.contains(&id);
            brought.add(&self.git.find_commit(id).ok()?);
        }
        Some(brought)
    }
}

/// Whether the message is only the sender's sentence about the deployment.
fn is_summary(deploy: &Deploy) -> bool {
    deploy.message.is_some() && deploy.message.as_ref() == deploy.extra.get("summary")
}
