//! What a server does while its database is away.

use std::path::PathBuf;

use super::{DATA, Layers, SPOOL_BYTES_MAX, SPOOL_SEEN_WITHIN_HOURS, WHILE_STORE_IS_AWAY, serve::wrong};
use crate::failure::Failure;

/// Longest time for which somebody may count as seen recently, in hours: a week, which bridges a long weekend. Whoever lost
/// their seat unnoticed by this instance would enter for no longer.
const SEEN_WITHIN_HOURS_MAX: i64 = 168;
/// Milliseconds of an hour.
const HOUR_MS: i64 = 60 * 60 * 1_000;

/// What the door does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwaySettings {
    /// True when whoever was seen recently is admitted; false when everybody waits outside.
    pub(crate) may_spool: bool,
    /// For how long somebody counts as seen recently, in milliseconds.
    pub(crate) seen_within_ms: i64,
    /// Most bytes of the spool.
    pub(crate) bytes_max: u64,
    /// The folder of the spool.
    pub(crate) folder: PathBuf,
}

impl AwaySettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// A usage failure naming the setting, where its value came from, and what is allowed.
    pub(crate) fn read(layers: &Layers<impl Fn(&str) -> Option<String>>) -> Result<Self, Failure> {
        let policy = layers.resolve(WHILE_STORE_IS_AWAY);
        let hours = layers.resolve(SPOOL_SEEN_WITHIN_HOURS);
        let bytes = layers.resolve(SPOOL_BYTES_MAX);
        let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<i64>().ok());
        let hours_number = number(&hours.text).filter(|hours| (1..=SEEN_WITHIN_HOURS_MAX).contains(hours));
        let bytes_number = number(&bytes.text)
            .and_then(|bytes| u64::try_from(bytes).ok())
            .filter(|bytes| *bytes >= usher_spool::BYTES_MIN);
        Ok(Self {
            may_spool: match policy.text.as_deref() {
                Some("closed") => false,
                Some("spool") => true,
                _ => return Err(wrong(&policy, "closed, spool")),
            },
            seen_within_ms: hours_number.ok_or_else(|| wrong(&hours, "1..168"))? * HOUR_MS,
            bytes_max: bytes_number.ok_or_else(|| wrong(&bytes, "1048576.."))?,
            folder: PathBuf::from(layers.resolve(DATA).text.unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::SettingArguments;

    fn read(pairs: &[(&str, &str)]) -> Result<AwaySettings, Failure> {
        let environment = |name: &str| {
            let own = (name == "USHER_DATA").then_some("/nowhere/at/all");
            let named = pairs.iter().find(|(known, _)| *known == name);
            named.map(|(_, value)| *value).or(own).map(str::to_owned)
        };
        AwaySettings::read(&Layers::new(SettingArguments::default(), None, environment).unwrap())
    }

    #[test]
    fn the_door_is_closed_unless_somebody_wants_the_spool() {
        assert!(!read(&[]).unwrap().may_spool);
        let spool = read(&[
            ("USHER_WHILE_STORE_IS_AWAY", "spool"),
            ("USHER_SPOOL_SEEN_WITHIN_HOURS", "2"),
        ])
        .unwrap();
        assert!(spool.may_spool);
        assert_eq!(spool.seen_within_ms, 7_200_000);
        assert_eq!(spool.bytes_max, 67_108_864);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (name, value) in [
            ("USHER_WHILE_STORE_IS_AWAY", "open"),
            ("USHER_SPOOL_SEEN_WITHIN_HOURS", "0"),
            ("USHER_SPOOL_SEEN_WITHIN_HOURS", "169"),
            ("USHER_SPOOL_SEEN_WITHIN_HOURS", "a day"),
            ("USHER_SPOOL_BYTES_MAX", "1048575"),
            ("USHER_SPOOL_BYTES_MAX", "-1"),
        ] {
            assert!(read(&[(name, value)]).is_err(), "{name}={value}");
        }
    }
}
