use std::fmt;

/// A text that is never shown: a token, a key, a password.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to be sent and nothing else.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Texts of others are shown up to so many characters.
const LONGEST: usize = 600;

/// A text that another program sent, on one line, shortened, and without any of these secrets.
pub(super) fn harmless(text: &str, secrets: &[&Secret]) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for secret in secrets.iter().filter(|secret| secret.0.len() >= 4) {
        text = text.replace(secret.0.as_str(), "(secret)");
    }
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::new("ya29.token");
        assert_eq!(format!("{secret:?}"), "(secret)");
        assert_eq!(harmless("bad ya29.token\n here", &[&secret]), "bad (secret) here");
        assert_eq!(harmless(&"x".repeat(700), &[]).len(), LONGEST + 3);
    }
}
