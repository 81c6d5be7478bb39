//! Page tokens of lists with one text as their key: tenants, users, apps, clients and so on.
//!
//! The same seal as for seats, with another beginning of what it is bound to, so that a token of one kind never opens as
//! the other.

use super::{NONCE_BYTES, PageSealer, PageTokenError, SealError, check_age};

/// Begins the associated data of these tokens; seats' begins with the version, which is 1.
const LIST: u8 = 0x4C;

/// What such a token belongs to; it opens only where all of this is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListBinding<'a> {
    /// Which list.
    pub list: &'a str,
    /// Whose list.
    pub tenant: &'a str,
    /// Who walks.
    pub walker: &'a str,
}

impl ListBinding<'_> {
    /// All parts as bytes; each is led by its length, so that no two bindings read the same.
    fn associated_data(&self) -> Vec<u8> {
        let mut bytes = vec![LIST];
        for text in [self.list, self.tenant, self.walker] {
            bytes.extend(text.len().to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes
    }
}

impl PageSealer {
    /// Seals the key of the last row, issued at `now_ms`. The nonce must be random: drawn anew for each token.
    ///
    /// # Errors
    /// As [`PageSealer::seal`].
    pub fn seal_key(
        &self,
        key: &str,
        binding: &ListBinding<'_>,
        now_ms: i64,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, SealError> {
        let content = [&now_ms.to_be_bytes(), key.as_bytes()].concat();
        self.seal_bytes(&content, &binding.associated_data(), nonce)
    }

    /// Opens a token offered at `now_ms` into the key of the last row.
    ///
    /// # Errors
    /// [`PageTokenError`] whatever the defect.
    pub fn open_key(
        &self,
        token: &str,
        binding: &ListBinding<'_>,
        now_ms: i64,
    ) -> Result<String, PageTokenError> {
        let content = self.open_bytes(token, &binding.associated_data())?;
        let (issued_at_ms, key) = content.split_first_chunk::<8>().ok_or(PageTokenError)?;
        check_age(i64::from_be_bytes(*issued_at_ms), now_ms)?;
        String::from_utf8(key.to_vec()).map_err(|_| PageTokenError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page_token::PAGE_TOKEN_LIFE_MS;

    const USERS: ListBinding<'static> = ListBinding {
        list: "users",
        tenant: "acme",
        walker: "operator",
    };

    #[test]
    fn a_key_comes_back_only_where_it_belongs_and_in_time() {
        let sealer = PageSealer::from_key_file(&[7; 32]);
        let token = sealer.seal_key("18", &USERS, 1_000, [1; NONCE_BYTES]).unwrap();
        assert_eq!(sealer.open_key(&token, &USERS, 1_000), Ok("18".to_owned()));
        let foreign = [
            ListBinding {
                list: "apps",
                ..USERS
            },
            ListBinding {
                tenant: "other",
                ..USERS
            },
            ListBinding {
                walker: "cli_1",
                ..USERS
            },
            ListBinding {
                list: "usersacme",
                tenant: "",
                ..USERS
            },
        ];
        for binding in foreign {
            assert_eq!(sealer.open_key(&token, &binding, 1_000), Err(PageTokenError));
        }
        let late_ms = 1_000 + PAGE_TOKEN_LIFE_MS;
        assert_eq!(sealer.open_key(&token, &USERS, late_ms), Err(PageTokenError));
        assert_eq!(sealer.open_key("nonsense", &USERS, 1_000), Err(PageTokenError));
        let other = PageSealer::from_key_file(&[8; 32]);
        assert_eq!(other.open_key(&token, &USERS, 1_000), Err(PageTokenError));
    }
}
