//! The organisation of the demo: the same people, apps and seats at every start, with times relative to it.
//!
//! - [`people`]: names and numbers
//! - [`plan`]: who holds which seat, who uses what, and when
//! - [`play`]: the plan, carried out through the store and the real door
//!
//! Nothing here draws chance: what looks random comes from a generator that always begins with the same number.

mod people;
mod plan;
mod play;

pub(crate) use play::play;

use usher_seats::{Namespace, UserId};

/// What the demo tells its visitor to try.
#[derive(Debug, Clone)]
pub(crate) struct Highlights {
    /// Somebody with a platform seat.
    pub(crate) platform_user: UserId,
    /// Somebody whose platform seat was given back.
    pub(crate) released_user: UserId,
    /// An app.
    pub(crate) namespace: Namespace,
    /// The host under which a gateway would serve the apps.
    pub(crate) host: &'static str,
    /// The path of the app on that host.
    pub(crate) path: String,
}

/// A generator of numbers that look random and are always the same (SplitMix64 by Steele, Lea and Flood).
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`, which must not be 0.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }

    /// A time span below `limit_ms`, in milliseconds.
    fn roll_ms(&mut self, limit_ms: i64) -> i64 {
        let sides = u64::try_from(limit_ms).unwrap_or(1);
        i64::try_from(self.roll(sides)).unwrap_or(0)
    }
}
