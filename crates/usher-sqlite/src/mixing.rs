//! A quick hash for keys of our own: numbers, and the names of apps.
//!
//! It is asked once or twice per access. What the standard library offers is made for keys of any form and costs a hundred
//! instructions; two multiplications mix two numbers as well. Users are numbers that somebody may choose, so the hash is
//! keyed by the process's chance, and nobody can choose numbers that fall together.

use std::hash::{BuildHasher, RandomState};

/// An odd number without a pattern: 2^64 divided by the golden ratio.
const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Mixes keys, in its own way for each instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mixing {
    key: u64,
}

impl Default for Mixing {
    fn default() -> Self {
        Self {
            key: RandomState::new().hash_one(ODD),
        }
    }
}

impl Mixing {
    /// Mixes two numbers.
    pub(crate) fn numbers(self, one: i64, other: i64) -> u64 {
        let first = multiplied(one.cast_unsigned() ^ self.key, ODD);
        multiplied(first ^ other.cast_unsigned(), self.key | 1)
    }

    /// Mixes a number and a text.
    pub(crate) fn text(self, number: i64, text: &str) -> u64 {
        let mut mixed = self.numbers(number, i64::try_from(text.len()).unwrap_or_default());
        let (words, rest) = text.as_bytes().as_chunks();
        for word in words {
            mixed = multiplied(mixed ^ u64::from_le_bytes(*word), ODD);
        }
        let rest = rest.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        multiplied(mixed ^ rest, ODD)
    }
}

/// Both halves of the product, one over the other.
#[expect(clippy::cast_possible_truncation, reason = "each half is meant")]
fn multiplied(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn neighbours_fall_apart_in_every_bit_that_a_table_looks_at() {
        let mixing = Mixing::default();
        for shift in [0, 24, 48, 57] {
            let low: BTreeSet<u64> = (0..4_096)
                .map(|user| (mixing.numbers(1, 1_800_000_000_000_001 + 7 * user) >> shift) & 127)
                .collect();
            assert_eq!(low.len(), 128, "shifted by {shift}");
        }
        let names: BTreeSet<u64> = (0..1_000)
            .map(|app| mixing.text(1, &format!("package_{app:06}__c")))
            .collect();
        assert_eq!(names.len(), 1_000);
    }
}
