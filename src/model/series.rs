use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{Moment, Step};

/// A metric in regular buckets: value `i` belongs to the stretch from edge `i` to edge `i + 1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    name: String,
    zone: Tz,
    step: Step,
    edges: Vec<i64>,
    values: Vec<f64>,
    denominators: Option<Vec<f64>>,
    /// The least value; infinite where there is none.
    least: f64,
    /// What a zero is taken for on the log scale, where zeros stand apart from all other values.
    zero: Option<f64>,
    /// Whether the values are those of another series over what was expected of them.
    divided: bool,
}

/// Why numbers do not make a series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// There must be one edge more than values.
    #[error("{edges} edges do not bound {values} buckets")]
    Length {
        /// How many edges were given.
        edges: usize,
        /// How many values were given.
        values: usize,
    },
    /// Edges must increase strictly.
    #[error("edge {0} is not after the one before it")]
    Order(usize),
    /// A value is infinite.
    #[error("value {0} is infinite")]
    Infinite(usize),
}

impl Series {
    /// A series of `values.len()` buckets bounded by `values.len() + 1` edges.
    ///
    /// `edges` are Unix seconds, strictly increasing; `values` are in the metric's own unit, NaN where missing.
    ///
    /// # Errors
    /// Where the lengths do not match, the edges do not increase or a value is infinite.
    pub fn new(
        name: impl Into<String>,
        zone: Tz,
        step: Step,
        edges: Vec<i64>,
        values: Vec<f64>,
    ) -> Result<Self, SeriesError> {
        if edges.len() != values.len() + 1 {
            return Err(SeriesError::Length { edges: edges.len(), values: values.len() });
        }
        if let Some(i) = edges.windows(2).position(|w| w[0] >= w[1]) {
            return Err(SeriesError::Order(i + 1));
        }
        if let Some(i) = values.iter().position(|v| v.is_infinite()) {
            return Err(SeriesError::Infinite(i));
        }
        let (least, zero) = (least(&values), zero_apart(&values));
        Ok(Self { name: name.into(), zone, step, edges, values, denominators: None, least, zero, divided: false })
    }

    /// The series as ratios with these denominators, one for each bucket: what a value is worth grows with its denominator.
    ///
    /// A bucket without a positive denominator has no value.
    #[must_use]
    pub fn with_denominators(mut self, denominators: Vec<f64>) -> Self {
        for (value, denominator) in self.values.iter_mut().zip(&denominators) {
            if denominator.is_nan() || *denominator <= 0.0 {
                *value = f64::NAN;
            }
        }
        self.denominators = Some(denominators);
        self
    }

    /// The denominators, where the metric is a ratio that knows them.
    #[must_use]
    pub fn denominators(&self) -> Option<&[f64]> {
        self.denominators.as_deref()
    }

    /// The metric's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The time zone whose days and months bound the buckets.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The length of a bucket.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Bounds of the buckets in Unix seconds, one more than there are values.
    #[must_use]
    pub fn edges(&self) -> &[i64] {
        &self.edges
    }

    /// The values, NaN where missing.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Whether each value has a [logarithm](Self::log): none is below zero, and zeros stand apart from all others, as those of an outage do.
    #[must_use]
    pub fn has_logs(&self) -> bool {
        self.least > 0.0 || self.zero.is_some()
    }

    /// The logarithm of a value of the metric; of zero that of a tenth of the least positive one, where the series [has logarithms](Self::has_logs).
    #[must_use]
    pub fn log(&self, value: f64) -> f64 {
        self.or_apart(value).ln()
    }

    /// A value of the metric as it counts on the log scale.
    #[must_use]
    pub fn or_apart(&self, value: f64) -> f64 {
        self.zero.filter(|_| value == 0.0).unwrap_or(value)
    }

    /// Whether a value of the metric is zero and stands apart from all that are not: there neither rhythms nor a slope move it.
    #[must_use]
    pub fn is_apart(&self, value: f64) -> bool {
        self.zero.is_some() && value == 0.0
    }

    /// The value of the metric, missing where it [stands apart](Self::is_apart): what others are rounded to it does not tell.
    #[must_use]
    pub fn unless_apart(&self, value: f64) -> f64 {
        if self.is_apart(value) { f64::NAN } else { value }
    }

    /// Whether a level that was told from logarithms is that of zeros: it is nearer to these than to the least value that is more.
    #[must_use]
    pub fn is_zero(&self, level: f64) -> bool {
        self.zero.is_some_and(|zero| level < zero / APART.sqrt())
    }

    /// The mean logarithm of those of the values that are positive: the log Jacobian of the log scale for each of them. What stands apart at zero is told as
    /// well on both scales, and has that of the others. NaN where none is positive.
    #[must_use]
    pub fn mean_log(values: &[f64]) -> f64 {
        let add = |(sum, count): (f64, f64), v: &f64| (sum + v.ln(), count + 1.0);
        let (sum, count) = values.iter().filter(|v| **v > 0.0).fold((0.0, 0.0), add);
        sum / count
    }

    /// Whether some value is below zero, so that logarithms mean nothing even where all others have them.
    #[must_use]
    pub fn has_negatives(&self) -> bool {
        self.least < 0.0
    }

    /// Number of buckets, missing ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no bucket at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of buckets without a value.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.values.iter().filter(|v| v.is_nan()).count()
    }

    /// The bucket that holds a moment, where there is one.
    #[must_use]
    pub fn bucket_at(&self, moment: DateTime<Utc>) -> Option<usize> {
        let after = self.edges.partition_point(|&e| e <= moment.timestamp());
        (1..=self.values.len()).contains(&after).then(|| after - 1)
    }

    /// Edge `i` as people of the series' zone read it. Panics where there is no such edge.
    #[must_use]
    pub fn moment(&self, edge: usize) -> Moment {
        self.moment_of(self.edges[edge])
    }

    /// Unix seconds as people of the series' zone read them.
    #[must_use]
    pub fn moment_of(&self, unix: i64) -> Moment {
        let utc = DateTime::from_timestamp(unix, 0).unwrap_or(DateTime::UNIX_EPOCH);
        self.zone.from_utc_datetime(&utc.naive_utc())
    }

    /// Whether some value is zero and none is below it.
    #[must_use]
    pub fn has_zeros(&self) -> bool {
        self.least.abs() == 0.0
    }

    /// The series with the quotients of its values and what was `expected` of them, one for each bucket.
    #[must_use]
    pub(crate) fn divided_by(&self, expected: Vec<f64>, quotients: Vec<f64>) -> Self {
        let series = Self { least: least(&quotients), zero: None, values: quotients, divided: true, ..self.clone() };
        series.with_denominators(expected)
    }

    /// Whether the values are those of another series over what was expected of them, because it has zeros and no logarithms.
    #[must_use]
    pub(crate) fn is_divided(&self) -> bool {
        self.divided
    }

    /// The series with these buckets missing.
    #[must_use]
    pub fn without(&self, buckets: &[usize]) -> Self {
        let mut rest = self.clone();
        for &b in buckets {
            rest.values[b] = f64::NAN;
        }
        (rest.least, rest.zero) = (least(&rest.values), zero_apart(&rest.values));
        rest
    }

    /// The series without the buckets that begin at edge `keep` or later.
    #[must_use]
    pub fn truncated(&self, keep: usize) -> Self {
        let keep = keep.min(self.values.len());
        Self {
            edges: self.edges[..=keep].to_vec(),
            values: self.values[..keep].to_vec(),
            least: least(&self.values[..keep]),
            zero: zero_apart(&self.values[..keep]),
            denominators: self.denominators.as_ref().map(|d| d[..keep].to_vec()),
            ..self.clone()
        }
    }
}

/// The least of the values that are there.
fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Zeros that stand apart count as this share of the least positive value on the log scale.
const APART: f64 = 0.1;
/// Of this many positive values one run of zeros may be apart.
const POSITIVE_PER_RUN: usize = 50;
/// Up to so many units are found elsewhere too where zeros came about by chance.
const FEW: f64 = 3.0;

/// This share of the least positive value, where there are zeros that stand apart from all other values: a few runs of them, and hardly a value that is less than
/// half of the lowest twentieth, or a count of a few. None where there are none, more of them than of others, or values below zero.
fn zero_apart(values: &[f64]) -> Option<f64> {
    if least(values) != 0.0 {
        return None;
    }
    let mut positive: Vec<f64> = values.iter().copied().filter(|v| *v > 0.0).collect();
    let present: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let runs = present.chunk_by(|a, b| (*a == 0.0) == (*b == 0.0)).filter(|run| run[0] == 0.0).count();
    let zeros = present.len() - positive.len();
    if zeros > positive.len() || POSITIVE_PER_RUN * runs > positive.len() + POSITIVE_PER_RUN {
        return None;
    }
    let place = positive.len() / 20;
    let lowest = *positive.select_nth_unstable_by(place, f64::total_cmp).1;
    let few = FEW * unit(&positive);
    // A run may begin and end within a bucket; what is zero by chance is oftener a few, and anywhere.
    let is_zero = |i: Option<usize>| i.and_then(|i| present.get(i)).is_some_and(|v| *v == 0.0);
    let is_low = |i: &usize| {
        let v = present[*i];
        v > 0.0 && (v < 0.5 * lowest || v <= few) && !is_zero(i.checked_sub(1)) && !is_zero(Some(i + 1))
    };
    let zero = APART * least(&positive);
    ((0..present.len()).filter(is_low).count() <= runs && zero > 0.0).then_some(zero)
}

/// The unit of counts: 1 of whole numbers, or the least of which all are multiples; 0 where there is none.
fn unit(positive: &[f64]) -> f64 {
    let least = least(positive);
    let is_multiple = |v: &f64| ((v / least).round() - v / least).abs() < 1e-6;
    if positive.iter().all(|v| v.to_bits() == least.to_bits()) {
        // One value is no count of anything.
        0.0
    } else if positive.iter().all(is_multiple) {
        least
    } else if positive.iter().all(|v| v.fract() == 0.0) {
        1.0
    } else {
        0.0
    }
}
