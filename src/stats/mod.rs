//! The statistics: pure functions over slices.
