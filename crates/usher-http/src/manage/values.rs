//! Texts and numbers of bodies, each right once it is read.

use serde::{Deserialize, Deserializer, Serialize};
use usher_identity::RedirectUri;
use usher_seats::{
    activity::ACCESS_TIME_MS_MAX, check_external_id, check_name, names::NAME_ALLOWED, pool::POOL_SEATS_MAX,
};

use usher_store::history::{HISTORY_DAYS_MAX, HISTORY_DAYS_MIN};

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

read_text!(
    /// Why somebody does something, in their own words.
    Reason,
    |text| check_name(text).map_err(|_| format!("a reason must be {NAME_ALLOWED}"))
);

/// Makes a number that is checked when it is read from a body.
macro_rules! read_number {
    ($(#[$documentation:meta])* $name:ident, $number:ty, $range:expr, $allowed:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "i64")]
        pub(super) struct $name(pub(super) $number);

        impl TryFrom<i64> for $name {
            type Error = String;

            fn try_from(number: i64) -> Result<Self, String> {
                let range: std::ops::RangeInclusive<$number> = $range;
                <$number>::try_from(number)
                    .ok()
                    .filter(|number| range.contains(number))
                    .map(Self)
                    .ok_or_else(|| $allowed.to_owned())
            }
        }
    };
}

read_number!(
    /// A moment in milliseconds since 1970; up to the largest that a JSON number of 13 digits can say.
    MomentMs,
    i64,
    0..=ACCESS_TIME_MS_MAX,
    "a moment must be a whole number of milliseconds from 0 to 9999999999999"
);
read_number!(
    /// How many seats were bought.
    SeatCount,
    u64,
    0..=POOL_SEATS_MAX,
    "a number of seats must be a whole number from 0 to 9007199254740991"
);

read_number!(
    /// For how many days history is kept.
    HistoryDays,
    u32,
    HISTORY_DAYS_MIN..=HISTORY_DAYS_MAX,
    "history is kept for a whole number of days from 31 to 36500, or for good"
);

/// Reads a field that must be there and may be null.
pub(super) fn present_or_null<'de, D, Inner>(deserializer: D) -> Result<Option<Inner>, D::Error>
where
    D: Deserializer<'de>,
    Inner: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}

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
