//! Finds where a metric changed.
