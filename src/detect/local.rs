//! The neighbourhood of a moment in detail: one regression that explains it without any event.

use std::ops::Range;

use crate::model::Series;
use crate::stats::{Design, EventRegression, Precision, lag_one_autocorrelation, log_sum_exp, mad_sd};

use super::{Moments, Rhythm, Shape, ShapeScores};

/// A stretch of a series, explained by level, slope, rhythms and earlier or later changes, under autocorrelated noise with outliers.
#[derive(Debug, Clone)]
pub struct Local {
    places: Vec<usize>,
    y: Vec<f64>,
    log: bool,
    design: Design,
    regression: EventRegression,
    phi: f64,
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

/// Innovations beyond so many standard deviations lose weight (Huber 1964).
const HUBER: f64 = 2.5;
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
    /// slope are believed (by marginal likelihood, the event averaged over the focus), the autocorrelation and the weights of outliers
    /// are found from the data, the last two under the best event (iterated generalised least squares; Cochrane & Orcutt 1949).
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
        if values.iter().all(|v| *v == values[0]) {
            return Err(LocalError::Constant);
        }
        let moments = Moments::new(series, &places, scope.focus.clone());
        let builder = Builder { rhythms, scope, places: &places, moments: &moments };
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

    /// The regression without an event.
    #[must_use]
    pub fn regression(&self) -> &EventRegression {
        &self.regression
    }

    /// The autocorrelation of the noise from bucket to bucket.
    #[must_use]
    pub fn phi(&self) -> f64 {
        self.phi
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
        let mut phi = 0.0;
        let mut weights = vec![1.0; y.len()];
        for round in 0..5 {
            let design = self.design(&beliefs);
            let regression = EventRegression::new(y, &design, Precision::new(self.places, phi, &weights))?;
            let residuals = self.residuals_under_best_event(y, &design, &regression);
            let parameters = y.len() as f64 - regression.freedom + 1.0;
            phi = lag_one_autocorrelation(&residuals, self.places, parameters);
            weights = huber_weights(&Precision::new(self.places, phi, &weights).innovations(&residuals));
            if round == 1 {
                beliefs = self.choose(y, phi, &weights, beliefs);
            }
        }
        let design = self.design(&beliefs);
        let regression = EventRegression::new(y, &design, Precision::new(self.places, phi, &weights))?;
        let evidence = self.evidence(&regression);
        let (places, y) = (self.places.to_vec(), y.to_vec());
        Some((evidence, Local { places, y, log, design, regression, phi }))
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

    /// Tries each strength of belief in turn, and keeps what the marginal likelihood prefers.
    fn choose(&self, y: &[f64], phi: f64, weights: &[f64], mut beliefs: Beliefs) -> Beliefs {
        let precision = Precision::new(self.places, phi, weights);
        let evidence = |beliefs: &Beliefs| {
            EventRegression::new(y, &self.design(beliefs), precision.clone())
                .map_or(f64::NEG_INFINITY, |r| self.evidence(&r))
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

    /// log marginal likelihood with a step averaged over the focus.
    fn evidence(&self, regression: &EventRegression) -> f64 {
        let steps = regression.steps();
        let score = |i: usize| steps.score(self.moments.observation[i], self.moments.share[i]);
        let logs: Vec<f64> = (0..self.moments.len()).map(|i| score(i).log_bayes_factor(regression, 3.0)).collect();
        let event = if logs.is_empty() { 0.0 } else { log_sum_exp(&logs) - (logs.len() as f64).ln() };
        regression.log_evidence + event.max(0.0)
    }

    fn residuals_under_best_event(&self, y: &[f64], design: &Design, regression: &EventRegression) -> Vec<f64> {
        let scores = ShapeScores::new(regression, self.places, self.moments);
        let event = scores.best(&vec![0.0; self.moments.len()]).and_then(|(shape, i)| {
            let share = if shape == Shape::Step { self.moments.share[i] } else { 1.0 };
            let fit = scores.score(shape, i).fit(regression)?;
            Some((shape.regressor(self.places, self.moments.observation[i], share), fit.effect))
        });
        let (f, effect) = event.unwrap_or_else(|| (vec![0.0; y.len()], 0.0));
        let coefficients = regression.coefficients(&f, effect);
        let mut residuals: Vec<f64> = y.iter().zip(&f).map(|(y, f)| y - effect * f).collect();
        for (column, b) in design.columns.iter().zip(&coefficients) {
            residuals.iter_mut().zip(column).for_each(|(r, x)| *r -= b * x);
        }
        residuals
    }
}

/// Weight 1 up to [`HUBER`] robust standard deviations, falling as one over the distance beyond.
fn huber_weights(innovations: &[f64]) -> Vec<f64> {
    let scale = mad_sd(innovations, 0.0);
    let weight = |e: &f64| if e.abs() > HUBER * scale { HUBER * scale / e.abs() } else { 1.0 };
    if scale > 0.0 { innovations.iter().map(weight).collect() } else { vec![1.0; innovations.len()] }
}
