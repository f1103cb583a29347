//! A metric in one line of characters.

use std::fmt::Write;

use super::numbers::range;
use super::{Scale, lines};
use crate::model::Series;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 4] = ['_', '.', '-', '^'];

/// The whole series in at most `columns` characters: the mean of the buckets that share one, a blank where all are missing, and an upright
/// line where the bucket of the moment begins (Unix seconds).
pub(in crate::report) fn spark(series: &Series, at: Option<i64>, columns: usize, ascii: bool) -> String {
    let own = columns.saturating_sub(usize::from(at.is_some())).min(series.len());
    if own == 0 {
        return String::new();
    }
    let means: Vec<Option<f64>> = (0..own).map(|i| mean(series.values(), i, own)).collect();
    let known = || means.iter().flatten().copied();
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let characters: &[char] = if ascii { &ASCII } else { &BLOCKS };
    let line = at.map(|at| {
        let bucket = series.edges().partition_point(|edge| *edge <= at).saturating_sub(1);
        bucket * own / series.len()
    });
    let mut drawn = String::new();
    for (i, mean) in means.iter().enumerate() {
        if line == Some(i) {
            drawn.push(if ascii { '|' } else { '│' });
        }
        drawn.push(mean.map_or(' ', |mean| characters[level(mean, low, high, characters.len())]));
    }
    drawn
}

/// The whole series as a picture in small, with an upright line at the moment (Unix seconds).
pub(in crate::report) fn sparkline(series: &Series, at: Option<i64>) -> String {
    let edges = series.edges();
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return String::new() };
    let Some(values) = range(series.values().iter().copied()) else { return String::new() };
    let x = Scale::new((*first as f64, *last as f64), (1.0, 179.0));
    let y = Scale::new(values, (25.0, 1.0));
    let middles = edges.windows(2).map(|pair| f64::midpoint(pair[0] as f64, pair[1] as f64));
    let mut path = String::new();
    for line in lines(middles.zip(series.values()).map(|(at, value)| (x.at(at), y.at(*value)))) {
        for (i, (x, y)) in line.iter().enumerate() {
            let _ = write!(path, "{}{x:.1},{y:.1}", if i == 0 { 'M' } else { 'L' });
        }
        if line.len() == 1 {
            path.push_str("h0");
        }
    }
    let moment =
        at.map(|at| format!("<path class=\"onset unknown\" d=\"M{:.1},0V26\"/>", x.at(at as f64))).unwrap_or_default();
    format!(
        "<svg class=\"chart spark\" viewBox=\"0 0 180 26\" aria-hidden=\"true\">{moment}<path class=\"line\" d=\"{path}\"/></svg>"
    )
}

/// The mean of the buckets in character `i` of `of`.
fn mean(values: &[f64], i: usize, of: usize) -> Option<f64> {
    let known = || values[i * values.len() / of..(i + 1) * values.len() / of].iter().filter(|v| !v.is_nan());
    let count = known().count();
    (count > 0).then(|| known().map(|v| v / count as f64).sum())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the number of characters")]
fn level(value: f64, low: f64, high: f64, of: usize) -> usize {
    if high <= low {
        return of / 2;
    }
    let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
    ((share * of as f64) as usize).min(of - 1)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::model::Step;

    fn series(values: &[f64]) -> Series {
        let edges = (0..=values.len()).map(|i| i64::try_from(i).unwrap() * 86_400).collect();
        Series::new("m", Tz::UTC, Step::Day, edges, values.to_vec()).unwrap()
    }

    #[test]
    fn a_fall_is_seen_with_the_moment_marked_and_a_gap_is_blank() {
        let fallen = series(&[8.0, 8.0, f64::NAN, 7.0, 1.0, 1.0]);
        assert_eq!(spark(&fallen, Some(4 * 86_400), 10, false), "██ ▇│▁▁");
        assert_eq!(spark(&fallen, Some(4 * 86_400), 10, true), "^^ ^|__");
        assert_eq!(spark(&fallen, None, 3, false), "█▇▁");
    }

    #[test]
    fn nothing_and_one_level_are_no_trouble() {
        assert_eq!(spark(&series(&[]), None, 8, false), "");
        assert_eq!(spark(&series(&[5.0, 5.0]), None, 8, false), "▅▅");
        assert_eq!(spark(&series(&[f64::NAN]), Some(0), 8, false), "│ ");
    }
}
