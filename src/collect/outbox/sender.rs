//! A thread that sends while others receive.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono::Utc;

use super::{Outbox, OutboxError, Sent};

/// How long to wait where there is nothing to send.
const IDLE: Duration = Duration::from_secs(1);
/// The first wait after a failure, and the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// Is told what a person should know.
pub type Tell = Box<dyn Fn(&str) + Send>;

/// Sends until it is stopped.
pub struct Sender {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: JoinHandle<()>,
}

impl Sender {
    /// Starts to send.
    #[must_use]
    pub fn start(mut outbox: Outbox, tell: Tell) -> Self {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || send(&mut outbox, &tell, &stopped));
        Self { stop, thread }
    }

    /// Lets it end what it is sending; what is left stays in the outbox.
    pub fn stop(self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        let _ = self.thread.join();
    }
}

fn send(outbox: &mut Outbox, tell: &Tell, stop: &(Mutex<bool>, Condvar)) {
    let (mut failures, mut told_refused) = (0, None);
    loop {
        let result = outbox.send_some();
        let wait = match &result {
            Ok(Sent { sent: 0, refused: 0, .. }) => IDLE,
            Ok(Sent { sent: 1.., .. }) => Duration::ZERO,
            _ => pause(failures),
        };
        failures =
            if matches!(&result, Ok(Sent { refused: 0, .. } | Sent { sent: 1.., .. })) { 0 } else { failures + 1 };
        tell_of(&result, tell, wait, &mut told_refused);
        let asked = stop.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, _) =
            stop.1.wait_timeout_while(asked, wait, |asked| !*asked).unwrap_or_else(PoisonError::into_inner);
        if *asked {
            return;
        }
    }
}

/// Says what went wrong; a refusal for one reason is told once and not every minute.
fn tell_of(result: &Result<Sent, OutboxError>, tell: &Tell, wait: Duration, told: &mut Option<String>) {
    match result {
        Err(error) => tell(&format!("outbox: {error}; trying again in {:.0} s", wait.as_secs_f64())),
        Ok(Sent { refused: refused @ 1.., reason, .. }) if told != reason => {
            let why = reason.as_deref().unwrap_or_default();
            tell(&format!("outbox: BigQuery refused {refused} deployments, which are kept and tried again: {why}"));
            told.clone_from(reason);
        }
        Ok(_) => {}
    }
}

/// Doubles with each failure; between half of that and all of it, so that many do not knock at once.
fn pause(failures: u32) -> Duration {
    let whole = FIRST.saturating_mul(1 << failures.min(10)).min(LONGEST);
    let share = f64::from(Utc::now().timestamp_subsec_micros() % 1000) / 1000.0;
    whole.mul_f64(0.5 + share / 2.0)
}
