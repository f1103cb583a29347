//! The regressors of a generalised least-squares fit, and how likely each belief in them makes a series.
#![allow(clippy::doc_markdown, reason = "formulas")]

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::Precision;

/// The regressors that explain a series without any event: level, trend, rhythms.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// For each observation where its entries begin; one more at the end.
    starts: Vec<usize>,
    /// Column and value of what is not zero: rhythms make a design sparse.
    entries: Vec<(usize, f64)>,
    columns: usize,
    /// For each column the prior precision of its coefficient in units of the noise variance; 0 leaves it free, and [`Design::HELD`]
    /// holds it at zero.
    pub ridge: Vec<f64>,
    /// Columns whose coefficient is tied to that of the next one by the prior, with the entry of the prior precision beside its diagonal.
    pub ties: Vec<(usize, f64)>,
    /// For how many columns each counts that were chosen among many, such as a step whose moment was sought; else 1.
    pub searched: Vec<f64>,
}

impl Design {
    /// A prior precision that leaves a coefficient no room.
    pub const HELD: f64 = 1e9;

    /// A design of `n` observations without any column.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self {
            starts: vec![0; n + 1],
            entries: Vec::new(),
            columns: 0,
            ridge: Vec::new(),
            ties: Vec::new(),
            searched: Vec::new(),
        }
    }

    /// The design of these columns, each with a value for every observation, and their prior precisions.
    #[must_use]
    pub fn of(columns: &[Vec<f64>], ridge: &[f64]) -> Self {
        let mut design = Self::new(columns.first().map_or(0, Vec::len));
        for j in 0..design.len() {
            design.entries.extend(columns.iter().enumerate().map(|(i, c)| (i, c[j])).filter(|(_, x)| *x != 0.0));
            design.starts[j + 1] = design.entries.len();
        }
        design.columns = columns.len();
        design.ridge = ridge.to_vec();
        design.searched = vec![1.0; columns.len()];
        design
    }

    /// A design without observations yet, of columns with these prior precisions.
    #[must_use]
    pub fn with_rows(ridge: Vec<f64>, searched: Vec<f64>) -> Self {
        Self { columns: ridge.len(), ridge, searched, ..Self::new(0) }
    }

    /// Adds an observation, by the columns that are not zero at it.
    pub fn push(&mut self, row: impl IntoIterator<Item = (usize, f64)>) {
        self.entries.extend(row);
        self.starts.push(self.entries.len());
    }

    /// The columns that are not zero at an observation, with their values.
    #[must_use]
    pub fn row(&self, j: usize) -> &[(usize, f64)] {
        &self.entries[self.starts[j]..self.starts[j + 1]]
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of observations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no observation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the columns explain of each observation with these coefficients.
    #[must_use]
    pub fn explained_by(&self, coefficients: &[f64]) -> Vec<f64> {
        (0..self.len()).map(|j| self.row(j).iter().map(|(i, x)| coefficients[*i] * x).sum()).collect()
    }

    /// `y` less what the columns explain with these coefficients.
    pub(super) fn less_explained(&self, y: &[f64], coefficients: &[f64]) -> Vec<f64> {
        y.iter().zip(self.explained_by(coefficients)).map(|(y, fit)| y - fit).collect()
    }

    /// XᵀQX.
    pub(super) fn normal_matrix(&self, precision: &Precision) -> DMatrix<f64> {
        let p = self.columns;
        let mut half = vec![0.0; p * p];
        for j in 0..self.len() {
            let next = if j + 1 < self.len() { self.row(j + 1) } else { &[] };
            for &(i, x) in self.row(j) {
                let (own, off) = (precision.diagonal[j] * x, precision.off.get(j).map_or(0.0, |off| off * x));
                for &(l, y) in self.row(j) {
                    half[i * p + l] += 0.5 * own * y;
                }
                for &(l, y) in next {
                    half[i * p + l] += off * y;
                }
            }
        }
        // It is symmetric.
        let half = DMatrix::from_vec(p, p, half);
        half.transpose() + half
    }

    /// Xᵀv.
    pub(super) fn transposed_times(&self, v: &[f64]) -> DVector<f64> {
        let mut out = DVector::zeros(self.columns);
        for (j, v) in v.iter().enumerate() {
            for &(i, x) in self.row(j) {
                out[i] += x * v;
            }
        }
        out
    }

    /// Adds the prior precisions to a matrix: these, and what ties neighbours.
    pub(super) fn add_priors(&self, normal: &mut DMatrix<f64>, ridge: &[f64]) {
        ridge.iter().enumerate().for_each(|(i, r)| normal[(i, i)] += r);
        for &(i, tie) in &self.ties {
            normal[(i, i + 1)] += tie;
            normal[(i + 1, i)] += tie;
        }
    }

    /// Half the log determinant of the priors, up to what ties neighbours, which is the same for all that are compared.
    fn log_prior(ridge: &[f64]) -> f64 {
        ridge.iter().filter(|r| **r > 0.0).map(|r| 0.5 * r.ln()).sum()
    }

    /// The evidence of series for the prior precisions that the caller gives: the normal equations are set up once.
    ///
    /// Returns a function of the precisions.
    pub fn evidence<'a>(
        &'a self,
        precision: &'a Precision,
        series: &'a [&'a [f64]],
    ) -> impl Fn(&[f64]) -> Vec<Evidence> + 'a {
        let normal = self.normal_matrix(precision);
        let sides: Vec<(DVector<f64>, f64)> = series
            .iter()
            .map(|y| {
                let weighted = precision.times(y);
                (self.transposed_times(&weighted), y.iter().zip(&weighted).map(|(y, w)| y * w).sum())
            })
            .collect();
        move |ridge: &[f64]| {
            let mut held = normal.clone();
            self.add_priors(&mut held, ridge);
            let Some(factor) = Cholesky::<f64, Dyn>::new(held) else {
                return vec![Evidence::SINGULAR; sides.len()];
            };
            let free = ridge.iter().filter(|r| **r == 0.0).count() as f64;
            let scale = Self::log_prior(ridge) - half_log_determinant(&factor);
            let freedom = self.len() as f64 - free;
            let of = |(right, square): &(DVector<f64>, f64)| {
                let coefficients = factor.solve(right);
                let rss = (square - right.dot(&coefficients)).max(square * 1e-12).max(f64::MIN_POSITIVE);
                let log_likelihood = scale - 0.5 * freedom * rss.ln();
                Evidence { log_likelihood, coefficients: coefficients.as_slice().to_vec(), variance: rss / freedom }
            };
            sides.iter().map(of).collect()
        }
    }
}

/// What a series says of the prior precisions of a [`Design`].
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The log marginal likelihood, up to a constant; minus infinity where the equations are singular.
    pub log_likelihood: f64,
    /// The posterior mean of each coefficient; none where the equations are singular.
    pub coefficients: Vec<f64>,
    /// The variance of the noise, with what the priors do not expect.
    pub variance: f64,
}

impl Evidence {
    const SINGULAR: Self = Self { log_likelihood: f64::NEG_INFINITY, coefficients: Vec::new(), variance: f64::NAN };
}

/// Half the log determinant of the matrix that was factored.
fn half_log_determinant(factor: &Cholesky<f64, Dyn>) -> f64 {
    let l = factor.l_dirty();
    (0..l.nrows()).map(|i| l[(i, i)].ln()).sum()
}
