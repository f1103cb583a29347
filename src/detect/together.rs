//! The changes of several metrics at once.

use crate::stats::{Family, FdrMethod, selective_q_values};

use super::Scanned;

/// The q-value of each change of each metric. Reporting those of at most q keeps the expected share of false ones at q; the metrics should
/// have been scanned at level q.
///
/// Each metric that was looked at counts, also where nothing was found. One is a family of tests with the p-value of its strongest evidence.
#[must_use]
pub fn q_values<'a>(scanned: impl IntoIterator<Item = &'a Scanned>, method: FdrMethod) -> Vec<Vec<f64>> {
    let family = |one: &Scanned| Family {
        p_value: one.p_value,
        members: one.changes.iter().map(|found| found.p_value).collect(),
    };
    let families: Vec<Family> = scanned.into_iter().map(family).collect();
    selective_q_values(&families, method)
}
