use super::{Condition, ConditionError};

/// What of the events of a bucket is the value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// How many they are.
    Count,
    /// The sum of a column.
    Sum(String),
    /// The mean of a column, over the events that have a value there.
    Mean(String),
    /// How many different values a column has, NULL not counted.
    Distinct(String),
    /// The same, where a source can estimate it at less cost; files are counted exactly.
    ApproxDistinct(String),
    /// The share of those for which a further condition is true.
    Ratio(Condition),
}

/// Why a text is not what the value of a metric can be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// It is none of the kinds.
    #[error("{text:?} is none of {KINDS}")]
    Kind {
        /// The text.
        text: String,
    },
    /// What stands in the brackets is no column.
    #[error("{text:?} names no column in its brackets: write it as {kind}(amount), or {kind}(`total amount`)")]
    Column {
        /// The text.
        text: String,
        /// The kind that it begins with.
        kind: &'static str,
    },
    /// The condition of a ratio is wrong.
    #[error("in the brackets of ratio: {0}")]
    Condition(#[from] ConditionError),
}

/// The kinds of value, for an error message.
const KINDS: &str = "count, sum(column), mean(column), distinct(column), approx_distinct(column) and ratio(condition)";

/// Makes a value of the column in the brackets.
type Of = fn(String) -> Value;

const OF_COLUMN: [(&str, Of); 5] = [
    ("sum", Value::Sum),
    ("mean", Value::Mean),
    ("avg", Value::Mean),
    ("distinct", Value::Distinct),
    ("approx_distinct", Value::ApproxDistinct),
];

impl Value {
    /// Reads `count`, `sum(column)`, `mean(column)`, `distinct(column)`, `approx_distinct(column)` or `ratio(condition)`.
    ///
    /// # Errors
    /// Where it is none of these, or what stands in the brackets is no column or no condition.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let wrong = || ValueError::Kind { text: text.to_owned() };
        let trimmed = text.trim();
        let Some((name, rest)) = trimmed.split_once('(') else {
            return if trimmed.eq_ignore_ascii_case("count") { Ok(Self::Count) } else { Err(wrong()) };
        };
        let (name, inner) = (name.trim().to_ascii_lowercase(), rest.strip_suffix(')').ok_or_else(wrong)?.trim());
        match name.as_str() {
            "count" if inner.is_empty() || inner == "*" => Ok(Self::Count),
            "ratio" => Ok(Self::Ratio(Condition::parse(inner)?)),
            name => {
                let (kind, of) = OF_COLUMN.iter().find(|(kind, _)| *kind == name).ok_or_else(wrong)?;
                let column = column(inner).ok_or_else(|| ValueError::Column { text: text.to_owned(), kind })?;
                Ok(of(column))
            }
        }
    }

    /// The column that is added up, averaged or counted; none for counts and ratios.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Sum(column) | Self::Mean(column) | Self::Distinct(column) | Self::ApproxDistinct(column) => {
                Some(column)
            }
            Self::Count | Self::Ratio(_) => None,
        }
    }
}

/// The name of a column, in backquotes where it is more than a word.
fn column(text: &str) -> Option<String> {
    let quoted = text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    let name = quoted.unwrap_or(text);
    let is_word = || text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let good = if quoted.is_some() { !name.contains('`') } else { is_word() };
    (good && !name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_read() {
        for (text, value) in [
            ("count", Value::Count),
            ("COUNT(*)", Value::Count),
            ("sum(amount)", Value::Sum("amount".into())),
            (" mean ( `total amount` ) ", Value::Mean("total amount".into())),
            ("distinct(user)", Value::Distinct("user".into())),
            ("approx_distinct(user)", Value::ApproxDistinct("user".into())),
        ] {
            assert_eq!(Value::parse(text), Ok(value), "{text}");
        }
        assert!(matches!(Value::parse("ratio(event = 'paid' and (a or not b))"), Ok(Value::Ratio(_))));
    }

    #[test]
    fn what_is_no_value_is_refused_with_what_there_is() {
        for text in
            ["", "median(a)", "sum", "sum(a", "sum()", "sum(a + b)", "sum(a, b)", "count(a)", "ratio()", "sum(a) + 1"]
        {
            assert!(Value::parse(text).is_err(), "{text}");
        }
        assert!(Value::parse("median(a)").unwrap_err().to_string().contains("distinct(column)"));
        assert!(Value::parse("sum(a b)").unwrap_err().to_string().contains("sum(`total amount`)"));
    }
}
