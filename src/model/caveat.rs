use serde::Serialize;

/// Something about the data that a reader should know before trusting the answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Caveat {
    /// A stable identifier for scripts, in `snake_case`, such as `deploy_feed_gap`.
    pub code: &'static str,
    /// One or two sentences for people: what was seen, what was done about it, what it means.
    pub text: String,
}

impl Caveat {
    /// A caveat with a stable `code` and a sentence for people.
    #[must_use]
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// A number and what it counts, in the singular or the plural: `1 row repeats`, `2 rows repeat`.
#[must_use]
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
