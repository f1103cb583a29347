//! Reasons that a person can check against the chart.

use crate::detect::{Found, Neighbourhood};
use crate::model::{ChangeKind, Series};

/// What the reasons for and against a deployment follow from.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The metric.
    pub series: &'a Series,
    /// The neighbourhood of the date.
    pub near: &'a Neighbourhood,
    /// The change.
    pub found: &'a Found,
    /// The moments of all candidates, Unix seconds.
    pub deployed: &'a [f64],
}

/// A bucket whose share of the effect is less certain than this tells nothing about the hour.
const CERTAIN: f64 = 0.35;
/// Standard errors within which the share that moved agrees with the share that lay after the deployment.
const AGREES: f64 = 1.5;

impl Case<'_> {
    /// The reasons in words, for the candidate with this index. `fit` is how well it fits next to one at the best possible moment.
    #[must_use]
    pub fn reasons(&self, candidate: usize, fit: f64) -> Vec<String> {
        let at = self.deployed[candidate];
        let mut told = vec![self.timing(at)];
        told.extend(self.partial_bucket(at));
        told.extend(self.alone(candidate));
        told.push(format!("fits {} as well as a deployment at the best possible moment", percent(fit)));
        told
    }

    fn timing(&self, at: f64) -> String {
        let (earliest, latest) = self.found.interval;
        let lag = self.found.onset - at;
        if at > latest {
            return format!("went out {} after the metric had begun to move", duration(at - latest));
        }
        if lag < 0.0 {
            return "went out after the likeliest start, but within its 90 % interval".to_owned();
        }
        if at < earliest {
            return format!(
                "went out {} before the likeliest start, which is {}",
                duration(lag),
                self.clock(self.found.onset)
            );
        }
        format!("went out {} before the likeliest start, within its 90 % interval", duration(lag))
    }

    /// Whether the bucket in which it went out moved by the share that lay after it.
    fn partial_bucket(&self, at: f64) -> Option<String> {
        if self.found.kind != ChangeKind::Level {
            return None;
        }
        let edges = self.series.edges();
        let bucket = edges.partition_point(|&e| (e as f64) <= at).checked_sub(1)?;
        if bucket >= self.series.len() || bucket.abs_diff(self.found.bucket) > 1 {
            return None;
        }
        let (from, to) = (edges[bucket] as f64, edges[bucket + 1] as f64);
        let after = (to - at) / (to - from);
        let (moved, standard_error) = self.near.share_moved(bucket)?;
        if standard_error > CERTAIN {
            return None;
        }
        let what = if self.found.after < self.found.before { "drop" } else { "rise" };
        let name =
            self.series.moment(bucket).format(if to - from >= 86_400.0 { "%a %Y-%m-%d" } else { "%a %Y-%m-%d %H:%M" });
        let (percent, share) = (100.0 * moved.clamp(0.0, 1.0), 100.0 * after);
        let fits = (moved - after).abs() <= AGREES * standard_error.max(0.05);
        Some(if fits {
            format!(
                "explains the partial {what} of {name}: {percent:.0} % of the full one, with {share:.0} % of it left"
            )
        } else {
            format!(
                "does not explain {name}: it moved by {percent:.0} % of the full {what}, with {share:.0} % of it left"
            )
        })
    }

    /// Whether it was the last before the change for a while.
    fn alone(&self, candidate: usize) -> Option<String> {
        let at = self.deployed[candidate];
        let (_, latest) = self.found.interval;
        let last =
            at <= latest && self.deployed.iter().enumerate().all(|(i, &d)| i == candidate || d < at || d > latest);
        last.then(|| "the last one before the change".to_owned())
    }

    #[allow(clippy::cast_possible_truncation)]
    fn clock(&self, unix: f64) -> String {
        self.series.moment_of(unix as i64).format("%a %Y-%m-%d %H:%M").to_string()
    }
}

/// A share in words: `82 %`, and `less than 1 %` rather than nothing.
fn percent(share: f64) -> String {
    if share < 0.01 { "less than 1 %".to_owned() } else { format!("{:.0} %", 100.0 * share) }
}

/// A length of time in its largest unit that says enough: `25 min`, `7 h`, `3 d`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    let minutes = seconds / 60.0;
    if minutes < 90.0 {
        format!("{minutes:.0} min")
    } else if minutes < 36.0 * 60.0 {
        format!("{:.0} h", minutes / 60.0)
    } else {
        format!("{:.0} d", minutes / 1440.0)
    }
}
