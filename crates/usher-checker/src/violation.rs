//! What can be wrong with a history.

use crate::history::{Kind, Pair, Seat};

/// Something that a ledger may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// An acknowledged access is not listed.
    LostAccess {
        /// Whose, to what.
        pair: Pair,
        /// The newest time that somebody was told, in milliseconds.
        acknowledged_ms: i64,
    },
    /// An `active_time` is lower than one that was acknowledged before.
    LowerTime {
        /// Whose, to what.
        pair: Pair,
        /// The newest time that somebody was told, in milliseconds.
        acknowledged_ms: i64,
        /// What is shown, in milliseconds.
        shown_ms: i64,
    },
    /// An `active_time` is higher than the latest attempt.
    HigherTime {
        /// Whose, to what.
        pair: Pair,
        /// The latest attempt, in milliseconds.
        latest_ms: i64,
        /// What is shown, in milliseconds.
        shown_ms: i64,
    },
    /// An access is listed that nobody attempted.
    InventedAccess {
        /// Whose, to what.
        pair: Pair,
    },
    /// A seat that was given, and never taken back, is not in use.
    LostSeat {
        /// Which.
        seat: Seat,
    },
    /// A seat that was taken back, or never given, is in use.
    InventedSeat {
        /// Which.
        seat: Seat,
    },
    /// The answer to a change does not fit what the seat was.
    WrongAnswer {
        /// Which.
        seat: Seat,
    },
    /// Two changes of one seat overlap, so that this history cannot be judged.
    NotInTurn {
        /// Which.
        seat: Seat,
    },
    /// More seats were in use at one moment than were bought.
    PoolExceeded {
        /// The app's number; none for platform seats.
        app: Option<u32>,
        /// How many were bought.
        bought: u64,
        /// How many were in use.
        in_use: u64,
    },
    /// Somebody was told that no seat is free while one was.
    RefusedThoughFree {
        /// Which seat they wanted.
        seat: Seat,
        /// How many were bought.
        bought: u64,
        /// How many were in use at most.
        in_use: u64,
    },
    /// A pool counts its seats wrongly.
    WrongCount {
        /// The app's number; none for platform seats.
        app: Option<u32>,
        /// What it says.
        shown: u64,
        /// How many are in use at least.
        least: u64,
        /// How many are in use at most.
        most: u64,
    },
    /// Somebody was let in without a seat, or through one that they had not.
    AdmittedWithoutSeat {
        /// Whose, to what.
        pair: Pair,
    },
    /// Somebody with a seat was refused.
    RefusedWithSeat {
        /// Who.
        user: u64,
        /// The app's number.
        app: u32,
    },
    /// A row comes twice in a walk, or before one that should follow it.
    OutOfOrder {
        /// Of the list of which kind of seat.
        kind: Kind,
        /// Whose row.
        user: u64,
        /// The app's number; none for platform seats in the list of seats.
        app: Option<u32>,
    },
}
