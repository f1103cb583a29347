//! Deploy events and metrics that lie in BigQuery.
//!
//! Statements are made here of the files in `queries/` and of checked names; [`crate::bigquery`] runs them.

mod condition;
mod definition;
mod parameters;
mod place;
mod rows;
mod session;
mod sql;
mod template;
#[cfg(test)]
mod tests;

pub(super) use definition::{Part, Stretch, counted};
pub use place::{BigQuerySource, Place};
pub(super) use rows::{Asked, Wanted};
pub use session::{Planned, Session};
