//! One line for each request on standard error, written by a thread of its own: whoever reads slowly does not hold up a request.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, atomic::AtomicU64, atomic::Ordering};
use std::thread::{self, JoinHandle};

use chrono::{SecondsFormat, Utc};

/// Lines that wait to be written; further ones are counted and left out.
const WAITING: usize = 10_000;

/// Takes lines from any thread.
#[derive(Debug, Clone)]
pub(super) struct Log {
    lines: SyncSender<String>,
    lost: Arc<AtomicU64>,
    quiet: bool,
}

impl Log {
    /// Starts the thread. It ends, with all lines written, when the last [`Log`] is dropped. A quiet log tells only what went wrong.
    pub(super) fn start(quiet: bool) -> (Self, JoinHandle<()>) {
        let (lines, taken) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&lost);
        let thread = thread::spawn(move || write(&taken, &counter));
        (Self { lines, lost, quiet }, thread)
    }

    /// Tells about a request.
    pub(super) fn request(&self, line: &str) {
        if !self.quiet {
            self.line(line);
        }
    }

    /// Tells what the person who runs this must know.
    pub(super) fn line(&self, line: &str) {
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        if let Err(TrySendError::Full(_)) = self.lines.try_send(format!("{time} {}\n", harmless(line))) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn write(lines: &Receiver<String>, lost: &AtomicU64) {
    // A standard error that is gone must not end the program.
    for line in lines {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(line.as_bytes());
        let missing = lost.swap(0, Ordering::Relaxed);
        if missing > 0 {
            let _ = writeln!(stderr, "{missing} lines left out: standard error was read too slowly");
        }
    }
}

/// A line in which nothing acts on a terminal or looks like a second line.
fn harmless(line: &str) -> String {
    line.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_line_stays_one_line_without_control_characters() {
        assert_eq!(harmless("a\r\nb\u{1b}[31m\u{9b}ü"), "a\\r\\nb\\u{1b}[31m\\u{9b}ü");
    }
}
