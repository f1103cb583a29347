/// Why a clone could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// There is no repository.
    #[error("{path}: is no git repository, and lies in none")]
    NotARepository {
        /// The path.
        path: String,
    },
    /// There is no commit.
    #[error("{path}: the repository has no commit")]
    Empty {
        /// The path.
        path: String,
    },
    /// No tag fits.
    #[error("{path}: none of its {tags} tags fits {pattern:?}")]
    NoTags {
        /// The path.
        path: String,
        /// How many tags there are.
        tags: usize,
        /// What they should fit.
        pattern: String,
    },
    /// There is no such branch.
    #[error("{path}: there is no branch {branch:?}{}", nearest.as_ref().map(|n| format!("; the nearest is {n}")).unwrap_or_default())]
    NoBranch {
        /// The path.
        path: String,
        /// The branch.
        branch: String,
        /// One that there is.
        nearest: Option<String>,
    },
    /// The branch has no merge.
    #[error("{path}: the first-parent line of {branch:?} has {commits} commits and no merge")]
    NoMerges {
        /// The path.
        path: String,
        /// The branch.
        branch: String,
        /// Commits on it.
        commits: usize,
    },
    /// Anything else that git says.
    #[error("{path}: {reason}")]
    Git {
        /// The path.
        path: String,
        /// What it says.
        reason: String,
    },
}

impl GitError {
    pub(super) fn of(path: &str, error: &git2::Error) -> Self {
        Self::Git { path: path.to_owned(), reason: error.message().to_owned() }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::NotARepository { .. } => "name the folder of a clone with --repo",
            Self::Empty { .. } => "fetch into it, or name another clone with --repo",
            Self::NoTags { tags: 0, .. } => {
                "git fetch --tags brings them; without tags, name the branch that is deployed with --branch"
            }
            Self::NoTags { .. } => "give another --tags, in quotes",
            Self::NoBranch { .. } => "give another --branch; one of the remote is meant by its name alone",
            Self::NoMerges { .. } => "leave out --merges, to take each commit on the branch for a deployment",
            Self::Git { .. } => {
                "see what git fsck says about it, and whose it is: git reads no repository of another user"
            }
        };
        hint.to_owned()
    }
}
