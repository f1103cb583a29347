//! Deployments as hypotheses about when a change began.
