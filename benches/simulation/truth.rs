//! Which of the reported changes are true, and which of the real ones are found.

use shiptrace::detect::Found;
use shiptrace::model::ChangeKind;

use super::series::Step;

/// A reported change is true, and a real one is found, where the two are at most so many buckets apart.
const NEAR: usize = 5;

pub(crate) fn is_near(found: &Found, step: &Step) -> bool {
    found.bucket.abs_diff(step.after as usize) <= NEAR
}

/// How many of the steps are found.
pub(crate) fn hits(found: &[&Found], steps: &[Step]) -> usize {
    steps.iter().filter(|step| found.iter().any(|f| is_near(f, step))).count()
}

/// How many of the reported changes are false.
pub(crate) fn false_ones(found: &[&Found], steps: &[Step]) -> usize {
    found.iter().filter(|f| !steps.iter().any(|step| is_near(f, step))).count()
}

/// Whether a change is told to last.
pub(crate) fn lasts(found: &Found) -> bool {
    found.kind != ChangeKind::Spike
}
