//! Dimensions: a metric split by the values of columns.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use polars::prelude::*;

use crate::model::Caveat;
use crate::sources::SourceError;
use crate::sources::text::to_text;

use super::column::Columns;

/// So many of the most frequent combinations of values become series of their own.
pub(super) const MOST: usize = 50;
/// Stands between the values of a combination; no name of ours holds it.
pub(super) const BETWEEN: char = '\u{1f}';

/// The name of the series of one combination of values, such as `signups{country=NO}`.
///
/// What could end a part of the name or act on a terminal is written as `%` and two digits.
pub(super) fn name_of(metric: &str, by: &[String], values: &str) -> String {
    let parts = by.iter().zip(values.split(BETWEEN)).map(|(column, value)| format!("{}={}", safe(column), safe(value)));
    format!("{metric}{{{}}}", parts.collect::<Vec<_>>().join(","))
}

/// The metric of which a name may be a part by its dimensions: `signups` of `signups{country=NO}`.
#[must_use]
pub fn total_of(name: &str) -> Option<&str> {
    let (total, rest) = name.split_once('{')?;
    (rest.ends_with('}') && !total.is_empty()).then_some(total)
}

fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || "_-.:/@+ ".contains(c) {
            safe.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(safe, "%{byte:02X}");
            }
        }
    }
    safe
}

/// The values of some columns as one text; an empty one where there is none.
pub(super) fn combination(by: &[String], columns: &Columns<'_>) -> Result<Expr, SourceError> {
    let parts = by.iter().map(|name| columns.get(name).map(|(_, column)| column)).collect::<Result<Vec<_>, _>>()?;
    let each = |columns: &mut [Column]| {
        let texts = columns.iter().map(to_text).collect::<PolarsResult<Vec<StringChunked>>>()?;
        let joined = |i: usize| {
            let cells = texts.iter().map(|text| text.get(i).unwrap_or("").trim());
            cells.collect::<Vec<_>>().join(BETWEEN.encode_utf8(&mut [0; 4]))
        };
        let all: StringChunked = (0..columns[0].len()).map(|i| Some(joined(i))).collect();
        Ok(all.with_name("combination".into()).into_column())
    };
    let first = parts[0].clone();
    Ok(first.map_many(each, &parts[1..], |_, fields| Ok(Field::new(fields[0].name().clone(), DataType::String))))
}

/// The combinations that become series, by their numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    pub(super) names: Vec<String>,
    numbers: Arc<HashMap<String, i32>>,
}

impl Labels {
    pub(super) fn new(metric: &str, by: &[String], combinations: Vec<String>) -> Self {
        let names = combinations.iter().map(|values| name_of(metric, by, values)).collect();
        let number = |(i, values): (usize, String)| (values, i32::try_from(i).unwrap_or(i32::MAX));
        Self { names, numbers: Arc::new(combinations.into_iter().enumerate().map(number).collect()) }
    }

    /// The number of the combination of each row; none where it is not one of them.
    pub(super) fn number(&self, combination: Expr) -> Expr {
        let numbers = Arc::clone(&self.numbers);
        let each = move |column: Column| {
            let found: Int32Chunked =
                column.str()?.iter().map(|text| text.and_then(|text| numbers.get(text).copied())).collect();
            Ok(found.with_name(column.name().clone()).into_column())
        };
        combination.map(each, |_, field| Ok(Field::new(field.name().clone(), DataType::Int32)))
    }
}

/// How often each combination came, most frequent first, and what is to be said where they are too many.
pub(super) fn most_frequent(
    metric: &str,
    by: &[String],
    mut counts: Vec<(String, u64)>,
) -> (Vec<String>, Option<Caveat>) {
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let (all, found) = (counts.iter().map(|(_, n)| n).sum::<u64>(), counts.len());
    let kept: u64 = counts.iter().take(MOST).map(|(_, n)| n).sum();
    let caveat = (found > MOST).then(|| {
        let text = format!(
            "{metric} by {}: the {MOST} most frequent of {found} combinations are series of their own; they hold {:.1} % of the events. \
             The others are asked about by their names.",
            by.join(", "),
            100.0 * kept as f64 / all.max(1) as f64
        );
        Caveat::new("many_combinations", text)
    });
    counts.truncate(MOST);
    (counts.into_iter().map(|(values, _)| values).collect(), caveat)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_combinations_are_safe_and_tell_them_apart() {
        let by = ["country".to_owned(), "plan".to_owned()];
        assert_eq!(name_of("m", &by, "NO\u{1f}pro"), "m{country=NO,plan=pro}");
        assert_eq!(name_of("m", &by[..1], "a,b=\u{1b}[31m}"), "m{country=a%2Cb%3D%1B%5B31m%7D}");
        assert_eq!(name_of("m", &by[..1], ""), "m{country=}");
        assert_eq!(name_of("m", &by[..1], "Ærø"), "m{country=Ærø}");
        assert_eq!(total_of("m{country=NO}"), Some("m"));
        assert_eq!([total_of("m"), total_of("{a}"), total_of("m{a")], [None; 3]);
    }
}
