//! How far long work is, for whoever watches the terminal.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is over sooner shows no bar.
const SOON: Duration = Duration::from_millis(500);
/// How often the bar is drawn, in Hz.
const OFTEN: u8 = 10;

/// A bar on standard error that comes where work takes long, and is gone when this is dropped.
pub(super) struct Progress {
    watched: bool,
    ascii: bool,
    started: Instant,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// `watched` says whether standard error is a terminal on which someone wants to see a bar.
    pub(super) fn new(watched: bool, ascii: bool) -> Self {
        Self { watched, ascii, started: Instant::now(), bar: OnceLock::new() }
    }

    /// So many metrics of all are done.
    pub(super) fn reached(&self, done: usize, all: usize) {
        if self.is_due(self.started.elapsed(), done, all) {
            self.bar.get_or_init(|| bar(all, self.ascii)).set_position(done as u64);
        }
    }

    /// Whether something is to be drawn: not before the work took long, and not when all of it is done.
    fn is_due(&self, elapsed: Duration, done: usize, all: usize) -> bool {
        self.watched && (self.bar.get().is_some() || (elapsed >= SOON && done < all))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn bar(all: usize, ascii: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(all as u64), ProgressDrawTarget::stderr_with_hz(OFTEN));
    // The template is our own; one that could not be read would leave the bar as the crate draws it.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} metrics") {
        bar.set_style(style.progress_chars(if ascii { "##-" } else { "█▓░" }));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_comes_where_work_takes_long_and_is_watched() {
        let progress = Progress::new(true, true);
        assert!(!progress.is_due(Duration::from_millis(499), 1, 9));
        assert!(progress.is_due(Duration::from_millis(500), 1, 9));
        assert!(!progress.is_due(Duration::from_secs(9), 9, 9), "a bar that is full as it comes tells nothing");
        assert!(!Progress::new(false, true).is_due(Duration::from_secs(9), 1, 9));
    }
}
