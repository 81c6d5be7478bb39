//! Texts and numbers of bodies, each right once it is read.

use serde::{Deserialize, Deserializer, Serialize};
use usher_identity::RedirectUri;
use usher_seats::{check_external_id, check_name};

use super::scopes::KNOWN_SCOPES;
use crate::sign_in::provider::settings;

/// Makes a text that is checked when it is read from a body.
macro_rules! read_text {
    ($(#[$documentation:meta])* $name:ident, $check:expr) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub(super) struct $name(pub(super) String);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(&text).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

read_text!(
    /// A name for people.
    DisplayName,
    |text| check_name(text).map_err(|error| error.to_string())
);
read_text!(
    /// The name by which a person signs in.
    ExternalId,
    |text| check_external_id(text).map_err(|error| error.to_string())
);
read_text!(
    /// A scope that exists.
    Scope,
    |text| {
        if KNOWN_SCOPES.contains(&text) {
            Ok(())
        } else {
            Err(format!("a scope must be one of {}", KNOWN_SCOPES.join(", ")))
        }
    }
);
read_text!(
    /// An address to which browsers may be sent back.
    RegisteredAddress,
    |text| RedirectUri::parse_registration(text).map(drop).map_err(|error| error.to_string())
);
read_text!(
    /// The name of an identity provider among providers.
    Issuer,
    |text| settings::check_issuer(text).map_err(|error| error.to_string())
);
read_text!(
    /// The name under which an identity provider knows us.
    ProviderClientId,
    |text| settings::check_client_id(text).map_err(|error| error.to_string())
);
read_text!(
    /// The name of an account at an identity provider.
    Subject,
    |text| settings::check_subject(text).map_err(|error| error.to_string())
);
read_text!(
    /// Where a store client hears of its tickets.
    TicketAddress,
    |text| {
        let uri = RedirectUri::parse_registration(text).map_err(|error| error.to_string())?;
        if uri.as_str().starts_with("https://") || uri.as_str().starts_with("http://") {
            Ok(())
        } else {
            Err("a ticket_url must begin with https:// (http:// on this machine)".to_owned())
        }
    }
);

/// Reads a field that may be absent (leave it), null (take it away) or there.
pub(super) fn absent_or_null<'de, D, Inner>(deserializer: D) -> Result<Option<Option<Inner>>, D::Error>
where
    D: Deserializer<'de>,
    Inner: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// The default of switches.
pub(super) fn yes() -> bool {
    true
}
