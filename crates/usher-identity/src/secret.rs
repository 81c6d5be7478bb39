//! Texts that must not be printed.

use std::fmt;

use subtle::ConstantTimeEq;

/// A secret text: a token, a shared secret, a password on its way in.
///
/// `Debug` prints only the type's name, so that a secret inside a settings or request type never reaches a log
/// (invariant 7), and there is no `Display`. Equality takes the same time wherever the texts differ; it does tell
/// whether the lengths are equal, which for our tokens is no secret.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a text into custody.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; every call is a place to look at when secrets are reviewed.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True when `offered` is this secret, byte for byte, compared in constant time.
    #[must_use]
    pub fn matches(&self, offered: &[u8]) -> bool {
        let ours = self.0.as_bytes();
        if ours.len() != offered.len() {
            return false;
        }
        // All bytes are looked at, wherever the first difference lies; byte by byte through `subtle` this would cost each call of a
        // back end ten times as much.
        let difference = ours
            .iter()
            .zip(offered)
            .fold(0_u8, |difference, (ours, offered)| difference | (ours ^ offered));
        difference.ct_eq(&0).into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::new("correct horse");
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(format!("{:#?}", Some(secret)), "Some(\n    Secret,\n)");
    }

    #[test]
    fn equality_is_of_the_whole_text() {
        let secret = Secret::new("correct horse");
        assert!(secret.matches(b"correct horse"));
        assert_eq!(secret, Secret::new("correct horse"));
        for other in ["", "correct", "correct horsf", "correct horse "] {
            assert!(!secret.matches(other.as_bytes()), "{other:?}");
            assert_ne!(secret, Secret::new(other));
        }
    }
}
