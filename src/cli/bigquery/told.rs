use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::bigquery::{Event, Listener};
use crate::report::visible;

/// Tells on standard error what BigQuery does and costs.
#[derive(Debug)]
pub(in crate::cli) struct Told {
    quiet: bool,
    /// Whether standard error is a terminal on which a bar can be drawn.
    watched: bool,
    ascii: bool,
    bar: Mutex<Option<ProgressBar>>,
}

/// A result of fewer rows comes at once.
const MANY: u64 = 50_000;

impl Told {
    pub(in crate::cli) fn new(quiet: bool, watched: bool, ascii: bool) -> Self {
        Self { quiet, watched, ascii, bar: Mutex::new(None) }
    }

    fn line(text: &str) {
        let _ = writeln!(io::stderr(), "{}", visible(text));
    }

    fn draw(&self, done: u64, all: u64) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if done >= all {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
        } else if self.watched && all > MANY {
            bar.get_or_insert_with(|| self.new_bar(all)).set_position(done);
        }
    }

    fn new_bar(&self, all: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr_with_hz(10));
        // The template is our own; one that could not be read would leave the bar as the crate draws it.
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} rows") {
            bar.set_style(style.progress_chars(if self.ascii { "##-" } else { "█▓░" }));
        }
        bar
    }
}

impl Listener for Told {
    fn hear(&self, event: &Event<'_>) {
        if self.quiet {
            return;
        }
        match event {
            Event::Priced { query, shown, .. } => {
                Self::line(&format!("{}: {} to scan ({})", query.place, shown, query.purpose));
            }
            Event::Cached { query } => {
                Self::line(&format!("{}: from the cache ({}); --no-cache asks anew", query.place, query.purpose));
            }
            Event::Retry { reason, wait } if *wait >= 1.0 => {
                Self::line(&format!("{reason}; trying again in {wait:.0} s"));
            }
            Event::Retry { .. } => {}
            Event::Rows { done, all } => self.draw(*done, *all),
        }
    }
}
