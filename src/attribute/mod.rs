//! Deployments as hypotheses about when a change began.

mod date;
mod near;
mod posterior;
mod reasons;
#[cfg(test)]
mod tests;

pub use date::Asked;
pub use near::{near, stretch};
pub use posterior::{Posterior, Priors, posterior};
pub use reasons::Case;
