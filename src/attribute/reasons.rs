//! Reasons that a person can check against the chart.

/// What is known of one suspect, in figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Checks {}

/// The reasons in words.
#[must_use]
pub fn reasons(_: &Checks) -> Vec<String> {
    Vec::new()
}
