//! Large CSV files piece by piece, so that never all of one is in memory.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use super::locator::io_reason;
use super::{SourceError, locator};

/// How much of a file is read at a time.
const SLICE: usize = 32 << 20;
/// Files below this size are read as a whole.
const LARGE: u64 = 4 * SLICE as u64;
/// A row longer than this is taken for a quote that was never closed.
const LONGEST_ROW: usize = 8 * SLICE;

/// Pieces of a file, each with the header before some whole rows, in their order.
pub(super) type Slices = Receiver<Result<Vec<u8>, SourceError>>;

/// The pieces of a large file of plain CSV; none where it is small or compressed.
pub(super) fn slices(path: &Path) -> Result<Option<Slices>, SourceError> {
    let mut file = locator::open(path)?;
    let unreadable = unreadable(path);
    let size = file.metadata().map_err(|e| unreadable(&e))?.len();
    let mut start = [0; 4];
    let read = file.read(&mut start).map_err(|e| unreadable(&e))?;
    let packed = start.starts_with(&[0x1f, 0x8b]) || start == [0x28, 0xb5, 0x2f, 0xfd];
    if size < LARGE || packed || read < 4 {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(0)).map_err(|e| unreadable(&e))?;
    // One piece is read while the one before is worked on.
    let (send, receive) = sync_channel(0);
    let path = path.to_path_buf();
    std::thread::spawn(move || {
        let mut cutter = Cutter { file, header: Vec::new(), rest: Vec::new() };
        loop {
            let piece = match cutter.next() {
                Ok(None) => return,
                Ok(Some(piece)) => Ok(piece),
                Err(e) => Err(self::unreadable(&path)(&e)),
            };
            let failed = piece.is_err();
            // Nobody listens any more where an earlier piece was wrong.
            if send.send(piece).is_err() || failed {
                return;
            }
        }
    });
    Ok(Some(receive))
}

fn unreadable(path: &Path) -> impl Fn(&std::io::Error) -> SourceError + use<> {
    let file = path.display().to_string();
    move |e| SourceError::Unreadable { file: file.clone(), reason: io_reason(e) }
}

struct Cutter<R> {
    file: R,
    header: Vec<u8>,
    /// What was read and not yet handed out.
    rest: Vec<u8>,
}

impl<R: Read> Cutter<R> {
    fn next(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut piece = self.header.clone();
        let start = piece.len();
        piece.append(&mut self.rest);
        loop {
            let before = piece.len();
            piece.reserve_exact(SLICE);
            self.file.by_ref().take(SLICE as u64).read_to_end(&mut piece)?;
            let is_last = piece.len() - before < SLICE;
            if self.header.is_empty() {
                let end = first_row(&piece).unwrap_or(piece.len());
                self.header = piece[..end].to_vec();
            }
            if is_last {
                return Ok((piece.len() > start).then_some(piece));
            }
            let from = start.max(self.header.len());
            if let Some(end) = last_row(&piece[from..]) {
                self.rest = piece.split_off(from + end);
                return Ok(Some(piece));
            }
            if piece.len() > LONGEST_ROW {
                let problem = format!("a row longer than {} MB: a quote that is not closed?", LONGEST_ROW >> 20);
                return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, problem));
            }
        }
    }
}

/// Where the first row ends, line break included.
fn first_row(bytes: &[u8]) -> Option<usize> {
    let mut quoted = false;
    let is_end = |b: &u8| {
        quoted ^= *b == b'"';
        *b == b'\n' && !quoted
    };
    bytes.iter().position(is_end).map(|at| at + 1)
}

/// Where the last whole row ends, of bytes that begin with a row.
fn last_row(bytes: &[u8]) -> Option<usize> {
    // A line break ends a row where an even number of quotes stands before it.
    let mut odd = bytes.iter().fold(false, |odd, b| odd ^ (*b == b'"'));
    let is_end = |b: &u8| {
        odd ^= *b == b'"';
        *b == b'\n' && !odd
    };
    bytes.iter().rposition(is_end).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_at_line_breaks_outside_of_quotes() {
        assert_eq!(first_row(b"\"a\nb\",c\n1,2\n"), Some(8));
        assert_eq!(last_row(b"1,2\n3,\"x\ny"), Some(4));
        assert_eq!(last_row(b"1,2\n3,\"x\ny\"\n4"), Some(12));
        assert_eq!(last_row(b"1,\"say \"\"no\"\"\n\"\n3"), Some(15));
        assert_eq!(last_row(b"1,\"x\n\n"), None);
    }

    #[test]
    fn pieces_together_are_the_file() {
        let row = |i: usize| format!("{i},\"a \"\"b\"\"\n{}\"\n", "x".repeat(i % 50));
        let rows: String = (0..3_000_000).map(row).collect();
        let text = format!("n,text\n{rows}");
        let mut cutter = Cutter { file: text.as_bytes(), header: Vec::new(), rest: Vec::new() };
        let (mut all, mut pieces) = (String::from("n,text\n"), 0);
        while let Some(piece) = cutter.next().unwrap() {
            let piece = String::from_utf8(piece).unwrap();
            all.push_str(piece.strip_prefix("n,text\n").unwrap());
            pieces += 1;
        }
        assert!(pieces > 2 && all == text, "{pieces}");
    }
}
