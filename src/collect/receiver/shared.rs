use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::Utc;
use tokio::sync::Semaphore;

use super::super::store::Database;
use super::super::{Mapping, Provider};
use super::commit::Committer;
use super::limits::Limits;
use super::log::Log;
use super::metrics::{Gauges, Metrics};
use super::verify::Verifier;

/// What every request needs.
pub(super) struct Shared {
    pub(super) verifiers: BTreeMap<Provider, Verifier>,
    pub(super) mapping: Mapping,
    pub(super) limits: Limits,
    pub(super) committer: Committer,
    pub(super) metrics: Arc<Metrics>,
    pub(super) log: Log,
    /// One permit for each request that may be in flight.
    pub(super) requests: Semaphore,
    /// One permit for each byte of bodies that may be held.
    pub(super) room: Arc<Semaphore>,
    /// For what is asked about the store.
    pub(super) database: Mutex<Database>,
    /// The table that the outbox is for.
    pub(super) target: Option<String>,
}

impl Shared {
    /// What metrics show of this moment.
    pub(super) fn gauges(&self) -> Gauges {
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let outbox = self.target.as_ref().and_then(|target| database.depth(target).ok()).map(|depth| {
            let waits = depth.oldest.map_or(0.0, |oldest| (Utc::now() - oldest).as_seconds_f64().max(0.0));
            (depth.deployments, waits)
        });
        let in_flight = self.limits.requests.saturating_sub(self.requests.available_permits());
        Gauges { in_flight, outbox, rejected: database.rejected_count().ok() }
    }

    /// Whether the store can be read, and its writer is there.
    pub(super) fn is_healthy(&self) -> bool {
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        self.committer.is_there() && database.rejected_count().is_ok()
    }
}
