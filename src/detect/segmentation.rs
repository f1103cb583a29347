//! Where a series breaks: greedy binary segmentation, and how many breaks it is worth.

use std::ops::Range;

use rayon::prelude::*;

/// What a segment is thought to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SegmentShape {
    /// A level.
    Constant,
    /// A straight line.
    Linear,
}

/// A residual variance below this share of the total is not worth explaining further.
const EXPLAINED: f64 = 0.02;

/// Longer series are cut in pieces of this length: the criterion is that of a whole, and a few breaks are nothing beside much noise.
const LONG: usize = 2048;
/// What is nearer than this to a break of the piece before is the same.
const SAME: usize = 5;

/// The first index of each segment but the first, of a series without missing values, ascending.
///
/// A long series is cut in pieces that overlap by half, of each of which the middle half counts. Squares are weighed, where `weights` are given: by the
/// inverse variance of the noise of each value.
#[must_use]
pub fn segment(values: &[f64], weights: Option<&[f64]>) -> Vec<usize> {
    let n = values.len();
    if n <= LONG {
        return segment_piece(values, weights);
    }
    let half = LONG / 2;
    let count = n.div_ceil(half) - 1;
    let pieces: Vec<Vec<usize>> = (0..count)
        .into_par_iter()
        .map(|k| {
            let (from, to) = (k * half, if k + 1 == count { n } else { (k + 2) * half });
            let counts = |at: &usize| {
                (k == 0 || *at >= from + half / 2) && (k + 1 == count || *at < from + half + half / 2 + SAME)
            };
            let weights = weights.map(|weights| &weights[from..to]);
            let piece = standardised(&values[from..to], weights);
            let found = piece.map(|(piece, _)| segment_piece(&piece, weights)).unwrap_or_default();
            found.into_iter().map(|at| from + at).filter(counts).collect()
        })
        .collect();
    let mut breaks: Vec<usize> = pieces.concat();
    breaks.sort_unstable();
    breaks.dedup_by(|next, last| *next - *last < SAME);
    breaks
}

/// Mean 0 and variance 1, with these weights, and the standard deviation; none where nothing varies.
pub(super) fn standardised(values: &[f64], weights: Option<&[f64]>) -> Option<(Vec<f64>, f64)> {
    let weight = |i: usize| weights.map_or(1.0, |weights| weights[i]);
    let total: f64 = (0..values.len()).map(weight).sum();
    let mean = values.iter().enumerate().map(|(i, v)| weight(i) * v).sum::<f64>() / total;
    let sd = (values.iter().enumerate().map(|(i, v)| weight(i) * (v - mean).powi(2)).sum::<f64>() / total).sqrt();
    let varies = sd > 1e-12 * mean.abs() && sd.is_finite() && sd > 0.0;
    varies.then(|| (values.iter().map(|v| (v - mean) / sd).collect(), sd))
}

/// A path ends where the criterion is so far above its least: a dozen splits in vain, for a year of days.
const PATIENCE: f64 = 0.8;

/// Cuts a standardised piece into segments.
///
/// Two paths of greedy binary segmentation (Scott & Knott 1974; Fryzlewicz 2014 for its consistency), one with constant and one
/// with linear segments, are compared at every number K of breaks by
/// `log(RSS/n + 0.02) + 2/√n · (K + t/2 · (K + 1))`, t = 0 for constant and 1 for linear segments; the least wins. The penalty of
/// order 1/√n is above that of Schwarz (log n / n), so that autocorrelated noise is not cut up.
fn segment_piece(values: &[f64], weights: Option<&[f64]>) -> Vec<usize> {
    let n = values.len();
    let shortest = if n < 25 {
        2
    } else if n < 60 {
        3
    } else {
        5
    };
    let sums = Sums::new(values, weights);
    let paths = [SegmentShape::Constant, SegmentShape::Linear].map(|shape| (shape, path(&sums, n, shortest, shape)));
    let mut best = (f64::INFINITY, SegmentShape::Constant, 0);
    for (shape, path) in &paths {
        for (k, rss) in path.rss.iter().enumerate() {
            let criterion = criterion(*rss, n, k, *shape);
            if criterion < best.0 {
                best = (criterion, *shape, k);
            }
        }
    }
    let (_, shape, k) = best;
    let chosen = paths.iter().find(|(s, _)| *s == shape).map_or(&[][..], |(_, p)| &p.breaks[..k]);
    let mut breaks = chosen.to_vec();
    breaks.sort_unstable();
    refine(&sums, n, shortest, shape, &mut breaks);
    breaks
}

/// Whether one break of a stretch may lie at `to` instead of `from`: by the criterion of [`segment`], the better of both paths, it is worse by
/// the price of a break at most.
pub(super) fn may_move(values: &[f64], weights: Option<&[f64]>, from: usize, to: usize) -> bool {
    let (n, sums) = (values.len(), Sums::new(values, weights));
    let at = |k: usize, shape: SegmentShape| {
        let rss = sums.square - sums.explained(0..k, shape) - sums.explained(k..n, shape);
        criterion(rss, n, 1, shape)
    };
    let best = |k: usize| at(k, SegmentShape::Constant).min(at(k, SegmentShape::Linear));
    best(to) <= best(from) + price(n)
}

/// What a break costs.
fn price(n: usize) -> f64 {
    2.0 / (n as f64).sqrt()
}

fn criterion(rss: f64, n: usize, breaks: usize, shape: SegmentShape) -> f64 {
    let slopes = if shape == SegmentShape::Linear { 0.5 * (breaks + 1) as f64 } else { 0.0 };
    (rss.max(0.0) / n as f64 + EXPLAINED).ln() + price(n) * (breaks as f64 + slopes)
}

/// Breaks in the order in which they were found; `rss[k]` is the residual sum of squares with the first k of them.
struct Path {
    breaks: Vec<usize>,
    rss: Vec<f64>,
}

/// Splits, again and again, the segment whose best split explains most.
fn path(sums: &Sums, n: usize, shortest: usize, shape: SegmentShape) -> Path {
    let mut open: Vec<Split> = best_split(sums, 0..n, shortest, shape).into_iter().collect();
    let unexplained = (sums.square - sums.explained(0..n, shape)).max(0.0);
    let mut found = Path { breaks: Vec::new(), rss: vec![unexplained] };
    let most = 40 + n / 100;
    let mut least = criterion(found.rss[0], n, 0, shape);
    while found.breaks.len() < most {
        let Some(next) = (0..open.len()).max_by(|&a, &b| open[a].gain.total_cmp(&open[b].gain)) else { break };
        let split = open.swap_remove(next);
        found.breaks.push(split.at);
        let rss = found.rss[found.rss.len() - 1] - split.gain;
        found.rss.push(rss);
        let now = criterion(rss, n, found.breaks.len(), shape);
        least = least.min(now);
        if now > least + PATIENCE {
            break;
        }
        open.extend(best_split(sums, split.range.start..split.at, shortest, shape));
        open.extend(best_split(sums, split.at..split.range.end, shortest, shape));
    }
    found
}

struct Split {
    range: Range<usize>,
    at: usize,
    gain: f64,
}

/// The split of a range that lowers the residual sum of squares most; none where the range is too short.
fn best_split(sums: &Sums, range: Range<usize>, shortest: usize, shape: SegmentShape) -> Option<Split> {
    let places = range.start + shortest..(range.end + 1).saturating_sub(shortest);
    if places.is_empty() {
        return None;
    }
    let (at, explained) = match (&sums.of_weights, shape) {
        (OfWeights::Even(inverses), SegmentShape::Constant) => sums.most_of_levels(inverses, &range, places),
        (OfWeights::Even(inverses), SegmentShape::Linear) => sums.most_of_lines(inverses, &range, places),
        (OfWeights::Uneven(_), _) => {
            let explained = |at| sums.explained(range.start..at, shape) + sums.explained(at..range.end, shape);
            most(places.map(|at| (at, explained(at))))
        }
    };
    let whole = sums.explained(range.clone(), shape);
    Some(Split { range, at, gain: explained - whole })
}

/// The first place at which most is explained.
fn most(explained: impl Iterator<Item = (usize, f64)>) -> (usize, f64) {
    explained.fold((0, f64::NEG_INFINITY), |best, next| if next.1 > best.1 { next } else { best })
}

/// Moves each break to its best place between its neighbours until none moves: a greedy path places its first breaks blindly.
fn refine(sums: &Sums, n: usize, shortest: usize, shape: SegmentShape, breaks: &mut [usize]) {
    for _ in 0..5 {
        let mut moved = false;
        for i in 0..breaks.len() {
            let from = if i == 0 { 0 } else { breaks[i - 1] };
            let to = breaks.get(i + 1).copied().unwrap_or(n);
            if let Some(split) = best_split(sums, from..to, shortest, shape) {
                moved |= split.at != breaks[i];
                breaks[i] = split.at;
            }
        }
        if !moved {
            return;
        }
    }
}

/// Prefix sums of x and t x with t counted from the middle of the series, which keeps the linear fits well conditioned.
struct Sums {
    until: Vec<[f64; 2]>,
    middle: f64,
    /// The sum of all x².
    square: f64,
    of_weights: OfWeights,
}

/// What the weights of a range are together.
enum OfWeights {
    /// All are 1: for each length m of a range 1/m and 1/Σ(t − t̄)², the latter 0 where two points are a line anyway. A division would take longer
    /// than all else.
    Even(Vec<[f64; 2]>),
    /// Prefix sums of w, w t and w t², of weights whose mean is 1. The sums of x have them in them as well.
    Uneven(Vec<[f64; 3]>),
}

impl Sums {
    fn new(values: &[f64], weights: Option<&[f64]>) -> Self {
        let n = values.len();
        let middle = (n as f64 - 1.0) / 2.0;
        let mean = weights.map_or(1.0, |weights| weights.iter().sum::<f64>() / n as f64);
        let weight = |i: usize| weights.map_or(1.0, |weights| weights[i] / mean);
        let mut until = Vec::with_capacity(n + 1);
        let mut total = [0.0; 2];
        until.push(total);
        for (i, x) in values.iter().enumerate() {
            let x = weight(i) * x;
            total = [total[0] + x, total[1] + (i as f64 - middle) * x];
            until.push(total);
        }
        let inverse = |n: usize| {
            let m = n as f64;
            [1.0 / m, if n < 3 { 0.0 } else { 12.0 / (m * (m * m - 1.0)) }]
        };
        let add = |total: &mut [f64; 3], i: usize| {
            let (w, t) = (weight(i), i as f64 - middle);
            *total = [total[0] + w, total[1] + w * t, total[2] + w * t * t];
            Some(*total)
        };
        let of_weights = if weights.is_none() {
            OfWeights::Even((0..=n).map(inverse).collect())
        } else {
            OfWeights::Uneven([[0.0; 3]].into_iter().chain((0..n).scan([0.0; 3], add)).collect())
        };
        let square = values.iter().enumerate().map(|(i, x)| weight(i) * x * x).sum();
        Self { until, middle, square, of_weights }
    }

    /// How much of the sum of squares of a range its mean or its least-squares line explains.
    #[inline]
    fn explained(&self, range: Range<usize>, shape: SegmentShape) -> f64 {
        let [a, b] = [self.until[range.start], self.until[range.end]];
        let x = b[0] - a[0];
        let (of_mean, t_mean, of_slope) = match &self.of_weights {
            OfWeights::Even(inverses) => {
                let [of_mean, of_slope] = inverses[range.len()];
                (of_mean, f64::midpoint(range.start as f64, range.end as f64 - 1.0) - self.middle, of_slope)
            }
            OfWeights::Uneven(until) => {
                let [a, b] = [until[range.start], until[range.end]];
                let [w, wt, wtt] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
                let square = wtt - wt * wt / w;
                (1.0 / w, wt / w, if range.len() < 3 { 0.0 } else { 1.0 / square })
            }
        };
        match shape {
            SegmentShape::Constant => x * x * of_mean,
            SegmentShape::Linear => of_line(x, b[1] - a[1], t_mean, &[of_mean, of_slope]),
        }
    }

    /// The places within a range with the sums until each, and the inverses for the lengths before and after it.
    fn parts<'s>(
        &'s self,
        inverses: &'s [[f64; 2]],
        range: &Range<usize>,
        places: Range<usize>,
    ) -> impl Iterator<Item = (usize, &'s [f64; 2], &'s [f64; 2], &'s [f64; 2])> {
        let before = &inverses[places.start - range.start..places.end - range.start];
        let after = &inverses[range.end + 1 - places.end..=range.end - places.start];
        let sums = &self.until[places.clone()];
        places.zip(sums).zip(before.iter().zip(after.iter().rev())).map(|((at, sums), (b, a))| (at, sums, b, a))
    }

    /// Where two levels explain most, and how much: of each place what [`Self::explained`] says of both sides. Most of the time of a search is spent
    /// here.
    fn most_of_levels(&self, inverses: &[[f64; 2]], range: &Range<usize>, places: Range<usize>) -> (usize, f64) {
        let ([first, _], [last, _]) = (self.until[range.start], self.until[range.end]);
        most(self.parts(inverses, range, places).map(|(at, [x, _], [before, _], [after, _])| {
            let (left, right) = (x - first, last - x);
            (at, left * left * before + right * right * after)
        }))
    }

    /// Where two lines explain most, and how much.
    fn most_of_lines(&self, inverses: &[[f64; 2]], range: &Range<usize>, places: Range<usize>) -> (usize, f64) {
        let (first, last) = (self.until[range.start], self.until[range.end]);
        let (start, end) = (range.start as f64, range.end as f64);
        most(self.parts(inverses, range, places).map(|(at, [x, tx], before, after)| {
            let t = at as f64;
            let left = of_line(x - first[0], tx - first[1], f64::midpoint(start, t - 1.0) - self.middle, before);
            let right = of_line(last[0] - x, last[1] - tx, f64::midpoint(t, end - 1.0) - self.middle, after);
            (at, left + right)
        }))
    }
}

/// What a least-squares line explains of Σx², by Σx, Σtx and the mean of t in its range, and the inverses of its length and of Σ(t − t̄)².
#[inline]
fn of_line(x: f64, tx: f64, t_mean: f64, [of_mean, of_slope]: &[f64; 2]) -> f64 {
    let cross = tx - t_mean * x;
    x * x * of_mean + cross * cross * of_slope
}
