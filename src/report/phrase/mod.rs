//! The parts of an answer in words, for every format that people read.
//!
//! Texts from data are handed through `safe`, the function that makes them harmless for the format's medium.

mod change;
mod explain;
mod number;
mod scan;
mod time;
mod why;

pub(super) use change::{direction, effect, sort};
pub(super) use explain::{Explained, HEADS, explained, sources};
pub(super) use number::{number, p_value, probability, q_alone, q_value, whole};
pub(super) use scan::{found, judged, judged_from, others_of};
pub use time::stretch;
pub(super) use time::{ahead, clock, date, first_visible, last_date, until, zone};
pub(super) use why::{base_rate, excluded, headline, none, nothing_recorded, remainder, title, with};

/// Makes a text from data harmless for a medium.
pub(super) type Safe = fn(&str) -> String;

/// A word with its number, the plural by `s`.
pub(super) fn count(n: usize, word: &str) -> String {
    format!("{} {word}{}", number::whole(n), if n == 1 { "" } else { "s" })
}
