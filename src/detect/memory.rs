//! Noise that remembers more than the bucket before.

use crate::model::{Series, Step};
use crate::stats::{Memory, StudentNoise};

use super::{Local, Moments, ShapeScores};

impl Local {
    /// The same with what the noise remembers besides, where that is worth its coefficients: of the two buckets before, of the bucket a season
    /// before, or of both. A coefficient costs ½ log n of the likelihood (Schwarz 1978); the noise is that beside the likeliest event.
    ///
    /// None where the first-order autoregression tells all, or what comes is rare.
    #[must_use]
    pub fn remembering(&self, series: &Series, moments: &Moments, scores: &ShapeScores) -> Option<Self> {
        if self.rare().is_some() {
            return None;
        }
        let beside = scores.innovations_beside(self, moments);
        let weights = self.student().weights(&beside);
        let each = 0.5 * (beside.len() as f64).ln();
        let judged = |memory: Memory| {
            let left = memory.filtered(&beside);
            let student = StudentNoise::fitted(&left, self.student().least());
            let value = student.log_likelihood(&left, 0.0, 0.0).0 - each * memory.len() as f64;
            (value, memory, student)
        };
        // A season is so many buckets only where none is missing.
        let places = self.places();
        let span = places.last().zip(places.first()).map_or(0, |(last, first)| last - first + 1);
        let is_whole = places.len() as f64 >= WHOLE * span as f64;
        let lags = lags(series.step()).into_iter().filter(|lags| is_whole || lags.iter().all(|lag| *lag <= 2));
        let fitted = lags.filter_map(|lags| Memory::fitted(&beside, &weights, lags));
        let all = [Memory::default()].into_iter().chain(fitted).map(judged);
        let (_, memory, student) = all.max_by(|a, b| a.0.total_cmp(&b.0))?;
        (!memory.is_empty()).then(|| self.with_memory(memory, student))
    }
}

/// Share of the buckets of a stretch that are there where a season can be told by counting them.
const WHOLE: f64 = 0.95;

/// The lags, in buckets, that noise may remember together.
fn lags(step: Step) -> Vec<&'static [usize]> {
    match step {
        Step::Hours(1) => vec![&[1, 2], &[24], &[1, 2, 24]],
        Step::Day => vec![&[1, 2], &[7], &[1, 2, 7]],
        _ => vec![&[1, 2]],
    }
}
