//! Generalised least squares with one regressor that moves: the effect that starts at a candidate moment.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::Precision;

/// The regressors that explain a series without any event: level, trend, rhythms.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Columns, each with a value for every observation.
    pub columns: Vec<Vec<f64>>,
    /// For each column the prior precision of its coefficient in units of the noise variance; 0 leaves it free.
    pub ridge: Vec<f64>,
}

/// A series explained by a [`Design`] under a [`Precision`], ready to be asked about events.
///
/// With M = Q − QX(XᵀQX + R)⁻¹XᵀQ, all that an event regressor f needs is fᵀMy and fᵀMf: the normal equations after the other
/// regressors are projected out (Frisch & Waugh 1933; with R the coefficients are random effects, Robinson 1991).
#[derive(Debug, Clone)]
pub struct EventRegression {
    /// My: the weighted residuals, one for each observation.
    pub weighted_residuals: Vec<f64>,
    /// yᵀMy: the weighted residual sum of squares without an event.
    pub rss: f64,
    /// Degrees of freedom left without an event: observations less the effective number of coefficients.
    pub freedom: f64,
    /// Degrees of freedom of the marginal likelihood: observations less the coefficients without a prior.
    pub evidence_freedom: f64,
    /// log of the marginal likelihood of the design, up to a constant that all designs of one series share.
    pub log_evidence: f64,
    coefficients: DVector<f64>,
    factor: Cholesky<f64, Dyn>,
    /// L⁻¹XᵀQ, one column for each observation, where LLᵀ = XᵀQX + R.
    projected: DMatrix<f64>,
    precision: Precision,
}

/// What one event regressor explains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// fᵀMy.
    pub cross: f64,
    /// fᵀMf; zero where the event cannot be told from the rest.
    pub size: f64,
}

/// The estimated effect of one event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Least-squares estimate in the units of the series.
    pub effect: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom of the standard error.
    pub freedom: f64,
}

impl EventRegression {
    /// Explains `y` by `design`; none where the normal equations are singular.
    #[must_use]
    pub fn new(y: &[f64], design: &Design, precision: Precision) -> Option<Self> {
        let (n, p) = (y.len(), design.columns.len());
        let weighted: Vec<Vec<f64>> = design.columns.iter().map(|c| precision.times(c)).collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let mut normal =
            DMatrix::from_fn(p, p, |i, j| if j <= i { dot(&weighted[i], &design.columns[j]) } else { 0.0 });
        normal.fill_upper_triangle_with_lower_triangle();
        let unpenalised = normal.clone();
        for (i, r) in design.ridge.iter().enumerate() {
            normal[(i, i)] += r;
        }
        let factor: Cholesky<f64, Dyn> = Cholesky::new(normal)?;
        let right = DVector::from_fn(p, |i, _| dot(&weighted[i], y));
        let coefficients = factor.solve(&right);
        let mut residuals = y.to_vec();
        for (column, b) in design.columns.iter().zip(coefficients.iter()) {
            residuals.iter_mut().zip(column).for_each(|(r, x)| *r -= b * x);
        }
        let weighted_residuals = precision.times(&residuals);
        let rss = dot(y, &weighted_residuals).max(0.0);
        let mut projected = DMatrix::from_fn(p, n, |i, j| weighted[i][j]);
        factor.l_dirty().solve_lower_triangular_mut(&mut projected);
        let effective = factor.solve(&unpenalised).trace();
        let freedom = n as f64 - effective;
        let log_determinant: f64 = (0..p).map(|i| factor.l_dirty()[(i, i)].ln()).sum();
        let log_prior: f64 = design.ridge.iter().filter(|r| **r > 0.0).map(|r| 0.5 * r.ln()).sum();
        let free = design.ridge.iter().filter(|r| **r == 0.0).count() as f64;
        let evidence_freedom = n as f64 - free;
        let log_evidence = -0.5 * evidence_freedom * rss.max(f64::MIN_POSITIVE).ln() - log_determinant + log_prior;
        Some(Self {
            weighted_residuals,
            rss,
            freedom,
            evidence_freedom,
            log_evidence,
            coefficients,
            factor,
            projected,
            precision,
        })
    }

    /// Number of observations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.weighted_residuals.len()
    }

    /// Whether there is no observation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weighted_residuals.is_empty()
    }

    /// What the event with regressor `f` explains. `f` is zero before observation `from`.
    #[must_use]
    pub fn score(&self, f: &[f64], from: usize) -> Score {
        let q = &self.precision;
        let mut cross = 0.0;
        let mut size = 0.0;
        let mut projection = DVector::zeros(self.projected.nrows());
        for j in from..f.len() {
            if f[j] == 0.0 {
                continue;
            }
            cross += f[j] * self.weighted_residuals[j];
            size += f[j] * f[j] * q.diagonal[j];
            if j > from {
                size += 2.0 * f[j] * f[j - 1] * q.off[j - 1];
            }
            projection.axpy(f[j], &self.projected.column(j), 1.0);
        }
        Score { cross, size: (size - projection.norm_squared()).max(0.0) }
    }

    /// Scores of a step at each observation: entry k is of the regressor that is 1 after observation k and `share` at k.
    ///
    /// O(n p) for all of them: a step is the one after it and one observation more.
    #[must_use]
    pub fn steps(&self) -> Steps<'_> {
        let (n, p) = (self.len(), self.projected.nrows());
        let q = &self.precision;
        let mut cross = vec![0.0; n + 1];
        let mut size = vec![0.0; n + 1];
        let mut projection = DMatrix::zeros(p, n + 1);
        for j in (0..n).rev() {
            cross[j] = cross[j + 1] + self.weighted_residuals[j];
            let link = if j + 1 < n { 2.0 * q.off[j] } else { 0.0 };
            size[j] = size[j + 1] + q.diagonal[j] + link;
            let next = projection.column(j + 1) + self.projected.column(j);
            projection.set_column(j, &next);
        }
        Steps { regression: self, cross, size, projection }
    }

    /// Coefficients of the design when an event with regressor `f` and the given effect is taken into account.
    ///
    /// They are (XᵀQX + R)⁻¹XᵀQ(y − δf).
    #[must_use]
    pub fn coefficients(&self, f: &[f64], effect: f64) -> Vec<f64> {
        let mut right = DVector::zeros(self.projected.nrows());
        for (j, x) in f.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            right.axpy(*x, &self.projected.column(j), 1.0);
        }
        let shift = self.factor.l_dirty().tr_solve_lower_triangular(&right).unwrap_or(right);
        self.coefficients.iter().zip(shift.iter()).map(|(b, s)| b - effect * s).collect()
    }
}

/// Scores of all steps of an [`EventRegression`], by suffix sums.
#[derive(Debug, Clone)]
pub struct Steps<'a> {
    regression: &'a EventRegression,
    cross: Vec<f64>,
    size: Vec<f64>,
    projection: DMatrix<f64>,
}

impl Steps<'_> {
    /// The score of the regressor that is 0 before observation `k`, `share` at it and 1 after it.
    #[must_use]
    pub fn score(&self, k: usize, share: f64) -> Score {
        let r = self.regression;
        let n = r.len();
        if k >= n {
            return Score { cross: 0.0, size: 0.0 };
        }
        let cross = self.cross[k + 1] + share * r.weighted_residuals[k];
        let link = if k + 1 < n { 2.0 * share * r.precision.off[k] } else { 0.0 };
        let size = self.size[k + 1] + link + share * share * r.precision.diagonal[k];
        let later = self.projection.column(k + 1);
        let own = r.projected.column(k);
        let projected: f64 = later.iter().zip(own.iter()).map(|(a, b)| (a + share * b).powi(2)).sum();
        Score { cross, size: (size - projected).max(0.0) }
    }
}

impl Score {
    /// Below this share of an observation's weight an event cannot be told from the other regressors.
    const TOO_SMALL: f64 = 1e-6;

    /// Whether the event can be told from the other regressors at all.
    #[must_use]
    pub fn is_testable(&self) -> bool {
        self.size > Self::TOO_SMALL
    }

    /// The estimate and its standard error under `regression`; none where the event cannot be told from the rest.
    #[must_use]
    pub fn fit(&self, regression: &EventRegression) -> Option<Fit> {
        let freedom = regression.freedom - 1.0;
        if !self.is_testable() || freedom < 1.0 {
            return None;
        }
        let left = (regression.rss - self.cross * self.cross / self.size).max(regression.rss * 1e-12);
        let standard_error = (left / freedom / self.size).sqrt();
        Some(Fit { effect: self.cross / self.size, standard_error, freedom })
    }

    /// log Bayes factor of *this event, of a size drawn from Normal(0, (gσ)²)* against *no event*.
    ///
    /// −ν/2 log(1 − gain/RSS) − ½ log(1 + g²|f|²) with gain = (fᵀMy)²/(|f|² + 1/g²): the noise variance has the flat prior
    /// on its logarithm (O'Hagan & Forster 2004, *Bayesian Inference*, ch. 11).
    #[must_use]
    pub fn log_bayes_factor(&self, regression: &EventRegression, g: f64) -> f64 {
        if !self.is_testable() || regression.rss <= 0.0 {
            return 0.0;
        }
        let gain = self.cross * self.cross / (self.size + 1.0 / (g * g));
        let explained = (gain / regression.rss).clamp(0.0, 1.0 - 1e-12);
        -0.5 * regression.evidence_freedom * (-explained).ln_1p() - 0.5 * (g * g * self.size).ln_1p()
    }
}

impl Fit {
    /// Student's t of the effect; 0 where nothing varies.
    #[must_use]
    pub fn t(&self) -> f64 {
        if self.standard_error > 0.0 { self.effect / self.standard_error } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A level, a slope, and noise from a small linear congruence.
    fn example(n: usize) -> (Vec<f64>, Design) {
        let mut state = 7_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24) - 0.5
        };
        let y = (0..n).map(|i| 3.0 + 0.1 * i as f64 + noise() + if i >= n / 2 { 2.0 } else { 0.0 }).collect();
        let columns = vec![vec![1.0; n], (0..n).map(|i| i as f64).collect()];
        (y, Design { columns, ridge: vec![0.0, 0.0] })
    }

    fn step(n: usize, k: usize, share: f64) -> Vec<f64> {
        (0..n)
            .map(|i| {
                if i < k {
                    0.0
                } else if i == k {
                    share
                } else {
                    1.0
                }
            })
            .collect()
    }

    #[test]
    fn suffix_sums_agree_with_the_regressor_written_out() {
        let (y, design) = example(30);
        let places: Vec<usize> = (0..30).map(|i| i + i / 10).collect();
        let precision = Precision::new(&places, 0.4, &[1.0; 30]);
        let r = EventRegression::new(&y, &design, precision).unwrap();
        let steps = r.steps();
        for (k, share) in [(3, 0.25), (15, 1.0), (28, 0.5), (29, 1.0)] {
            let (fast, slow) = (steps.score(k, share), r.score(&step(30, k, share), k));
            assert!((fast.cross - slow.cross).abs() < 1e-9 && (fast.size - slow.size).abs() < 1e-9, "{k}");
        }
    }

    #[test]
    fn the_projected_event_gives_the_same_estimate_as_a_regression_with_it_as_a_column() {
        let (y, design) = example(30);
        let places: Vec<usize> = (0..30).collect();
        let precision = Precision::new(&places, 0.3, &[1.0; 30]);
        let f = step(30, 15, 1.0);
        let r = EventRegression::new(&y, &design, precision.clone()).unwrap();
        let fit = r.score(&f, 15).fit(&r).unwrap();
        let mut whole = design.clone();
        whole.columns.push(f.clone());
        whole.ridge.push(0.0);
        let joint = EventRegression::new(&y, &whole, precision).unwrap();
        assert!((fit.effect - joint.coefficients[2]).abs() < 1e-9);
        let with_event = r.coefficients(&f, fit.effect);
        assert!((with_event[0] - joint.coefficients[0]).abs() < 1e-9);
        assert!((with_event[1] - joint.coefficients[1]).abs() < 1e-9);
    }

    #[test]
    fn the_bayes_factor_is_the_ratio_of_marginal_likelihoods() {
        let (y, design) = example(30);
        let places: Vec<usize> = (0..30).collect();
        let precision = Precision::new(&places, 0.0, &[1.0; 30]);
        let f = step(30, 15, 1.0);
        let r = EventRegression::new(&y, &design, precision.clone()).unwrap();
        let mut whole = design;
        whole.columns.push(f.clone());
        whole.ridge.push(1.0 / 9.0);
        let joint = EventRegression::new(&y, &whole, precision).unwrap();
        let direct = joint.log_evidence - r.log_evidence;
        assert!((direct - r.score(&f, 15).log_bayes_factor(&r, 3.0)).abs() < 1e-9);
    }
}
