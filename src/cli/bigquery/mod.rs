//! How BigQuery is asked, by what flags, environment and configuration say.

mod config;
mod plan;
mod settings;
mod told;

pub(super) use config::BigQueryConfig;
pub(super) use plan::print_plan;
pub(super) use settings::{settings, span};
pub(super) use told::Told;
