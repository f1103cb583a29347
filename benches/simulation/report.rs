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

    /// Of the estimate, by the binomial law.
    pub(crate) fn standard_error(self) -> f64 {
        (self.value() * (1.0 - self.value()) / self.all.max(1) as f64).sqrt()
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.all {
            0 => write!(f, "-"),
            n => write!(f, "{:.3} ± {:.3} (n {n})", self.value(), self.standard_error()),
        }
    }
}

pub(crate) fn row(cells: &[String]) {
    println!("| {} |", cells.join(" | "));
}
