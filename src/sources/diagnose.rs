//! Finds the place of what is wrong with a file of text, once polars has refused it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::SourceError;
use super::slices::Bytes;
use super::table::Origin;

/// The error of a file that was refused with `detail`: with its row where looking at the bytes once more shows it.
pub(super) fn diagnose(file: &str, origin: &Origin, detail: &str) -> SourceError {
    torn(file, origin).unwrap_or_else(|| SourceError::Malformed {
        file: file.to_owned(),
        detail: format!("cannot be read: {detail}"),
    })
}

/// The first fault of a file that is CSV or JSON lines; none where there is none.
pub(super) fn torn(file: &str, origin: &Origin) -> Option<SourceError> {
    match origin {
        Origin::Csv(path) => first_fault(file, &content(&Bytes::File(path))?),
        Origin::CsvBytes(bytes) => first_fault(file, &content(&Bytes::Read(bytes))?),
        Origin::Ndjson(path) => first_broken_line(file, path),
        Origin::Parquet(_) | Origin::Other => None,
    }
}

/// The first line that is no JSON object.
fn first_broken_line(file: &str, path: &Path) -> Option<SourceError> {
    let lines = BufReader::new(File::open(path).ok()?).lines();
    for (row, line) in (1..).zip(lines) {
        let line = line.ok()?;
        let read = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&line);
        if let Some(error) = read.err().filter(|_| !line.trim().is_empty()) {
            // What serde adds tells of a line, which is always the first.
            let text = error.to_string();
            let problem = text.split(" at line ").next().unwrap_or(&text).chars().take(100).collect();
            let column = line.get(..error.column()).map_or(1, |read| read.chars().count().max(1));
            return Some(SourceError::NoObject { file: file.to_owned(), row, column, problem });
        }
    }
    None
}

/// The content, decompressed; none where that fails.
fn content(bytes: &Bytes) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    bytes.plain().ok()?.read_to_end(&mut plain).ok()?;
    Some(plain)
}

/// The first row that is not UTF-8 or has another number of cells than the header.
fn first_fault(file: &str, bytes: &[u8]) -> Option<SourceError> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut expected = None;
    for (i, record) in reader.byte_records().enumerate() {
        let (row, record) = (i + 1, record.ok()?);
        if record.iter().any(|cell| std::str::from_utf8(cell).is_err()) {
            return Some(SourceError::NotUtf8 { file: file.to_owned(), row });
        }
        let header = *expected.get_or_insert(record.len());
        if record.len() != header {
            return Some(SourceError::Ragged { file: file.to_owned(), row, found: record.len(), expected: header });
        }
    }
    None
}
