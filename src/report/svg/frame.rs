//! Where the parts of a picture lie.

use crate::report::chart::{Scale, Scene};

/// A stretch of the scene and how much room it has.
pub(in crate::report) struct View {
    /// Width in pixels.
    pub(in crate::report) width: f64,
    /// What is seen, in Unix seconds.
    pub(in crate::report) span: (i64, i64),
    /// The places of the panels that are drawn.
    pub(in crate::report) panels: Vec<usize>,
    /// The places of the lanes that are drawn.
    pub(in crate::report) lanes: Vec<usize>,
    /// So many of the likeliest deployments have their number.
    pub(in crate::report) numbers: usize,
}

/// So many of the likeliest have their number where everything is seen, and many are close together.
pub(in crate::report) const NUMBERS: usize = 3;
/// So many metrics are drawn; of more a picture shows nothing.
pub(in crate::report) const PANELS: usize = 24;
/// So many lanes are drawn.
const LANES: usize = 60;

impl View {
    /// All there is.
    pub(in crate::report) fn whole(scene: &Scene<'_>, width: f64) -> Self {
        let on = scene.lanes.iter().enumerate().filter(|(_, lane)| lane.on).map(|(i, _)| i);
        Self {
            width,
            span: scene.span,
            panels: (0..scene.panels.len().min(PANELS)).collect(),
            lanes: on.take(LANES).collect(),
            numbers: NUMBERS,
        }
    }
}

impl View {
    /// Whether every deployment of the answer has its number, above it.
    pub(super) fn is_roomy(&self) -> bool {
        self.numbers > NUMBERS
    }
}

/// Sizes in pixels, the same as in the script.
pub(super) const NAME: f64 = 20.0;
pub(super) const FIRST: f64 = 220.0;
pub(super) const FURTHER: f64 = 84.0;
const LANE: f64 = 16.0;
/// A lane in which each deployment has its number above it.
const ROOMY: f64 = 27.0;
const AXIS: f64 = 24.0;
const RIGHT: f64 = 18.0;

/// The places of everything in a picture.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) x: Scale,
    /// Top and bottom of each panel's plot.
    pub(super) panels: Vec<(f64, f64)>,
    /// Where the first lane begins.
    pub(super) lanes: f64,
    /// How high a lane is.
    pub(super) lane: f64,
    /// Where the axis of time runs.
    pub(super) axis: f64,
    pub(super) height: f64,
}

impl Frame {
    pub(super) fn new(view: &View) -> Self {
        let left = (view.width * 0.22).min(136.0);
        let right = view.width - RIGHT;
        let mut top = 0.0;
        let mut panels = Vec::new();
        for i in 0..view.panels.len() {
            let height = if i == 0 { FIRST } else { FURTHER };
            panels.push((top + NAME, top + NAME + height));
            top += NAME + height + 6.0;
        }
        let lanes = top + 6.0;
        let lane = if view.is_roomy() { ROOMY } else { LANE };
        let axis = lanes + lane * view.lanes.len() as f64 + 4.0;
        let x = Scale::new((view.span.0 as f64, view.span.1 as f64), (left, right));
        Self { left, right, x, panels, lanes, lane, axis, height: axis + AXIS }
    }
}
