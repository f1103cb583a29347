use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::{Exporter, Style, text};
use crate::model::Answer;

/// The answer as it is, indented. Undefined numbers are null.
///
/// What acts without being seen (C1 and bidirectional controls, zero-width characters ...) is written as `\u009b`, so
/// that a terminal does nothing but show it, and a parser still reads what went in.
pub(super) struct Json;

impl Exporter for Json {
    fn export(&self, answer: &Answer, _: &Style) -> io::Result<Vec<u8>> {
        let mut json = Vec::new();
        answer.serialize(&mut Serializer::with_formatter(&mut json, Harmless(PrettyFormatter::new())))?;
        json.push(b'\n');
        Ok(json)
    }
}

/// The pretty formatter with more characters escaped.
struct Harmless<'a>(PrettyFormatter<'a>);

impl Formatter for Harmless<'_> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for piece in fragment.split_inclusive(text::is_hidden) {
            let plain = piece.trim_end_matches(text::is_hidden);
            out.write_all(plain.as_bytes())?;
            for hidden in piece[plain.len()..].chars() {
                for unit in hidden.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}
