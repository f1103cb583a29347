//! Ctrl-C while a query runs.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Queries that run now and cancel themselves on Ctrl-C.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
static WATCHED: Once = Once::new();

/// How a program ends that was interrupted: 128 and the number of the signal.
const INTERRUPTED: i32 = 130;

/// Counts as a running query while it lives.
pub(super) struct Running;

impl Running {
    pub(super) fn new() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        WATCHED.call_once(watch);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Once a signal is listened to it does not end the process any more, so that this has to be done here while no query runs.
fn watch() {
    std::thread::spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                if RUNNING.load(Ordering::SeqCst) == 0 {
                    end();
                }
            }
        });
    });
}

#[expect(clippy::exit, reason = "it takes the place of the signal, which would have ended the process in the same way")]
fn end() -> ! {
    std::process::exit(INTERRUPTED)
}
