use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A secret that a sender shares with us. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

impl Secret {
    /// A secret of these bytes; none where there are none.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (!bytes.is_empty()).then(|| Self(bytes.to_vec()))
    }

    /// The secrets of a text, one a line: while a secret is changed for another, both hold.
    #[must_use]
    pub fn of_lines(text: &str) -> Vec<Self> {
        text.lines().filter_map(|line| Self::new(line.trim().as_bytes())).collect()
    }

    /// Whether it is so short that it can be guessed.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.0.len() < 16
    }

    /// Whether this is the secret. How long it takes tells neither how much of it is right nor how long it is.
    pub(super) fn is(&self, given: &[u8]) -> bool {
        Sha256::digest(&self.0).ct_eq(&Sha256::digest(given)).into()
    }

    /// Whether this is the HMAC-SHA256 of the parts one after the other, compared in constant time.
    pub(super) fn signed_sha256(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        signed::<Hmac<Sha256>>(&self.0, parts, signature)
    }

    /// Whether this is their HMAC-SHA1, compared in constant time.
    pub(super) fn signed_sha1(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        signed::<Hmac<Sha1>>(&self.0, parts, signature)
    }

    /// The bytes, for a library that verifies by itself.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Whether this is the code of the parts one after the other. A signature of another length is none.
fn signed<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let Ok(mut code) = <M as KeyInit>::new_from_slice(key) else { return false };
    for part in parts {
        code.update(part);
    }
    code.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::new(b"hunter2").unwrap();
        assert!(!format!("{secret:?} {:?}", vec![&secret]).contains("hunter"));
    }

    #[test]
    fn a_signature_is_right_whole_and_for_all_parts_only() {
        let key = Secret::new(b"key").unwrap();
        let right = hex::decode("f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8").unwrap();
        let text = b"The quick brown fox jumps over the lazy dog";
        assert!(key.signed_sha256(&[text], &right));
        assert!(key.signed_sha256(&[&text[..9], &text[9..]], &right));
        assert!(!key.signed_sha256(&[&text[..9]], &right));
        for cut in 0..right.len() {
            assert!(!key.signed_sha256(&[text], &right[..cut]));
        }
    }

    #[test]
    fn secrets_stand_one_a_line() {
        assert_eq!(Secret::of_lines("a\n\n  b \r\n").len(), 2);
        assert!(Secret::of_lines("\n \n").is_empty());
    }
}
