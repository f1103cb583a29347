//! Candidate moments: finer than buckets, because a bucket that moved partly tells when.

use std::ops::Range;

use crate::model::{Series, Step};

/// Moments at which an effect may have started, and what each means for the observations.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Unix seconds, ascending and evenly spread within each bucket.
    pub unix: Vec<f64>,
    /// The bucket that holds the moment.
    pub bucket: Vec<usize>,
    /// The first observation that an effect starting then touches.
    pub observation: Vec<usize>,
    /// The share of that observation's bucket that lies after the moment, in (0, 1].
    pub share: Vec<f64>,
}

impl Moments {
    /// Moments in the given buckets of a series of which the buckets `places` were observed; the fewer buckets, the finer.
    #[must_use]
    pub fn new(series: &Series, places: &[usize], buckets: Range<usize>) -> Self {
        let most = MOST / u32::try_from(buckets.len()).unwrap_or(MOST).max(1);
        Self::divided(series, places, buckets, parts(series.step()).min(most).max(1))
    }

    /// The starts of the given buckets alone, for a search over many of them.
    #[must_use]
    pub fn starts(series: &Series, places: &[usize], buckets: Range<usize>) -> Self {
        Self::divided(series, places, buckets, 1)
    }

    fn divided(series: &Series, places: &[usize], buckets: Range<usize>, parts: u32) -> Self {
        let mut moments = Self { unix: vec![], bucket: vec![], observation: vec![], share: vec![] };
        for b in buckets.start..buckets.end.min(series.len()) {
            let (from, to) = (series.edges()[b] as f64, series.edges()[b + 1] as f64);
            let observation = places.partition_point(|&p| p < b);
            let observed = places.get(observation) == Some(&b);
            for part in 0..parts {
                let into = f64::from(part) / f64::from(parts);
                moments.unix.push(from + into * (to - from));
                moments.bucket.push(b);
                moments.observation.push(observation);
                moments.share.push(if observed { 1.0 - into } else { 1.0 });
            }
        }
        moments
    }

    /// Number of moments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.unix.len()
    }

    /// The indices of all moments.
    #[must_use]
    pub fn all(&self) -> Vec<usize> {
        (0..self.len()).collect()
    }

    /// Whether there is no moment.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unix.is_empty()
    }
}

/// More moments tell nothing further.
const MOST: u32 = 4000;

/// How many moments a bucket is divided into: about one an hour for days, one a quarter of an hour for hours.
fn parts(step: Step) -> u32 {
    match step {
        Step::Minutes(_) => 1,
        Step::Hours(_) => 4,
        Step::Day => 24,
        Step::Week => 28,
        Step::Months(_) => 30,
    }
}
