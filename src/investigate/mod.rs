//! The story of an answer: load, detect, attribute, answer.

mod candidates;
mod change;
mod eligible;
mod error;
mod events;
mod feed;
mod judge;
mod lists;
mod load;
mod plan;
mod request;
mod scan;
mod undoings;
mod why;
mod witnesses;

pub use error::{ErrorKind, InvestigateError};
pub use lists::{deploys, metrics};
pub use plan::plan;
pub use request::{DeploysRequest, MetricsRequest, On, ScanRequest, Setting, WhyRequest};
pub use scan::{Progress, scan};
pub use why::why;

pub use crate::stats::FdrMethod;
