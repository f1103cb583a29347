//! Spikes and outages: a few buckets, or some more, that stand far out while the level before and after is the same.

use std::ops::Range;

use crate::stats::{median, running_median};

/// A spike: buckets `from..to` stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spike {
    /// The first bucket.
    pub from: usize,
    /// The first bucket after.
    pub to: usize,
}

impl Spike {
    /// Longest run of buckets that still counts as a spike.
    pub const LONGEST: usize = 3;
}

/// Fewest buckets on either side that tell the level about an outage.
const BESIDE: usize = 12;
/// A level that is back within this share of a jump is the one before it.
pub(super) const BACK: f64 = 0.25;
/// A value counts as far out from so many standard deviations of the noise on.
const FAR: f64 = 6.0;
/// Half the window of the running median; a run of up to three does not move the median of seven.
const HALF_WINDOW: usize = 3;

/// The runs of at most [`Spike::LONGEST`] values that lie far from the running median of seven.
///
/// Nothing is a spike where more than half of the values repeat the one before.
#[must_use]
pub fn find_spikes(values: &[f64]) -> Vec<Spike> {
    let scale = difference_scale(values);
    if scale.is_nan() || scale <= 0.0 {
        return Vec::new();
    }
    let middle = running_median(values, HALF_WINDOW);
    let far = |i: usize| (values[i] - middle[i]).abs() > FAR * scale;
    let mut spikes = Vec::new();
    let mut i = 0;
    while i < values.len() {
        let from = i;
        while i < values.len() && far(i) {
            i += 1;
        }
        if i > from && i - from <= Spike::LONGEST {
            spikes.push(Spike { from, to: i });
        }
        i += 1;
    }
    spikes
}

/// The runs of more than [`Spike::LONGEST`] and at most `longest` values that lie far from the level before them, to which the values return.
///
/// A run begins and ends with a jump that stands far out of the differences, within two buckets because the first may be touched in part: noise
/// that wanders off does not.
#[must_use]
pub fn find_outages(values: &[f64], longest: usize) -> Vec<Spike> {
    if longest <= Spike::LONGEST {
        return Vec::new();
    }
    let scale = difference_scale(values);
    if scale.is_nan() || scale <= 0.0 {
        return Vec::new();
    }
    let is_jump = |from: usize, to: usize| (values[to] - values[from]).abs() > FAR * scale;
    let level = |range: Range<usize>| median(&values[range.start..range.end.min(values.len())]);
    let mut outages: Vec<Spike> = Vec::new();
    let mut i = BESIDE;
    while i + Spike::LONGEST < values.len() {
        if !is_jump(i - 1, i) && !is_jump(i - 1, i + 1) {
            i += 1;
            continue;
        }
        let before = level(i.saturating_sub(longest)..i);
        let is_out = |v: &&f64| v.is_nan() || (**v - before).abs() > FAR * scale;
        let from = if is_out(&&values[i]) { i } else { i + 1 };
        let length = values[from..].iter().take_while(is_out).take(longest + 1).count();
        let to = from + length;
        let depth = (level(from..to) - before).abs();
        let is_back = to + BESIDE <= values.len() && (level(to..to + longest) - before).abs() < BACK * depth;
        if length > Spike::LONGEST && length <= longest && is_back {
            outages.push(Spike { from, to });
            i = to + 1;
        } else {
            i += 1;
        }
    }
    outages
}

/// Standard deviation of the first differences by their median size, which a spike and a level shift touch in few places.
fn difference_scale(values: &[f64]) -> f64 {
    let differences: Vec<f64> = values.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
    1.4826 * median(&differences)
}
