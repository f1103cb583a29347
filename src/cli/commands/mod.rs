//! One file for each command.

pub(super) mod check;
pub(super) mod collect;
pub(super) mod completions;
pub(super) mod deploys;
pub(super) mod man;
pub(super) mod metrics;
mod next;
pub(super) mod scan;
pub(super) mod why;

use std::io::{self, Write};

use super::CliError;

/// Writes bytes to standard output.
pub(super) fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|source| CliError::Write { file: "standard output".to_owned(), source })
}
