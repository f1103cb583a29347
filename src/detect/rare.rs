//! What comes rarely: a metric that has one value, as zero, in more than half of its buckets.

mod law;

use std::ops::Range;

use super::Spike;
use crate::stats::{median, normal_of_share, normal_of_skewed, normal_of_tail, normal_of_tails, quantile, usual_value};
use law::Law;

/// Amounts of fewer units are counts.
const FEW: f64 = 8.0;
/// Sums do not scatter by less than this share of what each part does that comes by itself.
const LEAST: f64 = 0.05;
/// The logarithm of twenty, from which on evidence is strong (Kass & Raftery 1995).
const CLEARLY: f64 = 3.0;
/// So many halvings find where a likelihood is greatest.
const HALVED: usize = 30;
/// No amount that is not a few units counts in sums for more than so many of the middle one (winsorised, Dixon 1960).
const WINSORISED: f64 = 3.0;
/// So many of those that come may lie on the other side of the usual value: else it is but the middle of rounded values.
const OTHER_SIDE: f64 = 0.05;
/// Of what is rounded so many are no more than two units away.
const NEARLY_ALL: f64 = 0.95;
/// What hangs together more is a level.
const MOST: f64 = 0.95;
/// What mostly comes for longer is a level of its own.
const LONGEST: f64 = 4.0;
/// Multiples are whole within this.
const WHOLE: f64 = 1e-6;
/// Values that differ by a smaller share of the greatest are the same.
const SAME: f64 = 1e-9;

/// Values of which more than half are one, and the others come and go.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rare {
    /// By how much each value lies above the one of most, in the order of time; 0 where it is missing.
    amounts: Vec<f64>,
    /// The same where no amount that is not a few units counts for more than some: sums tell then of how often something comes as well.
    cut: Vec<f64>,
    is_missing: Vec<bool>,
    /// What is usual of each, in proportion; none where that is the same for all.
    exposures: Option<Vec<f64>>,
    /// Of amounts that are a few units each the unit.
    unit: Option<f64>,
    /// Of the buckets before each: what is usual, and the sums of the first three powers of the parts of amounts.
    until: Vec<[f64; 4]>,
}

impl Rare {
    /// None where no value is that of more than half, or they are a constant that is left for a few events, or what comes mostly stays, or lies on either side.
    pub(super) fn told(values: &[f64]) -> Option<Self> {
        Self::beside(values, usual_value(values)?, None)
    }

    /// The same of counts or sums that come to nothing in more than half of the buckets, divided by what is usual of each.
    pub(super) fn told_by(quotients: &[f64], usual: Vec<f64>) -> Option<Self> {
        let values: Vec<f64> = quotients.iter().zip(&usual).map(|(quotient, usual)| quotient * usual).collect();
        let most = usual_value(&values).filter(|most| *most == 0.0)?;
        Self::beside(&values, most, Some(usual))
    }

    fn beside(values: &[f64], usual: f64, exposures: Option<Vec<f64>>) -> Option<Self> {
        let amounts = beside_usual(values, usual);
        if stays(&amounts) > LONGEST || other_side(&amounts) > OTHER_SIDE {
            return None;
        }
        let sizes = sizes_of(&amounts);
        let most = median(&sizes);
        let unit = unit_of(&sizes).filter(|unit| most < FEW * unit);
        let cut_at = if unit.is_some() { f64::INFINITY } else { WINSORISED * most };
        let cut: Vec<f64> = amounts.iter().map(|a| a.clamp(-cut_at, cut_at)).collect();
        let is_missing = values.iter().map(|v| v.is_nan()).collect();
        let mut rare = Self { amounts, cut, is_missing, exposures, unit, until: vec![[0.0; 4]] };
        let mut sums = [0.0; 4];
        for (i, a) in rare.cut.iter().enumerate() {
            // Parts are amounts, or as many units.
            let (part, count) = unit.map_or((*a, 1.0), |unit| (unit.copysign(*a), a.abs() / unit));
            let more = [rare.exposure(i), count * part, count * part.powi(2), count * part.powi(3)];
            sums = std::array::from_fn(|k| sums[k] + more[k]);
            rare.until.push(sums);
        }
        Some(rare)
    }

    fn exposure(&self, i: usize) -> f64 {
        self.exposures.as_ref().map_or(1.0, |exposures| exposures[i])
    }

    /// How far out each value is: the standard normal number of what is as rare by all but the few greatest amounts, with the sign of its side.
    pub(super) fn out(&self) -> Vec<f64> {
        let mut greatest: Vec<usize> = (0..self.amounts.len()).filter(|&i| self.amounts[i] != 0.0).collect();
        if greatest.len() > Spike::LONGEST {
            let size = |i: &usize| self.amounts[*i].abs();
            greatest.select_nth_unstable_by(Spike::LONGEST, |a, b| size(b).total_cmp(&size(a)));
            greatest.truncate(Spike::LONGEST);
        }
        let law = self.law(|i| greatest.contains(&i));
        let out =
            |i: usize| law.as_ref().map_or(0.0, |law| normal_of_tail(self.tail(law, i))).copysign(self.amounts[i]);
        self.is_missing.iter().enumerate().map(|(i, is)| if *is { f64::NAN } else { out(i) }).collect()
    }

    /// How far a run stands out of the others: the standard normal number of what is as rare, positive where what comes is above. The chances of its
    /// buckets are combined as Fisher (1932) does.
    pub(super) fn out_of_others(&self, run: Range<usize>) -> f64 {
        let Some(law) = self.law(|i| run.contains(&i)) else { return 0.0 };
        let z = normal_of_tails(run.clone().map(|i| self.tail(&law, i)), run.len());
        z.copysign(self.amounts[run].iter().sum())
    }

    /// How far what comes in a run stands out of what comes `among` all buckets which it lies, positive where it is more: the standard normal number of what
    /// falls there by chance ([`normal_of_share`]). The noise has this autocorrelation.
    ///
    /// Of amounts of a few units each unit falls by itself, else each amount. Sums scatter more or less than that, by the mean square of what levels beside and
    /// in the run leave (quasi-likelihood, Wedderburn 1974), and more where what comes hangs together.
    pub(super) fn out_of_share(&self, run: &Range<usize>, among: &Range<usize>, phi: f64) -> f64 {
        self.out_of_parts(run, among, self.together(run, among, phi))
    }

    /// The same, where sums scatter so many times as much as those of parts.
    fn out_of_parts(&self, run: &Range<usize>, among: &Range<usize>, together: f64) -> f64 {
        let [_, sum, ..] = self.sums(run);
        let parts = self.parts(among);
        // By less than half of what mostly comes no two sums are told apart.
        let unit = self.unit.unwrap_or_else(|| median(&parts.iter().map(|(a, _)| a.abs()).collect::<Vec<f64>>()));
        // What comes by itself is greater than a part, where sums scatter more: so many parts fall together.
        let (times, less) = (together.max(1.0), together.min(1.0).sqrt());
        let parts: Vec<(f64, f64)> = parts.iter().map(|(a, count)| (a * times, count / times)).collect();
        normal_of_share(&parts, self.share(run, among), sum, unit) / less
    }

    /// The same of a step, where it is [`CLEARLY`] likelier than that what comes grows or fades in a straight line; else no more than w, where w²/2 is by how much
    /// it is likelier: chance reaches that as often as the step beside the line reaches w.
    pub(super) fn out_of_growth(&self, side: &Range<usize>, among: &Range<usize>, phi: f64) -> f64 {
        let together = self.together(side, among, phi);
        let z = self.out_of_parts(side, among, together);
        let [_, _, square, _] = self.sums(among);
        if square <= 0.0 {
            return 0.0;
        }
        let size: f64 = self.cut[among.clone()].iter().map(|a| a.abs()).sum();
        // The quasi-likelihood of amounts whose variance is so many times their mean.
        let dispersion = together * square / size;
        let likelier = (self.log_of_levels(side, among) - self.log_of_growth(among)) / dispersion;
        if likelier >= CLEARLY { z } else { z.abs().min((2.0 * likelier.max(0.0)).sqrt()).copysign(z) }
    }

    /// The variance of sums of noise with this autocorrelation, as a multiple of what it is where each part falls by itself.
    fn together(&self, run: &Range<usize>, among: &Range<usize>, phi: f64) -> f64 {
        let [_, _, square, _] = self.sums(among);
        let levels = [run.clone(), among.start..run.start, run.end..among.end].map(|side| self.left(side));
        let length = run.len() as f64;
        // Var(x₁ + … + xₘ)/m of a first-order autoregression with unit variance.
        let inflation =
            (1.0 + phi) / (1.0 - phi) - 2.0 * phi * (1.0 - phi.powf(length)) / (length * (1.0 - phi).powi(2));
        if square > 0.0 { (levels.iter().sum::<f64>() / square).max(LEAST) * inflation } else { 1.0 }
    }

    /// Σ xᵢ log(λᵢ/λ) of sizes that come at one rate λ₁ in a part of the time and at another one beside it.
    fn log_of_levels(&self, side: &Range<usize>, among: &Range<usize>) -> f64 {
        let sizes = |range: Range<usize>| self.cut[range].iter().map(|a| a.abs()).sum::<f64>();
        let (all, inside, share) = (sizes(among.clone()), sizes(side.clone()), self.share(side, among));
        let log = |size: f64, share: f64| if size > 0.0 { size * (size / (all * share)).ln() } else { 0.0 };
        log(inside, share) + log(all - inside, 1.0 - share)
    }

    /// The most of the same where the rate is λ (1 + b τ) at the time τ, which is 0 in the mean of what is usual.
    fn log_of_growth(&self, among: &Range<usize>) -> f64 {
        let [usual, ..] = self.sums(among);
        let middle = among.clone().map(|i| self.exposure(i) * i as f64).sum::<f64>() / usual;
        let half = 0.5 * among.len() as f64;
        let comes = among.clone().filter(|&i| self.cut[i] != 0.0);
        let comes: Vec<(f64, f64)> = comes.map(|i| (self.cut[i].abs(), (i as f64 - middle) / half)).collect();
        // Where no rate is below zero.
        let end = |i: usize| -half / (i as f64 - middle);
        let (mut low, mut high) = (end(among.end - 1), end(among.start));
        // The derivative falls.
        for _ in 0..HALVED {
            let b = f64::midpoint(low, high);
            let rises = comes.iter().map(|(size, tau)| size * tau / (1.0 + b * tau)).sum::<f64>() > 0.0;
            if rises { low = b } else { high = b }
        }
        let b = f64::midpoint(low, high);
        comes.iter().map(|(size, tau)| size * (b * tau).ln_1p()).sum()
    }

    /// About the same for white noise, at once: the sum as a law that is as skewed has it (Wilson & Hilferty 1931).
    pub(super) fn about_out_of_share(&self, run: &Range<usize>, among: &Range<usize>) -> f64 {
        let ([of, sum, _, _], [all, total, square, cube]) = (self.sums(run), self.sums(among));
        let share = of / all;
        let scatters = (share * (1.0 - share) * square).sqrt();
        if scatters.is_nan() || scatters <= 0.0 {
            return 0.0;
        }
        let skewness = (1.0 - 2.0 * share) * cube / (share * (1.0 - share)).sqrt() / square.powf(1.5);
        normal_of_skewed((sum - share * total) / scatters, skewness)
    }

    /// What is usual in a range, and the sums of the first three powers of the parts of what comes.
    fn sums(&self, range: &Range<usize>) -> [f64; 4] {
        std::array::from_fn(|k| self.until[range.end][k] - self.until[range.start][k])
    }

    /// What comes in a range, in parts of which each comes by itself, and how many there are of each.
    fn parts(&self, range: &Range<usize>) -> Vec<(f64, f64)> {
        let amounts = self.cut[range.clone()].iter().filter(|a| **a != 0.0);
        match self.unit {
            None => amounts.map(|a| (*a, 1.0)).collect(),
            Some(unit) => [unit, -unit]
                .map(|unit| (unit, amounts.clone().map(|a| (a / unit).max(0.0)).sum::<f64>()))
                .into_iter()
                .filter(|(_, count)| *count > 0.0)
                .collect(),
        }
    }

    /// The share of what is usual in a range that is usual in a run.
    fn share(&self, run: &Range<usize>, range: &Range<usize>) -> f64 {
        self.sums(run)[0] / self.sums(range)[0]
    }

    /// The sum of squares that one level leaves in a range.
    fn left(&self, range: Range<usize>) -> f64 {
        let [usual, sum, ..] = self.sums(&range);
        let level = if usual > 0.0 { sum / usual } else { 0.0 };
        range.map(|i| (self.cut[i] - level * self.exposure(i)).powi(2)).sum()
    }

    /// How much of what comes in one bucket is left in the next: the greater autocorrelation of what a fit leaves of the amounts, and of the amounts when none
    /// counts for more than most, which tell of how often something comes as well.
    pub(super) fn autocorrelation(&self, residuals: &[f64], places: &[usize]) -> f64 {
        let most = median(&sizes_of(&self.amounts));
        let cut = || self.amounts.iter().map(|a| a.clamp(-most, most));
        // A rate that moves the level moves that of these in proportion.
        let left: Vec<f64> = residuals.iter().enumerate().map(|(i, r)| r * self.exposure(i)).collect();
        let fit: Vec<f64> = self.amounts.iter().zip(&left).map(|(a, left)| a - left).collect();
        let square: f64 = fit.iter().map(|fit| fit * fit).sum();
        let share = if square > 0.0 { cut().zip(&fit).map(|(a, fit)| a * fit).sum::<f64>() / square } else { 0.0 };
        let of_cut: Vec<f64> = cut().zip(&fit).map(|(a, fit)| a - share * fit).collect();
        let of = |left: &[f64]| {
            // As much scatter as much is usual.
            let even: Vec<f64> = left.iter().enumerate().map(|(i, r)| r / self.exposure(i).sqrt()).collect();
            let mean = even.iter().sum::<f64>() / even.len() as f64;
            let r: Vec<f64> = even.iter().map(|r| r - mean).collect();
            let next = (1..r.len()).filter(|&i| places[i] == places[i - 1] + 1);
            let (n, cross) = next.fold((0.0, 0.0), |(n, sum), i| (n + 1.0, sum + r[i] * r[i - 1]));
            let square = r.iter().map(|r| r * r).sum::<f64>() / r.len() as f64;
            if n > 0.0 && square > 0.0 { cross / n / square } else { 0.0 }
        };
        of(&left).max(of(&of_cut)).clamp(0.0, MOST)
    }

    /// What comes by chance, as the other values tell; none where they are too few.
    fn law(&self, is_left_out: impl Fn(usize) -> bool) -> Option<Law> {
        let is_told = |i: &usize| !is_left_out(*i) && !self.is_missing[*i];
        let bucket = |i: usize| (self.amounts[i].abs(), self.exposure(i));
        let buckets: Vec<(f64, f64)> = (0..self.amounts.len()).filter(is_told).map(bucket).collect();
        let share_after = |some: bool| {
            let follows = |i: &usize| is_told(i) && is_told(&(i - 1)) && (self.amounts[i - 1] != 0.0) == some;
            let count = |(n, comes): (f64, f64), i: usize| (n + 1.0, comes + f64::from(self.amounts[i] != 0.0));
            let (n, comes) = (1..self.amounts.len()).filter(follows).fold((0.0, 0.0), count);
            // The estimate of Krichevsky & Trofimov (1981) is never none.
            (comes + 0.5) / (n + 1.0)
        };
        Law::told(&buckets, self.unit, share_after(true) / share_after(false))
    }

    /// The chance that as much comes in a bucket.
    fn tail(&self, law: &Law, i: usize) -> f64 {
        let follows = i > 0 && self.amounts[i - 1] != 0.0;
        let amount = self.amounts[i].abs();
        if amount > 0.0 { law.tail(amount, self.exposure(i), follows) } else { 1.0 }
    }
}

/// Whether a metric moves by about as much as it is rounded to: more than half of its values are one, the others come and go on either side of it, and hardly any
/// is more than two units away.
pub(super) fn is_rounded_to_one(values: &[f64]) -> bool {
    let Some(amounts) = usual_value(values).map(|usual| beside_usual(values, usual)) else { return false };
    let sizes = sizes_of(&amounts);
    let is_near = |unit: f64| quantile(&sizes, NEARLY_ALL) < 2.5 * unit;
    stays(&amounts) <= LONGEST && other_side(&amounts) > OTHER_SIDE && unit_of(&sizes).is_some_and(is_near)
}

/// By how much each value lies above the usual one; 0 where it is missing.
fn beside_usual(values: &[f64], usual: f64) -> Vec<f64> {
    let same = SAME * values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let amount = |v: &f64| if v.is_nan() || (v - usual).abs() <= same { 0.0 } else { v - usual };
    values.iter().map(amount).collect()
}

/// The sizes of the amounts that come.
fn sizes_of(amounts: &[f64]) -> Vec<f64> {
    amounts.iter().map(|a| a.abs()).filter(|a| *a > 0.0).collect()
}

/// For how many buckets what comes stays: the median.
fn stays(amounts: &[f64]) -> f64 {
    let comes = amounts.chunk_by(|a, b| (*a == 0.0) == (*b == 0.0)).filter(|run| run[0] != 0.0);
    median(&comes.map(|run| run.len() as f64).collect::<Vec<f64>>())
}

/// The share of amounts that lie on the side on which fewer are.
fn other_side(amounts: &[f64]) -> f64 {
    let (above, below) = amounts
        .iter()
        .fold((0.0_f64, 0.0_f64), |(above, below), a| (above + f64::from(*a > 0.0), below + f64::from(*a < 0.0)));
    above.min(below) / (above + below)
}

/// The unit of which all sizes are whole multiples: the least of them, or the least distance between two; none where neither is.
fn unit_of(sizes: &[f64]) -> Option<f64> {
    let mut sorted = sizes.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (least, most) = (*sorted.first()?, *sorted.last()?);
    let apart = sorted.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > SAME * most).fold(f64::INFINITY, f64::min);
    let divides = |unit: &f64| sorted.iter().all(|v| ((v / unit).round() - v / unit).abs() < WHOLE);
    [least, apart].into_iter().filter(|unit| unit.is_finite()).find(divides)
}
