//! Judging one event by likelihood, under noise with memory, heavy tails and skewness.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::EFFECT_PRIOR;
use crate::detect::local::EVENT_PARAMETERS;
use crate::detect::rare::Rare;
use crate::detect::{Local, Shape, Spike};
use crate::stats::{
    EventRegression, Footprint, Score, StudentNoise, log_sum_exp, normal_of_skewed, normal_of_tails, quantile,
    small_sample_factor, without_skewness,
};

/// From so many prior standard deviations on, in units of the noise beside it, an effect may as well be drawn from wider priors.
const HUGE: f64 = 3.0;
/// Each of these is ten times as wide as the last, and has this share of its weight.
const HUGE_SHARE: f64 = 0.01;
/// How many wider priors there are.
const HUGE_SCALES: i32 = 3;
/// A level of fewer units is one of low counts.
const FEW: f64 = 8.0;
/// The quantile of the sizes of innovations beyond which none counts for their standard deviation.
const WINSORISED: f64 = 0.99;
/// From this autocorrelation on the innovations where a spike begins and ends tell more of it than those inside.
const REMEMBERS: f64 = 0.5;
/// Observations that scatter by less than this factor more or less than others are as skewed as they.
const AS_SPREAD: f64 = 2.0;

/// Judges events by likelihood under the noise of a [`Local`].
pub(in crate::detect) struct Judge<'a> {
    pub(super) local: &'a Local,
    pub(super) regression: &'a EventRegression,
    /// The innovations without an event, and what is left of them when their own memory is taken out.
    innovations: Cow<'a, [f64]>,
    /// log likelihood without an event, and the scale of the noise then.
    without: (f64, f64),
    /// Innovations where all that stands out is noise; worked out when a run is tested.
    wild: OnceCell<Vec<f64>>,
    /// The levels that observations have without an event, where they may be counts.
    levels: OnceCell<Option<Vec<f64>>>,
    /// How much likelier the data without an event is than it seems under the noise beside the event: log likelihood.
    handicap: f64,
}

/// How skewed innovations are, in proportion to how much each scatters.
#[derive(Debug, Clone, Copy, Default)]
struct Skewness {
    /// The skewness of one whose relative standard deviation is 1.
    by_spread: f64,
    /// Its standard error, as Gaussian noise has it.
    standard_error: f64,
}

impl Skewness {
    /// From standardised innovations and their relative standard deviations, by the mean of the third Hermite polynomial z³ − 3z, whose variance is
    /// 6 for Gaussian noise; none without any.
    fn told(standardised: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        let sum = |(n, cubes, spreads): (f64, f64, f64), (z, spread): (f64, f64)| {
            (n + 1.0, cubes + z * z * z - 3.0 * z, spreads + spread)
        };
        let (n, cubes, spreads) = standardised.fold((0.0_f64, 0.0, 0.0), sum);
        (spreads > 0.0).then(|| Self { by_spread: cubes / spreads, standard_error: (6.0 * n).sqrt() / spreads })
    }

    /// The skewness less what chance adds to it, by the positive part of James & Stein (1961).
    fn surely(self) -> f64 {
        self.by_spread * (1.0 - (self.standard_error / self.by_spread).powi(2)).max(0.0)
    }
}

impl<'a> Judge<'a> {
    pub(in crate::detect) fn new(local: &'a Local) -> Self {
        let regression = local.regression();
        let innovations = local.memory().filtered(&regression.innovations);
        let without = local.student().log_likelihood(&innovations, 0.0, regression.prior_cost(None, 0.0));
        Self { local, regression, innovations, without, wild: OnceCell::new(), levels: OnceCell::new(), handicap: 0.0 }
    }

    /// The same where no event is `handicap` (log likelihood) likelier than it seems under this noise.
    pub(in crate::detect) fn with_handicap(self, handicap: f64) -> Self {
        Self { handicap, ..self }
    }

    /// How much likelier the data is with an event of this effect: log likelihood ratio, priors of the coefficients included; and the scale of the noise
    /// beside it. The effect has a Gaussian prior of this precision, in units of that of the noise.
    fn gain(&self, footprint: &Footprint, effect: f64, precision: f64) -> (f64, f64) {
        let event = self.local.memory().filtered(&footprint.innovations);
        let left: Vec<f64> = self.innovations.iter().zip(event.iter()).map(|(e, u)| e - effect * u).collect();
        let cost = self.regression.prior_cost(Some(footprint), effect) + precision * effect * effect;
        let (log_likelihood, scale) = self.local.student().log_likelihood(&left, self.without.1, cost);
        (log_likelihood - self.without.0, scale)
    }

    /// Laplace's approximation of the log Bayes factor with an effect drawn from Normal(0, (gσ)²), exact for Gaussian noise of known scale; g is
    /// [`EFFECT_PRIOR`], and far beyond that a mixture, so that the tails of the effect are no lighter than those of the noise.
    pub(super) fn log_bayes(&self, score: Score, footprint: &Footprint) -> f64 {
        if !self.tells(score) {
            return 0.0;
        }
        let with = |prior: f64| {
            let per_square = 1.0 / (prior * prior);
            let shrunk = score.cross / (score.size + per_square);
            let occam = 0.5 * (score.size / per_square).ln_1p();
            let (gain, scale) = self.gain(footprint, shrunk, per_square);
            (self.share_that_counts() * gain - occam, scale)
        };
        let ((usual, scale), effect) = (with(EFFECT_PRIOR), score.cross / score.size);
        if effect.abs() <= HUGE * EFFECT_PRIOR * scale {
            return usual;
        }
        let huge = (1..=HUGE_SCALES).map(|k| with(EFFECT_PRIOR * 10_f64.powi(k)).0 + f64::from(k) * HUGE_SHARE.ln());
        log_sum_exp(&huge.chain([usual]).collect::<Vec<f64>>())
    }

    /// The log Bayes factor of an event with this regressor, the likelihood to this power; the prior of the effect is not tempered.
    pub(in crate::detect) fn tempered_log_bayes_of(&self, f: &[f64], power: f64) -> f64 {
        let (score, log_bayes) = self.scored(f);
        score.tempered(power, log_bayes)
    }

    /// The log Bayes factor of an event with this regressor.
    pub(in crate::detect) fn log_bayes_of(&self, f: &[f64]) -> f64 {
        self.scored(f).1
    }

    /// The score of an event with this regressor, and its log Bayes factor.
    fn scored(&self, f: &[f64]) -> (Score, f64) {
        let from = f.iter().position(|share| *share != 0.0).unwrap_or(f.len());
        let score = self.regression.score(f, from);
        (score, self.log_bayes(score, &self.regression.footprint(f, from)))
    }

    /// A statistic that is about standard normal where there is no event, positive where the metric rose. `k` is the first observation that
    /// the event touches.
    ///
    /// Of what lasts it is the signed root of the likelihood ratio with the small-sample correction of Wallace (1959) for Student's t.
    /// A pulse is too short for that: the tails of the few innovations that tell of it are combined as Fisher (1932) does. A step
    /// is as skewed as what its shorter side tells, and where the tails are wild one that leaves as few at an end is no further out than these.
    pub(in crate::detect) fn z(&self, shape: Shape, k: usize, score: Score, footprint: &Footprint) -> f64 {
        if !self.tells(score) {
            return 0.0;
        }
        if let Some(rare) = self.local.rare() {
            return self.z_of_rare(rare, shape, k);
        }
        let effect = score.cross / score.size;
        if let Shape::Pulse(_) = shape {
            return self.tails(shape.touched(self.local.places(), k), effect).copysign(effect);
        }
        let (root, scale) = self.signed_root(effect, footprint);
        let (shorter, among, sign) = self.sides(k);
        if shorter.is_empty() {
            return root;
        }
        let left = footprint.taken_from(&self.regression.innovations, effect);
        let z = self.without_skewness(sign * root, &shorter, among.len(), score, (&left, scale));
        let is_end = shorter.start == 0 || shorter.end == self.regression.len();
        let is_few = is_end && self.local.student().is_wild() && shorter.len() <= Spike::LONGEST;
        sign * if is_few { least_out(z, self.tails(shorter, z)) } else { z }
    }

    /// How likely it is that the statistic of an event is among the greatest, at once: what least squares explain by it, or its standard normal number squared.
    pub(in crate::detect) fn promise(&self, shape: Shape, k: usize, score: Score) -> f64 {
        match self.local.rare() {
            Some(rare) if shape == Shape::Step => {
                let (shorter, among, _) = self.sides(k);
                rare.about_out_of_share(&shorter, &among).powi(2)
            }
            _ => score.cross.powi(2) / score.size,
        }
    }

    /// The shorter side of a step at observation `k`, both sides, and the sign of a rise as the shorter one shows it: what comes before stands out to the
    /// other side.
    fn sides(&self, k: usize) -> (Range<usize>, Range<usize>, f64) {
        let Range { start, end } = self.local.between_others(k);
        let (before, after) = (start..k, k..end);
        let (shorter, sign) = if before.len() <= after.len() { (before, -1.0) } else { (after, 1.0) };
        (shorter, start..end, sign)
    }

    /// The statistic of an event among what comes rarely. A kink is told from a step by too little of it.
    fn z_of_rare(&self, rare: &Rare, shape: Shape, k: usize) -> f64 {
        match shape {
            Shape::Pulse(_) => rare.out_of_others(shape.touched(self.local.places(), k)),
            Shape::Kink => 0.0,
            Shape::Step => {
                let (shorter, among, sign) = self.sides(k);
                if shorter.is_empty() {
                    return 0.0;
                }
                let is_end = shorter.start == 0 || shorter.end == self.regression.len();
                sign * if is_end && shorter.len() <= Spike::LONGEST {
                    rare.out_of_others(shorter)
                } else {
                    rare.out_of_growth(&shorter, &among, self.local.phi())
                }
            }
        }
    }

    /// The root of the likelihood ratio of an event of this effect, with its sign, and the scale of the noise beside it.
    fn signed_root(&self, effect: f64, footprint: &Footprint) -> (f64, f64) {
        let (gain, scale) = self.gain(footprint, effect, 0.0);
        let ratio = (2.0 * self.share_that_counts() * (gain - self.handicap)).max(0.0);
        let freedom = self.regression.freedom - EVENT_PARAMETERS;
        ((small_sample_factor(freedom) * ratio.sqrt()).copysign(effect), scale)
    }

    /// A statistic of what the observations `touched` alone show, positive where these are above the others, less what noise that is not symmetric adds
    /// to it; and no further out than these are together, where tails are wild.
    pub(in crate::detect) fn z_of_run(&self, touched: Range<usize>, score: Score, footprint: &Footprint) -> f64 {
        if !self.tells(score) {
            return 0.0;
        }
        if let Some(rare) = self.local.rare() {
            let until = if touched.end < self.regression.len() {
                self.local.between_others(touched.end).end
            } else {
                touched.end
            };
            let among = self.local.between_others(touched.start).start..until;
            return rare.out_of_share(&touched, &among, self.local.phi());
        }
        let effect = score.cross / score.size;
        let left = footprint.taken_from(&self.regression.innovations, effect);
        let (z, scale) = self.signed_root(effect, footprint);
        let symmetric = self.without_skewness(z, &touched, self.regression.len(), score, (&left, scale));
        let tails = || self.tails(touched, z);
        if self.local.student().is_wild() { least_out(symmetric, tails()) } else { symmetric }
    }

    /// The statistic z of an event by which the observations `touched` are set off from the others `among` so many, positive where these are above the
    /// others, less what noise that is not symmetric adds to it. `left` are the innovations beside the event, and their scale.
    ///
    /// Of counts and of what is alike, the third cumulant of each observation is in proportion to the fourth power of its standard deviation σᵢ: of its
    /// innovation in units of σᵢ, cut as the tails say, the mean of z³ − 3z is cσᵢ, which others that scatter about as much tell. The estimate, which weighs
    /// by 1/σᵢ², has then the skewness γ = c times its standard error, and its standard normal number is that of Wilson & Hilferty (1931),
    /// (6/γ) ((γz/2 + 1)^⅓ − 1) + γ/6. Of a difference between k and m values the skewness is (m − k)/(m + k) of that: between as many it is none.
    fn without_skewness(
        &self,
        z: f64,
        touched: &Range<usize>,
        among: usize,
        score: Score,
        (left, scale): (&[f64], f64),
    ) -> f64 {
        let inside: Vec<usize> = touched.clone().collect();
        let skewness = self.skewness_beside(&inside, left, self.local.student(), scale);
        let share = (among as f64 - 2.0 * touched.len() as f64).max(0.0) / among as f64;
        let standard_error = scale / score.size.sqrt();
        let told = skewness.map_or(0.0, |skewness| skewness.surely() / score.size.sqrt());
        // Where nothing is negative, noise is at least as skewed as that of counts.
        let level = |levels: &Vec<f64>| levels[touched.clone()].iter().sum::<f64>() / touched.len() as f64;
        let level = self.levels_of_counts().map(level).filter(|level| *level > 0.0);
        let least = level.map_or(0.0, |level| standard_error / level);
        least_out(without_skewness(z, share * told), without_skewness(z, share * least))
    }

    /// The levels that observations have without an event, where they may be counts.
    fn levels_of_counts(&self) -> Option<&Vec<f64>> {
        self.levels.get_or_init(|| self.local.levels_of_counts()).as_ref()
    }

    /// How skewed the innovations beside `these` (ascending) are that scatter about as much; none where there are none.
    fn skewness_beside(
        &self,
        these: &[usize],
        innovations: &[f64],
        noise: StudentNoise,
        scale: f64,
    ) -> Option<Skewness> {
        let spread = self.local.spread();
        let usual = these.iter().map(|&i| spread[i]).sum::<f64>() / these.len() as f64;
        let is_alike = |i: &usize| spread[*i] < AS_SPREAD * usual && usual < AS_SPREAD * spread[*i];
        let mut next = these.iter().peekable();
        let is_beside = |i: &usize| next.next_if_eq(&i).is_none();
        let alike = (0..innovations.len()).filter(is_beside).filter(is_alike);
        let of = |i: usize| {
            let z = innovations[i] / scale;
            (noise.weight(z) * z, spread[i])
        };
        Skewness::told(alike.map(of))
    }

    /// The innovations that tell most of a run of observations, each with the direction to which an effect of this sign moves them: by 1 where it begins, 1 − φ
    /// inside, and −φ after it. Of longer runs than those of a spike those inside tell more, however little each.
    fn telling(&self, run: Range<usize>, effect: f64) -> Vec<(usize, f64)> {
        let direction = effect.signum();
        if self.local.phi() < REMEMBERS || run.len() > Spike::LONGEST {
            return run.map(|i| (i, direction)).collect();
        }
        let after = (run.end < self.regression.len()).then_some((run.end, -direction));
        std::iter::once((run.start, direction)).chain(after).collect()
    }

    /// The standard normal number as far out as the innovations are together that tell of a run of observations which stands out to the side of `effect`,
    /// each to its direction: −2 Σ log pᵢ follows χ² with two degrees of freedom for each.
    ///
    /// Noise that is not symmetric is made so first (Wilson & Hilferty 1931), and has the tails that are left then. Where nothing is negative, a fall is at
    /// most as surprising as the skewness of counts makes it, and a rise no more than that allows.
    fn tails(&self, run: Range<usize>, effect: f64) -> f64 {
        let innovations = self.wild.get_or_init(|| self.local.innovations_without_event());
        // The one after the run remembers it.
        let touched: Vec<usize> = (run.start..(run.end + 1).min(innovations.len())).collect();
        let out = self.telling(run, effect);
        let is_beside = |i: &usize| touched.binary_search(i).is_err();
        let beside = |values: &[f64]| (0..values.len()).filter(is_beside).map(|i| values[i]).collect::<Vec<f64>>();
        let least = self.local.student().least();
        let innovations_beside = beside(innovations);
        let fitted = StudentNoise::fitted(&innovations_beside, least);
        let scale_of = |noise: StudentNoise, values: &[f64]| noise.log_likelihood(values, 0.0, 0.0).1;
        let levels = self.levels_of_counts();
        // What is counted in whole units scatters by its tail as well, which an outlier has no part in.
        let unit = levels.map_or(0.0, |_| self.local.unit());
        let is_counted = unit > 0.0;
        let usual =
            if is_counted { winsorised_sd(&innovations_beside).max(least) } else { scale_of(fitted, innovations) };
        let skewness = self.skewness_beside(&touched, innovations, fitted, usual).unwrap_or_default();
        let spread = self.local.spread();
        let symmetric = |i: usize| {
            let z = innovations[i] / usual;
            let told = skewness.by_spread * spread[i];
            let most = told + 2.0 * skewness.standard_error * spread[i];
            let sd = usual * spread[i];
            match levels.filter(|levels| levels[i] > 0.0).map(|levels| sd / levels[i]) {
                Some(of_counts) if z < 0.0 => normal_of_skewed(z, of_counts.min(most)),
                Some(of_counts) => {
                    // A negative binomial law of this mean and variance.
                    let mixed = if is_counted { 2.0 * of_counts - unit / sd } else { 0.0 };
                    without_skewness(z, of_counts.max(mixed).max(told))
                }
                None => without_skewness(z, told),
            }
        };
        let symmetric: Vec<f64> = (0..innovations.len()).map(symmetric).collect();
        // The noise beside the event has lost its wildest value, if that is what the event is.
        let mut others = beside(&symmetric);
        let is_few = levels.is_some_and(|levels| is_counted && out.iter().all(|(i, _)| levels[*i] < FEW * unit));
        if is_few {
            // Low counts are lumps below the level, of which the tail above it knows nothing.
            others.retain(|z| z * effect > 0.0);
            others.extend(others.clone().iter().map(|z| -z));
        }
        let noise = StudentNoise::fitted(&others, least / usual).heavier();
        let scale = scale_of(noise, if is_few { &others } else { &symmetric });
        let Ok(law) = StudentsT::new(0.0, 1.0, noise.freedom()) else { return 0.0 };
        let tail = |&(i, direction): &(usize, f64)| law.sf(direction * symmetric[i] / scale);
        normal_of_tails(out.iter().map(tail), out.len())
    }

    fn tells(&self, score: Score) -> bool {
        score.is_testable() && self.regression.freedom >= EVENT_PARAMETERS + 1.0
    }

    /// Degrees of freedom that are left for each observation.
    fn share_that_counts(&self) -> f64 {
        (self.regression.freedom - EVENT_PARAMETERS) / self.regression.len() as f64
    }
}

/// The standard deviation of innovations about zero, where none counts for more than those of a hundredth (winsorised, Dixon 1960).
fn winsorised_sd(innovations: &[f64]) -> f64 {
    let sizes: Vec<f64> = innovations.iter().map(|e| e.abs()).collect();
    let most = quantile(&sizes, WINSORISED);
    (sizes.iter().map(|e| e.min(most).powi(2)).sum::<f64>() / sizes.len() as f64).sqrt()
}

/// The one of two statistics that is less far out, on the side of the first.
fn least_out(z: f64, other: f64) -> f64 {
    z.abs().min(other.abs()).copysign(z)
}
