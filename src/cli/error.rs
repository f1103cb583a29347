use std::io;

use crate::investigate::{ErrorKind, InvestigateError};
use crate::report::visible;
use crate::sources::{SourceError, SourceErrorKind};

/// 128 and the number of the signal, as shells have it.
const INTERRUPTED: u8 = 130;

/// Why a run did not answer.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// An option that says something impossible.
    #[error("{option} {value:?}: {problem}")]
    Option {
        /// The option, or the variable that stands for it.
        option: String,
        /// What was given.
        value: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The configuration cannot be read.
    #[error("{file}: cannot be read: {reason}")]
    ConfigUnreadable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// The configuration says something wrong.
    #[error("{file}, line {line}: {problem}")]
    Config {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Something was not read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The question was not answered.
    #[error(transparent)]
    Investigate(#[from] InvestigateError),
    /// The answer could not be written.
    #[error("{file}: cannot be written: {source}")]
    Write {
        /// Where to.
        file: String,
        /// What the system says.
        source: io::Error,
    },
}

impl CliError {
    /// The exit code: 2 for wrong usage, configuration or data, 3 where a source could not be reached or refused, 70 for a bug, 130
    /// after Ctrl-C.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Source(error) => match error.kind() {
                SourceErrorKind::Data => 2,
                SourceErrorKind::Unreachable => 3,
                SourceErrorKind::Interrupted => INTERRUPTED,
            },
            Self::Investigate(error) => match error.kind() {
                ErrorKind::Data => 2,
                ErrorKind::Unreachable => 3,
                ErrorKind::Interrupted => INTERRUPTED,
                ErrorKind::Bug => 70,
            },
            _ => 2,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Option { hint, .. } | Self::Config { hint, .. } => hint.clone(),
            Self::ConfigUnreadable { .. } => Some("give another --config, or --no-config".to_owned()),
            Self::Source(error) => error.hint(),
            Self::Investigate(error) => error.hint(),
            Self::Write { .. } => Some("give another --output".to_owned()),
        }
    }

    /// The lines for standard error, in which nothing from data acts on a terminal.
    pub(super) fn shown(&self) -> String {
        let mut text = format!("error: {}", visible(&self.to_string()));
        if let Some(hint) = self.hint() {
            text.push_str("\nhint: ");
            text.push_str(&visible(&hint));
        }
        text
    }

    /// An option that says something impossible.
    pub(super) fn option(option: &str, value: &str, problem: impl Into<String>, hint: &str) -> Self {
        Self::Option {
            option: option.to_owned(),
            value: value.to_owned(),
            problem: problem.into(),
            hint: Some(hint.to_owned()),
        }
    }
}
