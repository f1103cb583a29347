//! What a person or a program gets to see of answers built by hand.

mod behaviour;
mod fixtures;
mod pages;
mod pictures;
mod rendered;
mod untrusted;

use super::{Format, Style, write};
use crate::model::Answer;

/// The report as text.
fn report(answer: &Answer, format: Format, style: &Style) -> String {
    let mut out = Vec::new();
    write(answer, format, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
