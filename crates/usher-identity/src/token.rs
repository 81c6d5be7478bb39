//! How bearer tokens are made, told apart and hashed.
//!
//! A token is a prefix and 32 random bytes in unpadded, URL-safe base64. It carries no meaning of its own: what it
//! proves is looked up by its hash. That gives up checking a token without the store, and buys revocation that
//! works at once and tokens of 45 characters.
//!
//! The prefix is there for people, for secret scanners, and for the gateway table, which answers an unknown `t-`
//! token differently from every other (feishu-open-platform.md, section 3.3). **Never change the prefixes**:
//! issued tokens and other people's scanners depend on them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// Longest bearer text that is looked at, in bytes: what Feishu asks its callers to reserve for a token
/// (feishu-open-platform.md, section 5.7). A longer one is an invalid token like any other.
pub const BEARER_BYTES_MAX: usize = 4_096;

/// Random bytes in a token: as many as its hash has, so that neither is the weaker way in.
pub const TOKEN_RANDOM_BYTES: usize = 32;

/// What a bearer text looks like; whether it is good is the store's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenForm {
    /// `u-`: a client acting for a user.
    User,
    /// `t-`: a client acting for a tenant.
    Tenant,
    /// `s-`: a back end that reports accesses.
    Service,
    /// `o-`: an operator, who manages tenants.
    Operator,
    /// `eyJ`: a signed JSON token, as Feishu issues; never one of ours.
    SignedJson,
    /// Anything else.
    Other,
}

impl TokenForm {
    /// The forms that Usher issues.
    pub const ISSUED: [Self; 4] = [Self::User, Self::Tenant, Self::Service, Self::Operator];

    /// What such a token begins with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::User => "u-",
            Self::Tenant => "t-",
            Self::Service => "s-",
            Self::Operator => "o-",
            Self::SignedJson => "eyJ",
            Self::Other => "",
        }
    }

    /// Tells the form by the beginning of the text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        [
            Self::User,
            Self::Tenant,
            Self::Service,
            Self::Operator,
            Self::SignedJson,
        ]
        .into_iter()
        .find(|form| text.starts_with(form.prefix()))
        .unwrap_or(Self::Other)
    }
}

/// Makes a token of one of the [`TokenForm::ISSUED`] forms from random bytes.
#[must_use]
pub fn make_token(form: TokenForm, random: &[u8; TOKEN_RANDOM_BYTES]) -> Secret {
    Secret::new(format!("{}{}", form.prefix(), URL_SAFE_NO_PAD.encode(random)))
}

/// SHA-256 of a token, the only form in which a store knows it.
#[must_use]
pub fn hash_token(token: &Secret) -> [u8; 32] {
    Sha256::digest(token.expose().as_bytes()).into()
}

/// A bearer text as somebody sent it, told apart and hashed; the text itself is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// What it looks like.
    pub form: TokenForm,
    /// Its hash to look it up by; none when Usher cannot have issued it, which saves the look-up.
    pub hash: Option<[u8; 32]>,
}

impl Bearer {
    /// Reads what followed `Bearer ` in the header. Any bytes give an answer.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Self {
                form: TokenForm::Other,
                hash: None,
            };
        };
        let form = TokenForm::of(text);
        let hash = issued_by_us(form, text).then(|| Sha256::digest(bytes).into());
        Self { form, hash }
    }
}

/// True when the text is exactly what [`make_token`] could have made.
fn issued_by_us(form: TokenForm, text: &str) -> bool {
    text.len() <= BEARER_BYTES_MAX
        && TokenForm::ISSUED.contains(&form)
        && text
            .strip_prefix(form.prefix())
            .and_then(|random| URL_SAFE_NO_PAD.decode(random).ok())
            .is_some_and(|random| random.len() == TOKEN_RANDOM_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_prefix_and_its_random_bytes() {
        let token = make_token(TokenForm::User, &[0xfb; TOKEN_RANDOM_BYTES]);
        assert_eq!(token.expose(), "u--_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s");
        assert_eq!(token.expose().len(), 45);
        for form in TokenForm::ISSUED {
            let token = make_token(form, &[7; TOKEN_RANDOM_BYTES]);
            let bearer = Bearer::read(token.expose().as_bytes());
            assert_eq!(bearer.form, form);
            assert_eq!(bearer.hash, Some(hash_token(&token)));
        }
    }

    #[test]
    fn the_hash_is_sha_256_of_the_whole_text() {
        let token = make_token(TokenForm::Service, &[0; TOKEN_RANDOM_BYTES]);
        assert_eq!(token.expose(), "s-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(
            hash_token(&token),
            <[u8; 32]>::from(Sha256::digest(token.expose()))
        );
        assert_ne!(
            hash_token(&token),
            hash_token(&make_token(TokenForm::Tenant, &[0; TOKEN_RANDOM_BYTES]))
        );
    }

    #[test]
    fn foreign_texts_are_told_apart_but_not_looked_up() {
        let whole = make_token(TokenForm::User, &[1; TOKEN_RANDOM_BYTES]);
        let long = format!("u-{}", "A".repeat(BEARER_BYTES_MAX));
        for (text, form) in [
            ("", TokenForm::Other),
            ("u-", TokenForm::User),
            ("u-abc", TokenForm::User),
            ("t-abc", TokenForm::Tenant),
            ("s-abc", TokenForm::Service),
            ("eyJhbGciOiJFUzI1NiJ9.e30.c2ln", TokenForm::SignedJson),
            ("Bearer u-abc", TokenForm::Other),
            ("U-abc", TokenForm::Other),
            (" u-abc", TokenForm::Other),
            (&long, TokenForm::User),
            (&format!("{}=", whole.expose()), TokenForm::User),
            (&format!("{}A", whole.expose()), TokenForm::User),
        ] {
            assert_eq!(
                Bearer::read(text.as_bytes()),
                Bearer { form, hash: None },
                "{text:?}"
            );
        }
        assert_eq!(Bearer::read(b"u-\xff\xfe").hash, None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_give_an_answer_and_only_whole_tokens_a_hash(bytes: Vec<u8>) {
            let bearer = Bearer::read(&bytes);
            proptest::prop_assert!(bearer.hash.is_none() || bytes.len() == 45);
        }

        #[test]
        fn different_random_bytes_give_different_tokens(one: [u8; 32], other: [u8; 32]) {
            let tokens = [one, other].map(|random| make_token(TokenForm::User, &random));
            proptest::prop_assert_eq!(tokens[0] == tokens[1], one == other);
        }
    }
}
