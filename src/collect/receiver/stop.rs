//! How the process is asked to stop.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and Ctrl-C.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
}

impl Signals {
    /// Begins to listen for them; until then they end the process.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next of them, in a word.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            () = self.terminated() => "terminated",
            _ = tokio::signal::ctrl_c() => "interrupted",
        }
    }

    #[cfg(unix)]
    async fn terminated(&mut self) {
        self.terminate.recv().await;
    }

    #[cfg(not(unix))]
    async fn terminated(&mut self) {
        std::future::pending().await
    }
}
