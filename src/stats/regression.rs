//! Generalised least squares with one regressor that moves: the effect that starts at a candidate moment.
#![allow(clippy::doc_markdown, reason = "formulas")]

mod sweeps;

use std::ops::Range;
use std::sync::OnceLock;

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rayon::prelude::*;

use super::{Design, Precision};
use sweeps::Suffixes;
pub use sweeps::{Steps, Sweep};

/// The inverse of the lower triangle of `l`, column by column, each from its diagonal down.
fn inverse_of_lower(l: &DMatrix<f64>) -> DMatrix<f64> {
    let p = l.nrows();
    let mut inverse = DMatrix::zeros(p, p);
    for (i, column) in inverse.as_mut_slice().chunks_mut(p.max(1)).enumerate() {
        column[i] = 1.0;
        for k in i..p {
            let below = &l.as_slice()[k * p + k..(k + 1) * p];
            column[k] /= below[0];
            let x = column[k];
            column[k + 1..].iter_mut().zip(&below[1..]).for_each(|(sum, l)| *sum -= x * l);
        }
    }
    inverse
}

/// Observations that are left to one thread.
const ALONE: usize = 64;

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
    /// Innovations of what the design leaves unexplained, one for each observation.
    pub innovations: Vec<f64>,
    y: Vec<f64>,
    /// XᵀQX and XᵀQy, without the priors.
    normal: DMatrix<f64>,
    right: DVector<f64>,
    coefficients: DVector<f64>,
    design: Design,
    /// L⁻¹, where LLᵀ = XᵀQX + R.
    inverse: DMatrix<f64>,
    /// (XᵀQX + R)⁻¹.
    covariance: OnceLock<DMatrix<f64>>,
    /// L⁻¹XᵀQ, one after the other.
    projected: OnceLock<Vec<f64>>,
    suffixes: OnceLock<Suffixes>,
    kinks: OnceLock<Sweep>,
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

impl Footprint {
    /// What an event of this effect leaves of the innovations without it.
    #[must_use]
    pub fn taken_from(&self, innovations: &[f64], effect: f64) -> Vec<f64> {
        innovations.iter().zip(&self.innovations).map(|(e, u)| e - effect * u).collect()
    }
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
        let normal = design.normal_matrix(&precision);
        let right = design.transposed_times(&precision.times(y));
        Self::solved(y.to_vec(), design.clone(), precision, normal, right)
    }

    /// The same with another prior precision of one column; none where the normal equations are singular.
    #[must_use]
    pub fn with_ridge(&self, column: usize, ridge: f64) -> Option<Self> {
        let mut design = self.design.clone();
        design.ridge[column] = ridge;
        Self::solved(self.y.clone(), design, self.precision.clone(), self.normal.clone(), self.right.clone())
    }

    /// Solves the normal equations: `normal` is XᵀQX, `right` XᵀQy.
    fn solved(
        y: Vec<f64>,
        design: Design,
        precision: Precision,
        normal: DMatrix<f64>,
        right: DVector<f64>,
    ) -> Option<Self> {
        let n = y.len();
        let mut held = normal.clone();
        design.add_priors(&mut held, &design.ridge);
        let factor: Cholesky<f64, Dyn> = Cholesky::new(held)?;
        let coefficients = factor.solve(&right);
        let residuals = design.less_explained(&y, coefficients.as_slice());
        let innovations = precision.innovations(&residuals);
        let weighted_residuals = precision.times(&residuals);
        let rss = y.iter().zip(&weighted_residuals).map(|(y, r)| y * r).sum::<f64>().max(0.0);
        let inverse = inverse_of_lower(factor.l_dirty());
        // tr((XᵀQX + R)⁻¹XᵀQX) effective coefficients (Hastie & Tibshirani 1990, ch. 3).
        let held: f64 =
            design.ridge.iter().zip(inverse.column_iter()).map(|(r, column)| r * column.norm_squared()).sum();
        let tied = |&(i, tie): &(usize, f64)| 2.0 * tie * inverse.column(i).dot(&inverse.column(i + 1));
        let held = held + design.ties.iter().map(tied).sum::<f64>();
        let freedom = n as f64 - (design.columns() as f64 - held);
        let free = design.ridge.iter().filter(|r| **r == 0.0).count() as f64;
        Some(Self {
            weighted_residuals,
            rss,
            freedom,
            evidence_freedom: n as f64 - free,
            innovations,
            y,
            normal,
            right,
            coefficients,
            design,
            inverse,
            covariance: OnceLock::new(),
            projected: OnceLock::new(),
            suffixes: OnceLock::new(),
            kinks: OnceLock::new(),
            precision,
        })
    }

    /// L⁻¹XᵀQ, worked out when an event is asked about for the first time.
    fn projected(&self) -> &Vec<f64> {
        once(&self.projected, || {
            let (n, p) = (self.len(), self.design.columns());
            let q = &self.precision;
            let mut projected = vec![0.0; n * p];
            // A column of XᵀQ has entries where the observation or one beside it has some.
            let project = |j: usize, out: &mut [f64]| {
                let before = j.checked_sub(1).map(|before| (before, q.off[before]));
                let after = (j + 1 < n).then(|| (j + 1, q.off[j]));
                let beside = [before, after].into_iter().flatten().filter(|(_, weight)| weight.abs() > 0.0);
                for (observation, weight) in std::iter::once((j, q.diagonal[j])).chain(beside) {
                    for &(i, x) in self.design.row(observation) {
                        let column = &self.inverse.as_slice()[i * p + i..(i + 1) * p];
                        out[i..].iter_mut().zip(column).for_each(|(sum, l)| *sum += weight * x * l);
                    }
                }
            };
            projected.par_chunks_mut(p.max(1)).with_min_len(ALONE).enumerate().for_each(|(j, out)| project(j, out));
            projected
        })
    }

    /// (XᵀQX + R)⁻¹, worked out when it is asked for the first time.
    fn covariance(&self) -> &DMatrix<f64> {
        once(&self.covariance, || self.inverse.tr_mul(&self.inverse))
    }

    /// The noise.
    #[must_use]
    pub fn precision(&self) -> &Precision {
        &self.precision
    }

    /// Column `j` of L⁻¹XᵀQ.
    fn projected_of(&self, j: usize) -> &[f64] {
        let p = self.design.columns();
        &self.projected()[j * p..(j + 1) * p]
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
        let mut projection = vec![0.0; self.design.columns()];
        for j in from..f.len() {
            if f[j] == 0.0 {
                continue;
            }
            cross += f[j] * self.weighted_residuals[j];
            size += f[j] * f[j] * q.diagonal[j];
            if j > from {
                size += 2.0 * f[j] * f[j - 1] * q.off[j - 1];
            }
            projection.iter_mut().zip(self.projected_of(j)).for_each(|(sum, x)| *sum += f[j] * x);
        }
        Score { cross, size: (size - dot(&projection, &projection)).max(0.0) }
    }

    /// What an event explains that touches the observations `range` and nothing after.
    #[must_use]
    pub fn pulse(&self, range: Range<usize>) -> Score {
        let (q, sums) = (&self.precision, self.suffixes());
        let links: f64 = (range.start + 1..range.end).map(|j| 2.0 * q.off[j - 1]).sum();
        let square = links + range.clone().map(|j| q.diagonal[j]).sum::<f64>();
        let (from, to) = (sums.projection_from(range.start), sums.projection_from(range.end));
        let projected: f64 = from.iter().zip(to).map(|(a, b)| (a - b).powi(2)).sum();
        Score { cross: sums.cross[range.start] - sums.cross[range.end], size: (square - projected).max(0.0) }
    }

    /// What is left of the event regressor `f`, which is zero before observation `from`.
    #[must_use]
    pub fn footprint(&self, f: &[f64], from: usize) -> Footprint {
        let coefficients = self.explaining(f, from);
        let left = self.design.less_explained(f, coefficients.as_slice());
        Footprint { innovations: self.precision.innovations(&left), coefficients: coefficients.as_slice().to_vec() }
    }

    /// What the design leaves unexplained of the series when an event with regressor `f` and the given effect is taken into account.
    #[must_use]
    pub fn residuals(&self, f: &[f64], effect: f64) -> Vec<f64> {
        let less: Vec<f64> = self.y.iter().zip(f).map(|(y, f)| y - effect * f).collect();
        self.design.less_explained(&less, &self.coefficients(f, effect))
    }

    /// By how much fitting the design and an event of regressor `f` lowers the variance of the residuals and the covariance of neighbouring
    /// ones, summed over the observations and in units of the noise variance: the residuals have covariance Q⁻¹ − X(XᵀQX + R)⁻¹Xᵀ,
    /// the event being one more column of X, whose `score` is known. `searched` says for how many columns the event counts, because its moment was sought.
    #[must_use]
    pub fn explained(&self, f: &[f64], Score { cross, size }: Score, places: &[usize], searched: f64) -> Explained {
        let left = if size > Score::TOO_SMALL { self.rss - cross * cross / size } else { self.rss };
        let rest = self.design.less_explained(f, self.explaining(f, 0).as_slice());
        let share = if size > Score::TOO_SMALL { searched / size } else { 0.0 };
        let (searched_columns, covariance) = (&self.design.searched, self.covariance());
        let counts = |i: usize, l: usize| (searched_columns[i] * searched_columns[l]).sqrt();
        let between = |j: usize, k: usize| {
            let of = |(i, x): &(usize, f64)| {
                let with = |(l, y): &(usize, f64)| x * y * counts(*i, *l) * covariance[(*i, *l)];
                self.design.row(k).iter().map(with).sum::<f64>()
            };
            self.design.row(j).iter().map(of).sum::<f64>() + share * rest[j] * rest[k]
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
        let coefficient = |i: usize| self.coefficients[i] - moved(i);
        let tied = |&(i, tie): &(usize, f64)| 2.0 * tie * coefficient(i) * coefficient(i + 1);
        let Design { ridge, ties, .. } = &self.design;
        let own = ridge.iter().enumerate().map(|(i, ridge)| ridge * coefficient(i).powi(2)).sum::<f64>();
        own + ties.iter().map(tied).sum::<f64>()
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
        // Most events are level stretches, of which the suffix sums know the projection.
        let sums = self.suffixes();
        let mut right = DVector::zeros(self.design.columns());
        let mut last = 0.0;
        for (k, x) in f.iter().enumerate().skip(from).filter(|(k, x)| *k == from || (*x - f[*k - 1]).abs() > 0.0) {
            let change = x - last;
            right.iter_mut().zip(sums.projection_from(k)).for_each(|(sum, p)| *sum += change * p);
            last = *x;
        }
        self.inverse.tr_mul(&right)
    }
}

/// What a cell holds, worked out where it is empty.
///
/// Not under the cell's lock: a thread that waits for others in the midst of the work takes up other work, which may ask for the same cell.
fn once<T>(cell: &OnceLock<T>, work: impl FnOnce() -> T) -> &T {
    if let Some(done) = cell.get() {
        return done;
    }
    let made = work();
    cell.get_or_init(|| made)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Score {
    /// Below this share of an observation's weight an event cannot be told from the other regressors.
    const TOO_SMALL: f64 = 1e-6;

    /// The score of the regressor multiplied by `factor`.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { cross: factor * self.cross, size: factor * factor * self.size }
    }

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
        -0.5 * regression.evidence_freedom * (-self.explained(regression, g)).ln_1p()
            - 0.5 * (g * g * self.size).ln_1p()
    }

    /// What [`Self::log_bayes_factor`] is at most, without a logarithm: −log(1 − x) ≤ x/(1 − x).
    #[must_use]
    pub fn log_bayes_bound(&self, regression: &EventRegression, g: f64) -> f64 {
        let explained = self.explained(regression, g);
        0.5 * regression.evidence_freedom * explained / (1.0 - explained)
    }

    /// The share of the residual sum of squares that an event of this prior explains.
    fn explained(&self, regression: &EventRegression, g: f64) -> f64 {
        let gain = self.cross * self.cross / (self.size + 1.0 / (g * g));
        if regression.rss > 0.0 { (gain / regression.rss).clamp(0.0, 1.0 - 1e-12) } else { 0.0 }
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
    fn example(n: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
        let mut state = 7_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24) - 0.5
        };
        let y = (0..n).map(|i| 3.0 + 0.1 * i as f64 + noise() + if i >= n / 2 { 2.0 } else { 0.0 }).collect();
        let columns = vec![vec![1.0; n], (0..n).map(|i| i as f64).collect()];
        (y, columns)
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
        let (y, columns) = example(30);
        let design = Design::of(&columns, &[0.0, 0.0]);
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
    fn sweeps_agree_with_the_regressors_written_out() {
        let (y, columns) = example(30);
        let design = Design::of(&columns, &[0.0, 0.0]);
        let places: Vec<usize> = (0..30).map(|i| i + i / 10).collect();
        let precision = Precision::new(&places, 0.4, &[1.0; 30], &[1.0; 30]);
        let r = EventRegression::new(&y, &design, precision).unwrap();
        let kink = |k: usize| -> Vec<f64> {
            (0..30).map(|j| if j < k { 0.0 } else { (places[j] - places[k]) as f64 + 1.0 }).collect()
        };
        let inner = |f: &[f64], g: &[f64]| {
            let difference: Vec<f64> = f.iter().zip(g).map(|(a, b)| a - b).collect();
            let [ff, gg, dd] = [f, g, &difference].map(|f| r.score(f, 0).size);
            (ff + gg - dd) / (2.0 * (ff * gg).sqrt())
        };
        let (kinks, steps) = (r.kinks(), r.steps());
        for k in [3, 9, 15, 25] {
            let slow = r.score(&kink(k), 0);
            assert!((kinks.scores[k].cross - slow.cross).abs() < 1e-7, "{k}");
            assert!((kinks.scores[k].size - slow.size).abs() < 1e-7, "{k}");
            assert!((kinks.correlations[k] - inner(&kink(k), &kink(k + 1))).abs() < 1e-7, "{k}");
            let ladder = steps.correlations(k..k + 1);
            assert!((ladder[0] - inner(&step(30, k, 1.0), &step(30, k, 0.5))).abs() < 1e-7, "{k}");
            assert!((ladder[1] - inner(&step(30, k, 0.5), &step(30, k + 1, 1.0))).abs() < 1e-7, "{k}");
            let mut pulse = vec![0.0; 30];
            pulse[k..k + 3].fill(1.0);
            let (fast, slow) = (r.pulse(k..k + 3), r.score(&pulse, 0));
            assert!((fast.cross - slow.cross).abs() < 1e-9 && (fast.size - slow.size).abs() < 1e-9, "{k}");
        }
    }

    #[test]
    fn the_projected_event_gives_the_same_estimate_as_a_regression_with_it_as_a_column() {
        let (y, columns) = example(30);
        let design = Design::of(&columns, &[0.0, 0.0]);
        let places: Vec<usize> = (0..30).collect();
        let precision = Precision::new(&places, 0.3, &[1.0; 30], &[1.0; 30]);
        let f = step(30, 15, 1.0);
        let r = EventRegression::new(&y, &design, precision.clone()).unwrap();
        let fit = r.score(&f, 15).fit(&r).unwrap();
        let whole = Design::of(&[columns, vec![f.clone()]].concat(), &[0.0; 3]);
        let joint = EventRegression::new(&y, &whole, precision).unwrap();
        assert!((fit.effect - joint.coefficients[2]).abs() < 1e-9);
        let with_event = r.coefficients(&f, fit.effect);
        assert!((with_event[0] - joint.coefficients[0]).abs() < 1e-9);
        assert!((with_event[1] - joint.coefficients[1]).abs() < 1e-9);
    }

    #[test]
    fn the_bayes_factor_is_the_ratio_of_marginal_likelihoods() {
        let (y, columns) = example(30);
        let design = Design::of(&columns, &[0.0, 0.0]);
        let places: Vec<usize> = (0..30).collect();
        let precision = Precision::new(&places, 0.0, &[1.0; 30], &[1.0; 30]);
        let f = step(30, 15, 1.0);
        let r = EventRegression::new(&y, &design, precision.clone()).unwrap();
        let whole = Design::of(&[columns, vec![f.clone()]].concat(), &[0.0, 0.0, 1.0 / 9.0]);
        let evidence = |design: &Design| design.evidence(&precision, &[&y])(&design.ridge)[0].log_likelihood;
        let direct = evidence(&whole) - evidence(&design);
        assert!((direct - r.score(&f, 15).log_bayes_factor(&r, 3.0)).abs() < 1e-9);
    }
}
