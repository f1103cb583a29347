//! Spikes: up to three buckets that stand far out while the level before and after is the same.

use super::Scatter;
use crate::stats::running_median;

/// A spike: buckets `from..to` stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spike {
    /// The first bucket.
    pub from: usize,
    /// The first bucket after.
    pub to: usize,
}

/// How the values of a run stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlying {
    /// Each by itself.
    Each,
    /// Two or more to one side, together.
    Together,
}

impl Outlying {
    /// Both, the surer one first.
    pub const ALL: [Self; 2] = [Self::Each, Self::Together];

    /// Standard deviations of first differences that each value of a run is out.
    fn least(self) -> f64 {
        match self {
            Self::Each => FAR,
            Self::Together => OUT,
        }
    }

    /// Whether a run of values that are so many standard deviations out is this share of far out.
    fn holds(self, out: &[f64], share: f64) -> bool {
        let present = || out.iter().filter(|d| !d.is_nan());
        match self {
            Self::Each => true,
            Self::Together => {
                let is_one_side = present().all(|d| *d > 0.0) || present().all(|d| *d < 0.0);
                let square: f64 = present().map(|d| d * d).sum();
                is_one_side && present().count() > 1 && square > (share * TOGETHER).powi(2)
            }
        }
    }
}

impl Spike {
    /// Number of buckets.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "no spike is empty")]
    pub fn len(self) -> usize {
        self.to - self.from
    }

    /// Whether the two share a bucket.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Longest run of buckets that still counts as a spike.
    pub const LONGEST: usize = 3;
}

/// A value counts as far out from so many standard deviations of first differences on.
const FAR: f64 = 6.0;
/// Each of several values that are far out together is so many standard deviations out.
const OUT: f64 = 2.5;
/// And so many all of them, by the root of the sum of squares.
const TOGETHER: f64 = 7.5;
/// Half the window of the running median; a run of up to three does not move the median of seven.
const HALF_WINDOW: usize = 4;

/// How far each value lies from the running median of seven, in standard deviations of first differences; missing where a value is, and where more than
/// half of the values repeat the one before.
#[must_use]
pub fn outlyingness(values: &[f64], scatter: &Scatter) -> Vec<f64> {
    if !scatter.is_known() {
        return vec![f64::NAN; values.len()];
    }
    let middle = running_median(values, HALF_WINDOW);
    let (n, window) = (values.len(), 2 * HALF_WINDOW + 1);
    let by = |i: usize, usual: f64| (values[i] - usual) / scatter.at(i);
    let of = |i: usize| {
        // At the ends as well a run of three does not move the median, be it level there or sloped.
        let whole = i.clamp(HALF_WINDOW, n.saturating_sub(HALF_WINDOW + 1));
        let (flat, away) = (by(i, middle[whole]), i.abs_diff(whole));
        let before = if i > whole { whole.checked_sub(window) } else { Some(whole + window) };
        match before.and_then(|before| middle.get(before)).filter(|_| away > 0) {
            Some(before) => {
                least_out(flat, by(i, middle[whole] + (middle[whole] - before) * away as f64 / window as f64))
            }
            None => flat,
        }
    };
    if n < window {
        return (0..n).map(|i| by(i, middle[i])).collect();
    }
    (0..n).map(of).collect()
}

/// The one of two numbers that is nearer to zero, and zero where they lie on both sides of it; missing where one is.
fn least_out(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if a * b < 0.0 { 0.0 } else { a.abs().min(b.abs()).copysign(a) }
}

/// The runs of at most [`Spike::LONGEST`] values whose [`outlyingness`] is this share of what is far out, or more, for each of [`Outlying::ALL`].
#[must_use]
pub fn find_spikes(out: &[f64], share: f64) -> [Vec<Spike>; 2] {
    Outlying::ALL.map(|outlying| {
        let mut spikes = Vec::new();
        let mut i = 0;
        while i < out.len() {
            let from = i;
            while i < out.len() && out[i].abs() > share * outlying.least() {
                i += 1;
            }
            if (1..=HALF_WINDOW).contains(&(i - from)) && outlying.holds(&out[from..i], share) {
                spikes.push(Spike { from, to: i });
            }
            i += 1;
        }
        spikes
    })
}
