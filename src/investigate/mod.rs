//! The story of an answer: load, detect, attribute, answer.

mod request;

pub use request::{DeploysRequest, MetricsRequest, On, ScanRequest, Setting, WhyRequest};
