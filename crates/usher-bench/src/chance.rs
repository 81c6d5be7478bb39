//! Numbers that look drawn by lot and are the same on every run.

/// A sequence (splitmix64, public domain, Sebastiano Vigna): as even as a measurement needs, one multiplication per step.
#[derive(Debug, Clone, Copy)]
pub struct Chance(u64);

impl Chance {
    /// The sequence that belongs to a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number from 0 to just below `end`; 0 when `end` is 0. For an `end` far below 2^64 every number is as likely as
    /// any other.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).checked_rem(end).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_drawn_about_as_often() {
        let mut chance = Chance::new(7);
        let mut drawn = [0_u32; 10];
        for _ in 0..10_000 {
            drawn[usize::try_from(chance.below(10)).unwrap()] += 1;
        }
        assert!(
            drawn.iter().all(|times| (900..1_100).contains(times)),
            "{drawn:?}"
        );
        assert_eq!(chance.below(0), 0);
    }
}
