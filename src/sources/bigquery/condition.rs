//! Conditions as SQL. Values become parameters, columns are checked and quoted, and nothing else of a condition is text.

use crate::bigquery::{BigQueryError, Column, Parameter, Table};
use crate::model::nearest_names;
use crate::sources::SourceError;
use crate::sources::definition::{Comparison, Condition, Literal, date, datetime, moment};

use super::parameters::Parameters;
use super::sql::quoted;

/// Makes SQL of conditions and columns of one table.
pub(super) struct Compiler<'a> {
    pub(super) table: &'a Table,
    /// As the table is named in errors.
    pub(super) place: &'a str,
    pub(super) parameters: Parameters,
}

impl Compiler<'_> {
    /// The condition in brackets, so that it keeps its meaning wherever it stands.
    pub(super) fn condition(&mut self, condition: &Condition) -> Result<String, SourceError> {
        let sql = match condition {
            Condition::Flag(column) => self.value(column)?,
            Condition::Compare { column, operator, literal } => self.compared(column, *operator, literal)?,
            Condition::In { column, literals, negated } => self.one_of(column, literals, *negated)?,
            Condition::Between { column, low, high, negated } => {
                let not = if *negated { "NOT " } else { "" };
                let (value, low) = self.pair(column, low)?;
                let (_, high) = self.pair(column, high)?;
                format!("{value} {not}BETWEEN {low} AND {high}")
            }
            Condition::IsNull { column, negated } => {
                format!("{} IS {}NULL", self.value(column)?, if *negated { "NOT " } else { "" })
            }
            Condition::Like { column, pattern, negated } => {
                let kind = &self.column(column)?.kind;
                if kind != "STRING" {
                    return Err(self.wrong(format!("the column {column:?} is a {kind}, and LIKE wants a STRING")));
                }
                let pattern = self.parameters.name(Parameter::Text(pattern.clone()));
                format!("{} {}LIKE {pattern}", self.value(column)?, if *negated { "NOT " } else { "" })
            }
            Condition::And(parts) => self.joined(parts, " AND ")?,
            Condition::Or(parts) => self.joined(parts, " OR ")?,
            Condition::Not(part) => format!("NOT {}", self.condition(part)?),
        };
        Ok(format!("({sql})"))
    }

    fn joined(&mut self, parts: &[Condition], join: &str) -> Result<String, SourceError> {
        let parts: Vec<String> = parts.iter().map(|part| self.condition(part)).collect::<Result<_, _>>()?;
        Ok(parts.join(join))
    }

    fn compared(&mut self, column: &str, operator: Comparison, literal: &Literal) -> Result<String, SourceError> {
        let (value, literal) = self.pair(column, literal)?;
        Ok(format!("{value} {} {literal}", operator.sql()))
    }

    fn one_of(&mut self, column: &str, literals: &[Literal], negated: bool) -> Result<String, SourceError> {
        let not = if negated { "NOT " } else { "" };
        let texts: Option<Vec<String>> =
            literals.iter().map(|l| if let Literal::Text(text) = l { Some(text.clone()) } else { None }).collect();
        if let (Some(texts), "STRING") = (texts, self.column(column)?.kind.as_str()) {
            let texts = self.parameters.name(Parameter::Texts(texts));
            return Ok(format!("{} {not}IN UNNEST({texts})", self.value(column)?));
        }
        let mut value = String::new();
        let mut list = Vec::with_capacity(literals.len());
        for literal in literals {
            let (of_column, of_literal) = self.pair(column, literal)?;
            value = of_column;
            list.push(of_literal);
        }
        Ok(format!("{value} {not}IN ({})", list.join(", ")))
    }

    /// A column and a value, as they are compared. A text is read as what the column holds, and a column of text as what the value is:
    /// cells that cannot be read count as having no value.
    fn pair(&mut self, name: &str, literal: &Literal) -> Result<(String, String), SourceError> {
        let kind = self.column(name)?.kind.clone();
        let (parameter, cast) = match (kind.as_str(), literal) {
            ("STRING", Literal::Text(text)) => (Parameter::Text(text.clone()), None),
            ("STRING", Literal::Integer(_) | Literal::Float(_)) => (plain(literal), Some("FLOAT64")),
            ("STRING", other) => (plain(other), Some(plain(other).type_name())),
            (kind, Literal::Text(text)) => (self.read_as(name, kind, text)?, None),
            ("TIMESTAMP", Literal::Date(date)) => (self.read_as(name, "TIMESTAMP", &date.to_string())?, None),
            ("DATETIME", Literal::Date(date)) => (self.read_as(name, "DATETIME", &date.to_string())?, None),
            (_, other) => (plain(other), None),
        };
        let value = self.value(name)?;
        let value = cast.map_or(value.clone(), |kind| format!("SAFE_CAST({value} AS {kind})"));
        Ok((value, self.parameters.name(parameter)))
    }

    /// A text as a value of the type of a column.
    fn read_as(&self, column: &str, kind: &str, text: &str) -> Result<Parameter, SourceError> {
        let read = match kind {
            "TIMESTAMP" => moment(text).map(Parameter::Timestamp),
            "DATE" => date(text).map(Parameter::Date),
            "DATETIME" => datetime(text).map(Parameter::Datetime),
            _ => return Err(self.wrong(format!("the column {column:?} is of the type {kind}, and {text:?} is a text"))),
        };
        read.ok_or_else(|| self.wrong(format!("the column {column:?} is of the type {kind}, and {text:?} is none")))
    }

    /// A column as its value; NaN is none.
    pub(super) fn value(&self, name: &str) -> Result<String, SourceError> {
        let column = self.column(name)?;
        let quoted = quoted(&column.name)?;
        Ok(if column.kind == "FLOAT64" { format!("IF(IS_NAN({quoted}), NULL, {quoted})") } else { quoted })
    }

    /// A column of the table.
    pub(super) fn column(&self, name: &str) -> Result<&Column, SourceError> {
        let found = self.table.column(name).filter(|column| !column.repeated);
        found.ok_or_else(|| {
            let names = self.table.columns.iter().map(|column| column.name.as_str());
            let nearest = nearest_names(name, names, 1).pop();
            BigQueryError::UnknownColumn { place: self.place.to_owned(), column: name.to_owned(), nearest }.into()
        })
    }

    pub(super) fn wrong(&self, message: String) -> SourceError {
        let hint = "compare columns with values of their type: numbers with numbers, texts with 'texts'".to_owned();
        BigQueryError::WrongType { place: self.place.to_owned(), message, hint }.into()
    }
}

/// A value as it is.
fn plain(literal: &Literal) -> Parameter {
    match literal {
        Literal::Text(text) => Parameter::Text(text.clone()),
        Literal::Integer(n) => Parameter::Integer(*n),
        Literal::Float(x) => Parameter::Float(*x),
        Literal::Boolean(b) => Parameter::Boolean(*b),
        Literal::Date(date) => Parameter::Date(*date),
        Literal::Datetime(at) => Parameter::Datetime(*at),
        Literal::Timestamp(at) => Parameter::Timestamp(*at),
    }
}
