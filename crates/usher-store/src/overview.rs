//! The figures of all pools of a tenant, for whoever wants to see everything at once.
//!
//! What an overview costs goes by pools and by days that differ, and not by seats: an engine keeps counts
//! ([`usher_seats::overview`] says which) and looks at single seats only where counts by day cannot know: seats that were used
//! since the counts were kept, seats that ran out and are not yet written down as such, and seats of people with leaves. The
//! last are at most [`OVERVIEW_LEAVES_READ_MAX`] people; where more have leaves, the figures that a leave may change are left
//! open.

use usher_seats::{IdlePolicy, SeatFigures, TenantId};

use crate::ledger::{PoolName, PoolRow};

/// Most people with leaves whose seats are looked at one by one. Each costs a few look-ups by key, all of them together a few
/// dozen milliseconds.
pub const OVERVIEW_LEAVES_READ_MAX: usize = 2_000;
/// Most pools of one answer: one for the platform seats and one for each of as many apps as anybody scrolls through.
pub const OVERVIEW_ROWS_MAX: usize = 501;

/// Which figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewQuery {
    /// Whose.
    pub tenant_id: TenantId,
    /// The present moment, in milliseconds.
    pub now_ms: i64,
    /// By which days seats are judged.
    pub policy: IdlePolicy,
    /// The pool after which the answer begins; none for the first.
    pub after: Option<PoolName>,
    /// Most pools wanted, `1 ..= OVERVIEW_ROWS_MAX`.
    pub rows_max: usize,
}

/// The figures of some pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The moment at which seats were judged: the first of the present day of UTC, in milliseconds. So the figures are those
    /// of [`Store::idle_seats`](crate::Store::idle_seats) with this as `now_ms`, of all rows that have not run out since.
    pub judged_at_ms: i64,
    /// In order of seat type and namespace, the platform seats first; every pool of which anything was said or given.
    pub pools: Vec<PoolFigures>,
}

/// The figures of one pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolFigures {
    /// What was bought, what is in use, who waits; as of the present moment.
    pub pool: PoolRow,
    /// How the seats in use are used.
    pub seats: SeatFigures,
}
