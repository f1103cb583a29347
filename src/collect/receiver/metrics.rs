//! What the receiver did, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::super::Provider;
use super::super::store::Summary;

/// Upper bounds of the buckets of the times of requests, in seconds.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Counters since the start. Labels are names of providers and words of our own, never text that was sent.
#[derive(Debug, Default)]
pub(super) struct Metrics(Mutex<Counters>);

#[derive(Debug, Default)]
struct Counters {
    requests: BTreeMap<(&'static str, u16), u64>,
    messages: BTreeMap<(&'static str, &'static str), u64>,
    refused: BTreeMap<(&'static str, &'static str), u64>,
    buckets: [u64; BUCKETS.len()],
    seconds: f64,
    count: u64,
    commits: u64,
    store_failures: u64,
}

/// What is read at the moment of asking.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gauges {
    /// Requests that are being answered.
    pub(super) in_flight: usize,
    /// Deployments that the table of BigQuery does not have; none where there is no such table.
    pub(super) outbox: Option<(u64, f64)>,
    /// Messages that are kept because they cannot be read; none where the store cannot be read.
    pub(super) rejected: Option<u64>,
}

impl Metrics {
    /// A request was answered.
    pub(super) fn answered(&self, provider: Option<Provider>, status: u16, took: Duration) {
        self.change(|all| {
            *all.requests.entry((label(provider), status)).or_default() += 1;
            all.seconds += took.as_secs_f64();
            all.count += 1;
            let bounds = BUCKETS.iter().zip(&mut all.buckets);
            bounds.filter(|(bound, _)| took.as_secs_f64() <= **bound).for_each(|(_, count)| *count += 1);
        });
    }

    /// Messages were stored, or found to hold nothing to store.
    pub(super) fn stored(&self, provider: Provider, summary: &Summary) {
        let ignored = summary.ignored.values().sum();
        let outcomes = [
            ("new", summary.new),
            ("updated", summary.updated),
            ("unchanged", summary.unchanged),
            ("ignored", ignored),
            ("rejected", summary.rejected),
        ];
        self.change(|all| {
            for (outcome, count) in outcomes {
                *all.messages.entry((provider.name(), outcome)).or_default() += count as u64;
            }
        });
    }

    /// A request was refused.
    pub(super) fn refused(&self, provider: Option<Provider>, reason: &'static str) {
        self.change(|all| *all.refused.entry((label(provider), reason)).or_default() += 1);
    }

    /// The store took a batch, or did not.
    pub(super) fn committed(&self, well: bool) {
        self.change(|all| if well { all.commits += 1 } else { all.store_failures += 1 });
    }

    fn change(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// All of it as text.
    pub(super) fn text(&self, gauges: Gauges) -> String {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        family(&mut text, "requests_total", "counter", "Requests answered, by provider and status.", |line| {
            for ((provider, status), n) in &all.requests {
                line(&format!("{{provider=\"{provider}\",status=\"{status}\"}}"), *n as f64);
            }
        });
        family(&mut text, "messages_total", "counter", "Messages taken, by what became of them.", |line| {
            for ((provider, outcome), n) in &all.messages {
                line(&format!("{{provider=\"{provider}\",outcome=\"{outcome}\"}}"), *n as f64);
            }
        });
        family(&mut text, "refused_total", "counter", "Requests not taken, by reason.", |line| {
            for ((provider, reason), n) in &all.refused {
                line(&format!("{{provider=\"{provider}\",reason=\"{reason}\"}}"), *n as f64);
            }
        });
        one(&mut text, "commits_total", "counter", "Transactions written to disk.", all.commits as f64);
        one(&mut text, "store_failures_total", "counter", "Transactions that failed.", all.store_failures as f64);
        histogram(&mut text, &all);
        one(&mut text, "requests_in_flight", "gauge", "Requests that are being answered.", gauges.in_flight as f64);
        if let Some(kept) = gauges.rejected {
            one(&mut text, "rejected_kept", "gauge", "Messages kept because they cannot be read.", kept as f64);
        }
        if let Some((depth, seconds)) = gauges.outbox {
            one(&mut text, "outbox_deployments", "gauge", "Deployments yet to be sent to BigQuery.", depth as f64);
            one(&mut text, "outbox_oldest_seconds", "gauge", "How long the oldest of them waits.", seconds);
        }
        text
    }
}

fn label(provider: Option<Provider>) -> &'static str {
    provider.map_or("none", Provider::name)
}

fn family(text: &mut String, name: &str, kind: &str, help: &str, lines: impl FnOnce(&mut dyn FnMut(&str, f64))) {
    let _ = writeln!(text, "# HELP shiptrace_{name} {help}\n# TYPE shiptrace_{name} {kind}");
    lines(&mut |labels, value| {
        let _ = writeln!(text, "shiptrace_{name}{labels} {value}");
    });
}

fn one(text: &mut String, name: &str, kind: &str, help: &str, value: f64) {
    family(text, name, kind, help, |line| line("", value));
}

fn histogram(text: &mut String, all: &Counters) {
    let name = "shiptrace_request_seconds";
    let _ = writeln!(text, "# HELP {name} How long requests took.\n# TYPE {name} histogram");
    for (bound, count) in BUCKETS.iter().zip(&all.buckets) {
        let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}");
    }
    let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {}", all.count);
    let _ = writeln!(text, "{name}_sum {}\n{name}_count {}", all.seconds, all.count);
}
