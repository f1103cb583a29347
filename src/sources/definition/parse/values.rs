//! The values that columns are compared with.

use sqlparser::ast::{DataType, Expr, TimezoneInfo, UnaryOperator, Value as Sql};

use crate::sources::definition::Literal;
use crate::sources::definition::literal::{date, datetime, moment, unescaped};

use super::{ConditionError, Reader};

impl Reader<'_> {
    pub(super) fn literal(&self, part: &Expr) -> Result<Literal, ConditionError> {
        match part {
            Expr::Nested(inner) if !matches!(**inner, Expr::Nested(_)) => self.literal(inner),
            Expr::Value(value) => match &value.value {
                Sql::Number(digits, false) => self.number(part, digits),
                Sql::Boolean(truth) => Ok(Literal::Boolean(*truth)),
                Sql::Null => Err(self.refused(part, "is equal to nothing; write IS NULL or IS NOT NULL")),
                text => self.text(part, text).map(Literal::Text),
            },
            Expr::UnaryOp { op: op @ (UnaryOperator::Minus | UnaryOperator::Plus), expr } => match &**expr {
                Expr::Value(value) => match &value.value {
                    Sql::Number(digits, false) if *op == UnaryOperator::Minus => {
                        self.number(part, &format!("-{digits}"))
                    }
                    Sql::Number(digits, false) => self.number(part, digits),
                    _ => Err(self.refused(part, "is no value that a column can be compared with")),
                },
                _ => Err(self.refused(part, "is no value that a column can be compared with")),
            },
            Expr::TypedString(typed) => {
                let text = self.text(part, &typed.value.value)?;
                let read = match &typed.data_type {
                    DataType::Date => date(&text).map(Literal::Date),
                    DataType::Datetime(None) => datetime(&text).map(Literal::Datetime),
                    DataType::Timestamp(None, TimezoneInfo::None) => moment(&text).map(Literal::Timestamp),
                    _ => return Err(self.refused(part, "is of a type that conditions do not have")),
                };
                read.ok_or_else(|| {
                    self.refused(part, "cannot be read; write it like 2024-01-31 or 2024-01-31 10:00:00")
                })
            }
            other => Err(self.refused(other, "is no value that a column can be compared with")),
        }
    }

    fn number(&self, part: &Expr, digits: &str) -> Result<Literal, ConditionError> {
        if let Ok(whole) = digits.parse::<i64>() {
            return Ok(Literal::Integer(whole));
        }
        let is_whole = digits.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit());
        let float = digits.parse::<f64>().ok().filter(|f| f.is_finite() && !is_whole);
        float.map(Literal::Float).ok_or_else(|| self.refused(part, "is too large a number"))
    }

    fn text(&self, part: &Expr, value: &Sql) -> Result<String, ConditionError> {
        let read = match value {
            Sql::SingleQuotedString(raw) => unescaped(raw, Some('\'')),
            Sql::DoubleQuotedString(raw) => unescaped(raw, Some('"')),
            Sql::TripleSingleQuotedString(raw) | Sql::TripleDoubleQuotedString(raw) => unescaped(raw, None),
            Sql::SingleQuotedRawStringLiteral(text)
            | Sql::DoubleQuotedRawStringLiteral(text)
            | Sql::TripleSingleQuotedRawStringLiteral(text)
            | Sql::TripleDoubleQuotedRawStringLiteral(text) => Ok(text.clone()),
            _ => return Err(self.refused(part, "is no value that a column can be compared with")),
        };
        let text = read.map_err(|problem| self.refused(part, &format!("cannot be read: {problem}")))?;
        if text.contains('\0') { Err(self.refused(part, "holds the character of code 0")) } else { Ok(text) }
    }

    pub(super) fn pattern(&self, part: &Expr) -> Result<String, ConditionError> {
        let Literal::Text(pattern) = self.literal(part)? else {
            return Err(self.refused(part, "is no text, and LIKE wants one"));
        };
        let backslashes = pattern.chars().rev().take_while(|c| *c == '\\').count();
        if backslashes % 2 == 1 {
            return Err(self.refused(part, "ends in a backslash that stands before nothing"));
        }
        Ok(pattern)
    }
}
