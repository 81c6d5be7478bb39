//! Refresh tokens: `ur-` and 32 random bytes.
//!
//! Two generations of token endpoints hand them out, and the older one takes only its own (feishu-open-platform.md,
//! section 5.3). The generation stands in the token's text, `ur-` or `ur-3-`: the text is what is hashed, so the mark
//! cannot be changed without making another token, and nothing about it has to be kept.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// Random bytes in a refresh token.
pub const REFRESH_RANDOM_BYTES: usize = 32;
/// Characters that these bytes take.
const RANDOM_CHARACTERS: usize = 43;

/// Which generation of token endpoints made a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefreshGeneration {
    /// v2 and the endpoints before it.
    Second,
    /// v3, which also takes tokens of the second.
    Third,
}

impl RefreshGeneration {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Second => "ur-",
            Self::Third => "ur-3-",
        }
    }

    /// True when an endpoint of this generation takes a token of `other`.
    #[must_use]
    pub fn takes(self, other: Self) -> bool {
        other <= self
    }
}

/// Makes a refresh token from random bytes.
#[must_use]
pub fn make_refresh_token(generation: RefreshGeneration, random: &[u8; REFRESH_RANDOM_BYTES]) -> Secret {
    Secret::new(format!(
        "{}{}",
        generation.prefix(),
        URL_SAFE_NO_PAD.encode(random)
    ))
}

/// The generation and the hash of a token that [`make_refresh_token`] may have made; none for any other text.
#[must_use]
pub fn read_refresh_token(offered: &str) -> Option<(RefreshGeneration, [u8; 32])> {
    // Both prefixes could begin a token of the second generation; the length tells them apart.
    let generation = [RefreshGeneration::Second, RefreshGeneration::Third]
        .into_iter()
        .find(|generation| offered.len() == generation.prefix().len() + RANDOM_CHARACTERS)?;
    let random = offered.strip_prefix(generation.prefix())?;
    let random = URL_SAFE_NO_PAD.decode(random).ok()?;
    (random.len() == REFRESH_RANDOM_BYTES).then(|| (generation, Sha256::digest(offered).into()))
}

#[cfg(test)]
mod tests {
    use super::{
        RefreshGeneration::{Second, Third},
        *,
    };

    #[test]
    fn a_token_tells_its_generation_and_its_hash() {
        for generation in [Second, Third] {
            let token = make_refresh_token(generation, &[7; REFRESH_RANDOM_BYTES]);
            assert!(token.expose().starts_with("ur-"));
            assert_eq!(
                read_refresh_token(token.expose()),
                Some((generation, Sha256::digest(token.expose()).into()))
            );
        }
    }

    #[test]
    fn the_older_generation_takes_only_its_own() {
        assert!(Third.takes(Second) && Third.takes(Third));
        assert!(Second.takes(Second) && !Second.takes(Third));
    }

    #[test]
    fn a_changed_mark_makes_another_token_or_none() {
        let second = make_refresh_token(Second, &[7; REFRESH_RANDOM_BYTES]);
        let marked = second.expose().replacen("ur-", "ur-3-", 1);
        let (generation, hash) = read_refresh_token(&marked).unwrap();
        assert_eq!(generation, Third);
        assert_ne!(Some((Second, hash)), read_refresh_token(second.expose()));
        for other in [
            "",
            "ur-",
            "ur-3-",
            "ur-abc",
            "eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
            &format!("u-{}", "A".repeat(44)),
            &format!("ur-{}", "=".repeat(43)),
            &format!("ur-{}", "A".repeat(44)),
        ] {
            assert_eq!(read_refresh_token(other), None, "{other:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_token_of_either_generation_is_read_as_what_it_is(random: [u8; 32], third: bool) {
            let generation = if third { Third } else { Second };
            let token = make_refresh_token(generation, &random);
            proptest::prop_assert_eq!(
                read_refresh_token(token.expose()).map(|(read, _)| read),
                Some(generation)
            );
        }
    }
}
