//! Deployments as hypotheses about when a change began.

mod companion;
mod date;
mod groups;
mod hours;
mod lagged;
mod likelihood;
mod near;
mod placebo;
mod posterior;
mod priors;
mod reasons;
mod relevance;
mod reverts;
#[cfg(test)]
mod tests;
mod undone;

pub use companion::{Companion, Seen};
pub use date::Asked;
pub use groups::{Member, groups};
pub use hours::WorkingHours;
pub use likelihood::Likelihood;
pub use near::{near, near_one, stretch};
pub use placebo::{BaseRate, History, Placebo};
pub use posterior::{Belief, Hypothesis, Posterior, Prior};
pub use priors::{LagLaw, Origin, Priors};
pub use reasons::{Case, duration};
pub use relevance::{Part, brought, relevance};
pub use reverts::{Undoing, undoings};
pub use undone::OtherEnd;
