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

/// What is left to say of a history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// Deployments of which the clone does not have all that they brought.
    pub cut_off: usize,
    /// Tags or commits of a time that cannot be, and tags that are of no commit.
    pub skipped: usize,
}

/// A commit that went out.
enum Outgoing {
    Tag { name: String, commit: Oid },
    OfBranch(Oid),
}

/// What a commit says of its deployment.
struct Told {
    id: String,
    at: DateTime<Utc>,
    branch: String,
    message: Option<String>,
    author: Option<String>,
    merged_by: Option<String>,
}

impl Repository {
    /// Hands on the deployments of the history in the order of time, each with what it brought that no earlier one had. The first has no
    /// such: all was new then. A history of a million commits takes some 20 bytes of each in memory.
    ///
    /// # Errors
    /// Where the repository cannot be read, no tag fits, or there is no such branch or no merge on it; and those of `take`.
    pub fn backfill<E: From<GitError>>(
        &self,
        what: &Backfill,
        mut take: impl FnMut(Event) -> Result<(), E>,
    ) -> Result<History, E> {
        // Each commit is read once: keeping them would only take memory.
        git2::opts::enable_caching(false);
        let mut history = History::default();
        let outgoing = match &what.which {
            Which::Tags(pattern) => self.tags(pattern, &mut history)?,
            Which::Branch { name, merges } => self.line(name, *merges)?,
        };
        let mut out = Out::default();
        for (i, one) in outgoing.iter().enumerate() {
            let Some(mut event) = self.told(one, what).map(|told| self.event(one, told, what)) else {
                history.skipped += 1;
                continue;
            };
            let brought = out.go(self, one.commit());
            if i > 0 && brought.cut_off {
                history.cut_off += 1;
            } else if i > 0 {
                brought.write(&mut event.deploy);
            }
            take(event)?;
        }
        git2::opts::enable_caching(true);
        Ok(history)
    }

    fn event(&self, one: &Outgoing, told: Told, what: &Backfill) -> Event {
        let mut deploy = Deploy::at(told.at.with_timezone(&Tz::UTC));
        deploy.id = Some(format!("{}@{}", what.app, told.id));
        deploy.source = Some("git".to_owned());
        deploy.app = Some(what.app.clone());
        deploy.environment.clone_from(&what.environment);
        deploy.repo.clone_from(&self.name);
        deploy.commit = Some(one.commit().to_string());
        deploy.branch = Some(told.branch);
        deploy.message = told.message;
        deploy.author = told.author;
        deploy.status = Some("success".to_owned());
        deploy.extra.extend(told.merged_by.map(|name| ("merged_by".to_owned(), name)));
        Event { deploy, changed_at: told.at }
    }

    /// The commits of the tags that fit, in the order of time.
    fn tags(&self, pattern: &Pattern, history: &mut History) -> Result<Vec<Outgoing>, GitError> {
        let failed = |e: git2::Error| self.failed(&e);
        let (mut found, mut all, mut fitting) = (Vec::new(), 0, 0);
        for reference in self.git.references_glob("refs/tags/*").map_err(failed)? {
            let reference = reference.map_err(failed)?;
            all += 1;
            let name = String::from_utf8_lossy(reference.shorthand_bytes()).into_owned();
            if !pattern.matches(&name) {
                continue;
            }
            fitting += 1;
            let commit = reference.peel_to_commit().ok();
            let dated = commit.and_then(|commit| Some((moment(tagged_at(&reference, &commit))?, commit.id())));
            match dated {
                Some((at, commit)) => found.push((at, Outgoing::Tag { name, commit })),
                None => history.skipped += 1,
            }
        }
        if fitting == 0 {
            return Err(GitError::NoTags { path: self.path.clone(), tags: all, pattern: pattern.as_str().to_owned() });
        }
        // References come in the order of their names.
        found.sort_by_key(|(at, _)| *at);
        Ok(found.into_iter().map(|(_, one)| one).collect())
    }

    /// The commits on the first-parent line of a branch, the oldest first.
    fn line(&self, branch: &str, merges: bool) -> Result<Vec<Outgoing>, GitError> {
        let tip = self.branch(branch).and_then(|reference| reference.peel_to_commit());
        let (mut found, mut next, mut commits) = (Vec::new(), Some(tip.map_err(|_| self.no_branch(branch))?), 0);
        while let Some(commit) = next {
            commits += 1;
            if !merges || commit.parent_count() > 1 {
                found.push(Outgoing::OfBranch(commit.id()));
            }
            // A shallow clone ends here.
            next = commit.parent(0).ok();
        }
        if found.is_empty() {
            return Err(GitError::NoMerges { path: self.path.clone(), branch: branch.to_owned(), commits });
        }
        found.reverse();
        Ok(found)
    }

    /// A branch here, else at the origin.
    fn branch(&self, name: &str) -> Result<git2::Reference<'_>, git2::Error> {
        self.git.resolve_reference_from_short_name(name).or_else(|error| match error.code() {
            ErrorCode::NotFound => self.git.find_reference(&format!("refs/remotes/origin/{name}")),
            _ => Err(error),
        })
    }

    /// What a commit says of its deployment; none where its time cannot be.
    fn told(&self, one: &Outgoing, what: &Backfill) -> Option<Told> {
        let commit = self.git.find_commit(one.commit()).ok()?;
        match one {
            Outgoing::Tag { name, .. } => {
                let reference = self.git.find_reference(&format!("refs/tags/{name}")).ok()?;
                told_by_tag(&reference, &commit, name)
            }
            Outgoing::OfBranch(_) => told_by_commit(&commit, &what.which),
        }
    }

    fn no_branch(&self, branch: &str) -> GitError {
        let branches = self.git.branches(None).into_iter().flatten().flatten();
        let names: Vec<String> = branches.filter_map(|(branch, _)| Some(branch.name().ok()??.to_owned())).collect();
        let nearest = nearest_names(branch, names.iter().map(String::as_str), 1).pop();
        GitError::NoBranch { path: self.path.clone(), branch: branch.to_owned(), nearest }
    }
}

impl Outgoing {
    fn commit(&self) -> Oid {
        match self {
            Self::Tag { commit, .. } | Self::OfBranch(commit) => *commit,
        }
    }
}

fn annotation<'r>(reference: &git2::Reference<'r>) -> Option<git2::Tag<'r>> {
    reference.peel(ObjectType::Tag).ok()?.into_tag().ok()
}

fn tagged_at(reference: &git2::Reference<'_>, commit: &Commit<'_>) -> git2::Time {
    let tag = annotation(reference);
    tag.as_ref().and_then(git2::Tag::tagger).map_or_else(|| commit.time(), |tagger| tagger.when())
}

fn told_by_tag(reference: &git2::Reference<'_>, commit: &Commit<'_>, name: &str) -> Option<Told> {
    let tag = annotation(reference);
    // What a tag says beyond its name is written for the release; a signature is not.
    let said = tag.as_ref().and_then(|tag| text(tag.message_bytes()?));
    let said = said.map(|said| said.split("-----BEGIN ").next().unwrap_or("").trim().to_owned());
    let said = said.filter(|said| !said.is_empty() && said != name);
    let tagger = tag.as_ref().and_then(git2::Tag::tagger).and_then(|tagger| person(tagger.name_bytes()));
    Some(Told {
        id: name.to_owned(),
        at: moment(tagged_at(reference, commit))?,
        branch: name.to_owned(),
        message: said.or_else(|| message(commit)),
        author: tagger.or_else(|| person(commit.author().name_bytes())),
        merged_by: None,
    })
}

fn told_by_commit(commit: &Commit<'_>, which: &Which) -> Option<Told> {
    let Which::Branch { name, .. } = which else { return None };
    let author = |commit: &Commit<'_>| person(commit.author().name_bytes());
    // Who wrote what was merged, rather than who pressed the button.
    let merged = commit.parent(1).ok().and_then(|tip| author(&tip));
    let own = author(commit);
    let merged_by = if merged.is_some() { own.clone() } else { None };
    Some(Told {
        id: commit.id().to_string(),
        at: moment(commit.time())?,
        branch: name.clone(),
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
