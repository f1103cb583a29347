//! Spells: some buckets at another level, after which all is as before.

use std::ops::Range;

use crate::stats::{mad_sd, max_tail_of_runs};

use super::Spike;
use super::screen::{autocorrelation, detrended};

/// A run of buckets that stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spell {
    /// Its buckets.
    pub(super) run: Spike,
    /// How often unchanged noise would show one as clear anywhere in the series.
    pub(super) p_value: f64,
}

/// Fewest buckets of a spell: fewer are a spike, of which each bucket stands out by itself.
pub(super) const SHORTEST: usize = Spike::LONGEST + 1;
/// Fewest values on either side of a spell.
const LEAST_BESIDE: usize = 3;
/// Each length that is tried is longer than the one before by this share: nine tenths of a spell of any other length are within one of them.
const LONGER: f64 = 0.2;
/// By less than rounding can bring.
const CLEARLY: f64 = 1.0 - 1e-12;

/// The spell of at least [`SHORTEST`] and at most `longest` buckets that explains most of values without gaps, about a straight line: an epidemic
/// alternative (Levin & Kline 1985, *Statist. Med.* 4; Yao 1993, *Biometrika* 80). Its p-value is rather too low: it is a filter.
///
/// The values are a part of a series of `n`, and count by their `weights`, the inverse of their variance. Their autocorrelation is told beside
/// what stands out most without any. None where nothing varies or there are too few.
pub(super) fn likeliest_spell(values: &[f64], weights: Option<&[f64]>, longest: usize, n: usize) -> Option<Spell> {
    let longest = longest.min(values.len().saturating_sub(2 * LEAST_BESIDE));
    if longest < SHORTEST {
        return None;
    }
    let per_sd = |i: usize| weights.map_or(1.0, |weights| if weights[i] > 0.0 { weights[i].sqrt() } else { 0.0 });
    let level: Vec<f64> = (0..values.len()).map(per_sd).collect();
    let scaled: Vec<f64> = detrended(values, |i| level[i] * level[i]).iter().zip(&level).map(|(x, w)| w * x).collect();
    let white = Contrast::new(&scaled, &level, 0.0)?;
    let (first, _) = white.likeliest(longest)?;
    let effect = white.effect(first);
    let is_inside = |i: usize| (first.from..first.to).contains(&i);
    let beside = |i: usize| scaled[i] - if is_inside(i) { effect * level[i] } else { 0.0 };
    let phi = autocorrelation((0..values.len()).map(beside));
    let (run, z) = Contrast::new(&scaled, &level, phi)?.likeliest(longest)?;
    Some(Spell { run, p_value: max_tail_of_runs(z, phi, n, SHORTEST..=longest) })
}

/// How far runs of values stand out of a first-order autoregression.
///
/// Of its innovations xₜ − φxₜ₋₁ a run whose values would be aₜ takes aₛ where it begins, aₜ − φaₜ₋₁ inside, and −φaₑ₋₁ after it.
struct Contrast<'a> {
    level: &'a [f64],
    phi: f64,
    innovations: Vec<f64>,
    /// Prefix sums of the products of the inside of a run with the innovations, and of its squares.
    until: Vec<[f64; 2]>,
    /// Standard deviation of the innovations.
    scale: f64,
}

impl<'a> Contrast<'a> {
    /// Of `values` to which a run brings a multiple of `level`; none where nothing varies.
    fn new(values: &[f64], level: &'a [f64], phi: f64) -> Option<Self> {
        let after = |x: &[f64], i: usize| x[i] - if i == 0 { 0.0 } else { phi * x[i - 1] };
        let innovations: Vec<f64> = (0..values.len()).map(|i| after(values, i)).collect();
        let mut until = Vec::with_capacity(values.len() + 1);
        let mut total = [0.0; 2];
        until.push(total);
        for (i, e) in innovations.iter().enumerate() {
            let inside = after(level, i);
            total = [total[0] + inside * e, total[1] + inside * inside];
            until.push(total);
        }
        let mean_square = innovations.iter().map(|e| e * e).sum::<f64>() / innovations.len() as f64;
        let robust = mad_sd(&innovations, 0.0);
        let scale = if robust > 0.0 { robust } else { mean_square.sqrt() };
        (scale > 0.0 && scale.is_finite()).then_some(Self { level, phi, innovations, until, scale })
    }

    /// The product of a run with the innovations, and its square.
    fn products(&self, run: Spike) -> [f64; 2] {
        let ends = (&self.level[run.from], &self.level[run.to - 1]);
        let innovations = (&self.innovations[run.from], &self.innovations[run.to]);
        self.products_of(ends, innovations, (&self.until[run.from + 1], &self.until[run.to]))
    }

    /// The same by the first and the last level of the run, the innovations with which it begins and after it, and the sums until its inside begins and ends.
    fn products_of(
        &self,
        (first, last): (&f64, &f64),
        (at_first, at_after): (&f64, &f64),
        (a, b): (&[f64; 2], &[f64; 2]),
    ) -> [f64; 2] {
        let after = -self.phi * last;
        let cross = first * at_first + after * at_after;
        [b[0] - a[0] + cross, b[1] - a[1] + first * first + after * after]
    }

    /// The multiple of the level that a run brings, by least squares.
    fn effect(&self, run: Spike) -> f64 {
        let [cross, square] = self.products(run);
        cross / square
    }

    /// Of the runs of a length that begin in these buckets the one that explains most, and how much: what [`Self::products`] says of each, from parts
    /// of equal length side by side.
    fn likeliest_of(&self, length: usize, starts: Range<usize>) -> (usize, f64) {
        let side = |by: usize| starts.start + by..starts.end + by;
        let ends = self.level[side(0)].iter().zip(&self.level[side(length - 1)]);
        let innovations = self.innovations[side(0)].iter().zip(&self.innovations[side(length)]);
        let inside = self.until[side(1)].iter().zip(&self.until[side(length)]);
        let of_runs = ends
            .zip(innovations)
            .zip(inside)
            .map(|((ends, innovations), inside)| self.products_of(ends, innovations, inside));
        let most = |best: (usize, f64), (from, [cross, square]): (usize, [f64; 2])| {
            // A division takes longer than all else.
            if cross * cross < best.1 * square * CLEARLY {
                return best;
            }
            let gain = gain([cross, square]);
            if gain > best.1 { (from, gain) } else { best }
        };
        starts.clone().zip(of_runs).fold((starts.start, 0.0), most)
    }

    /// The run that stands out most, and by how many standard deviations; none where none does.
    fn likeliest(&self, longest: usize) -> Option<(Spike, f64)> {
        let places = LEAST_BESIDE..self.level.len() - LEAST_BESIDE;
        let with_gain = |run: Spike| (run, gain(self.products(run)));
        let most = |a: (Spike, f64), b: (Spike, f64)| if b.1 > a.1 { b } else { a };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of buckets")]
        let longer = |length: &usize| Some(((*length as f64 * (1.0 + LONGER)) as usize).max(length + 1));
        let lengths = std::iter::successors(Some(SHORTEST), longer).take_while(|length| *length <= longest);
        let of_length = |length: usize| {
            let (from, gain) = self.likeliest_of(length, places.start..places.end + 1 - length);
            (Spike { from, to: from + length }, gain)
        };
        let (near, _) = lengths.map(of_length).reduce(most)?;
        // Between the lengths that were tried.
        let margin = near.len() / 4 + 1;
        let starts = near.from.saturating_sub(margin).max(places.start)..=near.from + margin;
        let ends = near.to - margin..=(near.to + margin).min(places.end);
        let runs = starts.flat_map(|from| ends.clone().map(move |to| (from, to)));
        let told = runs.filter(|(from, to)| (from + SHORTEST..=from + longest).contains(to));
        let (run, gain) = told.map(|(from, to)| with_gain(Spike { from, to })).reduce(most)?;
        (gain > 0.0).then(|| (run, gain.sqrt() / self.scale))
    }
}

/// How much of a sum of squares a regressor explains, by its product with what is to be explained and by its square.
fn gain([cross, square]: [f64; 2]) -> f64 {
    if square > 0.0 { cross * cross / square } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::normals;

    #[test]
    fn a_spell_is_found_where_it_is_and_noise_is_mostly_not_surprising() {
        let mut values = normals(400, 3);
        values[140..151].iter_mut().for_each(|v| *v -= 3.0);
        let found = likeliest_spell(&values, None, 48, 400).unwrap();
        assert!(found.run.from.abs_diff(140) <= 1 && found.run.to.abs_diff(151) <= 1, "{found:?}");
        assert!(found.p_value < 1e-9, "{found:?}");
        let surprising = |seed: u64| likeliest_spell(&normals(400, seed), None, 48, 400).unwrap().p_value < 0.05;
        let count = (0..200).filter(|seed| surprising(*seed)).count();
        assert!(count <= 20, "{count}");
    }

    #[test]
    fn what_counts_for_nothing_is_no_spell() {
        let mut values = normals(200, 5);
        values[60..70].iter_mut().for_each(|v| *v += 50.0);
        let weights: Vec<f64> = (0..200).map(|i| if (60..70).contains(&i) { 0.0 } else { 1.0 }).collect();
        let found = likeliest_spell(&values, Some(&weights), 24, 200).unwrap();
        assert!(found.p_value > 0.01, "{found:?}");
        assert_eq!(likeliest_spell(&[3.0; 40], None, 24, 40), None);
        assert_eq!(likeliest_spell(&[1.0, 2.0], None, 24, 2), None);
    }
}
