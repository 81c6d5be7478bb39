//! Proof that who redeems a code is who asked for it (RFC 7636).
//!
//! The client keeps a verifier and shows its challenge when it sends the person to us; whoever brings the code must
//! bring the verifier. A stolen code is worth nothing without it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// Fewest characters of a verifier: 32 random bytes in base64 (RFC 7636, section 4.1).
pub const VERIFIER_CHARACTERS_MIN: usize = 43;
/// Most characters of a verifier (RFC 7636, section 4.1).
pub const VERIFIER_CHARACTERS_MAX: usize = 128;

/// True for 43 to 128 characters from `A-Za-z0-9-._~`: what a verifier is, and what a challenge is too, because a
/// plain challenge is the verifier itself and an S256 one is base64url.
#[must_use]
pub fn is_well_formed(text: &str) -> bool {
    (VERIFIER_CHARACTERS_MIN..=VERIFIER_CHARACTERS_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

/// The S256 challenge of a verifier: base64url of its SHA-256.
#[must_use]
pub fn s256_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// True when `verifier` is well formed and its S256 challenge is `challenge`; compared in constant time.
#[must_use]
pub fn s256_matches(verifier: &str, challenge: &str) -> bool {
    is_well_formed(verifier) && bool::from(s256_challenge(verifier).as_bytes().ct_eq(challenge.as_bytes()))
}

/// True when `verifier` is well formed and is `challenge` itself; compared in constant time.
#[must_use]
pub fn plain_matches(verifier: &str, challenge: &str) -> bool {
    is_well_formed(verifier) && bool::from(verifier.as_bytes().ct_eq(challenge.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_published_example_matches() {
        assert!(s256_matches(VERIFIER, CHALLENGE));
        assert!(plain_matches(VERIFIER, VERIFIER));
    }

    #[test]
    fn nothing_else_matches() {
        let (short, _) = VERIFIER.split_at(42);
        for (verifier, challenge) in [
            (VERIFIER, VERIFIER),
            (CHALLENGE, CHALLENGE),
            ("", CHALLENGE),
            (short, &s256_challenge(short)),
            (VERIFIER, ""),
            (VERIFIER, CHALLENGE.split_at(42).0),
        ] {
            assert!(!s256_matches(verifier, challenge), "{verifier:?} {challenge:?}");
        }
        assert!(!plain_matches(VERIFIER, CHALLENGE));
        assert!(!plain_matches("short", "short"));
    }

    #[test]
    fn length_and_alphabet_are_those_of_the_standard() {
        for (text, expected) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("Az09-._~".repeat(16), true),
            ("a".repeat(129), false),
            (format!("{}+", "a".repeat(43)), false),
            (format!("{}=", "a".repeat(43)), false),
            (format!("{} ", "a".repeat(43)), false),
            ("席".repeat(20), false),
        ] {
            assert_eq!(is_well_formed(&text), expected, "{text:?}");
        }
    }
}
