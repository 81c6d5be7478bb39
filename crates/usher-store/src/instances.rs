//! The instances of Usher that work on one ledger, and up to when they have settled what they let in.
//!
//! A report says "as of" when it is true: every access before that moment is counted. With many instances that is the smallest
//! of their watermarks. So each says its own again and again, in a row that it makes *before* it lets anybody in. Whoever reads
//! the rows for a report and does not see one yet knows that its instance has let in nobody before.
//!
//! An instance may fall silent. What it has acknowledged is durable in the ledger, unless it may keep accesses in a spool of
//! its own while the database is away. So one that may not spool is forgotten after [`SILENT_AFTER_MS`], since nothing
//! that was acknowledged is missing; one that may holds the watermark back at its last word until it returns
//! or an operator retires it.

use std::{fmt, str::FromStr, sync::Mutex, sync::PoisonError};

/// How long an instance may say nothing before it counts as silent, in milliseconds: many times the second in which it speaks,
/// and a delay that a report bears.
pub const SILENT_AFTER_MS: i64 = 15_000;
/// Longest name in bytes: that of a machine, as names of machines go.
const NAME_BYTES_MAX: usize = 64;

/// The name of an instance; it keeps it over restarts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceName(String);

/// What is not a name of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name of an instance has 1 to 64 of a-z, A-Z, 0-9, '.', '-' and '_'")]
pub struct InstanceNameError;

impl InstanceName {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for InstanceName {
    type Err = InstanceNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InstanceNameError)
        }
    }
}

/// What an instance says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceWord {
    /// Up to when everything that it let in is settled, in milliseconds.
    pub watermark_ms: i64,
    /// Whether it may have acknowledged accesses that the ledger does not have yet.
    pub may_spool: bool,
}

/// What became of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is kept.
    Kept,
    /// Another process has the name by now; this one's accesses hold no watermark back.
    NameTaken,
}

/// An instance as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its name.
    pub name: InstanceName,
    /// When it started, in milliseconds by its own clock.
    pub since_ms: i64,
    /// How long it has said nothing, in milliseconds by the ledger's clock.
    pub silent_ms: i64,
    /// Its last word.
    pub word: InstanceWord,
    /// Whether it is the very instance that asks.
    pub own: bool,
}

/// What an instance means to the watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceStanding {
    /// It speaks; its word counts.
    Living,
    /// It is silent and may have a spool; its last word counts.
    HoldingBack,
    /// It is silent, and nothing that it acknowledged is missing.
    Gone,
}

impl Instance {
    /// What it means to the watermark.
    #[must_use]
    pub fn standing(&self) -> InstanceStanding {
        if self.silent_ms < SILENT_AFTER_MS {
            InstanceStanding::Living
        } else if self.word.may_spool {
            InstanceStanding::HoldingBack
        } else {
            InstanceStanding::Gone
        }
    }
}

/// The smallest watermark of all instances but the one that asks; none when nobody else counts.
#[must_use]
pub fn others_watermark_ms(instances: &[Instance]) -> Option<i64> {
    instances
        .iter()
        .filter(|instance| !instance.own && instance.standing() != InstanceStanding::Gone)
        .map(|instance| instance.word.watermark_ms)
        .min()
}

/// What became of the wish to retire an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retirement {
    /// It holds nothing back any more.
    Retired,
    /// It is alive: it must be stopped first.
    Living,
    /// There is none of this name.
    Unknown,
}

/// The one instance of an engine that only one process uses.
#[derive(Debug, Default)]
pub struct OnlyInstance {
    /// A plain lock, held for a copy.
    kept: Mutex<Option<(Instance, i64)>>,
}

impl OnlyInstance {
    /// It is here, since `now_ms`.
    pub fn enter(&self, name: InstanceName, word: InstanceWord, now_ms: i64) {
        let instance = Instance {
            name,
            since_ms: now_ms,
            silent_ms: 0,
            word,
            own: true,
        };
        *self.lock() = Some((instance, now_ms));
    }

    /// It says how it is.
    pub fn say(&self, word: InstanceWord, now_ms: i64) {
        if let Some((instance, heard_at_ms)) = self.lock().as_mut() {
            instance.word = word;
            *heard_at_ms = now_ms;
        }
    }

    /// It goes.
    pub fn leave(&self) {
        *self.lock() = None;
    }

    /// The one that is here, if one is.
    #[must_use]
    pub fn list(&self, now_ms: i64) -> Vec<Instance> {
        let with_silence = |(instance, heard_at_ms): &(Instance, i64)| Instance {
            silent_ms: now_ms.saturating_sub(*heard_at_ms).max(0),
            ..instance.clone()
        };
        self.lock().iter().map(with_silence).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Instance, i64)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(name: &str, silent_ms: i64, watermark_ms: i64, may_spool: bool) -> Instance {
        Instance {
            name: name.parse().unwrap(),
            since_ms: 1,
            silent_ms,
            word: InstanceWord {
                watermark_ms,
                may_spool,
            },
            own: name == "own",
        }
    }

    #[test]
    fn the_watermark_of_the_others_is_the_smallest_that_counts() {
        let own = instance("own", 0, 1, true);
        let living = instance("living", SILENT_AFTER_MS - 1, 20, false);
        let gone = instance("gone", SILENT_AFTER_MS, 5, false);
        let spooling = instance("spooling", i64::MAX, 10, true);
        assert_eq!(others_watermark_ms(&[]), None);
        assert_eq!(others_watermark_ms(&[own.clone(), gone.clone()]), None);
        assert_eq!(
            others_watermark_ms(&[own.clone(), gone.clone(), living.clone()]),
            Some(20)
        );
        assert_eq!(others_watermark_ms(&[own, gone, living, spooling]), Some(10));
    }

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["a", "usher-1.example_org", &"x".repeat(64)] {
            assert_eq!(name.parse::<InstanceName>().unwrap().as_str(), name);
        }
        for name in ["", "a b", "席", "a/b", "a\n", &"x".repeat(65)] {
            assert_eq!(name.parse::<InstanceName>(), Err(InstanceNameError), "{name:?}");
        }
    }
}
