//! Generalised least squares with one regressor that moves: the effect that starts at a candidate moment.
#![allow(clippy::doc_markdown, reason = "formulas")]

use std::sync::OnceLock;

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
    /// Innovations of what the design leaves unexplained, one for each observation.
    pub innovations: Vec<f64>,
    y: Vec<f64>,
    coefficients: DVector<f64>,
    ridge: Vec<f64>,
    /// For each observation the columns that are not zero there, with their values: rhythms make the design sparse.
    rows: Vec<Vec<(usize, f64)>>,
    factor: Cholesky<f64, Dyn>,
    /// (XᵀQX + R)⁻¹.
    covariance: DMatrix<f64>,
    /// L⁻¹XᵀQ, one column for each observation, where LLᵀ = XᵀQX + R.
    projected: OnceLock<DMatrix<f64>>,
    precision: Precision,
}

/// What is left of an event regressor when the design has explained what it can of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    /// Innovations of the rest, one for each observation: an event of effect δ takes δ times these from the innovations.
    pub innovations: Vec<f64>,
    /// The coefficients of the design that explain the regressor.
    pub coefficients: Vec<f64>,
}

/// What a fit takes from the variance of its residuals: see [`EventRegression::explained`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Explained {
    /// Of all observations, in units of the noise variance.
    pub variance: f64,
    /// Of all pairs of neighbours.
    pub lag_one: f64,
    /// The noise variance.
    pub noise: f64,
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
        let rows: Vec<Vec<(usize, f64)>> = (0..n).map(|j| sparse_row(design, j)).collect();
        let mut normal = normal_matrix(&rows, &precision, p);
        for (i, r) in design.ridge.iter().enumerate() {
            normal[(i, i)] += r;
        }
        let factor: Cholesky<f64, Dyn> = Cholesky::new(normal)?;
        let mut right = DVector::zeros(p);
        for (row, weighted) in rows.iter().zip(precision.times(y)) {
            for (i, x) in row {
                right[*i] += x * weighted;
            }
        }
        let coefficients = factor.solve(&right);
        let residuals = less_explained(y, &rows, coefficients.as_slice());
        let innovations = precision.innovations(&residuals);
        let weighted_residuals = precision.times(&residuals);
        let rss = y.iter().zip(&weighted_residuals).map(|(y, r)| y * r).sum::<f64>().max(0.0);
        let covariance = factor.inverse();
        // tr((XᵀQX + R)⁻¹XᵀQX) effective coefficients (Hastie & Tibshirani 1990, ch. 3).
        let held: f64 = design.ridge.iter().enumerate().map(|(i, r)| r * covariance[(i, i)]).sum();
        let freedom = n as f64 - (p as f64 - held);
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
            innovations,
            y: y.to_vec(),
            coefficients,
            ridge: design.ridge.clone(),
            rows,
            factor,
            covariance,
            projected: OnceLock::new(),
            precision,
        })
    }

    /// L⁻¹XᵀQ, worked out when an event is asked about for the first time.
    fn projected(&self) -> &DMatrix<f64> {
        self.projected.get_or_init(|| {
            let (n, p) = (self.len(), self.coefficients.len());
            let q = &self.precision;
            let mut projected = DMatrix::zeros(p, n);
            for (j, row) in self.rows.iter().enumerate() {
                for &(i, x) in row {
                    projected[(i, j)] += q.diagonal[j] * x;
                    if j > 0 {
                        projected[(i, j - 1)] += q.off[j - 1] * x;
                    }
                    if j + 1 < n {
                        projected[(i, j + 1)] += q.off[j] * x;
                    }
                }
            }
            self.factor.l_dirty().solve_lower_triangular_mut(&mut projected);
            projected
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
        let mut projection = DVector::zeros(self.coefficients.len());
        for j in from..f.len() {
            if f[j] == 0.0 {
                continue;
            }
            cross += f[j] * self.weighted_residuals[j];
            size += f[j] * f[j] * q.diagonal[j];
            if j > from {
                size += 2.0 * f[j] * f[j - 1] * q.off[j - 1];
            }
            projection.axpy(f[j], &self.projected().column(j), 1.0);
        }
        Score { cross, size: (size - projection.norm_squared()).max(0.0) }
    }

    /// Scores of a step at each observation: entry k is of the regressor that is 1 after observation k and `share` at k.
    ///
    /// O(n p) for all of them: a step is the one after it and one observation more.
    #[must_use]
    pub fn steps(&self) -> Steps<'_> {
        let (n, p) = (self.len(), self.coefficients.len());
        let q = &self.precision;
        let mut cross = vec![0.0; n + 1];
        let mut size = vec![0.0; n + 1];
        let mut projection = DMatrix::zeros(p, n + 1);
        for j in (0..n).rev() {
            cross[j] = cross[j + 1] + self.weighted_residuals[j];
            let link = if j + 1 < n { 2.0 * q.off[j] } else { 0.0 };
            size[j] = size[j + 1] + q.diagonal[j] + link;
            let next = projection.column(j + 1) + self.projected().column(j);
            projection.set_column(j, &next);
        }
        Steps { regression: self, cross, size, projection }
    }

    /// What is left of the event regressor `f`, which is zero before observation `from`.
    #[must_use]
    pub fn footprint(&self, f: &[f64], from: usize) -> Footprint {
        let coefficients = self.explaining(f, from);
        let left = less_explained(f, &self.rows, coefficients.as_slice());
        Footprint { innovations: self.precision.innovations(&left), coefficients: coefficients.as_slice().to_vec() }
    }

    /// What the design leaves unexplained of the series when an event with regressor `f` and the given effect is taken into account.
    #[must_use]
    pub fn residuals(&self, f: &[f64], effect: f64) -> Vec<f64> {
        let less: Vec<f64> = self.y.iter().zip(f).map(|(y, f)| y - effect * f).collect();
        less_explained(&less, &self.rows, &self.coefficients(f, effect))
    }

    /// By how much fitting the design and an event of regressor `f` lowers the variance of the residuals and the covariance of neighbouring
    /// ones, summed over the observations and in units of the noise variance: the residuals have covariance Q⁻¹ − X(XᵀQX + R)⁻¹Xᵀ,
    /// the event being one more column of X. `searched` says for how many columns the event counts, because its moment was sought.
    #[must_use]
    pub fn explained(&self, f: &[f64], places: &[usize], searched: f64) -> Explained {
        let Score { cross, size } = self.score(f, 0);
        let left = if size > Score::TOO_SMALL { self.rss - cross * cross / size } else { self.rss };
        let rest = less_explained(f, &self.rows, self.explaining(f, 0).as_slice());
        let share = if size > Score::TOO_SMALL { searched / size } else { 0.0 };
        let between = |j: usize, k: usize| {
            let of = |(i, x): &(usize, f64)| {
                self.rows[k].iter().map(|(l, y)| x * y * self.covariance[(*i, *l)]).sum::<f64>()
            };
            self.rows[j].iter().map(of).sum::<f64>() + share * rest[j] * rest[k]
        };
        let adjacent = (1..places.len()).filter(|&j| places[j] == places[j - 1] + 1);
        Explained {
            variance: (0..places.len()).map(|j| between(j, j)).sum(),
            lag_one: adjacent.map(|j| between(j - 1, j)).sum(),
            noise: left.max(0.0) / (self.freedom - 1.0).max(1.0),
        }
    }

    /// What the coefficients cost by their priors, in units of the noise variance, with an event of the given effect.
    #[must_use]
    pub fn prior_cost(&self, footprint: Option<&Footprint>, effect: f64) -> f64 {
        let moved = |i: usize| footprint.map_or(0.0, |f| effect * f.coefficients[i]);
        (0..self.ridge.len()).map(|i| self.ridge[i] * (self.coefficients[i] - moved(i)).powi(2)).sum()
    }

    /// Coefficients of the design when an event with regressor `f` and the given effect is taken into account.
    ///
    /// They are (XᵀQX + R)⁻¹XᵀQ(y − δf).
    #[must_use]
    pub fn coefficients(&self, f: &[f64], effect: f64) -> Vec<f64> {
        self.coefficients.iter().zip(self.explaining(f, 0).iter()).map(|(b, s)| b - effect * s).collect()
    }

    /// (XᵀQX + R)⁻¹XᵀQf.
    fn explaining(&self, f: &[f64], from: usize) -> DVector<f64> {
        let mut right = DVector::zeros(self.coefficients.len());
        for (j, x) in f.iter().enumerate().skip(from).filter(|(_, x)| **x != 0.0) {
            right.axpy(*x, &self.projected().column(j), 1.0);
        }
        self.factor.l_dirty().tr_solve_lower_triangular(&right).unwrap_or(right)
    }
}

/// XᵀQX, with X given by its rows.
fn normal_matrix(rows: &[Vec<(usize, f64)>], precision: &Precision, p: usize) -> DMatrix<f64> {
    let mut normal = DMatrix::zeros(p, p);
    for (j, row) in rows.iter().enumerate() {
        for &(i, x) in row {
            for &(l, y) in row {
                normal[(i, l)] += precision.diagonal[j] * x * y;
            }
            for &(l, y) in rows.get(j + 1).into_iter().flatten() {
                normal[(i, l)] += precision.off[j] * x * y;
                normal[(l, i)] += precision.off[j] * x * y;
            }
        }
    }
    normal
}

fn sparse_row(design: &Design, j: usize) -> Vec<(usize, f64)> {
    design.columns.iter().enumerate().map(|(i, c)| (i, c[j])).filter(|(_, x)| *x != 0.0).collect()
}

fn less_explained(y: &[f64], rows: &[Vec<(usize, f64)>], coefficients: &[f64]) -> Vec<f64> {
    y.iter().zip(rows).map(|(y, row)| y - row.iter().map(|(i, x)| coefficients[*i] * x).sum::<f64>()).collect()
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
        let own = r.projected().column(k);
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
            .map(|i| match i.cmp(&k) {
                std::cmp::Ordering::Less => 0.0,
                std::cmp::Ordering::Equal => share,
                std::cmp::Ordering::Greater => 1.0,
            })
            .collect()
    }

    #[test]
    fn suffix_sums_agree_with_the_regressor_written_out() {
        let (y, design) = example(30);
        let places: Vec<usize> = (0..30).map(|i| i + i / 10).collect();
        let precision = Precision::new(&places, 0.4, &[1.0; 30], &[1.0; 30]);
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
        let precision = Precision::new(&places, 0.3, &[1.0; 30], &[1.0; 30]);
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
        let precision = Precision::new(&places, 0.0, &[1.0; 30], &[1.0; 30]);
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
