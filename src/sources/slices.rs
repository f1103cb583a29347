//! The cells of CSV files piece by piece, so that never all of a file is in memory.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use memchr::{memchr_iter, memchr3_iter};
use polars::prelude::*;

use super::locator::io_reason;
use super::{SourceError, locator};

/// How much of a file is read at a time.
const SLICE: usize = 16 << 20;
/// A row longer than this is taken for a quote that was never closed.
const LONGEST_ROW: usize = 16 * SLICE;

/// What some programs write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Pieces of a file in their order, each with the columns that were asked for, as text.
pub(super) type Slices = Receiver<Result<DataFrame, SourceError>>;

/// The pieces of a file of CSV, plain or compressed, with these of its columns.
///
/// A file is read by a thread of its own, which is one piece ahead. It stops where nobody listens any more.
pub(super) fn slices(path: &Path, names: &[String], wanted: &[&str]) -> Result<Slices, SourceError> {
    let file = Box::new(plain(path)?);
    let columns = names.iter().enumerate().filter(|(_, name)| wanted.contains(&name.as_str()));
    let columns = columns.map(|(i, name)| (i, name.clone())).collect();
    let mut cutter = Cutter { path: path.to_path_buf(), file, rest: Vec::new(), rows: 0, columns, cells: names.len() };
    let (send, receive) = sync_channel(1);
    std::thread::spawn(move || cutter.send_all(&send));
    Ok(receive)
}

/// The content of a file, decompressed by what its first bytes say.
fn plain(path: &Path) -> Result<Box<dyn Read + Send>, SourceError> {
    let failed = |e: &std::io::Error| unreadable(path, e);
    let mut start = [0; 4];
    let read = locator::open(path)?.read(&mut start).map_err(|e| failed(&e))?;
    let file: File = locator::open(path)?;
    Ok(match start.get(..read).unwrap_or_default() {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(file).map_err(|e| failed(&e))?),
        _ => Box::new(file),
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> SourceError {
    SourceError::Unreadable { file: path.display().to_string(), reason: io_reason(error) }
}

struct Cutter {
    path: PathBuf,
    file: Box<dyn Read + Send>,
    /// What was read and is not a whole row yet.
    rest: Vec<u8>,
    /// Rows that were handed out, the header being the first.
    rows: usize,
    /// The columns wanted, by their places.
    columns: Vec<(usize, String)>,
    /// How many cells a row has.
    cells: usize,
}

impl Cutter {
    fn send_all(&mut self, to: &SyncSender<Result<DataFrame, SourceError>>) {
        loop {
            let piece = match self.next() {
                Ok(None) => return,
                Ok(Some(piece)) => Ok(piece),
                Err(error) => Err(error),
            };
            let failed = piece.is_err();
            if to.send(piece).is_err() || failed {
                return;
            }
        }
    }

    /// The cells of the next rows; none at the end of the file.
    fn next(&mut self) -> Result<Option<DataFrame>, SourceError> {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            let before = bytes.len();
            bytes.reserve_exact(SLICE);
            let read = self.file.by_ref().take(SLICE as u64).read_to_end(&mut bytes);
            read.map_err(|e| unreadable(&self.path, &e))?;
            let is_last = bytes.len() - before < SLICE;
            if self.rows == 0 && bytes.starts_with(BYTE_ORDER_MARK) {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
            if is_last && bytes.last().is_some_and(|b| *b != b'\n') {
                bytes.push(b'\n');
            }
            if bytes.is_empty() {
                return Ok(None);
            }
            let mut piece = Piece::new(self);
            let end = piece.read(self.valid(&bytes)?)?;
            if end > 0 {
                let (frame, rows) = piece.finish()?;
                self.rows += rows;
                self.rest = bytes.split_off(end);
                return Ok(Some(frame));
            }
            if is_last || bytes.len() > LONGEST_ROW {
                let row = self.rows + 1;
                let detail = format!("row {row} does not end: a quote that is not closed?");
                return Err(SourceError::Malformed { file: self.file_name(), detail });
            }
        }
    }

    /// The text that bytes are, without a character that they end in the midst of.
    fn valid<'b>(&self, bytes: &'b [u8]) -> Result<&'b str, SourceError> {
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(error) => error,
        };
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        if error.error_len().is_some() {
            let row = self.rows + memchr_iter(b'\n', valid).count() + 1;
            return Err(SourceError::NotUtf8 { file: self.file_name(), row });
        }
        Ok(std::str::from_utf8(valid).unwrap_or_default())
    }

    fn file_name(&self) -> String {
        self.path.display().to_string()
    }
}

/// Some rows of a file.
struct Piece<'a> {
    cutter: &'a Cutter,
    builders: Vec<StringChunkedBuilder>,
    rows: usize,
}

impl<'a> Piece<'a> {
    fn new(cutter: &'a Cutter) -> Self {
        let builder = |(_, name): &(usize, String)| StringChunkedBuilder::new(name.as_str().into(), SLICE / 50);
        Self { cutter, builders: cutter.columns.iter().map(builder).collect(), rows: 0 }
    }

    /// Reads the whole rows of a text, and says where they end.
    fn read(&mut self, text: &str) -> Result<usize, SourceError> {
        let bytes = text.as_bytes();
        // The place of the cell in its row and in the text, whether it began with a quote, and whether that is still open.
        let (mut cell, mut start, mut quoted, mut open) = (0, 0, false, false);
        let (mut row, mut row_start) = (Vec::with_capacity(self.builders.len()), 0);
        for at in memchr3_iter(b',', b'\n', b'"', bytes) {
            if bytes[at] == b'"' {
                // Within a cell that does not begin with one, a quote is a character like others.
                if at == start {
                    (quoted, open) = (true, true);
                } else if quoted {
                    open = !open;
                }
                continue;
            }
            if open {
                continue;
            }
            if self.cutter.columns.get(row.len()).is_some_and(|(place, _)| *place == cell) {
                row.push((text.get(start..at).unwrap_or_default(), quoted));
            }
            cell += 1;
            (start, quoted) = (at + 1, false);
            if bytes[at] == b'\n' {
                self.end_row(&row, cell, &bytes[row_start..at])?;
                row.clear();
                (cell, row_start) = (0, start);
            }
        }
        Ok(row_start)
    }

    /// Adds a row of so many cells, of which some are wanted. A blank line is a row of empty cells.
    fn end_row(&mut self, wanted: &[(&str, bool)], found: usize, row: &[u8]) -> Result<(), SourceError> {
        self.rows += 1;
        let is_blank = row.is_empty() || row == b"\r";
        if found != self.cutter.cells && !is_blank {
            let row = self.cutter.rows + self.rows;
            return Err(SourceError::Ragged { file: self.cutter.file_name(), row, found, expected: self.cutter.cells });
        }
        if self.cutter.rows + self.rows == 1 {
            return Ok(());
        }
        for (i, builder) in self.builders.iter_mut().enumerate() {
            let (cell, quoted) = wanted.get(i).copied().unwrap_or(("", false));
            append(builder, cell.strip_suffix('\r').unwrap_or(cell), quoted);
        }
        Ok(())
    }

    fn finish(self) -> Result<(DataFrame, usize), SourceError> {
        let columns: Vec<Column> = self.builders.into_iter().map(|builder| builder.finish().into_column()).collect();
        let height = columns.first().map_or(0, Column::len);
        let failed = |e: PolarsError| SourceError::Malformed { file: self.cutter.file_name(), detail: e.to_string() };
        Ok((DataFrame::new(height, columns).map_err(failed)?, self.rows))
    }
}

fn append(builder: &mut StringChunkedBuilder, cell: &str, quoted: bool) {
    if quoted {
        let inner = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(cell);
        builder.append_value(inner.replace("\"\"", "\""));
    } else if cell.is_empty() {
        builder.append_null();
    } else {
        builder.append_value(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], cells: usize, columns: &[usize]) -> Result<Vec<Vec<Option<String>>>, SourceError> {
        let columns = columns.iter().map(|i| (*i, format!("c{i}"))).collect();
        let file = Box::new(std::io::Cursor::new(text.to_vec()));
        let mut cutter = Cutter { path: "f.csv".into(), file, rest: Vec::new(), rows: 0, columns, cells };
        let mut all = Vec::new();
        while let Some(frame) = cutter.next()? {
            for i in 0..frame.height() {
                let cell = |c: &Column| c.str().unwrap().get(i).map(str::to_owned);
                all.push(frame.columns().iter().map(cell).collect());
            }
        }
        Ok(all)
    }

    #[test]
    fn cells_are_read_as_they_were_written() {
        let text = b"a,b,c\n1,x,\r\n\"2,5\",\"say \"\"no\"\"\n\",z\n,5\" pipe,\"\"\n3,\xc3\xa6,w";
        let rows = read(text, 3, &[0, 1, 2]).unwrap();
        let row = |cells: [Option<&str>; 3]| cells.map(|c| c.map(str::to_owned)).to_vec();
        assert_eq!(rows[0], row([Some("1"), Some("x"), None]));
        assert_eq!(rows[1], row([Some("2,5"), Some("say \"no\"\n"), Some("z")]));
        assert_eq!(rows[2], row([None, Some("5\" pipe"), Some("")]));
        assert_eq!(rows[3], row([Some("3"), Some("\u{e6}"), Some("w")]));
        assert_eq!(read(text, 3, &[1]).unwrap()[1], [Some("say \"no\"\n".to_owned())]);
    }

    #[test]
    fn a_broken_row_is_told_with_its_number() {
        let ragged = |text: &[u8]| match read(text, 2, &[0]) {
            Err(SourceError::Ragged { row, found, .. }) => (row, found),
            other => panic!("{other:?}"),
        };
        assert_eq!(ragged(b"a,b\n1,2\n3\n"), (3, 1));
        assert_eq!(ragged(b"a,b\n1,2,3\n"), (2, 3));
        assert!(matches!(read(b"a,b\n1,\xff\n", 2, &[0]), Err(SourceError::NotUtf8 { row: 2, .. })));
        assert!(matches!(read(b"a,b\n1,\"x\n", 2, &[0]), Err(SourceError::Malformed { .. })));
        assert_eq!(read(b"a,b\n1,2\n\n3,4\n", 2, &[1]).unwrap().len(), 3);
    }

    #[test]
    fn pieces_together_are_the_file() {
        let row = |i: usize| format!("{i},\"a \"\"b\"\"\n{}\"\n", "\u{e6}".repeat(i % 50));
        let text = format!("n,text\n{}", (0..400_000).map(row).collect::<String>());
        let rows = read(text.as_bytes(), 2, &[0, 1]).unwrap();
        assert_eq!(rows.len(), 400_000);
        for (i, cells) in rows.iter().enumerate() {
            assert_eq!(cells[0].as_deref(), Some(i.to_string().as_str()));
            assert_eq!(cells[1].as_ref().unwrap().chars().count(), 6 + i % 50);
        }
    }
}
