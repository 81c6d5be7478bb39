//! How much of a database Usher takes, and how long it waits there.

use super::{
    Layers, STORE_CONNECT_TIMEOUT_SECONDS, STORE_CONNECTIONS, STORE_LOCK_TIMEOUT_SECONDS,
    STORE_STATEMENT_TIMEOUT_SECONDS, Setting, serve::wrong,
};
use crate::failure::Failure;

/// Most connections of one instance. A server of PostgreSQL is made for some hundreds in all.
const CONNECTIONS_MAX: u32 = 500;
/// Longest time-out in seconds: an hour. Who would wait longer has gone long before.
const SECONDS_MAX: u32 = 3_600;
/// Milliseconds of a second.
const SECOND_MS: u32 = 1_000;

/// The limits, as the settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoreLimits {
    /// Most connections.
    pub(crate) connections_max: u32,
    /// How long one server may take to answer, in milliseconds.
    pub(crate) connect_timeout_ms: u32,
    /// How long a statement may take, in milliseconds.
    pub(crate) statement_timeout_ms: u32,
    /// How long a statement may wait for a lock, in milliseconds.
    pub(crate) lock_timeout_ms: u32,
}

impl StoreLimits {
    /// Reads the settings.
    ///
    /// # Errors
    /// A usage failure naming the setting, where its value came from, and what is allowed.
    pub(crate) fn read(layers: &Layers<impl Fn(&str) -> Option<String>>) -> Result<Self, Failure> {
        // One for changes and one for the door, so that neither waits for the other.
        let connections_max = number(layers, STORE_CONNECTIONS, (2, CONNECTIONS_MAX))?;
        let milliseconds =
            |setting| number(layers, setting, (1, SECONDS_MAX)).map(|seconds| seconds * SECOND_MS);
        Ok(Self {
            connections_max,
            connect_timeout_ms: milliseconds(STORE_CONNECT_TIMEOUT_SECONDS)?,
            statement_timeout_ms: milliseconds(STORE_STATEMENT_TIMEOUT_SECONDS)?,
            lock_timeout_ms: milliseconds(STORE_LOCK_TIMEOUT_SECONDS)?,
        })
    }
}

fn number(
    layers: &Layers<impl Fn(&str) -> Option<String>>,
    setting: Setting,
    (least, most): (u32, u32),
) -> Result<u32, Failure> {
    let resolved = layers.resolve(setting);
    let number = resolved.text.as_deref().and_then(|text| text.parse().ok());
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| wrong(&resolved, &format!("{least}..{most}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::SettingArguments;

    fn read(name: &'static str, value: &'static str) -> Result<StoreLimits, Failure> {
        let environment = move |asked: &str| match asked {
            "USHER_DATA" => Some("/nowhere/at/all".to_owned()),
            asked => (asked == name).then(|| value.to_owned()),
        };
        StoreLimits::read(&Layers::new(SettingArguments::default(), None, environment).unwrap())
    }

    #[test]
    fn a_limit_is_a_number_within_reason() {
        let usual = read("", "").unwrap();
        assert_eq!((usual.connections_max, usual.lock_timeout_ms), (16, 10_000));
        assert_eq!(read("USHER_STORE_CONNECTIONS", "40").unwrap().connections_max, 40);
        for (name, value) in [
            ("USHER_STORE_CONNECTIONS", "1"),
            ("USHER_STORE_CONNECTIONS", "many"),
            ("USHER_STORE_CONNECT_TIMEOUT_SECONDS", "0"),
            ("USHER_STORE_STATEMENT_TIMEOUT_SECONDS", "3601"),
            ("USHER_STORE_LOCK_TIMEOUT_SECONDS", "-1"),
        ] {
            assert!(read(name, value).is_err(), "{name}={value}");
        }
    }
}
