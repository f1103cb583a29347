//! Finds where a metric changed: rhythms, spikes, segments, and the neighbourhood of a moment in detail.

mod describe;
mod event;
mod local;
mod moments;
mod rhythm;
mod scan;
mod segmentation;
mod spikes;
#[cfg(test)]
mod tests;

pub use describe::{EFFECT_LEVEL, Found, MOMENT_LEVEL, Neighbourhood, Tested, YOUNG};
pub use event::{Effect, Shape, ShapeScores};
pub use local::{Local, LocalError, Scope};
pub use moments::Moments;
pub use rhythm::{Rhythm, detect_rhythms};
pub use scan::{FEWEST, Scanned, scan};
pub use segmentation::{SegmentShape, Segmentation, segment};
pub use spikes::{Spike, find_spikes};
