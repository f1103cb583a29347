//! Results that were paid for, kept for a while.
//!
//! A file for each query, named by a hash of everything that the result depends on. What cannot be read, or is not whole, counts as not there.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::page::{Page, Rows};
use super::query::Query;
use super::table::Column;

/// Where results are kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// The folder; it is made where it is not there.
    pub folder: PathBuf,
    /// A result is used for so long.
    pub age: Duration,
    /// All files together are no larger; the oldest go first.
    pub size: u64,
}

impl CacheSettings {
    /// How long a result is used, where nothing was said.
    pub const AGE: Duration = Duration::from_hours(24);
    /// How large all files together may be, where nothing was said.
    pub const SIZE: u64 = 256 << 20;
}

/// A result that can still change, because the time that it asks about was not over, is used only for so long.
const UNFINISHED: Duration = Duration::from_mins(5);
/// How files end.
const ENDING: &str = "rows.zst";
/// Rows of a page that comes from a file.
const PAGE: usize = 50_000;

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: u32,
    /// Unix seconds.
    written: u64,
    columns: Vec<(String, String, bool)>,
    rows: u64,
}

/// The place of one result.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    settings: &'a CacheSettings,
    file: PathBuf,
    /// Unix seconds at which the time that it asks about is over.
    over: i64,
}

impl<'a> Entry<'a> {
    /// The place of the result of a query that is asked here by this project.
    pub(super) fn new(settings: &'a CacheSettings, query: &Query, asked: &[&str]) -> Self {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        };
        asked.iter().copied().for_each(&mut add);
        add(&query.sql);
        for (name, value) in &query.parameters {
            [name.as_str(), value.type_name(), &value.shown()].into_iter().for_each(&mut add);
        }
        let file = settings.folder.join(format!("{}.{ENDING}", hex::encode(hash.finalize())));
        Self { settings, file, over: query.to.timestamp() }
    }

    /// The pages, where they are there, whole and young enough.
    pub(super) fn read(&self) -> Option<Vec<Page>> {
        let file = fs::File::open(&self.file).ok()?;
        let mut reader = BufReader::new(zstd::stream::read::Decoder::new(file).ok()?);
        let mut line = String::new();
        reader.by_ref().take(1 << 20).read_line(&mut line).ok()?;
        let head: Head = serde_json::from_str(&line).ok()?;
        if head.version != VERSION || !self.is_young(head.written, now()) {
            return None;
        }
        let columns: Vec<Column> =
            head.columns.into_iter().map(|(name, kind, repeated)| Column { name, kind, repeated }).collect();
        let mut pages = Vec::new();
        let mut done = 0;
        while done < head.rows {
            let mut rows = Rows::new(columns.len());
            while rows.len() < PAGE && done < head.rows {
                line.clear();
                reader.read_line(&mut line).ok()?;
                let cells: Vec<Option<std::borrow::Cow<'_, str>>> = serde_json::from_str(&line).ok()?;
                let fits = cells.iter().all(|cell| rows.push(cell.as_deref())) && rows.end_row();
                fits.then_some(())?;
                done += 1;
            }
            pages.push(Page { rows, columns: columns.clone(), total_rows: head.rows, complete: true, token: None });
        }
        line.clear();
        // The last line says that the file is whole; to read beyond it checks what all bytes add up to.
        reader.read_line(&mut line).ok()?;
        let ended = line == END && reader.read_line(&mut line).ok()? == 0;
        ended.then_some(pages)
    }

    /// Whether a result that was written then can still be used now, in Unix seconds.
    fn is_young(&self, written: u64, now: u64) -> bool {
        let unfinished = i64::try_from(written).is_ok_and(|written| written < self.over);
        let limit = if unfinished { UNFINISHED.min(self.settings.age) } else { self.settings.age };
        // A clock that was put back makes a file of the future, which is none.
        now.checked_sub(written).is_some_and(|age| age < limit.as_secs())
    }

    /// Begins a file; none where it cannot be written, which costs the next question its time and no more.
    pub(super) fn writer(&self, columns: &[Column], rows: u64) -> Option<Writer> {
        private_folder(&self.settings.folder)?;
        let file = tempfile::Builder::new().prefix(".shiptrace-").tempfile_in(&self.settings.folder).ok()?;
        let mut out = zstd::stream::write::Encoder::new(file, 1).ok()?;
        out.include_checksum(true).ok()?;
        let columns = columns.iter().map(|c| (c.name.clone(), c.kind.clone(), c.repeated)).collect();
        let head = Head { version: VERSION, written: now(), columns, rows };
        serde_json::to_writer(&mut out, &head).ok()?;
        out.write_all(b"\n").ok()?;
        Some(Writer { out, file: self.file.clone() })
    }

    /// Removes the oldest files until all fit.
    pub(super) fn trim(&self) {
        let Ok(entries) = fs::read_dir(&self.settings.folder) else { return };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().ends_with(ENDING))
            .filter_map(|entry| {
                let about = entry.metadata().ok()?;
                Some((about.modified().ok()?, about.len(), entry.path()))
            })
            .collect();
        files.sort();
        let mut size: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, bytes, file) in files {
            if size <= self.settings.size {
                return;
            }
            let _ = fs::remove_file(file);
            size -= bytes;
        }
    }
}

/// How files are written; another number is another form.
const VERSION: u32 = 1;
const END: &str = "\"end\"\n";

/// A file that is being written; it takes its name only when it is whole.
pub(super) struct Writer {
    out: zstd::stream::write::Encoder<'static, tempfile::NamedTempFile>,
    file: PathBuf,
}

impl Writer {
    /// Adds rows. None where they could not be written.
    pub(super) fn add(mut self, rows: &Rows, width: usize) -> Option<Self> {
        for row in 0..rows.len() {
            let cells: Vec<Option<&str>> = (0..width).map(|column| rows.cell(row, column)).collect();
            serde_json::to_writer(&mut self.out, &cells).ok()?;
            self.out.write_all(b"\n").ok()?;
        }
        Some(self)
    }

    /// Ends the file and gives it its name.
    pub(super) fn finish(mut self) -> Option<()> {
        self.out.write_all(END.as_bytes()).ok()?;
        let file = self.out.finish().ok()?;
        file.persist(&self.file).ok().map(drop)
    }
}

/// Makes a folder that only its owner may read.
fn private_folder(folder: &Path) -> Option<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).ok()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::bigquery::Parameter;

    fn query(app: &str, over: i64) -> Query {
        Query {
            sql: "SELECT 1".to_owned(),
            parameters: vec![("app".to_owned(), Parameter::Text(app.to_owned()))],
            purpose: String::new(),
            place: String::new(),
            project: None,
            to: DateTime::from_timestamp(over, 0).unwrap(),
        }
    }

    fn settings(folder: &Path) -> CacheSettings {
        CacheSettings { folder: folder.join("c"), age: CacheSettings::AGE, size: 1 << 20 }
    }

    fn page() -> Page {
        let json = br#"{"jobComplete":true,"totalRows":"2","rows":[{"f":[{"v":"a\n\""},{"v":null}]},{"f":[{"v":"b"},{"v":""}]}],
            "schema":{"fields":[{"name":"x","type":"STRING"},{"name":"y","type":"STRING"}]}}"#;
        Page::read(json).unwrap()
    }

    fn kept(entry: &Entry<'_>) {
        let page = page();
        entry.writer(&page.columns, 2).unwrap().add(&page.rows, 2).unwrap().finish().unwrap();
    }

    #[test]
    fn a_result_comes_back_as_it_was_for_the_same_question_only() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let query_a = query("a", 0);
        let entry = Entry::new(&settings, &query_a, &["p"]);
        assert!(entry.read().is_none());
        kept(&entry);
        assert_eq!(entry.read().unwrap(), [page()]);
        assert!(Entry::new(&settings, &query("b", 0), &["p"]).read().is_none(), "another parameter");
        assert!(Entry::new(&settings, &query_a, &["q"]).read().is_none(), "another project");
    }

    #[test]
    fn a_torn_file_counts_as_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let entry = Entry::new(&settings, &query("a", 0), &[]);
        kept(&entry);
        let whole = fs::read(&entry.file).unwrap();
        for length in 0..whole.len() {
            fs::write(&entry.file, &whole[..length]).unwrap();
            assert!(entry.read().is_none(), "{length} of {} bytes", whole.len());
        }
        let mut flipped = whole.clone();
        let middle = whole.len() / 2;
        flipped[middle] ^= 1;
        fs::write(&entry.file, flipped).unwrap();
        assert!(entry.read().is_none(), "a bit is another");
    }

    #[test]
    fn a_day_that_was_not_over_is_kept_for_minutes_only() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let entry = Entry::new(&settings, &query("a", 1_000_000), &[]);
        assert!(entry.is_young(999_000, 999_299));
        assert!(!entry.is_young(999_000, 999_300), "it was written before the day was over");
        assert!(!entry.is_young(999_999, 1_080_000), "also where the day is over by now");
        assert!(entry.is_young(1_000_000, 1_080_000));
        assert!(!entry.is_young(1_000_000, 1_086_400));
        assert!(!entry.is_young(2_000_000, 1_000_000), "written in the future");
    }

    #[cfg(unix)]
    #[test]
    fn files_are_private_and_the_oldest_go_first() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(folder.path());
        settings.size = 0;
        let entry = Entry::new(&settings, &query("a", 0), &[]);
        kept(&entry);
        assert_eq!(fs::metadata(&entry.file).unwrap().permissions().mode() & 0o777, 0o600);
        entry.trim();
        assert!(!entry.file.exists());
    }
}
