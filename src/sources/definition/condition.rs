use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// Which events count. NULL is neither true nor false: the logic is that of SQL.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A column of truth values, by itself.
    Flag(String),
    /// A column against a value.
    Compare {
        /// The column.
        column: String,
        /// How they are compared.
        operator: Comparison,
        /// With what.
        literal: Literal,
    },
    /// Whether a column holds one of some values.
    In {
        /// The column.
        column: String,
        /// At least one.
        literals: Vec<Literal>,
        /// `NOT IN`.
        negated: bool,
    },
    /// Whether a column lies between two values, both included.
    Between {
        /// The column.
        column: String,
        /// The least.
        low: Literal,
        /// The greatest.
        high: Literal,
        /// `NOT BETWEEN`.
        negated: bool,
    },
    /// Whether a column has no value.
    IsNull {
        /// The column.
        column: String,
        /// `IS NOT NULL`.
        negated: bool,
    },
    /// Whether a text follows a pattern: `%` stands for any text, `_` for one character, `\` before one of them for itself.
    Like {
        /// The column.
        column: String,
        /// The pattern; it does not end in a lone backslash.
        pattern: String,
        /// `NOT LIKE`.
        negated: bool,
    },
    /// All of these, two or more.
    And(Vec<Condition>),
    /// Any of these, two or more.
    Or(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=` and `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// As SQL writes it.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// The same with the sides changed.
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

/// A value that a condition names.
///
/// A text against a column of dates or times is read as one, as SQL does (in UTC where the column holds moments and the text has no
/// offset); against a column of text it is compared as text.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A text, without quotes and escapes.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// `TRUE` or `FALSE`.
    Boolean(bool),
    /// `DATE '2024-01-31'`
    Date(NaiveDate),
    /// `DATETIME '2024-01-31 10:00:00'`: what clocks show, in no zone.
    Datetime(NaiveDateTime),
    /// `TIMESTAMP '2024-01-31 10:00:00+01:00'`: a moment; in UTC where there is no offset.
    Timestamp(DateTime<Utc>),
}

impl Condition {
    /// The columns that it looks at, each once.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<&str> {
        let mut columns = BTreeSet::new();
        self.collect_columns(&mut columns);
        columns
    }

    fn collect_columns<'a>(&'a self, into: &mut BTreeSet<&'a str>) {
        match self {
            Self::Flag(column)
            | Self::Compare { column, .. }
            | Self::In { column, .. }
            | Self::Between { column, .. }
            | Self::IsNull { column, .. }
            | Self::Like { column, .. } => {
                into.insert(column);
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect_columns(into)),
            Self::Not(part) => part.collect_columns(into),
        }
    }
}
