//! Group commit: one thread writes what concurrent requests bring in one transaction, and only then they are answered.
//!
//! A commit waits for the disk. While it does, the next requests gather and share the one after it.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use chrono::Utc;
use tokio::sync::{mpsc, oneshot};

use super::super::Item;
use super::super::store::{Database, Delivery, StoreError, Summary, Writer};
use super::metrics::Metrics;

/// Requests that wait for their turn; the limit on requests in flight keeps it from filling.
const WAITING: usize = 4096;
/// Requests that share a transaction at most.
const BATCH: usize = 512;

type Answer = Result<Summary, StoreError>;

struct Job {
    delivery: Delivery,
    answer: oneshot::Sender<Answer>,
}

/// Hands messages to the writing thread.
#[derive(Clone)]
pub(super) struct Committer(mpsc::Sender<Job>);

impl Committer {
    /// Starts the thread, which ends when the last [`Committer`] is dropped and all is written.
    pub(super) fn start(database: Database, metrics: Arc<Metrics>) -> (Self, JoinHandle<Result<(), StoreError>>) {
        let (sender, jobs) = mpsc::channel(WAITING);
        let thread = thread::spawn(move || write(&database, jobs, &metrics));
        (Self(sender), thread)
    }

    /// Keeps messages; when it returns they are on the disk. None where the thread has ended.
    pub(super) async fn put(&self, items: Vec<Item>) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        let delivery = Delivery { items, received_at: Utc::now() };
        self.0.send(Job { delivery, answer }).await.ok()?;
        answered.await.ok()
    }

    /// Whether the thread is there.
    pub(super) fn is_there(&self) -> bool {
        !self.0.is_closed()
    }

    /// Ends when the thread has ended.
    pub(super) async fn ended(&self) {
        self.0.closed().await;
    }
}

fn write(database: &Database, mut jobs: mpsc::Receiver<Job>, metrics: &Metrics) -> Result<(), StoreError> {
    let mut writer = database.writer()?;
    while let Some(first) = jobs.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        let (deliveries, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.delivery, job.answer)).unzip();
        for (answer, result) in answers.into_iter().zip(commit(&mut writer, &deliveries, metrics)) {
            // A sender that left sends again, which changes nothing.
            let _ = answer.send(result);
        }
    }
    Ok(())
}

/// Writes a batch at once. Where one of it cannot be kept for what it is, the others are written without it.
fn commit(writer: &mut Writer<'_>, deliveries: &[Delivery], metrics: &Metrics) -> Vec<Answer> {
    let mut put = |part: &[Delivery]| {
        let result = writer.put(part);
        metrics.committed(result.is_ok());
        result
    };
    match put(deliveries) {
        Ok(summaries) => summaries.into_iter().map(Ok).collect(),
        Err(StoreError::TooManyRejected { .. }) if deliveries.len() > 1 => {
            let alone =
                |delivery| put(std::slice::from_ref(delivery)).map(|s| s.into_iter().next().unwrap_or_default());
            deliveries.iter().map(alone).collect()
        }
        Err(error) => deliveries.iter().map(|_| Err(error.clone())).collect(),
    }
}
