//! An HTTP receiver of deploy events: `POST /v1/PROVIDER`.
//!
//! ```text
//! connection ─> limits ─> who sent it? ─> messages ─> one transaction for all that wait ─> on the disk ─> 200
//! ```

mod answer;
mod body;
mod commit;
mod limits;
mod log;
mod metrics;
mod request;
mod routes;
mod secret;
mod server;
mod shared;
mod stop;
mod verify;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::store::{Database, StoreError};
use super::{Mapping, Provider};
use commit::Committer;
use log::Log;
use metrics::Metrics;
use shared::Shared;

pub use limits::Limits;
pub use secret::Secret;
pub use verify::{KeySource, Keys, Push, Refusal, Verifier};

/// Where Google publishes the keys that it signs with.
pub const GOOGLE_KEYS: &str = "https://www.googleapis.com/oauth2/v3/certs";

/// What a receiver is told.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen.
    pub address: SocketAddr,
    /// Who may send, and how each proves who it is.
    pub verifiers: BTreeMap<Provider, Verifier>,
    /// Which repositories and workflows are which app.
    pub mapping: Mapping,
    /// What senders may ask.
    pub limits: Limits,
    /// The table that the outbox is for.
    pub target: Option<String>,
    /// Whether requests are not logged.
    pub quiet: bool,
}

/// Why a receiver ended.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverError {
    /// The address cannot be listened on.
    #[error("{address}: cannot listen: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        reason: String,
    },
    /// The system has no threads or signals for us.
    #[error("the receiver cannot start: {reason}")]
    Start {
        /// What the system says.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread that writes has ended by itself.
    #[error("the thread that writes to the store ended: this is a bug in shiptrace")]
    Writer,
}

/// Receives until the process is asked to stop, and then answers what is in flight.
///
/// # Errors
/// Where the address cannot be listened on, or the store fails at the start.
pub fn receive(settings: Settings, database: Database) -> Result<(), ReceiverError> {
    let start = |e: std::io::Error| ReceiverError::Start { reason: e.to_string() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(start)?;
    let (log, log_thread) = Log::start(settings.quiet);
    let metrics = Arc::new(Metrics::default());
    let asked = database.again()?;
    let (committer, writer) = Committer::start(database, Arc::clone(&metrics));
    let (address, limits) = (settings.address, settings.limits);
    let shared = Arc::new(Shared {
        verifiers: settings.verifiers,
        mapping: settings.mapping,
        limits,
        committer,
        metrics,
        log,
        requests: Semaphore::new(limits.requests),
        room: Arc::new(Semaphore::new(limits.bodies)),
        database: Mutex::new(asked),
        target: settings.target,
    });
    let ended = runtime.block_on(run(address, &shared));
    // Connections that did not end in time are dropped with the runtime; then nothing more comes to the writer.
    drop(shared);
    runtime.shutdown_timeout(Duration::from_secs(1));
    let written = writer.join().map_err(|_| ReceiverError::Writer)?;
    let _ = log_thread.join();
    ended?;
    Ok(written?)
}

async fn run(address: SocketAddr, shared: &Arc<Shared>) -> Result<(), ReceiverError> {
    let listen = |e: std::io::Error| ReceiverError::Listen { address, reason: e.to_string() };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    let (sender, stop) = watch::channel(false);
    let mut signals = stop::Signals::new().map_err(|e| ReceiverError::Start { reason: e.to_string() })?;
    let names: Vec<&str> = shared.verifiers.keys().map(|provider| provider.name()).collect();
    shared.log.line(&format!("listening on http://{bound} for {}", names.join(", ")));
    let router = routes::router(shared);
    let serving = server::serve(listener, router, shared.limits, stop);
    tokio::pin!(serving);
    let all_answered = tokio::select! {
        answered = &mut serving => answered,
        signal = signals.next() => {
            shared.log.line(&format!("{signal}: answering what is in flight, then stopping"));
            let _ = sender.send(true);
            tokio::select! {
                answered = serving => answered,
                _ = signals.next() => false,
            }
        }
        () = shared.committer.ended() => return Err(ReceiverError::Writer),
    };
    shared.log.line(if all_answered { "stopped" } else { "stopped, with connections that took too long cut off" });
    Ok(())
}
