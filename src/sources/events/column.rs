//! What the columns of a table of events hold, and functions over their cells.

use polars::prelude::*;

use crate::model::nearest_names;
use crate::sources::SourceError;
use crate::sources::table::{Table, exactly};

/// What a column holds, as far as definitions tell things apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Whole numbers and decimals.
    Number,
    /// Floating-point numbers, which may be NaN.
    Float,
    Truth,
    Date,
    /// What clocks show, in parts of a second.
    Clock(TimeUnit),
    /// Moments, in parts of a second since 1970.
    Moment(TimeUnit),
    /// What only NULL is asked of.
    Other,
}

impl Kind {
    fn of(dtype: &DataType) -> Self {
        match dtype {
            DataType::String | DataType::Categorical(..) | DataType::Enum(..) | DataType::Null => Self::Text,
            DataType::Boolean => Self::Truth,
            DataType::Date => Self::Date,
            DataType::Datetime(unit, None) => Self::Clock(*unit),
            DataType::Datetime(unit, Some(_)) => Self::Moment(*unit),
            dtype if dtype.is_float() => Self::Float,
            dtype if dtype.is_numeric() => Self::Number,
            _ => Self::Other,
        }
    }

    /// For an error message.
    pub(super) fn holds(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number | Self::Float => "numbers",
            Self::Truth => "truth values",
            Self::Date => "dates",
            Self::Clock(_) => "dates with times, without a zone",
            Self::Moment(_) => "moments",
            Self::Other => "what cannot be compared",
        }
    }
}

/// The columns of a table, for the metric that asks for them.
pub(super) struct Columns<'a> {
    pub(super) table: &'a Table,
    pub(super) metric: &'a str,
}

impl Columns<'_> {
    /// What a column holds, and the column: as text, number, or as it is.
    pub(super) fn get(&self, name: &str) -> Result<(Kind, Expr), SourceError> {
        let Some(dtype) = self.table.schema.get(name) else {
            let names = self.table.names.iter().map(String::as_str);
            let nearest = nearest_names(name, names, 1).pop();
            let problem = format!("there is no column {name:?}; the columns are {}", self.listed());
            return Err(self.wrong(problem, nearest.map(|nearest| format!("the nearest is {nearest:?}"))));
        };
        let column = exactly(name);
        Ok(match Kind::of(dtype) {
            Kind::Text if *dtype != DataType::String => (Kind::Text, column.cast(DataType::String)),
            // NaN is no value, as an empty cell is none.
            Kind::Float => (Kind::Float, column.cast(DataType::Float64).fill_nan(lit(NULL))),
            Kind::Number if dtype.is_decimal() => (Kind::Number, column.cast(DataType::Float64)),
            kind => (kind, column),
        })
    }

    fn listed(&self) -> String {
        let mut shown: Vec<String> = self.table.names.iter().take(20).map(|name| format!("{name:?}")).collect();
        if self.table.names.len() > shown.len() {
            shown.push(format!("and {} more", self.table.names.len() - shown.len()));
        }
        shown.join(", ")
    }

    /// The error of a definition that does not suit the table.
    pub(super) fn wrong(&self, problem: String, hint: Option<String>) -> SourceError {
        let (file, metric) = (self.table.file.clone(), self.metric.to_owned());
        SourceError::Definition { file, metric, problem, hint }
    }
}

/// A column of truth values from a function of each text, where there is one; unknown where the function says nothing.
pub(super) fn truth_of(column: Expr, of: impl Fn(&str) -> Option<bool> + Send + Sync + 'static) -> Expr {
    let each = move |column: Column| {
        let truth: BooleanChunked = column.str()?.iter().map(|text| text.and_then(&of)).collect();
        Ok(truth.with_name(column.name().clone()).into_column())
    };
    column.map(each, |_, field| Ok(Field::new(field.name().clone(), DataType::Boolean)))
}

/// A column of truth values that are all known from several columns; `of` is given them and the number of a row.
pub(super) fn known_of<F>(columns: Vec<Expr>, of: F) -> Expr
where
    F: Fn(&[Column]) -> PolarsResult<BooleanChunked> + Send + Sync + 'static,
{
    let each = move |columns: &mut [Column]| Ok(of(columns)?.with_name("known".into()).into_column());
    let mut columns = columns.into_iter();
    let first = columns.next().unwrap_or_else(|| lit(false));
    let rest: Vec<Expr> = columns.collect();
    first.map_many(each, &rest, |_, fields| Ok(Field::new(fields[0].name().clone(), DataType::Boolean)))
}
