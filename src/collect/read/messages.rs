//! Where one message ends and the next begins.

use std::io::{self, BufRead, Chain, Cursor, Read};

use super::MOST_BYTES;

/// The bytes of one message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) place: String,
    pub(super) bytes: Vec<u8>,
    /// Why it need not be parsed.
    pub(super) problem: Option<String>,
}

/// The messages of an input.
///
/// Where the first line is a JSON value of its own, each line is one message: then a broken line spoils no other. Else the input is one
/// document: an object, an array of them, or several after one another.
pub(super) struct Messages<R> {
    input: Chain<Cursor<Vec<u8>>, R>,
    lines: bool,
    in_array: bool,
    /// Messages so far, or lines.
    count: usize,
    /// Those of a line that is an array.
    of_line: Vec<Message>,
    failed: Option<io::Error>,
    ended: bool,
}

/// Where a JSON value that begins at a brace or bracket ends.
#[derive(Default)]
struct Scanner {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scanner {
    /// Takes the next byte; true where the value ends with it.
    fn ends_with(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth == 0 && matches!(byte, b'}' | b']')
    }
}

/// How many values a JSON text has at most.
pub(super) fn values(bytes: &[u8]) -> usize {
    let mut scanner = Scanner::default();
    let separates = |byte: &u8| matches!(byte, b',' | b'[' | b'{');
    bytes
        .iter()
        .filter(|byte| {
            let counts = !scanner.in_string && separates(byte);
            scanner.ends_with(**byte);
            counts
        })
        .count()
}

impl<R: BufRead> Messages<R> {
    pub(super) fn new(mut input: R) -> Self {
        let mut begin = Vec::new();
        let mut failed = None;
        let mut starts = Vec::new();
        // Two lines that are not blank tell how it is written.
        while starts.len() < 2 && begin.len() <= MOST_BYTES {
            let from = begin.len();
            match (&mut input).take(MOST_BYTES as u64 + 1).read_until(b'\n', &mut begin) {
                Ok(0) => break,
                Ok(_) if begin[from..].trim_ascii().is_empty() => {}
                Ok(_) => starts.push(from..begin.len()),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        if begin.starts_with(BYTE_ORDER_MARK) {
            begin[..BYTE_ORDER_MARK.len()].fill(b' ');
        }
        let line = |i: usize| starts.get(i).map_or(&b""[..], |range| begin[range.clone()].trim_ascii());
        let lines = is_by_lines(line(0), line(1));
        Self {
            input: Cursor::new(begin).chain(input),
            lines,
            in_array: false,
            count: 0,
            of_line: Vec::new(),
            failed,
            ended: false,
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some(message) = self.of_line.pop() {
                return Ok(Some(message));
            }
            let mut bytes = Vec::new();
            if (&mut self.input).take(MOST_BYTES as u64 + 1).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            self.count += 1;
            let place = format!("line {}", self.count);
            if bytes.len() > MOST_BYTES {
                if bytes.last() != Some(&b'\n') {
                    skip_line(&mut self.input)?;
                }
                return Ok(Some(Message { place, bytes, problem: Some(TOO_LONG.to_owned()) }));
            }
            let line = bytes.trim_ascii();
            if line.starts_with(b"[") {
                let mut all = Messages::new(line).collect::<io::Result<Vec<_>>>()?;
                for message in &mut all {
                    message.place = format!("{place}, {}", message.place);
                }
                all.reverse();
                self.of_line = all;
            } else if !line.is_empty() {
                return Ok(Some(Message { place, bytes: line.to_vec(), problem: None }));
            }
        }
    }

    fn next_of_document(&mut self) -> io::Result<Option<Message>> {
        while let Some(byte) = peek(&mut self.input)? {
            match byte {
                b'[' if !self.in_array => self.in_array = true,
                b']' if self.in_array => self.in_array = false,
                b',' if self.in_array => {}
                _ if byte.is_ascii_whitespace() => {}
                _ => {
                    self.count += 1;
                    let place = format!("message {}", self.count);
                    return if matches!(byte, b'{' | b'[') { self.object(place) } else { self.other(place) }.map(Some);
                }
            }
            self.input.consume(1);
        }
        Ok(None)
    }

    /// The object, or the array within an array, that begins here.
    fn object(&mut self, place: String) -> io::Result<Message> {
        let (mut scanner, mut bytes, mut problem, mut ended) = (Scanner::default(), Vec::new(), None, false);
        while !ended {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                // It is cut off: the parser says where.
                break;
            }
            let end = buffer.iter().position(|byte| scanner.ends_with(*byte));
            ended = end.is_some();
            let taken = end.map_or(buffer.len(), |end| end + 1);
            let room = (MOST_BYTES + 1).saturating_sub(bytes.len());
            bytes.extend_from_slice(&buffer[..taken.min(room)]);
            if taken > room {
                problem = Some(TOO_LONG.to_owned());
            }
            self.input.consume(taken);
        }
        Ok(Message { place, bytes, problem })
    }

    /// Whatever begins here and is no object, to the end of its line, or to what may end it in an array.
    fn other(&mut self, place: String) -> io::Result<Message> {
        let mut bytes = Vec::new();
        let in_array = self.in_array;
        let ends = |byte: u8| byte == b'\n' || (in_array && matches!(byte, b',' | b']' | b'{'));
        let mut quoted = Scanner::default();
        while let Some(byte) = peek(&mut self.input)?.filter(|byte| quoted.in_string || !ends(*byte)) {
            quoted.ends_with(byte);
            if bytes.len() <= MOST_BYTES {
                bytes.push(byte);
            }
            self.input.consume(1);
        }
        Ok(Message { place, bytes: bytes.trim_ascii().to_vec(), problem: None })
    }
}

impl<R: BufRead> Iterator for Messages<R> {
    type Item = io::Result<Message>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = match self.failed.take() {
            Some(error) => Err(error),
            None if self.lines => self.next_line(),
            None => self.next_of_document(),
        };
        self.ended = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

/// Whether each line is a message, by the first two that are not blank.
fn is_by_lines(first: &[u8], second: &[u8]) -> bool {
    match first.first() {
        Some(b'[') | None => false,
        Some(b'{') => {
            let mut scanner = Scanner::default();
            match first.iter().position(|byte| scanner.ends_with(*byte)) {
                // What follows on the line is the next message of a document, or makes this a broken line.
                Some(end) => !matches!(first[end + 1..].trim_ascii().first(), Some(b'{' | b'[')),
                // An object that is written over several lines does not begin a line with another brace: the first line is cut off.
                None => second.starts_with(b"{"),
            }
        }
        Some(_) => true,
    }
}

fn peek(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    Ok(input.fill_buf()?.first().copied())
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let (taken, ended) = (end.map_or(buffer.len(), |end| end + 1), end.is_some() || buffer.is_empty());
        input.consume(taken);
        if ended {
            return Ok(());
        }
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const TOO_LONG: &str = "it is longer than 10 MiB";
