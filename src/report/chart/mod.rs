//! What every picture has in common: scales, ticks of numbers and of local time, lines that lose no spike, marks of deployments.
//!
//! A [`Scene`] is what is to be drawn, in the units of the data. The terminal, SVG and through it HTML draw it.

mod braille;
mod calendar;
mod dates;
mod lines;
mod numbers;
mod panel;
mod scale;
mod scene;
mod spark;
mod symbols;
mod terminal;

pub(super) use calendar::calendar;
pub(super) use dates::{LADDER, Unit, offsets, ticks as date_ticks};
pub(super) use lines::lines;
pub(super) use numbers::{label as number_label, range as number_range, ticks as number_ticks};
pub(super) use panel::{Band, Panel, Slope};
pub(super) use scale::Scale;
pub(super) use scene::{Mark, Scene};
pub(super) use spark::{spark, sparkline};
pub(super) use symbols::{COLOURS, SYMBOLS, symbol};
pub(super) use terminal::{letter, of_answer};
