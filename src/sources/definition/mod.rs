//! Metrics defined over raw events: which column is the time, which events count, and what of them.
//!
//! A definition means the same wherever the events lie. Its conditions are a small language of our own, read from SQL by
//! [`Condition::parse`]; each source compiles it to what it runs: an expression of polars, or SQL with parameters.
//!
//! What every source keeps to:
//! - Only events with a time count. The buckets go from that of the first event of the source to that of the last, whether or
//!   not the condition lets these two through: a metric that stops is zero from then on, not over.
//! - An event counts where the condition is true, not where it is false or unknown (NULL).
//! - A bucket without events is 0 for counts, distinct counts and sums, and has no value for means and ratios. A sum or a mean of
//!   nothing but NULL has no value. NaN is read as NULL; an infinite number is an error.
//! - The text '' in a dimension is one with NULL.

use std::collections::BTreeSet;

mod condition;
mod literal;
mod parse;
mod value;

pub use condition::{Comparison, Condition, Literal};
pub(in crate::sources) use literal::{date, datetime, moment};
pub use parse::ConditionError;
pub use value::{Value, ValueError};

/// What a metric over raw events is.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The column of the time of an event.
    pub time: String,
    /// Which events count; all where nothing was said.
    pub condition: Option<Condition>,
    /// What of them.
    pub value: Value,
    /// Columns by whose values the metric is also split.
    pub by: Vec<String>,
}

impl Definition {
    /// The columns that it looks at, each once.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<&str> {
        let mut columns: BTreeSet<&str> = self.by.iter().map(String::as_str).collect();
        columns.insert(&self.time);
        columns.extend(self.value.column());
        columns.extend(self.condition.iter().flat_map(Condition::columns));
        if let Value::Ratio(condition) = &self.value {
            columns.extend(condition.columns());
        }
        columns
    }
}
