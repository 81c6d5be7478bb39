//! Names and numbers that are right by construction.
//!
//! Each type is parsed once, at the edge; whoever holds a value need not check it again. The limits are named and
//! each says why it is there.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Largest user id: JavaScript clients round larger JSON numbers silently (client-behaviour.md, rule 7).
pub const USER_ID_MAX: i64 = (1 << 53) - 1;
/// Longest namespace in bytes: four times the longest known real one, short enough to stay on one index page.
pub const NAMESPACE_BYTES_MAX: usize = 128;
/// Longest tenant key in bytes: Feishu's are 16 characters; names of organisations chosen by hand fit too.
pub const TENANT_KEY_BYTES_MAX: usize = 64;
/// Longest client id in bytes: Feishu's `cli_...` are 20 characters.
pub const CLIENT_ID_BYTES_MAX: usize = 64;

/// Longest group key in bytes: department codes and names of directory groups fit.
pub const GROUP_KEY_BYTES_MAX: usize = 64;

/// Why a text or number is not an identifier. The message is fit for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {allowed}")]
pub struct IdentifierError {
    /// The word of the manual for the thing, such as `user_id`.
    pub field: &'static str,
    /// What would have been accepted.
    pub allowed: &'static str,
}

/// A tenant's number inside Usher; never shown outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TenantId(pub i64);

/// A user's number, `1 ..= 2^53-1`, a JSON number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UserId(i64);

impl UserId {
    /// The smallest of all user ids, where a range over a tenant's users begins.
    pub const LEAST: Self = Self(1);
    /// What the edge says when a user id is refused.
    pub const ALLOWED: &'static str = "a whole number from 1 to 9007199254740991";

    /// Takes a number; refuses any outside `1 ..= USER_ID_MAX`.
    ///
    /// # Errors
    /// [`IdentifierError`] naming `user_id` and the range.
    pub fn new(number: i64) -> Result<Self, IdentifierError> {
        if (1..=USER_ID_MAX).contains(&number) {
            Ok(Self(number))
        } else {
            Err(IdentifierError {
                field: "user_id",
                allowed: Self::ALLOWED,
            })
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl FromStr for UserId {
    type Err = IdentifierError;

    /// Decimal ASCII digits only: no sign, no space, no other script's digits. And no leading zero: a number has one
    /// spelling, since whoever names users by texts may hold `007` and `7` for two people.
    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let refused = IdentifierError {
            field: "user_id",
            allowed: Self::ALLOWED,
        };
        if text.starts_with('0') || text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused);
        }
        text.parse().map_err(|_| refused).and_then(Self::new)
    }
}

impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Makes a checked text type: cheap to clone, ordered by bytes, parsed from `&str` and from JSON strings.
macro_rules! checked_text {
    ($(#[$documentation:meta])* $name:ident, $field:literal, $allowed:literal, $valid:expr) => {
        $(#[$documentation])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// What the edge says when such a text is refused.
            pub const ALLOWED: &'static str = $allowed;

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdentifierError;

            fn from_str(text: &str) -> Result<Self, IdentifierError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(Arc::from(text)))
                } else {
                    Err(IdentifierError { field: $field, allowed: $allowed })
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, formatter)
            }
        }
    };
}

checked_text!(
    /// The name of an app, such as `package_35f605__c`.
    Namespace,
    "namespace",
    "1 to 128 characters from A-Z, a-z, 0-9, '_', '-', '.', beginning with a letter, a digit or '_'",
    |text| text.len() <= NAMESPACE_BYTES_MAX
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
);

impl Namespace {
    /// The first of all namespaces in byte order, where a range over a user's apps begins.
    ///
    /// A namespace begins with a letter, a digit or '_', and of these '0' is the smallest byte.
    #[must_use]
    pub fn least() -> Self {
        Self(Arc::from("0"))
    }
}

checked_text!(
    /// The name of a tenant outside Usher.
    TenantKey,
    "tenant_key",
    "1 to 64 characters from A-Z, a-z, 0-9, '_', '-'",
    |text| (1..=TENANT_KEY_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
);

checked_text!(
    /// The name of a client, such as `cli_a1b2c3d4e5f60718`.
    ClientId,
    "client_id",
    "'cli_' followed by 1 to 60 characters from A-Z, a-z, 0-9, '_'",
    |text| text.len() <= CLIENT_ID_BYTES_MAX
        && text.strip_prefix("cli_").is_some_and(|rest| !rest.is_empty()
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
);

checked_text!(
    /// The name of a group of people, as the organisation's other systems write it.
    GroupKey,
    "group_key",
    "1 to 64 characters from A-Z, a-z, 0-9, '_', '-', '.'",
    |text| (1..=GROUP_KEY_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_plain_digits_in_range() {
        assert_eq!(
            "1803710089388154".parse::<UserId>().map(UserId::get),
            Ok(1_803_710_089_388_154)
        );
        for text in [
            "",
            "0",
            "007",
            "-1",
            "+5",
            " 5",
            "5 ",
            "5.0",
            "1e3",
            "٥",
            "9007199254740992",
            "99999999999999999999",
        ] {
            assert!(text.parse::<UserId>().is_err(), "{text:?} must be refused");
        }
        assert!(serde_json_like(USER_ID_MAX).is_ok());
        assert!(serde_json_like(USER_ID_MAX + 1).is_err());
    }

    fn serde_json_like(number: i64) -> Result<UserId, serde::de::value::Error> {
        UserId::deserialize(serde::de::value::I64Deserializer::new(number))
    }

    #[test]
    fn namespaces_keep_to_their_alphabet() {
        for text in ["package_35f605__c", "a", "crm-web.v2", &"x".repeat(128)] {
            assert!(text.parse::<Namespace>().is_ok(), "{text:?}");
        }
        for text in ["", "-a", ".a", "a b", "a/b", "ä", "a\u{0}", &"x".repeat(129)] {
            assert!(text.parse::<Namespace>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn no_namespace_stands_before_the_least() {
        for byte in 0..=127_u8 {
            if let Ok(namespace) = char::from(byte).to_string().parse::<Namespace>() {
                assert!(Namespace::least() <= namespace);
            }
        }
    }

    #[test]
    fn client_ids_have_their_prefix() {
        assert!("cli_a1b2".parse::<ClientId>().is_ok());
        for text in ["", "cli_", "a1b2", "cli_a-b", "CLI_a"] {
            assert!(text.parse::<ClientId>().is_err(), "{text:?}");
        }
    }
}
