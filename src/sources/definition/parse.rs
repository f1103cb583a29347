//! Reads conditions from SQL: the subset that every source can run, and nothing beside it.

use sqlparser::ast::{BinaryOperator, Expr, Ident, Spanned, UnaryOperator};
use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::{Parser, ParserError, ParserOptions};
use sqlparser::tokenizer::Token;

use super::{Comparison, Condition};

mod values;

/// Nobody writes a longer condition by hand.
const LONGEST: usize = 20_000;
/// How deep brackets and `NOT` may be nested.
const DEEPEST: usize = 40;
/// What a condition may hold, for an error message.
const ALLOWED: &str = "a condition compares columns with values: = != <> < <= > >=, [NOT] IN (...), [NOT] BETWEEN ... AND ..., \
    [NOT] LIKE '...', IS [NOT] NULL, a column of truth values, joined by AND, OR, NOT and brackets; values are 'text', numbers, TRUE, \
    FALSE, DATE '...', DATETIME '...' and TIMESTAMP '...'";

/// Why a text is not a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the condition {text:?}{}: {problem}", place.map(|at| format!(", at character {at}")).unwrap_or_default())]
pub struct ConditionError {
    /// The condition, shortened.
    pub text: String,
    /// The character at which the problem was seen, counted from 1, where that is known.
    pub place: Option<usize>,
    /// What is wrong.
    pub problem: String,
}

impl ConditionError {
    /// What a condition may hold.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        ALLOWED
    }
}

impl Condition {
    /// Reads a condition of BigQuery's SQL.
    ///
    /// # Errors
    /// Where it is no SQL, or holds more than comparisons of columns with values.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let reader = Reader { text };
        if text.trim().is_empty() {
            return Err(reader.wrong(None, "there is nothing in it"));
        }
        if text.len() > LONGEST {
            return Err(reader.wrong(None, format!("it is longer than {LONGEST} bytes")));
        }
        let options = ParserOptions::new().with_unescape(false);
        let parser = Parser::new(&BigQueryDialect {}).with_options(options).with_recursion_limit(DEEPEST);
        let mut parser = parser.try_with_sql(text).map_err(|e| reader.no_sql(&e))?;
        let whole = parser.parse_expr().map_err(|e| reader.no_sql(&e))?;
        let next = parser.peek_token();
        if next.token != Token::EOF {
            let place = reader.character(next.span.start.line, next.span.start.column);
            return Err(reader.wrong(place, format!("{} was not expected", next.token)));
        }
        reader.condition(&whole, DEEPEST)
    }
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn wrong(&self, place: Option<usize>, problem: impl Into<String>) -> ConditionError {
        let short: String = self.text.chars().take(200).collect();
        let text = if short.len() < self.text.len() { format!("{short}…") } else { short };
        ConditionError { text, place, problem: problem.into() }
    }

    /// What sqlparser says, with its line and column as one number.
    fn no_sql(&self, error: &ParserError) -> ConditionError {
        let message = match error {
            ParserError::RecursionLimitExceeded => {
                return self.wrong(None, format!("it is nested more than {DEEPEST} deep"));
            }
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
        };
        let Some((problem, place)) = message.rsplit_once(" at Line: ") else { return self.wrong(None, message) };
        let mut numbers = place.split(", Column: ").map(|n| n.trim().parse().unwrap_or(0));
        let place = self.character(numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        self.wrong(place, problem)
    }

    /// The number of a character, given its line and column; none where they are not known.
    fn character(&self, line: u64, column: u64) -> Option<usize> {
        let (line, column) = (usize::try_from(line).ok()?, usize::try_from(column).ok()?);
        let before: usize = self.text.split_inclusive('\n').take(line.checked_sub(1)?).map(|l| l.chars().count()).sum();
        (column > 0).then_some(before + column)
    }

    /// The error of a part that has no place in a condition.
    fn refused(&self, part: &Expr, problem: &str) -> ConditionError {
        let start = part.span().start;
        let shown: String = part.to_string().chars().take(80).collect();
        self.wrong(self.character(start.line, start.column), format!("{shown} {problem}"))
    }

    fn condition(&self, part: &Expr, depth: usize) -> Result<Condition, ConditionError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.wrong(None, format!("it is nested more than {DEEPEST} deep")));
        };
        match part {
            Expr::Nested(inner) => self.condition(inner, depth),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                Ok(Condition::Not(Box::new(self.condition(expr, depth)?)))
            }
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                let parts = chain(part, op).into_iter().map(|part| self.condition(part, depth));
                let parts = parts.collect::<Result<_, _>>()?;
                Ok(if *op == BinaryOperator::And { Condition::And(parts) } else { Condition::Or(parts) })
            }
            Expr::Identifier(_) => Ok(Condition::Flag(self.column(part)?)),
            Expr::IsNull(column) => Ok(Condition::IsNull { column: self.column(column)?, negated: false }),
            Expr::IsNotNull(column) => Ok(Condition::IsNull { column: self.column(column)?, negated: true }),
            Expr::BinaryOp { left, op, right } => self.comparison(part, left, op, right),
            Expr::InList { expr, list, negated } => {
                let literals = list.iter().map(|item| self.literal(item)).collect::<Result<Vec<_>, _>>()?;
                if literals.is_empty() {
                    return Err(self.refused(part, "names no values"));
                }
                Ok(Condition::In { column: self.column(expr)?, literals, negated: *negated })
            }
            Expr::Between { expr, negated, low, high } => Ok(Condition::Between {
                column: self.column(expr)?,
                low: self.literal(low)?,
                high: self.literal(high)?,
                negated: *negated,
            }),
            Expr::Like { negated, any: false, expr, pattern, escape_char: None } => {
                Ok(Condition::Like { column: self.column(expr)?, pattern: self.pattern(pattern)?, negated: *negated })
            }
            other => Err(self.refused(other, "has no place in a condition")),
        }
    }

    fn comparison(
        &self,
        whole: &Expr,
        left: &Expr,
        operator: &BinaryOperator,
        right: &Expr,
    ) -> Result<Condition, ConditionError> {
        let operator = match operator {
            BinaryOperator::Eq => Comparison::Equal,
            BinaryOperator::NotEq => Comparison::NotEqual,
            BinaryOperator::Lt => Comparison::Less,
            BinaryOperator::LtEq => Comparison::LessOrEqual,
            BinaryOperator::Gt => Comparison::Greater,
            BinaryOperator::GtEq => Comparison::GreaterOrEqual,
            _ => return Err(self.refused(whole, "has no place in a condition")),
        };
        let is_column = |side: &Expr| matches!(side, Expr::Identifier(_));
        let (column, operator, value) = match (is_column(left), is_column(right)) {
            (true, true) => return Err(self.refused(whole, "compares two columns; compare a column with a value")),
            (false, true) => (right, operator.turned(), left),
            _ => (left, operator, right),
        };
        Ok(Condition::Compare { column: self.column(column)?, operator, literal: self.literal(value)? })
    }

    fn column(&self, part: &Expr) -> Result<String, ConditionError> {
        match part {
            Expr::Nested(inner) if matches!(**inner, Expr::Identifier(_)) => self.column(inner),
            Expr::Identifier(Ident { value, quote_style: None | Some('`'), .. }) if !value.is_empty() => {
                if value.starts_with('@') {
                    return Err(self.refused(part, "is a parameter; conditions have none"));
                }
                Ok(value.clone())
            }
            Expr::CompoundIdentifier(_) => Err(self.refused(part, "is a field within a column, which is not read")),
            other => Err(self.refused(other, "stands where a column is wanted")),
        }
    }
}

/// The parts that one operator joins, in their order, without the nesting of a long row of them.
fn chain<'e>(mut part: &'e Expr, operator: &BinaryOperator) -> Vec<&'e Expr> {
    let mut parts = Vec::new();
    while let Expr::BinaryOp { left, op, right } = part
        && op == operator
    {
        parts.push(&**right);
        part = left;
    }
    parts.push(part);
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use super::super::Literal;
    use super::super::literal::{date, datetime, moment};
    use super::*;

    fn error(text: &str) -> ConditionError {
        Condition::parse(text).expect_err(text)
    }

    fn compare(column: &str, operator: Comparison, literal: Literal) -> Condition {
        Condition::Compare { column: column.to_owned(), operator, literal }
    }

    #[test]
    fn every_part_of_the_language_is_read() {
        let text = "event = 'paid' AND (amount >= -1.5 OR NOT trial) AND country IN ('NO', 'SE') AND age NOT BETWEEN 1 AND 17 \
            AND `first page` LIKE '/a\\\\_%' AND referrer IS NOT NULL";
        let Condition::And(parts) = Condition::parse(text).unwrap() else { panic!("{text}") };
        assert_eq!(parts[0], compare("event", Comparison::Equal, Literal::Text("paid".into())));
        let amount = compare("amount", Comparison::GreaterOrEqual, Literal::Float(-1.5));
        let not_trial = Condition::Not(Box::new(Condition::Flag("trial".into())));
        assert_eq!(parts[1], Condition::Or(vec![amount, not_trial]));
        assert_eq!(parts[4], Condition::Like { column: "first page".into(), pattern: "/a\\_%".into(), negated: false });
        assert_eq!(parts[5], Condition::IsNull { column: "referrer".into(), negated: true });
        assert_eq!(parts.len(), 6);
    }

    #[test]
    fn literals_are_those_of_bigquery() {
        for (text, literal) in [
            ("a = \"it's\"", Literal::Text("it's".into())),
            (r"a = 'it\'s'", Literal::Text("it's".into())),
            (r"a = r'\d'", Literal::Text("\\d".into())),
            ("a = '''x'y'''", Literal::Text("x'y".into())),
            ("a = 9223372036854775807", Literal::Integer(i64::MAX)),
            ("a = -9223372036854775808", Literal::Integer(i64::MIN)),
            ("a = 1e3", Literal::Float(1000.0)),
            ("a = true", Literal::Boolean(true)),
            ("a = DATE '2024-01-31'", Literal::Date(date("2024-01-31").unwrap())),
            ("a = DATETIME '2024-01-31 10:00:00'", Literal::Datetime(datetime("2024-01-31T10:00").unwrap())),
            ("a = TIMESTAMP '2024-01-31 10:00:00+01'", Literal::Timestamp(moment("2024-01-31T09:00Z").unwrap())),
        ] {
            assert_eq!(Condition::parse(text), Ok(compare("a", Comparison::Equal, literal)), "{text}");
        }
        assert_eq!(Condition::parse("5 <= a"), Ok(compare("a", Comparison::GreaterOrEqual, Literal::Integer(5))));
        assert_eq!(Condition::parse("a <> 5"), Ok(compare("a", Comparison::NotEqual, Literal::Integer(5))));
    }

    #[test]
    fn what_is_outside_the_language_is_refused() {
        for text in [
            "",
            "a",
            "a = b",
            "a = NULL",
            "a IN ()",
            "a IN (SELECT 1)",
            "a IN (NULL)",
            "lower(a) = 'x'",
            "a + 1 = 2",
            "a = 1; DROP TABLE t",
            "a = 1 -- b\n OR",
            "EXISTS (SELECT 1)",
            "a = (SELECT 1)",
            "a LIKE b",
            "a LIKE 'x\\\\'",
            "a LIKE 'x' ESCAPE '!'",
            "t.a = 1",
            "a = @p",
            "@p = 1",
            "a = ?",
            "a IS TRUE",
            "a BETWEEN b AND 2",
            "a = b'x'",
            "a = 'it''s'",
            "a = 99999999999999999999",
            "a = 1e999",
            "a = 'x",
            "a =",
            "a = DATE 'soon'",
            "a = INTERVAL 1 DAY",
            "CASE WHEN a THEN 1 END",
            "a ~ 'x'",
            "a = '\\q'",
            "a XOR b",
            "a = 0x1F",
            "TIME '10:00' = a",
            "a SIMILAR TO 'x'",
            "1 = 1",
            "TRUE",
            "a = 'b\\000'",
        ] {
            if text != "a" {
                error(text);
            }
        }
        assert_eq!(Condition::parse("a"), Ok(Condition::Flag("a".into())));
    }

    #[test]
    fn an_error_shows_the_place_and_what_is_allowed() {
        let told = error("event = 'a' AND\n LENGTH(name) > 3");
        assert_eq!(told.place, Some(18), "{told}");
        assert!(told.to_string().contains("LENGTH(name)"), "{told}");
        assert!(told.hint().contains("BETWEEN"));
        assert_eq!(error("a = 1 b").place, Some(7));
    }

    #[test]
    fn depth_and_length_are_bounded() {
        assert!(error(&format!("{}a{}", "(".repeat(5_000), ")".repeat(5_000))).to_string().contains("deep"));
        error(&format!("{}a", "NOT ".repeat(4_900)));
        assert!(error(&"a OR ".repeat(10_000)).to_string().contains("longer"));
        let Ok(Condition::Or(parts)) = Condition::parse(&format!("{}a", "a OR ".repeat(3_000))) else { panic!() };
        assert_eq!(parts.len(), 3_001);
    }
}
