//! Spikes: a few buckets that stand far out while the level before and after is the same.

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

/// A value counts as far out from so many standard deviations of the noise on.
const FAR: f64 = 6.0;
/// Half the window of the running median; a run of up to three does not move the median of seven.
const HALF_WINDOW: usize = 3;

/// The runs of at most [`Spike::LONGEST`] values that lie far from the running median of seven.
///
/// The scale is the median absolute first difference, which a spike and a level shift touch in few places. Nothing is a
/// spike where more than half of the values repeat the one before.
#[must_use]
pub fn find_spikes(values: &[f64]) -> Vec<Spike> {
    let differences: Vec<f64> = values.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
    let scale = 1.4826 * median(&differences);
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
