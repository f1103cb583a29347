//! The neighbourhood of a moment in detail: one regression that explains it without any event.

use std::ops::Range;

use chrono::Timelike;

use crate::model::{Series, Step};
use crate::stats::{Design, EventRegression, Precision, StudentNoise, lag_one_autocorrelation, log_sum_exp};

use super::event::best_by_least_squares;
use super::{Moments, Rhythm, Shape};

/// A stretch of a series, explained by level, slope, rhythms and earlier or later changes, under autocorrelated noise with outliers.
#[derive(Debug, Clone)]
pub struct Local {
    places: Vec<usize>,
    y: Vec<f64>,
    log: bool,
    design: Design,
    regression: EventRegression,
    noise: Noise,
    step: f64,
}

/// What is known of the noise.
#[derive(Debug, Clone)]
struct Noise {
    /// Autocorrelation from bucket to bucket.
    phi: f64,
    /// Standard deviation of each innovation relative to the others: nights are quieter than days, or noisier.
    spread: Vec<f64>,
    /// How much each innovation counts in a least-squares fit.
    weights: Vec<f64>,
    /// The tails.
    student: StudentNoise,
}

/// Why a stretch cannot be analysed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// Too few buckets with a value.
    #[error("{0} buckets with a value are too few")]
    TooFew(usize),
    /// All values are equal, so there is no noise to compare with.
    #[error("all values are equal")]
    Constant,
}

/// What a [`Local`] is to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope<'a> {
    /// The buckets of the stretch.
    pub range: Range<usize>,
    /// The buckets in which the event may have started.
    pub focus: Range<usize>,
    /// First buckets of other changes; those inside the range but outside the focus are taken into the explanation.
    pub others: &'a [usize],
    /// Buckets to leave out: spikes outside the focus.
    pub without: &'a [usize],
}

/// The spread of a time of day is drawn to that of all with the weight of so many observations.
const SPREAD_PRIOR: f64 = 10.0;
/// An event whose moment was sought costs as many degrees of freedom as this many parameters (Hall, Osborn & Sakkas 2013).
pub(super) const EVENT_PARAMETERS: f64 = 3.0;
/// How often the noise is estimated anew under the best event.
const ROUNDS: usize = 5;
/// Prior precision of a seasonal effect that may be as large as four standard deviations of the noise.
const RHYTHM_RIDGES: [f64; 4] = [0.06, 0.4, 3.0, f64::INFINITY];
/// The same for the change of the level that a slope brings over half the stretch.
const SLOPE_RIDGES: [f64; 4] = [0.0, 0.25, 4.0, f64::INFINITY];
/// Fewest observations that can be analysed.
const FEWEST: usize = 8;

impl Local {
    /// Explains a stretch of a series.
    ///
    /// The scale (log where all values are positive and that fits better: Box & Cox 1964 at λ = 0 and 1), how strongly rhythms and
    /// slope are believed (by marginal likelihood, the event averaged over the focus), and the noise are found from the data, the noise
    /// under the best event: its autocorrelation (Cochrane & Orcutt 1949), its spread at each time of day and its tails.
    ///
    /// # Errors
    /// Where fewer than eight buckets have a value, or all values are equal.
    pub fn new(series: &Series, rhythms: &[Rhythm], scope: &Scope<'_>) -> Result<Self, LocalError> {
        let places: Vec<usize> =
            scope.range.clone().filter(|i| !series.values()[*i].is_nan() && !scope.without.contains(i)).collect();
        if places.len() < FEWEST {
            return Err(LocalError::TooFew(places.len()));
        }
        let values: Vec<f64> = places.iter().map(|&i| series.values()[i]).collect();
        if values.iter().all(|v| v.to_bits() == values[0].to_bits()) {
            return Err(LocalError::Constant);
        }
        let moments = Moments::new(series, &places, scope.focus.clone());
        let times_of_day = times_of_day(series, &places);
        let builder = Builder { rhythms, scope, places: &places, moments: &moments, times_of_day };
        let level = builder.explain(&values, false).ok_or(LocalError::Constant)?;
        if values.iter().any(|v| *v <= 0.0) {
            return Ok(level.1);
        }
        let logs: Vec<f64> = values.iter().map(|v| v.ln()).collect();
        let jacobian: f64 = logs.iter().sum();
        match builder.explain(&logs, true) {
            Some(log) if log.0 - jacobian > level.0 => Ok(log.1),
            _ => Ok(level.1),
        }
    }

    /// The buckets of the observations.
    #[must_use]
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// Whether the analysis is on the log scale, so that effects multiply.
    #[must_use]
    pub fn is_log(&self) -> bool {
        self.log
    }

    /// The moments with the shares as they count on the analysed scale.
    ///
    /// A bucket of which the share s has changed by the factor exp(δ) stands at 1 + s (exp(δ) − 1), whose logarithm is not sδ.
    #[must_use]
    pub fn on_scale(&self, moments: Moments) -> Moments {
        let full = self.step.exp_m1();
        if !self.log || self.step.abs() < 1e-6 {
            return moments;
        }
        let share = moments.share.iter().map(|s| (s * full).ln_1p() / self.step).collect();
        Moments { share, ..moments }
    }

    /// The share of a bucket that has changed, from the share by which it moved on the analysed scale.
    #[must_use]
    pub fn share_of_bucket(&self, moved: f64) -> f64 {
        if self.log && self.step.abs() >= 1e-6 { (moved * self.step).exp_m1() / self.step.exp_m1() } else { moved }
    }

    /// The regression without an event.
    #[must_use]
    pub fn regression(&self) -> &EventRegression {
        &self.regression
    }

    /// The autocorrelation of the noise from bucket to bucket.
    #[must_use]
    pub fn phi(&self) -> f64 {
        self.noise.phi
    }

    /// The tails of the noise.
    #[must_use]
    pub fn student(&self) -> StudentNoise {
        self.noise.student
    }

    /// What is expected in each observed bucket without the event, given that the event had this effect; on the analysed scale.
    #[must_use]
    pub fn baseline(&self, f: &[f64], effect: f64) -> Vec<f64> {
        let coefficients = self.regression.coefficients(f, effect);
        let value = |j: usize| self.design.columns.iter().zip(&coefficients).map(|(c, b)| c[j] * b).sum();
        (0..self.y.len()).map(value).collect()
    }

    /// The observations on the analysed scale.
    #[must_use]
    pub fn observations(&self) -> &[f64] {
        &self.y
    }

    /// Correlations between the statistics of neighbouring candidates (observation and share), after all else is projected out.
    #[must_use]
    pub fn neighbour_correlations(&self, shape: Shape, candidates: &[(usize, f64)], places: &[usize]) -> Vec<f64> {
        // corr = fᵀMg / √(fᵀMf gᵀMg), and fᵀMg follows from the sizes of f, g and f - g.
        let size = |f: &[f64]| self.regression.score(f, 0).size;
        let mut out = Vec::with_capacity(candidates.len());
        let mut last: Option<(Vec<f64>, f64)> = None;
        for &(k, share) in candidates {
            let f = shape.regressor(places, k, share);
            let own = size(&f);
            if let Some((g, other)) = &last {
                let difference: Vec<f64> = f.iter().zip(g).map(|(a, b)| a - b).collect();
                out.push((own + other - size(&difference)) / (2.0 * (own * other).sqrt()));
            }
            last = Some((f, own));
        }
        out
    }
}

/// What the steps of building a [`Local`] share.
struct Builder<'a> {
    rhythms: &'a [Rhythm],
    scope: &'a Scope<'a>,
    places: &'a [usize],
    moments: &'a Moments,
    /// The time of day of each observation, for buckets below a day; else all 0.
    times_of_day: Vec<usize>,
}

/// How strongly each part of the design is held back; infinite leaves it out.
#[derive(Debug, Clone, PartialEq)]
struct Beliefs {
    slope: f64,
    rhythms: Vec<f64>,
}

impl Builder<'_> {
    /// The explanation of `y` and its log marginal likelihood, the event included.
    fn explain(&self, y: &[f64], log: bool) -> Option<(f64, Local)> {
        let mut beliefs = Beliefs { slope: 0.0, rhythms: vec![RHYTHM_RIDGES[0]; self.rhythms.len()] };
        let ones = vec![1.0; y.len()];
        let student = StudentNoise::fitted(y);
        let mut noise = Noise { phi: 0.0, spread: ones.clone(), weights: ones, student };
        for round in 0..ROUNDS {
            let regression = EventRegression::new(y, &self.design(&beliefs), self.precision(&noise))?;
            let event = self.best_event(&regression).unwrap_or_else(|| (vec![0.0; y.len()], 0.0));
            noise = self.noise_under(&event, &regression, &noise);
            if round == 1 {
                beliefs = self.choose(y, &event, &noise, beliefs);
            }
        }
        let design = self.design(&beliefs);
        let precision = self.precision(&noise);
        let scaling = precision.log_scaling();
        let regression = EventRegression::new(y, &design, precision)?;
        let evidence = scaling + self.likelihood_of_best_event(&regression, &noise);
        let best = best_by_least_squares(&regression, self.places, self.moments);
        let step = best.filter(|(shape, ..)| *shape == Shape::Step).and_then(|(.., score)| score.fit(&regression));
        let step = step.map_or(0.0, |fit| fit.effect);
        let (places, y) = (self.places.to_vec(), y.to_vec());
        Some((evidence, Local { places, y, log, design, regression, noise, step }))
    }

    fn precision(&self, noise: &Noise) -> Precision {
        Precision::new(self.places, noise.phi, &noise.spread, &noise.weights)
    }

    fn design(&self, beliefs: &Beliefs) -> Design {
        let range = &self.scope.range;
        let (middle, half) = (f64::midpoint(range.start as f64, range.end as f64), (range.len() as f64 / 2.0).max(1.0));
        let mut columns = vec![vec![1.0; self.places.len()]];
        let mut ridge = vec![0.0];
        if beliefs.slope.is_finite() {
            columns.push(self.places.iter().map(|&p| (p as f64 - middle) / half).collect());
            ridge.push(beliefs.slope);
        }
        for (rhythm, &r) in self.rhythms.iter().zip(&beliefs.rhythms).filter(|(_, r)| r.is_finite()) {
            for phase in 0..rhythm.count {
                let column: Vec<f64> =
                    self.places.iter().map(|&p| f64::from(u8::from(rhythm.phases[p] == phase))).collect();
                if column.iter().any(|x| *x != 0.0) {
                    columns.push(column);
                    ridge.push(r);
                }
            }
        }
        let inside = |b: &&usize| range.contains(*b) && !self.scope.focus.contains(*b) && **b > range.start;
        for &other in self.scope.others.iter().filter(inside) {
            columns.push(self.places.iter().map(|&p| f64::from(u8::from(p >= other))).collect());
            ridge.push(1e-3);
        }
        Design { columns, ridge }
    }

    /// Tries each strength of belief in turn, and keeps what the marginal likelihood prefers, with and without the event (which costs its
    /// parameters: Schwarz 1978).
    fn choose(&self, y: &[f64], (f, effect): &(Vec<f64>, f64), noise: &Noise, mut beliefs: Beliefs) -> Beliefs {
        let precision = self.precision(noise);
        let less: Vec<f64> = y.iter().zip(f).map(|(y, f)| y - effect * f).collect();
        let cost = 0.5 * EVENT_PARAMETERS * (y.len() as f64).ln();
        let evidence = |beliefs: &Beliefs| {
            let design = self.design(beliefs);
            let of = |y: &[f64]| {
                EventRegression::new(y, &design, precision.clone()).map_or(f64::NEG_INFINITY, |r| r.log_evidence)
            };
            log_sum_exp(&[of(y), of(&less) - cost])
        };
        let best = |tries: Vec<Beliefs>, now: Beliefs| {
            tries.into_iter().map(|b| (evidence(&b), b)).max_by(|a, b| a.0.total_cmp(&b.0)).map_or(now, |(_, b)| b)
        };
        for i in 0..beliefs.rhythms.len() {
            let with = |r: f64| {
                let mut b = beliefs.clone();
                b.rhythms[i] = r;
                b
            };
            beliefs = best(RHYTHM_RIDGES.map(with).to_vec(), beliefs.clone());
        }
        let slopes = SLOPE_RIDGES[1..].iter().map(|&slope| Beliefs { slope, ..beliefs.clone() }).collect();
        best(slopes, beliefs)
    }

    /// The best event of all shapes and moments: its regressor and its effect.
    fn best_event(&self, regression: &EventRegression) -> Option<(Vec<f64>, f64)> {
        let (shape, i, score) = best_by_least_squares(regression, self.places, self.moments)?;
        let share = if shape == Shape::Step { self.moments.share[i] } else { 1.0 };
        Some((shape.regressor(self.places, self.moments.observation[i], share), score.fit(regression)?.effect))
    }

    fn innovations_under_best_event(&self, regression: &EventRegression) -> Vec<f64> {
        let Some((f, effect)) = self.best_event(regression) else { return regression.innovations.clone() };
        let footprint = regression.footprint(&f, 0);
        regression.innovations.iter().zip(&footprint.innovations).map(|(e, u)| e - effect * u).collect()
    }

    fn likelihood_of_best_event(&self, regression: &EventRegression, noise: &Noise) -> f64 {
        noise.student.log_likelihood(&self.innovations_under_best_event(regression), 0.0, 0.0).0
    }

    /// The noise that an event leaves.
    fn noise_under(&self, (f, effect): &(Vec<f64>, f64), regression: &EventRegression, last: &Noise) -> Noise {
        let residuals = regression.residuals(f, *effect);
        let explained = regression.explained(f, self.places, EVENT_PARAMETERS);
        let phi = lag_one_autocorrelation(&residuals, self.places, explained);
        let raw = Precision::new(self.places, phi, &vec![1.0; residuals.len()], &last.weights).innovations(&residuals);
        let spread = self.spread(&raw, last.student);
        let innovations: Vec<f64> = raw.iter().zip(&spread).map(|(e, s)| e / s).collect();
        let student = StudentNoise::fitted(&innovations);
        Noise { phi, spread, weights: student.weights(&innovations), student }
    }

    /// The standard deviation of the innovations at each time of day relative to that of all, drawn to 1.
    fn spread(&self, innovations: &[f64], student: StudentNoise) -> Vec<f64> {
        let weights = student.weights(innovations);
        let squares: Vec<f64> = innovations.iter().zip(&weights).map(|(e, w)| w * e * e).collect();
        let mean = squares.iter().sum::<f64>() / squares.len() as f64;
        let mut by_time = vec![(0.0, 0.0); self.times_of_day.iter().max().map_or(1, |m| m + 1)];
        if by_time.len() == 1 || mean <= 0.0 {
            return vec![1.0; innovations.len()];
        }
        for (square, &time) in squares.iter().zip(&self.times_of_day) {
            by_time[time].0 += square / mean;
            by_time[time].1 += 1.0;
        }
        let sd = |&time: &usize| ((by_time[time].0 + SPREAD_PRIOR) / (by_time[time].1 + SPREAD_PRIOR)).sqrt();
        self.times_of_day.iter().map(sd).collect()
    }
}

/// The hour of the day of each observation for buckets below a day, else 0 for all.
fn times_of_day(series: &Series, places: &[usize]) -> Vec<usize> {
    let hour = |p: &usize| if series.step() < Step::Day { series.moment(*p).hour() as usize } else { 0 };
    places.iter().map(hour).collect()
}
