//! The date that a person gives is evidence as well.

use std::ops::Range;

use crate::model::{Series, Span};

/// The date asked about, as evidence of when the change began. Times are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// Start of the asked stretch, widened to whole buckets.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// How far before the stretch the onset may well lie: the mean of an exponential fall-off, in seconds.
    pub before: f64,
    /// The same for after it.
    pub after: f64,
}

const DAY: f64 = 86_400.0;

impl Asked {
    /// The evidence of a date for a series: none where the date lies outside the data.
    ///
    /// People see a change on the day it happens or when they next look, so the onset falls off by a mean of one day before the asked
    /// stretch and half a day after it, or half a bucket where that is more. A moment (a stretch without length) is meant more
    /// exactly: three hours or three buckets.
    #[must_use]
    pub fn new(series: &Series, span: Span) -> Option<Self> {
        let edges = series.edges();
        let first = *edges.first()?;
        let last = *edges.last()?;
        let (from, to) = (span.from.timestamp(), span.to.timestamp().max(span.from.timestamp() + 1));
        if from >= last || to <= first {
            return None;
        }
        let start = edges.partition_point(|&e| e <= from).saturating_sub(1);
        let end = edges.partition_point(|&e| e < to).min(edges.len() - 1);
        let bucket = series.step().seconds();
        let (before, after) = if span.from == span.to {
            let near = (DAY / 8.0).max(3.0 * bucket);
            (near, near)
        } else {
            (DAY.max(bucket / 2.0), (DAY / 2.0).max(bucket / 2.0))
        };
        Some(Self { from: edges[start] as f64, to: edges[end] as f64, before, after })
    }

    /// log of how well an onset at `unix` fits the date; 0 within the stretch.
    #[must_use]
    pub fn log_weight(&self, unix: f64) -> f64 {
        -((self.from - unix).max(0.0) / self.before + (unix - self.to).max(0.0) / self.after)
    }

    /// The greatest [`Self::log_weight`] of the moments between two, Unix seconds.
    #[must_use]
    pub fn greatest_log_weight(&self, (from, to): (f64, f64)) -> f64 {
        self.log_weight(if to < self.from { to } else { from.max(self.from) })
    }

    /// Buckets whose start or end is within `reach` seconds of the stretch.
    #[must_use]
    pub fn buckets(&self, series: &Series, reach: f64) -> Range<usize> {
        let edges = series.edges();
        let from = edges.get(1..).unwrap_or_default().partition_point(|&e| (e as f64) <= self.from - reach);
        let to = edges.partition_point(|&e| (e as f64) < self.to + reach);
        let to = to.min(series.len());
        from.min(to)..to
    }
}
