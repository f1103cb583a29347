//! shiptrace answers one question: *why did metric X change on date Y - did we ship something?*
//!
//! Data flows one way, and modules only know those below them:
//!
//! ```text
//! main ─> cli ─> investigate (load ─> detect ─> attribute ─> answer)
//!                ├─ sources    reads files and tables into the model ─> bigquery
//!                ├─ collect    deploy events of CI systems, and their store ─> bigquery
//!                ├─ report     writes an answer as table, Markdown, CSV, JSON, HTML or SVG
//!                └─ attribute ─> detect ─> stats ─> model
//! ```
//!
//! `model`, `stats`, `detect` and `attribute` do no input or output and know no clock; a test keeps it so.

pub mod attribute;
#[cfg(feature = "program")]
pub mod bigquery;
#[cfg(feature = "program")]
pub mod cli;
#[cfg(feature = "program")]
pub mod collect;
pub mod detect;
#[cfg(feature = "program")]
pub mod investigate;
pub mod model;
pub mod report;
#[cfg(test)]
mod simulation;
#[cfg(feature = "program")]
pub mod sources;
pub mod stats;
