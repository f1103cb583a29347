//! What was counted of a metric, bucket by bucket, and the series that it makes.

use std::collections::BTreeMap;

use crate::model::{Buckets, Caveat, Grid, Series};
use crate::sources::SourceError;
use crate::sources::definition::Value;
use crate::sources::points::{Told, irregular};

/// What the events of a bucket come to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tally {
    /// How many there are.
    pub(crate) events: f64,
    /// Their count, their sum, how many different values they have, or for how many a further condition is true.
    pub(crate) amount: f64,
    /// How many have a value in the column that is added up or averaged; for others of no meaning.
    pub(crate) valued: f64,
}

/// The tallies of a metric by the numbers of their buckets.
pub(crate) type Tallies = BTreeMap<i64, Tally>;

/// The stretch of time that a source holds, whether or not its events count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    /// The time of the first event in Unix seconds.
    pub(crate) first: i64,
    /// That of the last.
    pub(crate) last: i64,
    /// How many there are.
    pub(crate) events: usize,
}

/// Where the source begins or ends within a bucket and at least this share of it is left over, the bucket is not whole.
const CUT: f64 = 0.35;
/// Where it is less than that, but more than this, somebody should know.
const EARLY: f64 = 0.05;
/// Both only where so many times the mean distance between two events is left over: else nothing may have happened there.
const UNLIKELY: f64 = 20.0;
/// Of fewer events or buckets nothing is concluded.
const FEW: (usize, usize) = (100, 3);

/// The series that tallies make, from the bucket of the first event of the source to that of the last, and what is to be said of it.
///
/// A first or last bucket that the source holds only in part has no value.
///
/// # Errors
/// Where there would be absurdly many buckets.
pub(crate) fn series(
    name: &str,
    value: &Value,
    tallies: &Tallies,
    range: &Range,
    buckets: &Buckets,
) -> Result<(Series, Vec<Caveat>), SourceError> {
    let mut numbers: Vec<i64> = tallies.keys().copied().collect();
    numbers.extend([buckets.number(range.first), buckets.number(range.last)]);
    numbers.sort_unstable();
    numbers.dedup();
    let grid = buckets.grid(&numbers).map_err(|e| irregular(name, buckets.zone(), &e))?;
    let mut held = vec![Tally::default(); grid.edges().len() - 1];
    for (&number, tally) in tallies {
        if let Some(bucket) = grid.bucket(buckets.start(number)) {
            held[bucket].events += tally.events;
            held[bucket].amount += tally.amount;
            held[bucket].valued += tally.valued;
        }
    }
    let mut values: Vec<f64> = held.iter().map(|tally| value_of(value, tally)).collect();
    let mut told = Told { name, zone: buckets.zone(), caveats: Vec::new() };
    told.gaps(&values, grid.edges(), grid.step());
    told.caveats.extend(without_cut(name, &mut values, range, &grid, buckets));
    let series = Series::new(name, buckets.zone(), grid.step(), grid.edges().to_vec(), values)
        .map_err(|e| SourceError::Irregular { metric: name.to_owned(), reason: e.to_string() })?;
    let series = match value {
        Value::Ratio(_) => series.with_denominators(held.iter().map(|tally| tally.events).collect()),
        Value::Mean(_) => series.with_denominators(held.iter().map(|tally| tally.valued).collect()),
        _ => series,
    };
    Ok((series, told.caveats))
}

/// Takes the values of a first and a last bucket that the source does not hold as a whole.
fn without_cut(name: &str, values: &mut [f64], range: &Range, grid: &Grid, buckets: &Buckets) -> Vec<Caveat> {
    let (edges, last) = (grid.edges(), values.len() - 1);
    let distance = (range.last - range.first) as f64 / range.events.max(1) as f64;
    let shown = |unix| {
        chrono::DateTime::from_timestamp(unix, 0)
            .map_or_else(String::new, |at| at.with_timezone(&buckets.zone()).format("%Y-%m-%d %H:%M:%S").to_string())
    };
    let ends = [
        (0, range.first - edges[0], format!("begins at {}", shown(range.first))),
        (last, edges[last + 1] - range.last, format!("ends at {}", shown(range.last))),
    ];
    let mut caveats = Vec::new();
    if range.events < FEW.0 || values.len() < FEW.1 {
        return caveats;
    }
    for (bucket, left, how) in ends {
        let length = (edges[bucket + 1] - edges[bucket]) as f64;
        let (left, step) = (left as f64, grid.step());
        if left <= EARLY * length || left <= UNLIKELY * distance {
            continue;
        }
        let (code, then) = if left > CUT * length {
            let value = std::mem::replace(&mut values[bucket], f64::NAN);
            ("partial_bucket", format!("{value} there is not the value of a whole {step}, and was not tested"))
        } else {
            ("perhaps_partial_bucket", format!("perhaps not all of that {step} is there"))
        };
        caveats.push(Caveat::new(code, format!("{name}: the source {how}: {then}.")));
    }
    caveats
}

fn value_of(value: &Value, tally: &Tally) -> f64 {
    let shared = |whole: f64| if whole > 0.0 { tally.amount / whole } else { f64::NAN };
    match value {
        Value::Sum(_) if tally.events > 0.0 && tally.valued == 0.0 => f64::NAN,
        Value::Count | Value::Sum(_) | Value::Distinct(_) | Value::ApproxDistinct(_) => tally.amount,
        Value::Mean(_) => shared(tally.valued),
        Value::Ratio(_) => shared(tally.events),
    }
}
