use std::fmt::Write;
use std::io;

use super::{Exporter, Style, text};
use crate::model::Answer;

/// The answer as it is, indented. Undefined numbers are null.
///
/// What acts without being seen (C1 and bidirectional controls, zero-width characters ...) is written as `\u009b`, so
/// that a terminal does nothing but show it, and a parser still reads what went in.
pub(super) struct Json;

impl Exporter for Json {
    fn export(&self, answer: &Answer, _: &Style) -> io::Result<Vec<u8>> {
        let json = serde_json::to_string_pretty(answer)?;
        let mut harmless = String::with_capacity(json.len() + 1);
        for c in json.chars() {
            // Within strings line breaks are already escaped; those left are the indentation's.
            if c != '\n' && text::is_hidden(c) {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(harmless, "\\u{unit:04x}");
                }
            } else {
                harmless.push(c);
            }
        }
        harmless.push('\n');
        Ok(harmless.into_bytes())
    }
}
