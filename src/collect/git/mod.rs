//! Deployments and commit messages out of a clone. Nothing here touches the network.

mod brought;
mod error;
mod fill;
mod history;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use chrono::{DateTime, Datelike as _, Utc};
use git2::{Commit, ErrorCode, Oid, Time};

use super::providers::{is_commit, repo_of_url};
pub use error::GitError;
pub use fill::Filled;
pub use history::{Backfill, History, Which};

/// A clone, or a bare repository.
pub struct Repository {
    git: git2::Repository,
    /// As it was named, for messages.
    path: String,
    /// `owner/name` of where it was cloned from.
    name: Option<String>,
    /// Commits whose parents a shallow clone does not have.
    boundary: HashSet<Oid>,
}

impl Repository {
    /// Opens the repository at a path, or the one that the path lies in.
    ///
    /// # Errors
    /// Where there is none, it may not be read, or it has no commit.
    pub fn open(path: &Path) -> Result<Self, GitError> {
        let shown = path.display().to_string();
        let git = git2::Repository::discover(path).map_err(|error| match error.code() {
            ErrorCode::NotFound => GitError::NotARepository { path: shown.clone() },
            _ => GitError::of(&shown, &error),
        })?;
        if git.is_empty().map_err(|e| GitError::of(&shown, &e))? {
            return Err(GitError::Empty { path: shown });
        }
        let origin = git.find_remote("origin").ok();
        let name = origin.and_then(|remote| repo_of_url(remote.url().ok()?));
        let boundary = fs::read_to_string(git.commondir().join("shallow")).unwrap_or_default();
        let boundary = boundary.lines().filter_map(|line| Oid::from_str(line).ok()).collect();
        Ok(Self { git, path: shown, name, boundary })
    }

    fn failed(&self, error: &git2::Error) -> GitError {
        GitError::of(&self.path, error)
    }

    /// The commit that a hash, or the beginning of one, means; none where there is none, or several.
    fn commit(&self, hash: &str) -> Option<Commit<'_>> {
        if !is_commit(hash) {
            return None;
        }
        match Oid::from_str(hash).ok().filter(|_| hash.len() == 40) {
            Some(id) => self.git.find_commit(id).ok(),
            None => self.git.find_commit_by_prefix(hash).ok(),
        }
    }
}

/// A moment of a commit; none where it is one that nothing could be deployed at.
fn moment(time: Time) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.seconds(), 0).filter(|at| (1970..2262).contains(&at.year()))
}

/// A name of a person as git has it, which may be no UTF-8.
fn person(name: &[u8]) -> Option<String> {
    let name = String::from_utf8_lossy(name).trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// A message without blank lines around it.
fn text(message: &[u8]) -> Option<String> {
    let message = String::from_utf8_lossy(message);
    let message = message.trim();
    (!message.is_empty()).then(|| message.chars().take(MOST_LETTERS).collect())
}

/// The letters of a message that are kept.
const MOST_LETTERS: usize = 20_000;
