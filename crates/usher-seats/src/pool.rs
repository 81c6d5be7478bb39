//! Pools: how many seats were bought, and whether one is free.
//!
//! A pool says when somebody *new* may get a seat. It never takes a seat from anybody: when a contract ends on a Sunday,
//! or somebody types a smaller number, people who hold seats go on working, and the pool shows that it is overdrawn
//! until an administrator has settled it.

use serde::{Deserialize, Serialize};

/// Largest number of seats in a pool: as many as there are users (`USER_ID_MAX`), so that it is exact in JSON.
pub const POOL_SEATS_MAX: u64 = (1 << 53) - 1;

/// What was bought of one kind of seat, and how much of it is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pool {
    /// How many seats there are; none when nobody has said, and then there is no limit.
    pub bought: Option<u64>,
    /// How many are held and not expired.
    pub in_use: u64,
    /// The first moment at which seats may be given, in milliseconds.
    pub valid_from_ms: Option<i64>,
    /// The first moment at which they no longer may, in milliseconds.
    pub valid_until_ms: Option<i64>,
    /// Whether somebody has accepted that more seats may be in use than bought.
    pub overdraft_allowed: bool,
}

impl Pool {
    /// True when seats may be given at `now_ms`, if any are free.
    #[must_use]
    pub fn valid(&self, now_ms: i64) -> bool {
        self.valid_from_ms.is_none_or(|from_ms| now_ms >= from_ms)
            && self.valid_until_ms.is_none_or(|until_ms| now_ms < until_ms)
    }

    /// How many seats may still be given at `now_ms`; none without a limit.
    #[must_use]
    pub fn free(&self, now_ms: i64) -> Option<u64> {
        if !self.valid(now_ms) {
            return Some(0);
        }
        self.bought.map(|bought| bought.saturating_sub(self.in_use))
    }

    /// True when one more seat may be given at `now_ms`.
    #[must_use]
    pub fn has_free(&self, now_ms: i64) -> bool {
        self.free(now_ms).is_none_or(|free| free > 0)
    }

    /// How many of the seats that were given back can still be kept for whoever had them, of `given_back` that would be. A kept
    /// seat is as free as any other for whoever asks, so that keeping makes nobody wait: as many are kept as are free.
    #[must_use]
    pub fn keeps(&self, given_back: u64, now_ms: i64) -> u64 {
        self.free(now_ms).map_or(given_back, |free| free.min(given_back))
    }

    /// How many more seats are in use than were bought.
    #[must_use]
    pub fn overdrawn(&self) -> u64 {
        self.bought.map_or(0, |bought| self.in_use.saturating_sub(bought))
    }

    /// True when its numbers may stand: not more in use than bought, unless somebody accepts that.
    #[must_use]
    pub fn covers_its_seats(&self) -> bool {
        self.overdraft_allowed || self.overdrawn() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(bought: Option<u64>, in_use: u64) -> Pool {
        Pool {
            bought,
            in_use,
            valid_from_ms: Some(10),
            valid_until_ms: Some(20),
            overdraft_allowed: false,
        }
    }

    #[test]
    fn a_pool_gives_what_was_bought_and_only_in_its_time() {
        assert_eq!(pool(Some(5), 3).free(10), Some(2));
        assert_eq!(pool(Some(5), 5).free(10), Some(0));
        assert_eq!(pool(Some(5), 3).free(9), Some(0), "not yet");
        assert_eq!(pool(Some(5), 3).free(20), Some(0), "no longer");
        assert_eq!(pool(None, 3).free(19), None, "no limit was said");
        assert!(!pool(None, 3).has_free(20));
    }

    #[test]
    fn seats_are_kept_only_as_far_as_they_are_free() {
        assert_eq!(pool(Some(5), 3).keeps(1, 10), 1);
        assert_eq!(
            pool(Some(5), 3).keeps(4, 10),
            2,
            "two of four went to somebody else"
        );
        assert_eq!(pool(Some(5), 5).keeps(4, 10), 0);
        assert_eq!(pool(None, 5).keeps(4, 10), 4, "there is no limit");
        assert_eq!(pool(None, 5).keeps(4, 20), 0, "none is given any more");
    }

    #[test]
    fn an_overdraft_is_shown_and_gives_nothing() {
        let overdrawn = Pool {
            overdraft_allowed: true,
            ..pool(Some(5), 7)
        };
        assert_eq!((overdrawn.overdrawn(), overdrawn.free(10)), (2, Some(0)));
        assert!(overdrawn.covers_its_seats());
        assert!(!pool(Some(5), 7).covers_its_seats());
        assert!(pool(Some(7), 7).covers_its_seats());
    }
}
