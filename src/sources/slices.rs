//! The cells of CSV files piece by piece, so that never all of a file is in memory.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use memchr::memchr_iter;
use polars::prelude::*;

use super::SourceError;
use super::locator::io_reason;

/// How much of a file is read at a time.
const SLICE: usize = 1 << 20;
/// A row longer than this is taken for a quote that was never closed.
const LONGEST_ROW: usize = 256 * SLICE;

/// What some programs write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Some rows of a file.
pub(super) struct Slice {
    /// The number of the first, the first line of the file being 1.
    pub(super) first: usize,
    /// The columns that were asked for, as text.
    pub(super) cells: DataFrame,
}

/// Pieces of a file in their order.
pub(super) type Slices = Receiver<Result<Slice, SourceError>>;

/// Where the bytes of CSV come from.
pub(super) enum Bytes<'a> {
    File(&'a Path),
    Read(Arc<[u8]>),
}

/// The pieces of CSV, plain or compressed, with these of its columns. `names` are all of them, and `file` is what errors call it.
///
/// It is read by a thread of its own, which is one piece ahead. It stops where nobody listens any more.
pub(super) fn slices(file: &str, bytes: &Bytes, names: &[String], wanted: &[&str]) -> Result<Slices, SourceError> {
    let bytes: Box<dyn Read + Send> = match bytes {
        Bytes::File(path) => plain(path).map_err(|e| unreadable(file, &e))?,
        Bytes::Read(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
    };
    let columns = names.iter().enumerate().filter(|(_, name)| wanted.contains(&name.as_str()));
    let columns = columns.map(|(i, name)| (i, name.clone())).collect();
    let mut cutter = Cutter {
        file: file.to_owned(),
        bytes,
        rest: Vec::new(),
        rows: 0,
        has_header: false,
        columns,
        cells: names.len(),
    };
    let (send, receive) = sync_channel(1);
    std::thread::spawn(move || cutter.send_all(&send));
    Ok(receive)
}

/// The content of a file, decompressed by what its first bytes say.
fn plain(path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
    let mut start = [0; 4];
    let mut file = File::open(path)?;
    let read = file.read(&mut start)?;
    file.rewind()?;
    Ok(match start.get(..read).unwrap_or_default() {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(file)?),
        _ => Box::new(file),
    })
}

fn unreadable(file: &str, error: &std::io::Error) -> SourceError {
    SourceError::Unreadable { file: file.to_owned(), reason: io_reason(error) }
}

struct Cutter {
    file: String,
    bytes: Box<dyn Read + Send>,
    /// What was read and is not a whole row yet.
    rest: Vec<u8>,
    /// Rows that were read, and whether the header is one of them.
    rows: usize,
    has_header: bool,
    /// The columns wanted, by their places.
    columns: Vec<(usize, String)>,
    /// How many cells a row has.
    cells: usize,
}

impl Cutter {
    fn send_all(&mut self, to: &SyncSender<Result<Slice, SourceError>>) {
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
    fn next(&mut self) -> Result<Option<Slice>, SourceError> {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            let before = bytes.len();
            bytes.reserve_exact(SLICE);
            let read = self.bytes.by_ref().take(SLICE as u64).read_to_end(&mut bytes);
            read.map_err(|e| unreadable(&self.file, &e))?;
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
                let (has_header, rows) = (piece.has_header, piece.rows);
                let cells = piece.finish()?;
                let first = self.rows + rows - cells.height() + 1;
                self.rows += rows;
                self.has_header = has_header;
                self.rest = bytes.split_off(end);
                return Ok(Some(Slice { first, cells }));
            }
            if is_last || bytes.len() > LONGEST_ROW {
                let row = self.rows + 1;
                let detail = format!("row {row} does not end: a quote that is not closed?");
                return Err(SourceError::Malformed { file: self.file.clone(), detail });
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
            return Err(SourceError::NotUtf8 { file: self.file.clone(), row });
        }
        Ok(std::str::from_utf8(valid).unwrap_or_default())
    }
}

/// Some rows of a file.
struct Piece<'a> {
    cutter: &'a Cutter,
    builders: Vec<StringChunkedBuilder>,
    rows: usize,
    has_header: bool,
}

impl<'a> Piece<'a> {
    fn new(cutter: &'a Cutter) -> Self {
        let builder = |(_, name): &(usize, String)| StringChunkedBuilder::new(name.as_str().into(), SLICE / 50);
        let builders = cutter.columns.iter().map(builder).collect();
        Self { cutter, builders, rows: 0, has_header: cutter.has_header }
    }

    /// Reads the whole rows of a text, and says where they end.
    fn read(&mut self, text: &str) -> Result<usize, SourceError> {
        let bytes = text.as_bytes();
        // The place of the cell in its row and in the text, whether it began with a quote, and whether that is still open.
        let (mut cell, mut start, mut quoted, mut open) = (0, 0, false, false);
        let (mut row, mut row_start) = (Vec::with_capacity(self.builders.len()), 0);
        for (at, &byte) in bytes.iter().enumerate() {
            // Hardly any character of a cell comes before the comma; a search for all three is slower where cells are short.
            if byte > b',' || !matches!(byte, b',' | b'\n' | b'"') {
                continue;
            }
            if byte == b'"' {
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
            if byte == b'\n' {
                self.end_row(&row, cell, &bytes[row_start..at])?;
                row.clear();
                (cell, row_start) = (0, start);
            }
        }
        Ok(row_start)
    }

    /// Adds a row of so many cells, of which some are wanted. A blank line is a row of empty cells, and before the header none.
    fn end_row(&mut self, wanted: &[(&str, bool)], found: usize, row: &[u8]) -> Result<(), SourceError> {
        self.rows += 1;
        let is_blank = row.is_empty() || row == b"\r";
        if found != self.cutter.cells && !is_blank {
            let row = self.cutter.rows + self.rows;
            return Err(SourceError::Ragged {
                file: self.cutter.file.clone(),
                row,
                found,
                expected: self.cutter.cells,
            });
        }
        if !self.has_header {
            self.has_header = !is_blank;
            return Ok(());
        }
        for (i, builder) in self.builders.iter_mut().enumerate() {
            let (cell, quoted) = wanted.get(i).copied().unwrap_or(("", false));
            append(builder, cell.strip_suffix('\r').unwrap_or(cell), quoted);
        }
        Ok(())
    }

    fn finish(self) -> Result<DataFrame, SourceError> {
        let columns: Vec<Column> = self.builders.into_iter().map(|builder| builder.finish().into_column()).collect();
        let height = columns.first().map_or(0, Column::len);
        let failed = |e: PolarsError| SourceError::Malformed { file: self.cutter.file.clone(), detail: e.to_string() };
        DataFrame::new(height, columns).map_err(failed)
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

    fn cutter(text: &[u8], cells: usize, columns: &[usize]) -> Cutter {
        let columns = columns.iter().map(|i| (*i, format!("c{i}"))).collect();
        let bytes = Box::new(Cursor::new(text.to_vec()));
        Cutter { file: "f.csv".into(), bytes, rest: Vec::new(), rows: 0, has_header: false, columns, cells }
    }

    fn read(text: &[u8], cells: usize, columns: &[usize]) -> Result<Vec<Vec<Option<String>>>, SourceError> {
        let mut cutter = cutter(text, cells, columns);
        let mut all = Vec::new();
        while let Some(Slice { first, cells: frame }) = cutter.next()? {
            assert_eq!(first, all.len() + 2);
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
        assert_eq!(ragged(b"\n\r\na,b\n1,2\n3\n"), (5, 1));
    }

    #[test]
    fn blank_lines_before_the_header_are_no_rows_and_count() {
        let mut cutter = cutter(b"\n\r\na,b\n1,2\n3,4\n", 2, &[0]);
        let Slice { first, cells } = cutter.next().unwrap().unwrap();
        assert_eq!((first, cells.height()), (4, 2));
        assert!(cutter.next().unwrap().is_none());
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
