//! The time zone of an organisation: where its days begin.
//!
//! Zones are named as the IANA time zone database names them. The database is the one built into the program, so that
//! one Usher knows the same zones, and counts the same days, on every machine.

use std::{fmt, str::FromStr};

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::identifiers::IdentifierError;

/// Longest name in bytes: twice the longest of the database, so that no long text is searched for.
const TIME_ZONE_BYTES_MAX: usize = 64;

/// A time zone that the program knows, under its name in the IANA database.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeZoneName {
    name: Box<str>,
    zone: TimeZone,
}

impl TimeZoneName {
    /// What the edge says when a name is refused.
    pub const ALLOWED: &'static str =
        "the name of a time zone in the IANA database, such as Asia/Shanghai or UTC";

    /// The zone of an organisation that has not said where it is.
    #[must_use]
    pub fn utc() -> Self {
        Self {
            name: "UTC".into(),
            zone: TimeZone::UTC,
        }
    }

    /// The name, in the spelling of the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The zone itself, to count with.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl Default for TimeZoneName {
    fn default() -> Self {
        Self::utc()
    }
}

impl FromStr for TimeZoneName {
    type Err = IdentifierError;

    /// Names are found in any case and kept in the spelling of the database.
    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let refused = IdentifierError {
            field: "time_zone",
            allowed: Self::ALLOWED,
        };
        if text.len() > TIME_ZONE_BYTES_MAX {
            return Err(refused);
        }
        let zone = TimeZoneDatabase::bundled()
            .get(text)
            .map_err(|_| refused.clone())?;
        // The database also answers "unknown" to its name for that; a day that begins nowhere is none.
        let name = zone.iana_name().filter(|_| !zone.is_unknown()).ok_or(refused)?;
        Ok(Self {
            name: name.into(),
            zone: zone.clone(),
        })
    }
}

impl Serialize for TimeZoneName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for TimeZoneName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(formatter)
    }
}

impl fmt::Debug for TimeZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.name, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_of_the_database_in_its_spelling() {
        for (text, name) in [
            ("UTC", "UTC"),
            ("utc", "UTC"),
            ("asia/shanghai", "Asia/Shanghai"),
            (
                "America/Argentina/ComodRivadavia",
                "America/Argentina/ComodRivadavia",
            ),
        ] {
            assert_eq!(text.parse::<TimeZoneName>().unwrap().as_str(), name);
        }
        for text in [
            "",
            " UTC",
            "Mars/Olympus",
            "Etc/Unknown",
            "+08:00",
            "../etc/passwd",
            &"A".repeat(65),
        ] {
            assert!(text.parse::<TimeZoneName>().is_err(), "{text:?}");
        }
        assert_eq!("UTC".parse(), Ok(TimeZoneName::utc()));
    }
}
