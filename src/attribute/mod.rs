//! Deployments as hypotheses about when a change began.

mod date;
mod groups;
mod lagged;
mod likelihood;
mod near;
mod posterior;
mod priors;
mod reasons;
mod relevance;
#[cfg(test)]
mod tests;

pub use date::Asked;
pub use groups::{Member, groups};
pub use likelihood::Likelihood;
pub use near::{near, stretch};
pub use posterior::{Belief, Hypothesis, Posterior, Prior};
pub use priors::{LagLaw, Origin, Priors};
pub use reasons::Case;
pub use relevance::{Part, relevance};
