//! The cells of CSV files piece by piece, so that never all of a file is in memory.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use memchr::memchr3_iter;
use polars::prelude::*;

use super::SourceError;
use super::locator::io_reason;

/// How much of a file is read at a time, and at first, when everybody waits for it.
const SLICE: usize = 1 << 20;
const FIRST_SLICE: usize = 128 << 10;
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

/// Pieces of a file in their order, which a thread reads.
pub(super) struct Slices {
    file: String,
    read: Receiver<Result<Slice, SourceError>>,
    thread: Option<JoinHandle<()>>,
}

impl Iterator for Slices {
    type Item = Result<Slice, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Ok(slice) = self.read.recv() {
            return Some(slice);
        }
        // The thread is over: with the file, or before it, which must not pass for its end.
        self.thread.take()?.join().err().map(|_| {
            Err(SourceError::Unreadable {
                file: self.file.clone(),
                reason: "reading came to an end before it".to_owned(),
            })
        })
    }
}

/// Where the bytes of CSV come from.
pub(super) enum Bytes<'a> {
    File(&'a Path),
    Read(&'a Arc<[u8]>),
}

impl Bytes<'_> {
    /// The content, decompressed by what its first bytes say.
    pub(super) fn plain(&self) -> std::io::Result<Box<dyn Read + Send>> {
        let mut bytes: Box<dyn Read + Send> = match *self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Read(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        };
        let mut start = Vec::new();
        bytes.by_ref().take(4).read_to_end(&mut start)?;
        let whole = Cursor::new(start.clone()).chain(bytes);
        Ok(match start[..] {
            [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(whole))),
            [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Box::new(flate2::read::ZlibDecoder::new(BufReader::new(whole))),
            [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(whole)?),
            _ => Box::new(whole),
        })
    }
}

/// How many lines before the header are blank.
pub(super) fn blank_lines(bytes: &Bytes) -> u32 {
    let Ok(plain) = bytes.plain() else { return 0 };
    let lines = BufReader::new(plain.take(FIRST_SLICE as u64)).split(b'\n').map_while(Result::ok);
    let is_blank = |line: &Vec<u8>| matches!(line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line), [] | [b'\r']);
    u32::try_from(lines.take_while(is_blank).count()).unwrap_or(0)
}

/// The pieces of CSV, plain or compressed, with these of its columns. `names` are all of them, and `file` is what errors call it.
///
/// It is read by a thread of its own, which is one piece ahead. It stops where nobody listens any more.
pub(super) fn slices(file: &str, bytes: &Bytes, names: &[String], wanted: &[&str]) -> Result<Slices, SourceError> {
    let columns = names.iter().enumerate().filter(|(_, name)| wanted.contains(&name.as_str()));
    let columns = columns.map(|(i, name)| (i, name.clone())).collect();
    let bytes = bytes.plain().map_err(|e| unreadable(file, &e))?;
    let mut cutter = Cutter::new(file, bytes, columns, names.len());
    let (send, read) = sync_channel(1);
    let thread = Some(std::thread::spawn(move || cutter.send_all(&send)));
    Ok(Slices { file: file.to_owned(), read, thread })
}

fn unreadable(file: &str, error: &std::io::Error) -> SourceError {
    SourceError::Unreadable { file: file.to_owned(), reason: io_reason(error) }
}

struct Cutter {
    file: String,
    bytes: Box<dyn Read + Send>,
    /// How much is read at a time.
    size: usize,
    /// What was read and is not a whole row yet.
    rest: Vec<u8>,
    /// Rows that were read, and whether the header is one of them.
    rows: usize,
    has_header: bool,
    /// The columns wanted, by their places.
    columns: Vec<(usize, String)>,
    /// How many cells a row has.
    cells: usize,
    /// What is wrong with the row after those that were handed out last.
    failed: Option<SourceError>,
}

impl Cutter {
    fn new(file: &str, bytes: Box<dyn Read + Send>, columns: Vec<(usize, String)>, cells: usize) -> Self {
        let (file, size, rest) = (file.to_owned(), FIRST_SLICE / 2, Vec::new());
        Self { file, bytes, size, rest, rows: 0, has_header: false, columns, cells, failed: None }
    }

    fn send_all(&mut self, to: &SyncSender<Result<Slice, SourceError>>) {
        while let Some(piece) = self.next().transpose() {
            let failed = piece.is_err();
            if to.send(piece).is_err() || failed {
                return;
            }
        }
    }

    /// The cells of the next rows; none at the end of the file. Of a row that is broken those before it come first.
    fn next(&mut self) -> Result<Option<Slice>, SourceError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut bytes = std::mem::take(&mut self.rest);
        self.size = SLICE.min(2 * self.size);
        loop {
            // Of a row that is longer than a piece ever more is read, so that it is not gone through again and again.
            let (before, more) = (bytes.len(), self.size.max(bytes.len()));
            bytes.reserve_exact(more);
            let read = self.bytes.by_ref().take(more as u64).read_to_end(&mut bytes);
            read.map_err(|e| unreadable(&self.file, &e))?;
            let is_last = bytes.len() - before < more;
            if self.rows == 0 && bytes.starts_with(BYTE_ORDER_MARK) {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
            if is_last && bytes.last().is_some_and(|b| *b != b'\n') {
                bytes.push(b'\n');
            }
            if bytes.is_empty() {
                return Ok(None);
            }
            let (text, is_text) = text_of(&bytes);
            let mut piece = Piece::new(self, text.len());
            let read = piece.read(text);
            let (has_header, rows, first) = (piece.has_header, piece.rows, piece.first);
            let end = match read {
                Ok(_) if !is_text => Err(SourceError::NotUtf8 { file: self.file.clone(), row: self.rows + rows + 1 }),
                read => read,
            };
            let cells = piece.finish()?;
            if end == Ok(0) {
                if is_last || bytes.len() > LONGEST_ROW {
                    let detail = format!("row {} does not end: a quote that is not closed?", self.rows + 1);
                    return Err(SourceError::Malformed { file: self.file.clone(), detail });
                }
                continue;
            }
            (self.has_header, self.rows) = (has_header, self.rows + rows);
            match end {
                Ok(end) => self.rest = bytes.split_off(end),
                Err(error) if cells.height() == 0 => return Err(error),
                Err(error) => self.failed = Some(error),
            }
            return Ok(Some(Slice { first, cells }));
        }
    }
}

/// The text that bytes are, up to what is none or, at the end, not a whole character yet; and whether that is all that is missing.
fn text_of(bytes: &[u8]) -> (&str, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(valid).unwrap_or_default(), error.error_len().is_none())
        }
    }
}

/// Some rows of a file.
struct Piece<'a> {
    cutter: &'a Cutter,
    builders: Vec<StringChunkedBuilder>,
    /// Those that were read, the header and what is before it included.
    rows: usize,
    has_header: bool,
    /// The number of the first that is handed out.
    first: usize,
}

/// Cells are expected to have so many characters.
const CELL: usize = 10;

impl<'a> Piece<'a> {
    fn new(cutter: &'a Cutter, length: usize) -> Self {
        let rows = length / (CELL * cutter.cells.max(1)) + 1;
        let builder = |(_, name): &(usize, String)| StringChunkedBuilder::new(name.as_str().into(), rows);
        let builders = cutter.columns.iter().map(builder).collect();
        Self { cutter, builders, rows: 0, has_header: cutter.has_header, first: cutter.rows + 1 }
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
            self.first = self.cutter.rows + self.rows + 1;
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
        Cutter::new("f.csv", Box::new(Cursor::new(text.to_vec())), columns, cells)
    }

    fn read(text: &[u8], cells: usize, columns: &[usize]) -> Result<Vec<Vec<Option<String>>>, SourceError> {
        let mut cutter = cutter(text, cells, columns);
        let (mut all, mut header) = (Vec::new(), None);
        while let Some(Slice { first, cells: frame }) = cutter.next()? {
            assert_eq!(first, *header.get_or_insert(first - 1) + all.len() + 1);
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
        assert_eq!(ragged(b"a,b\n1\n1,\xff\n"), (2, 1));
        let of_two_lines = read(b"a,b\n\"1\n1\",2\n1,\xff\n", 2, &[0]);
        assert!(matches!(of_two_lines, Err(SourceError::NotUtf8 { row: 3, .. })), "{of_two_lines:?}");
    }

    #[test]
    fn the_rows_before_a_broken_one_come_first() {
        for text in [&b"a,b\n1,2\n3\n"[..], b"a,b\n1,2\n3,\xff\n"] {
            let mut cutter = cutter(text, 2, &[0]);
            assert_eq!(cutter.next().unwrap().unwrap().cells.height(), 1);
            assert!(cutter.next().is_err());
        }
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
