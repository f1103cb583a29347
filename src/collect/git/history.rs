//! A history of deployments: the tags of a repository, or what its branch came by.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use git2::{Commit, ErrorCode, ObjectType, Oid};
use glob::Pattern;

use super::brought::Out;
use super::{GitError, Repository, moment, person, text};
use crate::collect::Event;
use crate::model::{Deploy, nearest_names};

/// What to take for deployments, and of what.
#[derive(Debug, Clone)]
pub struct Backfill {
    /// Which commits went out.
    pub which: Which,
    /// The app that they are of.
    pub app: String,
    /// Where they went to; none is the production environment.
    pub environment: Option<String>,
}

/// Which commits went out.
#[derive(Debug, Clone)]
pub enum Which {
    /// Those of the tags that fit, at the moment of an annotated tag and of the commit of a plain one.
    Tags(Pattern),
    /// Those on the first-parent line of a branch.
    Branch {
        /// The branch, here or at the origin.
        name: String,
        /// Only the merges among them.
        merges: bool,
    },
}

/// The deployments that a repository tells.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// In the order of time.
    pub events: Vec<Event>,
    /// Deployments of which the clone does not have all that they brought.
    pub cut_off: usize,
    /// Tags that are of no commit, or of a time that cannot be.
    pub skipped: usize,
}

/// A commit that went out.
struct Outgoing {
    id: String,
    at: DateTime<Utc>,
    commit: Oid,
    branch: String,
    message: Option<String>,
    author: Option<String>,
    merged_by: Option<String>,
}

impl Repository {
    /// The deployments of the history, each with what it brought that no earlier one had. The first has no such: all was new then.
    ///
    /// # Errors
    /// Where the repository cannot be read, no tag fits, or there is no such branch or no merge on it.
    pub fn backfill(&self, what: &Backfill) -> Result<History, GitError> {
        // Each commit is read once: keeping them would only take memory.
        git2::opts::enable_caching(false);
        let (outgoing, skipped) = match &what.which {
            Which::Tags(pattern) => self.tags(pattern)?,
            Which::Branch { name, merges } => self.line(name, *merges)?,
        };
        let (mut out, mut events, mut cut_off) = (Out::default(), Vec::with_capacity(outgoing.len()), 0);
        for (i, one) in outgoing.into_iter().enumerate() {
            let brought = out.go(self, one.commit);
            let mut event = self.event(one, what);
            if i > 0 && brought.cut_off {
                cut_off += 1;
            } else if i > 0 {
                brought.write(&mut event.deploy);
            }
            events.push(event);
        }
        git2::opts::enable_caching(true);
        Ok(History { events, cut_off, skipped })
    }

    fn event(&self, one: Outgoing, what: &Backfill) -> Event {
        let mut deploy = Deploy::at(one.at.with_timezone(&Tz::UTC));
        deploy.id = Some(format!("{}@{}", what.app, one.id));
        deploy.source = Some("git".to_owned());
        deploy.app = Some(what.app.clone());
        deploy.environment.clone_from(&what.environment);
        deploy.repo.clone_from(&self.name);
        deploy.commit = Some(one.commit.to_string());
        deploy.branch = Some(one.branch);
        deploy.message = one.message;
        deploy.author = one.author;
        deploy.status = Some("success".to_owned());
        deploy.extra.extend(one.merged_by.map(|name| ("merged_by".to_owned(), name)));
        Event { deploy, changed_at: one.at }
    }

    /// The commits of the tags that fit, in the order of time, and how many tags were left out.
    fn tags(&self, pattern: &Pattern) -> Result<(Vec<Outgoing>, usize), GitError> {
        let failed = |e: git2::Error| self.failed(&e);
        let (mut found, mut all, mut fitting, mut skipped) = (Vec::new(), 0, 0, 0);
        for reference in self.git.references_glob("refs/tags/*").map_err(failed)? {
            let reference = reference.map_err(failed)?;
            all += 1;
            let name = String::from_utf8_lossy(reference.shorthand_bytes()).into_owned();
            if !pattern.matches(&name) {
                continue;
            }
            fitting += 1;
            match self.tag(&reference, &name) {
                Some(one) => found.push(one),
                None => skipped += 1,
            }
        }
        if fitting == 0 {
            return Err(GitError::NoTags { path: self.path.clone(), tags: all, pattern: pattern.as_str().to_owned() });
        }
        found.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
        Ok((found, skipped))
    }

    fn tag(&self, reference: &git2::Reference<'_>, name: &str) -> Option<Outgoing> {
        let commit = reference.peel_to_commit().ok()?;
        let annotated = reference.peel(ObjectType::Tag).ok().and_then(|object| object.into_tag().ok());
        let tagger = annotated.as_ref().and_then(git2::Tag::tagger);
        let time = tagger.as_ref().map_or_else(|| commit.time(), git2::Signature::when);
        // What a tag says beyond its name is written for the release; a signature is not.
        let said = annotated.as_ref().and_then(|tag| text(tag.message_bytes()?));
        let said = said.map(|said| said.split("-----BEGIN ").next().unwrap_or("").trim().to_owned());
        let said = said.filter(|said| !said.is_empty() && said != name);
        let author = tagger.as_ref().and_then(|tagger| person(tagger.name_bytes()));
        Some(Outgoing {
            id: name.to_owned(),
            at: moment(time)?,
            commit: commit.id(),
            branch: name.to_owned(),
            message: said.or_else(|| message(&commit)),
            author: author.or_else(|| person(commit.author().name_bytes())),
            merged_by: None,
        })
    }

    /// The commits on the first-parent line of a branch, the oldest first.
    fn line(&self, branch: &str, merges: bool) -> Result<(Vec<Outgoing>, usize), GitError> {
        let reference = self.git.resolve_reference_from_short_name(branch).or_else(|error| match error.code() {
            ErrorCode::NotFound => self.git.find_reference(&format!("refs/remotes/origin/{branch}")),
            _ => Err(error),
        });
        let tip = reference.and_then(|reference| reference.peel_to_commit()).map_err(|_| self.no_branch(branch))?;
        let (mut found, mut next, mut commits, mut skipped) = (Vec::new(), Some(tip), 0, 0);
        while let Some(commit) = next {
            commits += 1;
            if !merges || commit.parent_count() > 1 {
                match outgoing(&commit, branch) {
                    Some(one) => found.push(one),
                    None => skipped += 1,
                }
            }
            // A shallow clone ends here.
            next = commit.parent(0).ok();
        }
        if found.is_empty() && skipped == 0 {
            return Err(GitError::NoMerges { path: self.path.clone(), branch: branch.to_owned(), commits });
        }
        found.reverse();
        Ok((found, skipped))
    }

    fn no_branch(&self, branch: &str) -> GitError {
        let branches = self.git.branches(None).into_iter().flatten().flatten();
        let names: Vec<String> = branches.filter_map(|(branch, _)| Some(branch.name().ok()??.to_owned())).collect();
        let nearest = nearest_names(branch, names.iter().map(String::as_str), 1).pop();
        GitError::NoBranch { path: self.path.clone(), branch: branch.to_owned(), nearest }
    }
}

fn outgoing(commit: &Commit<'_>, branch: &str) -> Option<Outgoing> {
    let author = |commit: &Commit<'_>| person(commit.author().name_bytes());
    // Who wrote what was merged, rather than who pressed the button.
    let merged = commit.parent(1).ok().and_then(|tip| author(&tip));
    let own = author(commit);
    let merged_by = if merged.is_some() { own.clone() } else { None };
    Some(Outgoing {
        id: commit.id().to_string(),
        at: moment(commit.time())?,
        commit: commit.id(),
        branch: branch.to_owned(),
        message: message(commit),
        author: merged.or(own),
        merged_by,
    })
}

/// The message of a commit; of a merge first what was merged, where the message says it below: hosts write `Merge pull request ...` above it.
pub(super) fn message(commit: &Commit<'_>) -> Option<String> {
    let message = text(commit.message_bytes())?;
    let mut lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    let (first, second) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    let by_host = ["See merge request", "Approved-by", "Signed-off-by", "* ", "#", "Co-authored-by"];
    let title = commit.parent_count() > 1 && first.starts_with("Merge") && !second.is_empty();
    if title && !by_host.iter().any(|start| second.starts_with(start)) {
        return Some(format!("{second}\n\n{message}"));
    }
    Some(message)
}
