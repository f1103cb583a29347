//! Values as people and programs write them.

/// A value that was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A finite number.
    Value(f64),
    /// Nothing stands there.
    Missing,
    /// `NaN` stands there.
    NaN,
}

/// Reads a cell of a column of values; the error says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Number, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Number::Missing);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_nan() => Ok(Number::NaN),
        Ok(value) if value.is_infinite() => Err("an infinite number"),
        Ok(value) => Ok(Number::Value(value)),
        Err(_) => Err("not a number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_missing_values_and_nan_are_told_apart() {
        assert_eq!(parse(" 1.5e3 "), Ok(Number::Value(1500.0)));
        assert_eq!(parse("-3"), Ok(Number::Value(-3.0)));
        assert_eq!(parse(""), Ok(Number::Missing));
        assert_eq!(parse("NaN"), Ok(Number::NaN));
        assert_eq!(parse("inf"), Err("an infinite number"));
        assert_eq!(parse("1e999"), Err("an infinite number"));
        assert_eq!(parse("1,234"), Err("not a number"));
    }
}
