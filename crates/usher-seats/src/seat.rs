//! Seats: one person's right to enter.

use serde::{Deserialize, Serialize};

/// For how long a seat that was given back is kept for whoever had it, in milliseconds: thirty days, so that a mistake of one
/// month is noticed by the bill of the next.
pub const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Which kind of seat (DESIGN section 1; wire names as Feishu has them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatType {
    /// A platform seat, good for every app of the tenant.
    PerUser,
    /// An app seat, good for one app.
    PerUserPerApp,
}

impl SeatType {
    /// Both kinds, platform seat first: the order in which the door tries them.
    pub const ALL: [Self; 2] = [Self::PerUser, Self::PerUserPerApp];

    /// The name on the wire.
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::PerUser => "per_user",
            Self::PerUserPerApp => "per_user_per_app",
        }
    }

    /// The kind with this exact wire name, if there is one.
    #[must_use]
    pub fn from_wire_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|seat_type| seat_type.wire_name() == name)
    }
}

/// What a list shows of a seat at the time of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatStatus {
    /// Held, and not expired.
    InUse,
    /// Given back, expired, or no longer there.
    Released,
}

impl SeatStatus {
    /// The name on the wire.
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::InUse => "in_use",
            Self::Released => "released",
        }
    }
}

/// What is known of one seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// False once it was given back.
    pub held: bool,
    /// The first moment at which it no longer admits, in milliseconds; none when it does not expire.
    pub expires_at_ms: Option<i64>,
    /// When it was given back, or written down as run out, in milliseconds; none while it is held, and where nobody asks
    /// why it does not admit.
    pub released_at_ms: Option<i64>,
}

impl Seat {
    /// True when its time is over at `now_ms`, held or not. The moment of expiry itself is over.
    #[must_use]
    pub fn expired(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|end_ms| now_ms >= end_ms)
    }

    /// True when it lets its holder in at `now_ms`.
    #[must_use]
    pub fn admits(&self, now_ms: i64) -> bool {
        self.held && !self.expired(now_ms)
    }

    /// True when a seat that does not admit has ended by itself and was not given back: it is held still, or its end had
    /// come when that was written down. What the door says must not change because a clerk was busy in between.
    #[must_use]
    pub fn ran_out(&self) -> bool {
        self.held
            || self
                .released_at_ms
                .is_some_and(|released_at_ms| self.expired(released_at_ms))
    }

    /// The status a list shows at `now_ms`.
    #[must_use]
    pub fn status(&self, now_ms: i64) -> SeatStatus {
        if self.admits(now_ms) {
            SeatStatus::InUse
        } else {
            SeatStatus::Released
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_ends_at_the_very_moment_it_expires() {
        let seat = Seat {
            held: true,
            expires_at_ms: Some(1_000),
            released_at_ms: None,
        };
        assert_eq!(seat.status(999), SeatStatus::InUse);
        assert_eq!(seat.status(1_000), SeatStatus::Released);
        assert_eq!(
            Seat {
                held: false,
                expires_at_ms: None,
                released_at_ms: None,
            }
            .status(0),
            SeatStatus::Released
        );
    }

    #[test]
    fn a_seat_that_ran_out_stays_so_when_that_is_written_down() {
        let settled = |released_at_ms| Seat {
            held: false,
            expires_at_ms: Some(1_000),
            released_at_ms: Some(released_at_ms),
        };
        assert!(settled(1_000).ran_out());
        assert!(!settled(999).ran_out(), "it was given back before its end");
        let endless = Seat {
            expires_at_ms: None,
            ..settled(1_000)
        };
        assert!(!endless.ran_out());
    }

    #[test]
    fn wire_names_are_exact() {
        assert_eq!(
            SeatType::from_wire_name("per_user_per_app"),
            Some(SeatType::PerUserPerApp)
        );
        assert_eq!(SeatType::from_wire_name("Per_User"), None);
    }
}
