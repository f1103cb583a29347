//! The noise of a stretch: what it remembers, where it scatters more, and how heavy its tails are.

use chrono::Timelike;

use crate::detect::Rhythm;
use crate::detect::rare::{Rare, is_rounded_to_one};
use crate::detect::scatter::{ALIKE, MOST_GROUPS, rounding};
use crate::model::{Series, Step};
use crate::stats::{Explained, Precision, StudentNoise, lag_one_autocorrelation, shrunk_to_mean};

use super::Scope;

/// What is known of the noise.
#[derive(Debug, Clone)]
pub(super) struct Noise {
    /// Autocorrelation from bucket to bucket.
    pub(super) phi: f64,
    /// Standard deviation of each innovation relative to the others: nights are quieter than days, or noisier.
    pub(super) spread: Vec<f64>,
    /// How much each innovation counts in a least-squares fit.
    pub(super) weights: Vec<f64>,
    /// The tails.
    pub(super) student: StudentNoise,
}

/// What the noise of a stretch may depend on.
pub(super) struct Surroundings<'a> {
    places: &'a [usize],
    /// The denominators of the series, where it is a ratio.
    denominators: Option<&'a [f64]>,
    /// The standard deviation of the noise of each observation relative to the others, on the level scale and on that of logarithms, where the whole series tells it.
    scatter: [Option<Vec<f64>>; 2],
    /// The time of day of each observation, for buckets below a day; else all 0.
    times_of_day: Vec<usize>,
    /// The part of the stretch in which each observation lies, where the scatter may differ between parts.
    blocks: Vec<usize>,
    /// The autocorrelation, where it is known from more data than this.
    phi: Option<f64>,
    /// The observations, where what comes is rare.
    rare: Option<&'a Rare>,
    /// Whether most values are rounded to the same one, and the others lie on either side.
    is_rounded: bool,
    /// The values as they count on the log scale.
    values: Vec<f64>,
    /// The standard deviation of what each value lost by rounding, on the level scale; 0 where that is too little to matter.
    rounding: Vec<f64>,
}

/// Fewest observations that tell the scatter of a time of day.
const LEAST_PER_GROUP: f64 = 5.0;
/// Observations that tell the scatter of one part of a stretch.
const BLOCK: usize = 60;

/// Levels within this factor scatter about alike.
const LEVELS_DIFFER: f64 = 1.5;
/// No level is thought to scatter less than this share of the mean one.
const LEAST_LEVEL: f64 = 0.02;

impl Noise {
    /// White Gaussian noise for `n` observations.
    pub(super) fn white(n: usize) -> Self {
        Self { phi: 0.0, spread: vec![1.0; n], weights: vec![1.0; n], student: StudentNoise::GAUSSIAN }
    }
}

impl<'a> Surroundings<'a> {
    /// The observations of a stretch at `places`, and their `values` on the level scale.
    pub(super) fn new(
        series: &'a Series,
        known: &[&Rhythm],
        places: &'a [usize],
        values: &[f64],
        rare: Option<&'a Rare>,
        scope: &Scope<'_>,
    ) -> Self {
        let n = places.len();
        let count = if scope.uneven { (n / BLOCK).max(1) } else { 1 };
        let told: Vec<f64> = values.iter().map(|v| series.unless_apart(*v)).collect();
        let lost = rounding(&told, series.denominators().map(|all| places.iter().map(|&p| all[p]).collect()));
        Self {
            places,
            denominators: series.denominators(),
            scatter: [0, 1].map(|scale| known_scatter(known, scale, places)),
            times_of_day: times_of_day(series, places),
            blocks: (0..n).map(|j| j * count / n).collect(),
            phi: scope.phi,
            rare,
            is_rounded: rare.is_none() && is_rounded_to_one(&told),
            values: values.iter().map(|v| series.or_apart(*v)).collect(),
            // Nothing at zero was rounded to it.
            rounding: lost.iter().zip(&told).map(|(lost, v)| if v.is_nan() { 0.0 } else { *lost }).collect(),
        }
    }

    /// The observations, where what comes is rare.
    pub(super) fn rare(&self) -> Option<&'a Rare> {
        self.rare
    }

    /// The unit of values that are whole multiples of it; 0 where there is none, or of ratios.
    pub(super) fn unit(&self) -> f64 {
        let least = || self.rounding.iter().copied().fold(0.0, f64::max);
        if self.denominators.is_none() { least() * 12.0_f64.sqrt() } else { 0.0 }
    }

    /// The standard deviation of what each value lost by rounding, on the level scale or that of logarithms.
    pub(super) fn rounding(&self, log: bool) -> Vec<f64> {
        let of = |(sd, value): (&f64, &f64)| if log { sd / value } else { *sd };
        self.rounding.iter().zip(&self.values).map(of).collect()
    }

    /// The noise that these residuals of a fit are, of which it `explained` a part, where an earlier view of it was `last`.
    ///
    /// No value is known better than it was rounded: no scale is below `rounding`. Observations scatter by what rhythms bring to them, which is
    /// `usual`, and by the time of day.
    pub(super) fn noise(
        &self,
        residuals: &[f64],
        explained: impl Fn() -> Explained,
        last: &Noise,
        (log, rounding): (bool, &[f64]),
        (usual, levels): (Option<&[f64]>, Option<&[f64]>),
    ) -> Noise {
        if let Some(rare) = self.rare {
            return self.noise_of_rare(rare, residuals);
        }
        let lost = rounding.iter().map(|r| r * r).sum::<f64>() / rounding.len() as f64;
        let phi = self.phi.unwrap_or_else(|| lag_one_autocorrelation(residuals, self.places, explained(), lost));
        let ones = vec![1.0; residuals.len()];
        let raw = Precision::new(self.places, phi, &ones, &last.weights).innovations(residuals);
        let nothing = vec![0.0; raw.len()];
        let known = self.scatter[usize::from(log)].as_ref();
        let mut spread = known.cloned().unwrap_or_else(|| self.by_denominator(&raw));
        if let Some(by_level) = levels.and_then(|levels| by_level(&raw, &spread, levels)) {
            spread = by_level;
        }
        let all = vec![0; raw.len()];
        for (groups, least) in [
            (&usual.map_or_else(|| all.clone(), alike), rounding),
            (if known.is_some() { &all } else { &self.times_of_day }, rounding),
            (&self.blocks, &nothing),
        ] {
            let over_spread = |x: &[f64]| x.iter().zip(&spread).map(|(x, s)| x / s).collect::<Vec<f64>>();
            let of_group = relative_scatter(&over_spread(&raw), last.student, groups, &over_spread(least));
            spread.iter_mut().zip(of_group).for_each(|(s, more)| *s *= more);
        }
        let innovations: Vec<f64> = raw.iter().zip(&spread).map(|(e, s)| e / s).collect();
        let least = rounding.iter().zip(&spread).map(|(r, s)| r / s).sum::<f64>() / rounding.len() as f64;
        // By a law with a peak all others would be outliers.
        let student =
            if self.is_rounded { StudentNoise::gaussian(least) } else { StudentNoise::fitted(&innovations, least) };
        Noise { phi, spread, weights: student.weights(&innovations), student }
    }

    /// The same of what comes rarely. By any law that is symmetric about a level all of it would be outliers; of sums no more is needed than how much they
    /// scatter.
    fn noise_of_rare(&self, rare: &Rare, residuals: &[f64]) -> Noise {
        let phi = self.phi.unwrap_or_else(|| rare.autocorrelation(residuals, self.places));
        let white = Noise::white(residuals.len());
        Noise { phi, spread: self.of_denominator().unwrap_or(white.spread), ..white }
    }

    /// The standard deviation of each observation by its denominator n, as 1/√n relative to the others; none without denominators.
    fn of_denominator(&self) -> Option<Vec<f64>> {
        let all = self.denominators?;
        let mean = mean_log(all, self.places);
        Some(self.places.iter().map(|&p| (0.5 * (mean - all[p].ln())).exp()).collect())
    }

    /// The standard deviation of each innovation by its denominator, as of a binomial share: 1/√n relative to the others. One for all where
    /// there is no denominator, or where the innovations are likelier without it, because something else makes most of the scatter.
    fn by_denominator(&self, innovations: &[f64]) -> Vec<f64> {
        let ones = vec![1.0; innovations.len()];
        let Some(spread) = self.of_denominator() else { return ones };
        // About a geometric mean the logarithms of the spread add up to 0, and likelihoods compare as they are.
        if log_likelihood(innovations, &spread) > log_likelihood(innovations, &ones) { spread } else { ones }
    }
}

/// The `spread` of innovations where it is that of counts as well, whose variance is in proportion to their level (quasi-Poisson, Wedderburn 1974); none
/// where the levels are about the same, or the innovations likelier without.
fn by_level(innovations: &[f64], spread: &[f64], levels: &[f64]) -> Option<Vec<f64>> {
    let least = LEAST_LEVEL * levels.iter().map(|level| level.max(0.0)).sum::<f64>() / levels.len() as f64;
    let (low, high) =
        levels.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), level| (low.min(*level), high.max(*level)));
    if least <= 0.0 || high < LEVELS_DIFFER * low.max(least) {
        return None;
    }
    let mean = levels.iter().map(|level| level.max(least).ln()).sum::<f64>() / levels.len() as f64;
    let of_level = |(s, level): (&f64, &f64)| s * (0.5 * (level.max(least).ln() - mean)).exp();
    let by_level: Vec<f64> = spread.iter().zip(levels).map(of_level).collect();
    (log_likelihood(innovations, &by_level) > log_likelihood(innovations, spread)).then_some(by_level)
}

/// log likelihood of innovations that scatter by this spread, whose geometric mean does not matter as long as it is that of the other one.
fn log_likelihood(innovations: &[f64], spread: &[f64]) -> f64 {
    let even: Vec<f64> = innovations.iter().zip(spread).map(|(e, s)| e / s).collect();
    StudentNoise::fitted(&even, 0.0).log_likelihood(&even, 0.0, 0.0).0
}

/// The standard deviation of the innovations in each group, such as a time of day, relative to that of all.
///
/// The logarithms of the variances are drawn to their mean by as much as they scatter by chance alone: of noise that is the same all day nothing is
/// left but 1. No variance of a group is below the mean
/// square of what is `least` in it.
fn relative_scatter(innovations: &[f64], student: StudentNoise, groups: &[usize], least: &[f64]) -> Vec<f64> {
    let weights = student.weights(innovations);
    let mut sums = vec![(0.0_f64, 0.0_f64, 0.0); groups.iter().max().map_or(1, |m| m + 1)];
    for (j, &group) in groups.iter().enumerate() {
        let (square, least) = (weights[j] * innovations[j].powi(2), least[j].powi(2));
        sums[group] = (sums[group].0 + square, sums[group].1 + least, sums[group].2 + 1.0);
    }
    let log = |group: usize| (sums[group].0.max(sums[group].1) / sums[group].2).ln();
    let told: Vec<usize> =
        (0..sums.len()).filter(|&group| log(group).is_finite() && sums[group].2 >= LEAST_PER_GROUP).collect();
    if told.len() < 2 {
        return vec![1.0; innovations.len()];
    }
    // The logarithm of a variance of n observations has variance 2/n, and more where tails are heavy.
    let by_chance = |&group: &usize| 2.0 / sums[group].2 * (student.freedom() + 3.0) / student.freedom();
    let logs: Vec<f64> = told.iter().map(|&group| log(group)).collect();
    let left = shrunk_to_mean(&logs, &told.iter().map(by_chance).collect::<Vec<_>>());
    let mut sd = vec![1.0; sums.len()];
    told.iter().zip(left).for_each(|(&group, log)| sd[group] = (0.5 * log).exp());
    groups.iter().map(|&group| sd[group]).collect()
}

/// Groups of observations to which the rhythms that a stretch tells bring alike, one for all where they are few or there is no rhythm.
fn alike(usual: &[f64]) -> Vec<usize> {
    let count = (usual.len() / ALIKE).clamp(1, MOST_GROUPS);
    let mut edges = usual.to_vec();
    edges.sort_unstable_by(f64::total_cmp);
    edges = (1..count).map(|k| edges[k * edges.len() / count]).collect();
    edges.dedup();
    usual.iter().map(|x| edges.partition_point(|edge| edge <= x)).collect()
}

/// The mean logarithm of the denominators of these buckets.
fn mean_log(denominators: &[f64], places: &[usize]) -> f64 {
    places.iter().map(|&p| denominators[p].ln()).sum::<f64>() / places.len() as f64
}

/// How much each observation scatters by what is known of its phases on a scale; none where no rhythm knows it.
fn known_scatter(known: &[&Rhythm], scale: usize, places: &[usize]) -> Option<Vec<f64>> {
    let of = |rhythm: &&Rhythm| {
        let scatter = rhythm.known.as_ref()?.scatter[scale].as_ref()?;
        Some(places.iter().map(|&p| scatter[rhythm.phases[p]]).collect())
    };
    known.iter().find_map(of)
}

/// The hour of the day of each observation for buckets below a day, else 0 for all.
fn times_of_day(series: &Series, places: &[usize]) -> Vec<usize> {
    let hour = |p: &usize| if series.step() < Step::Day { series.moment(*p).hour() as usize } else { 0 };
    places.iter().map(hour).collect()
}
