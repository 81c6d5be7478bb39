//! Chance from one seed, which is printed so that a failed run can be drawn again.

use std::hash::{BuildHasher, Hasher, RandomState};

/// The setting that repeats a run.
const SEED_VARIABLE: &str = "USHER_SEED";

/// A small generator (splitmix64): good enough to choose keys and moments, and the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// From `USHER_SEED`, else from a new seed; prints it either way.
    pub(crate) fn thrown(test: &str) -> Self {
        let seed = std::env::var(SEED_VARIABLE)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| RandomState::new().build_hasher().finish());
        say!("{test}: {SEED_VARIABLE}={seed}");
        Self(seed)
    }

    /// A number in `0 .. end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
