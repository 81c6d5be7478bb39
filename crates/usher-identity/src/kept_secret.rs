//! Secrets that are kept only as hashes: client secrets, authorization codes, what a cookie or a one-time link holds.
//!
//! They are 32 random bytes in unpadded, URL-safe base64, so a plain SHA-256 cannot be searched backwards and nothing
//! slower is needed. A client may have two secrets for a while, the old one until its end; the offered one is compared
//! with all of them, in constant time, so that nobody learns which one it resembles.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::secret::Secret;

/// Random bytes in a secret: as many as its hash has, so that neither is the weaker way in.
pub const SECRET_RANDOM_BYTES: usize = 32;

/// Makes a secret from random bytes: 43 characters from `A-Za-z0-9_-`.
#[must_use]
pub fn make_secret(random: &[u8; SECRET_RANDOM_BYTES]) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(random))
}

/// SHA-256 of a secret that [`make_secret`] may have made; none for a text that it cannot have made, which saves the
/// look-up.
#[must_use]
pub fn hash_secret(offered: &str) -> Option<[u8; 32]> {
    let random = URL_SAFE_NO_PAD.decode(offered).ok()?;
    (random.len() == SECRET_RANDOM_BYTES).then(|| Sha256::digest(offered.as_bytes()).into())
}

/// One of the secrets somebody may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptSecret {
    /// Its SHA-256.
    pub hash: [u8; 32],
    /// The first moment at which it is no longer good, in milliseconds; none while it has no end.
    pub expires_at_ms: Option<i64>,
}

/// True when `offered` is one of `kept` that is good at `now_ms`. It takes the same time whichever it is.
#[must_use]
pub fn is_one_of(offered: &str, kept: impl IntoIterator<Item = KeptSecret>, now_ms: i64) -> bool {
    let Some(offered) = hash_secret(offered) else {
        return false;
    };
    let mut found = Choice::from(0);
    for secret in kept {
        let good = secret.expires_at_ms.is_none_or(|end_ms| now_ms < end_ms);
        found |= secret.hash.ct_eq(&offered) & Choice::from(u8::from(good));
    }
    found.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(byte: u8, expires_at_ms: Option<i64>) -> KeptSecret {
        let secret = make_secret(&[byte; SECRET_RANDOM_BYTES]);
        KeptSecret {
            hash: hash_secret(secret.expose()).unwrap(),
            expires_at_ms,
        }
    }

    #[test]
    fn a_secret_is_43_characters_that_need_no_escaping() {
        let secret = make_secret(&[0xfb; SECRET_RANDOM_BYTES]);
        assert_eq!(secret.expose(), "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s");
        assert_eq!(
            hash_secret(secret.expose()),
            Some(Sha256::digest(secret.expose()).into())
        );
        for other in [
            "",
            "secret",
            "-_v7",
            &format!("{}=", secret.expose()),
            &"A".repeat(44),
        ] {
            assert_eq!(hash_secret(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_old_secret_is_good_beside_the_new_one_until_its_end() {
        let secrets = [kept(1, None), kept(2, Some(1_000)), kept(3, Some(500))];
        for (byte, now_ms, expected) in [
            (1, 0, true),
            (1, i64::MAX, true),
            (2, 999, true),
            (2, 1_000, false),
            (3, 499, true),
            (3, 999, false),
            (4, 0, false),
        ] {
            let offered = make_secret(&[byte; SECRET_RANDOM_BYTES]);
            assert_eq!(
                is_one_of(offered.expose(), secrets, now_ms),
                expected,
                "secret {byte} at {now_ms}"
            );
        }
        assert!(!is_one_of("", secrets, 0));
        assert!(!is_one_of(make_secret(&[1; 32]).expose(), [], 0));
    }
}
