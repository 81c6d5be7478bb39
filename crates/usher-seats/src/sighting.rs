//! Who was admitted a moment ago, and for how long that may stand for a verdict when the ledger cannot be asked.

use crate::seat::SeatType;

/// What is remembered of an access that the ledger admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// The kind of seat that admitted.
    pub seat_type: SeatType,
    /// When, in milliseconds.
    pub admitted_at_ms: i64,
    /// The newest admitted access that was known then, in milliseconds.
    pub active_time_ms: i64,
    /// The first moment at which the seat has run out, in milliseconds; none when it has no end.
    pub admits_until_ms: Option<i64>,
}

impl Sighting {
    /// True when it stands for a verdict at `at_ms`: not before the ledger admitted (that is an access of the past, of which
    /// it says nothing), less than `age_max_ms` after it, and not once the seat has run out.
    #[must_use]
    pub fn admits(&self, at_ms: i64, age_max_ms: i64) -> bool {
        let age_ms = at_ms.saturating_sub(self.admitted_at_ms);
        let lasts = self.admits_until_ms.is_none_or(|end_ms| at_ms < end_ms);
        (0..age_max_ms).contains(&age_ms) && lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sighting_stands_for_a_verdict_for_a_while() {
        let sighting = Sighting {
            seat_type: SeatType::PerUser,
            admitted_at_ms: 100,
            active_time_ms: 100,
            admits_until_ms: Some(150),
        };
        for (at_ms, age_max_ms, expected) in [
            (99, 50, false),
            (100, 50, true),
            (120, 20, false),
            (119, 20, true),
            (149, 500, true),
            (150, 500, false),
            (i64::MAX, i64::MAX, false),
            (100, 0, false),
        ] {
            assert_eq!(
                sighting.admits(at_ms, age_max_ms),
                expected,
                "{at_ms} {age_max_ms}"
            );
        }
    }
}
