//! Tables in Markdown, and shares with their standard error.

use std::fmt;

/// A share of a number of runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    yes: usize,
    all: usize,
}

impl Share {
    pub(crate) fn of(runs: impl IntoIterator<Item = bool>) -> Self {
        runs.into_iter().fold(Self { yes: 0, all: 0 }, |s, yes| Self { yes: s.yes + usize::from(yes), all: s.all + 1 })
    }

    pub(crate) fn count(self) -> usize {
        self.all
    }

    pub(crate) fn value(self) -> f64 {
        self.yes as f64 / self.all.max(1) as f64
    }

    /// The share, marked where it is above `most` by more than two of the standard errors that `most` would have.
    pub(crate) fn at_most(self, most: f64) -> String {
        let standard_error = (most * (1.0 - most) / self.all.max(1) as f64).sqrt();
        marked(self, self.value() > most + 2.0 * standard_error)
    }

    /// The share, marked where it is below `least`.
    pub(crate) fn at_least(self, least: f64) -> String {
        marked(self, self.all > 0 && self.value() < least)
    }

    /// Of the estimate, by the binomial law.
    pub(crate) fn standard_error(self) -> f64 {
        (self.value() * (1.0 - self.value()) / self.all.max(1) as f64).sqrt()
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.all {
            0 => write!(f, "-"),
            // Four digits, where there are runs for them.
            n if n >= 5_000 => write!(f, "{:.4} ± {:.4} (n {n})", self.value(), self.standard_error()),
            n => write!(f, "{:.3} ± {:.3} (n {n})", self.value(), self.standard_error()),
        }
    }
}

/// The mean of a number of runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mean {
    value: f64,
    standard_error: f64,
    all: usize,
}

impl Mean {
    pub(crate) fn of(runs: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = runs.into_iter().collect();
        let n = values.len() as f64;
        let value = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - value).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        Self { value, standard_error: (variance / n).sqrt(), all: values.len() }
    }

    /// The mean, marked where it is above `most` by more than two standard errors.
    pub(crate) fn at_most(self, most: f64) -> String {
        marked(self, self.value > most + 2.0 * self.standard_error)
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.all {
            0 => write!(f, "-"),
            n => write!(f, "{:.3} ± {:.3} (n {n})", self.value, self.standard_error),
        }
    }
}

/// A figure, with a mark where it misses its goal.
pub(crate) fn marked(figure: impl fmt::Display, missed: bool) -> String {
    format!("{figure}{}", if missed { " MISS" } else { "" })
}

/// The head of a table.
pub(crate) fn head(cells: &[&str]) {
    row(&cells.iter().map(ToString::to_string).collect::<Vec<_>>());
    row(&vec!["---".to_owned(); cells.len()]);
}

pub(crate) fn row(cells: &[String]) {
    println!("| {} |", cells.join(" | "));
}
