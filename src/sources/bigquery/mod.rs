//! Deploy events and metrics that lie in `BigQuery`.
//!
//! Statements are made here of the files in `queries/` and of checked names; [`crate::bigquery`] runs them.

mod place;
mod rows;
mod session;
mod sql;
mod template;

pub use place::{BigQuerySource, Place};
pub(super) use rows::{Asked, Wanted};
pub use session::{Planned, Session};
