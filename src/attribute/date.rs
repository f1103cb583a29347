//! The date that a person gives is evidence as well.

use std::collections::BTreeMap;
use std::ops::Range;

use super::priors::WORTH;
use crate::model::{Series, Span};

/// The date asked about, as evidence of when the change began. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Start of the asked stretch, widened to whole buckets.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// How far before the stretch the onset may well lie: the mean of an exponential fall-off, in seconds.
    pub before: f64,
    /// The same for after it.
    pub after: f64,
    /// When the change would have begun if this date were as late as those of earlier questions, with how many these are.
    days: Vec<(Range<f64>, f64)>,
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
        Some(Self { from: edges[start] as f64, to: edges[end] as f64, before, after, days: Vec::new() })
    }

    /// The same where it is known of earlier questions how many days after the change they named as its date, and how many did: `{0: 14, 1: 12}`.
    ///
    /// The fall-off becomes the base of a Dirichlet process with the weight of two questions, of which the days of earlier ones are draws known to the
    /// day (Ferguson 1973, *Ann. Stat.* 1). What is asked about a time or a longer stretch learns nothing of days.
    #[must_use]
    pub fn taught(self, days_late: &BTreeMap<i64, u32>) -> Self {
        let is_day = (self.to - self.from - DAY).abs() <= DAY / 24.0;
        let day = |(&late, &n): (&i64, &u32)| {
            let later = late as f64 * DAY;
            (self.from - later..self.to - later, f64::from(n))
        };
        let days = if is_day { days_late.iter().map(day).collect() } else { Vec::new() };
        Self { days, ..self }
    }

    /// log of how well an onset at `unix` fits the date; 0 within the stretch where nothing was learned of earlier ones.
    #[must_use]
    pub fn log_weight(&self, unix: f64) -> f64 {
        let fall_off = -((self.from - unix).max(0.0) / self.before + (unix - self.to).max(0.0) / self.after);
        let questions: f64 = self.days.iter().map(|(_, n)| n).sum();
        if questions <= 0.0 {
            return fall_off;
        }
        let whole = self.to - self.from + self.before + self.after;
        let seen =
            self.days.iter().filter(|(day, _)| day.contains(&unix)).map(|(day, n)| n * whole / (day.end - day.start));
        ((WORTH * fall_off.exp() + seen.sum::<f64>()) / (WORTH + questions)).ln()
    }

    /// The greatest [`Self::log_weight`] of the moments between two, Unix seconds.
    #[must_use]
    pub fn greatest_log_weight(&self, (from, to): (f64, f64)) -> f64 {
        let ends = self.days.iter().flat_map(|(day, _)| [day.start, day.end - 1.0]).chain([self.from, self.to, to]);
        ends.map(|unix| self.log_weight(unix.clamp(from, to))).fold(self.log_weight(from), f64::max)
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::simulation::days;

    #[test]
    fn dates_of_earlier_questions_say_how_late_this_one_may_be() {
        let series = days(vec![1.0; 30]);
        let from = series.moment(20).to_utc();
        let asked = Asked::new(&series, Span { from, to: from + TimeDelta::days(1) }).unwrap();
        let start = asked.from;
        let share = |asked: &Asked, hours: f64| asked.log_weight(start + hours * 3600.0).exp();
        assert!((share(&asked, 12.0) - 1.0).abs() < 1e-12 && share(&asked, -12.0) < 0.7);
        let late = asked.clone().taught(&BTreeMap::from([(0, 10), (1, 30)]));
        // Thirty of forty were a day late, beside the weight of two for the fall-off, whose integral is 2.5 days.
        let expected = |fall_off: f64, n: f64| (2.0 * fall_off + n * 2.5) / 42.0;
        assert!((share(&late, 12.0) - expected(1.0, 10.0)).abs() < 1e-9);
        assert!((share(&late, -12.0) - expected((-0.5_f64).exp(), 30.0)).abs() < 1e-9);
        assert!((share(&late, -36.0) - expected((-1.5_f64).exp(), 0.0)).abs() < 1e-9);
        let greatest =
            |from: f64, to: f64| late.greatest_log_weight((start + from * 3600.0, start + to * 3600.0)).exp();
        assert!((greatest(-48.0, 48.0) - share(&late, -0.001)).abs() < 1e-4);
        assert!((greatest(1.0, 2.0) - share(&late, 1.0)).abs() < 1e-12);
        assert_eq!(asked.clone().taught(&BTreeMap::new()), asked);
        let stretch = Asked::new(&series, Span { from, to: from + TimeDelta::days(3) }).unwrap();
        assert_eq!(stretch.clone().taught(&BTreeMap::from([(1, 30)])), stretch);
    }
}
