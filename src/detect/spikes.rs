//! Spikes: up to four buckets that stand far out while the level before and after is the same.

use std::ops::RangeInclusive;

use super::Scatter;
use crate::stats::{median, running_median};

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

    /// Longest run of buckets of which each is to stand out by itself; a longer one is told by the level that it leaves.
    pub const LONGEST: usize = 3;
}

/// A value counts as far out from so many standard deviations of first differences on.
const FAR: f64 = 6.0;
/// Each of several values that are far out together is so many standard deviations out.
const OUT: f64 = 2.5;
/// And so many all of them, by the root of the sum of squares.
const TOGETHER: f64 = 7.5;
/// Windows of the running medians, which a run of just less than half as many values does not move. The shorter one follows a metric that wanders; only runs
/// that are too long for it are looked for by the longer one.
const SHORTER: usize = 2 * Spike::LONGEST + 1;
const LONGER: usize = SHORTER + 2;

/// How far each value lies from the running medians of seven and of nine, in standard deviations of first differences; missing where a value is, and where
/// more than half of the values repeat the one before and they are no constant.
#[must_use]
pub fn outlyingness(values: &[f64], scatter: &Scatter) -> [Vec<f64>; 2] {
    // A window holds as many values beside a gap as elsewhere.
    let places: Vec<usize> = (0..values.len()).filter(|&i| scatter.is_known() && !values[i].is_nan()).collect();
    let present: Vec<f64> = places.iter().map(|&i| values[i]).collect();
    [out_of_median::<SHORTER>(&present), out_of_median::<LONGER>(&present)].map(|distances| {
        let mut out = vec![f64::NAN; values.len()];
        places.iter().zip(distances).for_each(|(&i, distance)| out[i] = distance / scatter.at(i));
        out
    })
}

/// How far values lie from the running median of one window.
///
/// At the ends it is the last whole median, level or continued along its slope, whichever leaves a value less far out: a window that is cut there would
/// follow a run of two. Where no window is whole it is the median of all.
fn out_of_median<const WINDOW: usize>(values: &[f64]) -> Vec<f64> {
    // The window about value i is the one of half a window before.
    let (middle, half) = (running_median::<WINDOW>(values), WINDOW / 2);
    let Some(last) = middle.len().checked_sub(1) else {
        let usual = median(values);
        return values.iter().map(|value| value - usual).collect();
    };
    let of = |i: usize| {
        let at = i.clamp(half, last + half) - half;
        let (flat, away) = (values[i] - middle[at], i.abs_diff(at + half));
        let before = if i > at + half { at.checked_sub(WINDOW) } else { Some(at + WINDOW) };
        match before.filter(|_| away > 0).and_then(|before| middle.get(before)) {
            Some(before) => least_out(flat, flat - (middle[at] - before) * away as f64 / WINDOW as f64),
            None => flat,
        }
    };
    (0..values.len()).map(of).collect()
}

/// The one of two numbers that is nearer to zero, and zero where they lie on both sides of it.
fn least_out(a: f64, b: f64) -> f64 {
    if a * b < 0.0 { 0.0 } else { a.abs().min(b.abs()).copysign(a) }
}

/// The runs of at most four values whose [`outlyingness`] is this share of what is far out, or more, for each of [`Outlying::ALL`].
#[must_use]
pub fn find_spikes(out: &[Vec<f64>; 2], share: f64) -> [Vec<Spike>; 2] {
    Outlying::ALL.map(|outlying| {
        let [of_seven, of_nine] = out;
        let long: Vec<Spike> = runs(of_nine, outlying, share, LONGER / 2..=LONGER / 2).collect();
        let short = runs(of_seven, outlying, share, 1..=Spike::LONGEST);
        // Beside a long run the shorter window follows it.
        let is_beside =
            |run: &Spike, long: &Spike| run.from < long.to + Spike::LONGEST && long.from < run.to + Spike::LONGEST;
        let mut all = long.clone();
        all.extend(short.filter(|run| !long.iter().any(|long| is_beside(run, long))));
        all.sort_by_key(|run| run.from);
        all
    })
}

/// The runs of so many values that are as far out.
fn runs(out: &[f64], outlying: Outlying, share: f64, lengths: RangeInclusive<usize>) -> impl Iterator<Item = Spike> {
    let is_out = move |i: &usize| out[*i].abs() > share * outlying.least();
    let mut next = 0;
    let all = std::iter::from_fn(move || {
        let from = (next..out.len()).find(is_out)?;
        let to = (from..out.len()).find(|i| !is_out(i)).unwrap_or(out.len());
        next = to;
        Some(Spike { from, to })
    });
    all.filter(move |run| lengths.contains(&run.len()) && outlying.holds(&out[run.from..run.to], share))
}
