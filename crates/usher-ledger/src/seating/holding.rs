//! What is kept of one seat.

use serde::Serialize;
use usher_seats::{Seat, seat::KEPT_MS};
use usher_store::{SeatName, SeatRow};

/// What a seat that was taken back is kept for whoever had it with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Until when, in milliseconds.
    pub until_ms: i64,
    /// Why it was kept from being taken as idle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected_reason: Option<String>,
}

/// What is kept of a seat. Its form in the audit log, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// False once it was given back or has run out.
    pub held: bool,
    /// When the present or last holding began, in milliseconds.
    pub assigned_at_ms: i64,
    /// When it was given back, in milliseconds.
    pub released_at_ms: Option<i64>,
    /// When it ends by itself, in milliseconds.
    pub expires_at_ms: Option<i64>,
    /// Why it is kept from being taken as idle.
    pub protected_reason: Option<String>,
    /// True when it was given by hand, false when only groups give it.
    pub given_directly: bool,
    /// What it is kept for its former holder with; only while it is not held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

impl Holding {
    /// True when it lets its holder in at `now_ms`.
    #[must_use]
    pub fn in_use(&self, now_ms: i64) -> bool {
        let seat = Seat {
            held: self.held,
            expires_at_ms: self.expires_at_ms,
            released_at_ms: self.released_at_ms,
        };
        seat.admits(now_ms)
    }

    /// What is kept of it for its holder when somebody takes it back.
    #[must_use]
    pub fn taken_back(&self, at_ms: i64) -> Kept {
        Kept {
            until_ms: at_ms.saturating_add(KEPT_MS),
            protected_reason: self.protected_reason.clone(),
        }
    }

    /// With the name of the seat, as lists have it.
    #[must_use]
    pub fn into_row(self, seat: SeatName) -> SeatRow {
        SeatRow {
            seat,
            held: self.held,
            assigned_at_ms: self.assigned_at_ms,
            released_at_ms: self.released_at_ms,
            expires_at_ms: self.expires_at_ms,
            protected_reason: self.protected_reason,
            given_directly: self.given_directly,
            kept_until_ms: self.kept.map(|kept| kept.until_ms),
        }
    }
}
