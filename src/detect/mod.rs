//! Finds where a metric changed: rhythms, spikes, segments, and the neighbourhood of a moment in detail.

mod boxed;
mod days;
mod describe;
mod event;
mod local;
mod memory;
mod moments;
#[cfg(test)]
mod properties;
mod ramps;
mod rare;
mod rhythm;
mod scan;
mod scatter;
mod screen;
mod search;
mod segmentation;
mod shape;
mod spells;
mod spikes;
#[cfg(test)]
mod tests;
mod together;

pub use days::Days;
pub use describe::{EFFECT_LEVEL, Found, MOMENT_LEVEL, Neighbourhood, OUTER_LEVEL, YOUNG};
pub use event::{Effect, ShapeScores};
pub use local::{Local, LocalError, Scope};
pub use moments::Moments;
pub use rhythm::{Adjusted, Divided, KnownEffects, Moved, Rhythm, without_rhythms};
pub use scan::{FEWEST, NEAR, Scanned, effect_at, scan, strongest};
pub use scatter::Scatter;
pub use search::{Search, Tested};
pub use segmentation::segment;
pub use shape::Shape;
pub use spikes::{Outlying, Spike, find_spikes, outlyingness};
pub use together::q_values;
