//! Who was active on which day.
//!
//! The newest time of an activity row says when somebody last came; history says on which days they came. It is kept as
//! sets of people per (tenant, seat type, app, day), where a day is one of the tenant's time zone at the time when it was
//! written down. Every admitted access counts, a past one from an import too and whatever came before it, so history
//! does not depend on the order in which accesses arrive.

use usher_seats::{DaySpan, Namespace, SeatType, TenantId, UserId, Window};

/// Most days in one question: a year and the month before it. With it the work and the memory of an answer are bounded;
/// whoever wants more asks again.
pub const HISTORY_QUESTION_DAYS_MAX: i32 = 400;

/// Fewest days that a tenant may keep its history: with fewer, the figures of a month would never be whole.
pub const HISTORY_DAYS_MIN: u32 = 31;
/// Most days that a tenant may ask to keep; a hundred years, beyond which "for good" is meant.
pub const HISTORY_DAYS_MAX: u32 = 36_500;

/// Which accesses count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryScope {
    /// Of which tenant.
    pub tenant_id: TenantId,
    /// Through which kind of seat; none for any.
    pub seat_type: Option<SeatType>,
    /// To which app; none for any.
    pub namespace: Option<Namespace>,
}

/// How many people were active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivePeopleQuery {
    /// Which accesses count.
    pub scope: HistoryScope,
    /// Over which days a person counts once.
    pub window: Window,
    /// The days whose figures are wanted, at most [`HISTORY_QUESTION_DAYS_MAX`]; further ones are left out.
    pub days: DaySpan,
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivePeople {
    /// The days it counts.
    pub days: DaySpan,
    /// People who were active on at least one of them.
    pub people: u64,
}

/// On which days a person was active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveDaysQuery {
    /// Which accesses count. With a seat type and, for an app seat, its app, these are the days of one seat.
    pub scope: HistoryScope,
    /// Whose. Also one who has left the directory.
    pub user_id: UserId,
    /// Between which days, at most [`HISTORY_QUESTION_DAYS_MAX`]; further ones are left out.
    pub days: DaySpan,
}

/// The days of a question, with what lies beyond the limit left out.
#[must_use]
pub fn within_limit(days: DaySpan) -> DaySpan {
    DaySpan {
        first: days.first,
        last: days.last.min(days.first.plus(HISTORY_QUESTION_DAYS_MAX - 1)),
    }
}
