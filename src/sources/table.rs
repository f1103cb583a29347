//! Files and tables as columns of text.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;
use rayon::prelude::*;

use crate::model::{Step, nearest_names};

use super::SourceError;
use super::bigquery::{Asked, Wanted};
use super::diagnose::{diagnose, torn};
use super::locator::{FileKind, Locator, kind_of, open};
use super::slices::{Bytes, Slice, Slices, blank_lines, slices};
use super::text::to_text;

/// A file whose columns are known and whose rows are not read yet.
pub(super) struct Table {
    /// As it is named in errors.
    pub(super) file: String,
    /// Its columns.
    pub(super) names: Vec<String>,
    /// Their types, the row number included; none for what is not read by polars.
    pub(super) schema: SchemaRef,
    content: Content,
}

/// Where the rows are.
enum Content {
    Frame { frame: LazyFrame, origin: Origin },
    BigQuery(Asked),
}

/// Where the bytes come from, to look at them once more where reading fails.
#[derive(Clone)]
pub(super) enum Origin {
    Csv(Box<Path>),
    CsvBytes(Arc<[u8]>),
    Parquet(Box<Path>),
    Ndjson(Box<Path>),
    Other,
}

/// Rows that were read.
pub(super) struct Rows {
    /// For each row its number as a spreadsheet counts, the header being 1; in Parquet and NDJSON the first row is 1.
    numbers: Vec<usize>,
    /// The columns asked for, in that order; none where a cell has no value.
    columns: Vec<Texts>,
}

/// By this ending polars tells columns of one name apart.
const TWIN: &str = "_duplicated_";

/// A column of text in one piece of memory.
type Texts = <StringType as PolarsDataType>::Array;

/// The name of the column of row numbers; no header can hold it.
pub(super) const ROW: &str = "\u{0}row";

impl Table {
    /// Opens what a locator names: every file, or the one table or query. Of BigQuery only rows are read whose column `time` lies in the
    /// time asked about, from the start of a bucket of `step` on where that is known.
    pub(super) fn open_all(
        locator: &Locator,
        time: &str,
        wanted: Wanted,
        step: Option<Step>,
    ) -> Result<Vec<Self>, SourceError> {
        if let Locator::BigQuery(source) = locator {
            let asked = Asked::open(source, time, wanted, step)?;
            return Ok(vec![Self {
                file: source.to_string(),
                names: asked.names(),
                schema: SchemaRef::default(),
                content: Content::BigQuery(asked),
            }]);
        }
        if *locator == Locator::Stdin {
            let mut bytes = Vec::new();
            let unreadable =
                |e: std::io::Error| SourceError::Unreadable { file: STDIN.to_owned(), reason: e.to_string() };
            std::io::stdin().lock().read_to_end(&mut bytes).map_err(unreadable)?;
            return Ok(vec![Self::from_csv_bytes(bytes)?]);
        }
        if let Locator::Database(file) = locator {
            return Err(SourceError::OnlyDeploys { file: file.display().to_string() });
        }
        locator.files()?.iter().map(|file| Self::open(file)).collect()
    }

    fn open(path: &Path) -> Result<Self, SourceError> {
        let file = path.display().to_string();
        if open(path)?.metadata().is_ok_and(|about| about.is_file() && about.len() == 0) {
            return Err(SourceError::Empty { file });
        }
        let unreadable = |e: PolarsError| SourceError::Malformed { file: file.clone(), detail: first_line(&e) };
        let paths = ScanSources::Paths([PlRefPath::try_from_path(path).map_err(unreadable)?].into_iter().collect());
        let index = |offset| Some(RowIndex { name: ROW.into(), offset });
        match kind_of(path) {
            Some(FileKind::Parquet) => {
                let args = ScanArgsParquet { row_index: index(1), glob: false, ..Default::default() };
                let frame = LazyFrame::scan_parquet_sources(paths, args).map_err(unreadable)?;
                Self::new(file.clone(), frame, Origin::Parquet(path.into()))
            }
            Some(FileKind::Ndjson) => {
                let reader = LazyJsonLineReader::new_with_sources(paths).with_infer_schema_length(None);
                let unreadable = |e: PolarsError| diagnose(&file, &Origin::Ndjson(path.into()), &first_line(&e));
                let frame = reader.with_row_index(index(1)).finish().map_err(unreadable)?;
                Self::new(file.clone(), frame, Origin::Ndjson(path.into()))
            }
            _ => {
                let frame = csv(paths, &Bytes::File(path)).map_err(unreadable)?;
                Self::new(file.clone(), frame, Origin::Csv(path.into()))
            }
        }
    }

    fn from_csv_bytes(bytes: Vec<u8>) -> Result<Self, SourceError> {
        let file = STDIN.to_owned();
        if bytes.is_empty() {
            return Err(SourceError::Empty { file });
        }
        let unreadable = |e: PolarsError| SourceError::Malformed { file: file.clone(), detail: first_line(&e) };
        let whole: Arc<[u8]> = bytes.clone().into();
        let sources = ScanSources::Buffers([bytes.into()].into());
        let frame = csv(sources, &Bytes::Read(&whole)).map_err(unreadable)?;
        Self::new(file.clone(), frame, Origin::CsvBytes(whole))
    }

    fn new(file: String, mut frame: LazyFrame, origin: Origin) -> Result<Self, SourceError> {
        let schema = frame.collect_schema().map_err(|e| diagnose(&file, &origin, &first_line(&e)))?;
        let names: Vec<String> = schema.iter_names().map(ToString::to_string).filter(|name| name != ROW).collect();
        let twin = names.iter().filter_map(|name| twin_of(name, &names)).find(|first| !first.trim().is_empty());
        if let Some(column) = twin.map(str::to_owned) {
            return Err(SourceError::DuplicateColumn { file, column });
        }
        // Who writes `timestamp, value` means no space. A name of nothing but spaces is none, and left.
        let bare = |name: &String| Some(name.trim()).filter(|bare| !bare.is_empty()).unwrap_or(name).to_owned();
        let bare: Vec<String> = names.iter().map(bare).collect();
        if bare != names {
            let mut seen = HashSet::new();
            if let Some(column) = bare.iter().find(|name| !seen.insert(name.as_str())).cloned() {
                return Err(SourceError::DuplicateColumn { file, column });
            }
            return Self::new(file, frame.rename(names, bare, true), origin);
        }
        Ok(Self { file, names, schema, content: Content::Frame { frame, origin } })
    }

    /// Its rows, with a column of row numbers; none of what is not read by polars.
    pub(super) fn rows(&self) -> LazyFrame {
        match &self.content {
            Content::Frame { frame, .. } => frame.clone(),
            Content::BigQuery(_) => LazyFrame::default(),
        }
    }

    /// Whether a column has a name: without one are the numbers of rows that some programs write, and what follows the last comma of a line.
    pub(super) fn is_named(&self, name: &str) -> bool {
        !twin_of(name, &self.names).unwrap_or(name).trim().is_empty()
    }

    /// Whether there is a column of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|n| n == name)
    }

    /// Checks that a required column is there.
    pub(super) fn require(&self, name: &str) -> Result<(), SourceError> {
        if self.has(name) {
            return Ok(());
        }
        Err(SourceError::MissingColumn {
            file: self.file.clone(),
            column: name.to_owned(),
            found: self.names.clone(),
            nearest: nearest_names(name, self.names.iter().map(String::as_str), 1).pop(),
        })
    }

    /// Does something with the rows, piece by piece. Those that hold none of `only.1` in the column `only.0` may be left out.
    ///
    /// # Errors
    /// Where reading fails, where `each` does, and where all rows are wanted and there are none.
    pub(super) fn for_each_piece(
        &self,
        columns: &[&str],
        only: Option<(&str, &[String])>,
        mut each: impl FnMut(Rows) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let mut is_empty = only.is_none();
        for rows in self.pieces(columns, only)? {
            let rows = rows?;
            is_empty &= rows.len() == 0;
            each(rows)?;
        }
        if is_empty { Err(SourceError::NoRows { file: self.file.clone() }) } else { Ok(()) }
    }

    /// Reads these columns of CSV piece by piece, and of what else there is in one piece, of which rows may be left out that hold none of
    /// `only.1` in the column `only.0`.
    pub(super) fn pieces<'a>(
        &'a self,
        columns: &'a [&str],
        only: Option<(&str, &[String])>,
    ) -> Result<Box<dyn Iterator<Item = Result<Rows, SourceError>> + 'a>, SourceError> {
        let Some(slices) = self.slices(columns)? else {
            return Ok(Box::new(std::iter::once(self.read(columns, only))));
        };
        Ok(Box::new(slices.into_iter().map(|slice| {
            let Slice { first, cells } = slice?;
            let texts = columns.iter().map(|name| cells.column(name).and_then(|column| column.str().cloned()));
            let texts: Vec<StringChunked> = texts.collect::<PolarsResult<_>>().map_err(|e| self.broken(&e))?;
            Ok(Rows::new((first..first + cells.height()).collect(), &texts))
        })))
    }

    /// Reads these columns of all rows, or of those that hold one of `only.1` in the column `only.0`.
    fn read(&self, columns: &[&str], only: Option<(&str, &[String])>) -> Result<Rows, SourceError> {
        let mut frame = match &self.content {
            Content::Frame { frame, .. } => frame.clone(),
            Content::BigQuery(asked) => {
                let texts = asked.read(columns, only)?;
                return Ok(Rows::new((1..=texts.first().map_or(0, StringChunked::len)).collect(), &texts));
            }
        };
        if let Some((column, values)) = only {
            let held = exactly(column).cast(DataType::String);
            frame = frame.filter(any(values.iter().map(|value| held.clone().eq(lit(value.as_str()))).collect()));
        }
        let wanted: Vec<Expr> = std::iter::once(ROW).chain(columns.iter().copied()).map(exactly).collect();
        let read = self.collect(frame.select(wanted))?;
        let index = read.column(ROW).and_then(|c| c.cast(&DataType::UInt64)).map_err(|e| self.broken(&e))?;
        let index = index.u64().map_err(|e| self.broken(&e))?;
        let numbers = index.into_no_null_iter().map(|n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
        let texts = columns.par_iter().map(|name| read.column(name).and_then(to_text));
        let texts: Vec<StringChunked> = texts.collect::<PolarsResult<_>>().map_err(|e| self.broken(&e))?;
        Ok(Rows::new(numbers, &texts))
    }

    /// The least and the greatest number in a column of a Parquet file, and how many rows there are, where the file itself says so.
    pub(super) fn bounds(&self, column: &str) -> Option<(i64, i64, usize)> {
        let Some(Origin::Parquet(path)) = self.origin() else { return None };
        let mut reader = ParquetReader::new(std::fs::File::open(path).ok()?);
        let about = reader.get_metadata().ok()?;
        let mut bounds: Option<(i64, i64)> = None;
        for group in about.row_groups.iter().filter(|group| group.num_rows() > 0) {
            let mut chunks = group.columns_under_root_iter(column)?;
            let statistics = chunks.next()?.statistics(&about.footer_buf)?.ok()?;
            let statistics = statistics.as_int64()?;
            if statistics.null_count == i64::try_from(group.num_rows()).ok() {
                continue;
            }
            let (least, greatest) = (statistics.min_value?, statistics.max_value?);
            bounds = Some(bounds.map_or((least, greatest), |(l, g)| (l.min(least), g.max(greatest))));
        }
        bounds.map(|(least, greatest)| (least, greatest, about.num_rows))
    }

    /// Some columns of CSV piece by piece; none where it is of another kind.
    pub(super) fn slices(&self, columns: &[&str]) -> Result<Option<Slices>, SourceError> {
        let bytes = match self.origin() {
            Some(Origin::Csv(path)) => Bytes::File(path),
            Some(Origin::CsvBytes(bytes)) => Bytes::Read(bytes),
            _ => return Ok(None),
        };
        slices(&self.file, &bytes, &self.names, columns).map(Some)
    }

    /// The same table with the rows of a piece.
    pub(super) fn with_rows(&self, piece: DataFrame) -> Self {
        let (file, names, schema) = (self.file.clone(), self.names.clone(), self.schema.clone());
        let origin = self.origin().cloned().unwrap_or(Origin::Other);
        Self { file, names, schema, content: Content::Frame { frame: piece.lazy(), origin } }
    }

    /// What is wrong with a file that is CSV, where looking at it once more shows it.
    pub(super) fn torn(&self) -> Option<SourceError> {
        torn(&self.file, self.origin()?)
    }

    /// The values of a column, each once, in order.
    pub(super) fn distinct(&self, column: &str) -> Result<Vec<String>, SourceError> {
        let frame = match &self.content {
            Content::Frame { frame, .. } => frame.clone(),
            Content::BigQuery(asked) => return asked.distinct(column),
        };
        let distinct = frame.select([exactly(column).cast(DataType::String).unique()]);
        let read = self.collect(distinct)?;
        let texts = read.column(column).and_then(to_text).map_err(|e| self.broken(&e))?;
        let mut values: Vec<String> = texts.iter().flatten().map(str::to_owned).collect();
        values.sort();
        Ok(values)
    }

    #[expect(clippy::redundant_closure_for_method_calls, reason = "polars does not export the type of a result")]
    pub(super) fn collect(&self, frame: LazyFrame) -> Result<DataFrame, SourceError> {
        frame.collect_with_engine(Engine::Streaming).map_err(|e| self.broken(&e)).map(|result| result.unwrap_single())
    }

    pub(super) fn broken(&self, error: &PolarsError) -> SourceError {
        diagnose(&self.file, self.origin().unwrap_or(&Origin::Other), &first_line(error))
    }

    fn origin(&self) -> Option<&Origin> {
        match &self.content {
            Content::Frame { origin, .. } => Some(origin),
            Content::BigQuery(_) => None,
        }
    }
}

impl Rows {
    fn new(numbers: Vec<usize>, columns: &[StringChunked]) -> Self {
        let columns = columns.iter().map(|texts| texts.rechunk().downcast_as_array().clone()).collect();
        Self { numbers, columns }
    }

    /// How many there are.
    fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The number of a row, as [`Self::numbers`] says.
    pub(super) fn number(&self, i: usize) -> usize {
        self.numbers[i]
    }

    /// A cell; none where it has no value.
    pub(super) fn cell(&self, column: usize, i: usize) -> Option<&str> {
        self.columns[column].get(i)
    }

    /// The cells of a column that have a value.
    pub(super) fn cells_of(&self, column: usize) -> impl Iterator<Item = &str> {
        self.columns[column].iter().flatten()
    }

    /// The cells of a row from a column on.
    pub(super) fn cells_from(&self, column: usize, i: usize) -> impl Iterator<Item = Option<&str>> {
        self.columns.iter().skip(column).map(move |cells| cells.get(i))
    }

    /// Whether no cell of a row has a value: a blank line.
    fn is_blank(&self, i: usize) -> bool {
        self.cells_from(0, i).all(|cell| cell.is_none())
    }

    /// What is read of the rows in threads, so many at a time and blank lines left out, in the order of the file: of several errors
    /// the first is told. `read` is given the places of the rows of a piece.
    pub(super) fn in_pieces<T: Send>(
        &self,
        size: usize,
        read: impl Fn(&mut dyn Iterator<Item = usize>) -> Result<T, SourceError> + Sync,
    ) -> Result<Vec<T>, SourceError> {
        let end = self.len();
        let starts: Vec<usize> = (0..end).step_by(size).collect();
        let piece = |&from: &usize| read(&mut (from..end.min(from + size)).filter(|&i| !self.is_blank(i)));
        let pieces: Vec<Result<T, SourceError>> = starts.par_iter().map(piece).collect();
        pieces.into_iter().collect()
    }
}

/// The name of which a column is a further one.
fn twin_of<'n>(name: &'n str, names: &[String]) -> Option<&'n str> {
    name.split_once(TWIN).map(|(first, _)| first).filter(|first| names.iter().any(|name| name == first))
}

/// Standard input, as errors name it.
const STDIN: &str = "standard input";

/// CSV with all columns as text, so that nothing is guessed and no cell is lost.
fn csv(sources: ScanSources, bytes: &Bytes) -> PolarsResult<LazyFrame> {
    LazyCsvReader::new_with_sources(sources)
        .with_glob(false)
        .with_infer_schema_length(Some(0))
        .with_row_index(Some(RowIndex { name: ROW.into(), offset: blank_lines(bytes) + 2 }))
        .finish()
}

/// A column by its name as it is: `col` would take `*` and `^a$` for patterns.
pub(super) fn exactly(name: &str) -> Expr {
    Expr::Column(name.into())
}

/// Whether any of these holds, nested no deeper than it must be.
pub(super) fn any(mut conditions: Vec<Expr>) -> Expr {
    while conditions.len() > 1 {
        let both = |pair: &[Expr]| pair.iter().cloned().reduce(Expr::or);
        conditions = conditions.chunks(2).filter_map(both).collect();
    }
    conditions.pop().unwrap_or_else(|| lit(false))
}

fn first_line(error: &PolarsError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
