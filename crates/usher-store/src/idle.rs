//! Which seats lie idle.
//!
//! The answer is exact at the moment it is given: what was admitted a moment ago is known. And what a page costs depends
//! on the page and not on the number of seats, so an engine looks at no more than [`IDLE_SEATS_READ_MAX`] seats for one, and
//! at as many again where a group is asked for. Where few seats fit a filter, a page therefore holds fewer rows than asked
//! for, or none, and says where to go on.

use usher_seats::{
    Day, GroupKey, IdlePolicy, IdleVerdict, Idleness, Leave, Namespace, SeatType, TenantId, UserId,
};

/// Most seats looked at for one page: four times the largest page, so that a filter which one seat in four fits still
/// fills it. Each costs some look-ups by key, all of them together a few dozen milliseconds.
pub const IDLE_SEATS_READ_MAX: usize = 2_000;
/// Most leaves of one person that are kept. Someone who is away every other week fills them in years; the calendar is
/// read for every seat that is judged, so it must stay short.
pub const LEAVES_PER_USER_MAX: u64 = 100;

/// In which order seats are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdleOrder {
    /// By the day of UTC since which they are idle, the earliest first, then by user and namespace. Seats used on the
    /// present day have no place in it yet: it needs [`IdleQuery::idle_days_min`] of 1 or more, or
    /// [`IdleQuery::never_used`]; an engine takes 0 for 1.
    LongestIdleFirst,
    /// By user and namespace, the platform seat first.
    User,
}

/// The place of a seat in either order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleKey {
    /// Since when it is idle; counts only in [`IdleOrder::LongestIdleFirst`].
    pub idle_since_day: Day,
    /// Whose it is.
    pub user_id: UserId,
    /// Its app; none for a platform seat, which stands before every app.
    pub namespace: Option<Namespace>,
}

/// Which page of which seats. Only seats in use are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleQuery {
    /// Whose.
    pub tenant_id: TenantId,
    /// The moment at which they are judged, in milliseconds.
    pub now_ms: i64,
    /// By which days.
    pub policy: IdlePolicy,
    /// Idle for so many days or more.
    pub idle_days_min: u32,
    /// Only seats that nobody ever came through.
    pub never_used: bool,
    /// Only seats of this kind.
    pub seat_type: Option<SeatType>,
    /// Only app seats of this app.
    pub namespace: Option<Namespace>,
    /// Only seats of people in this group.
    pub group_key: Option<GroupKey>,
    /// Only this person's; in the order of users the cost is that of their seats.
    pub user_id: Option<UserId>,
    /// Only seats with one of these verdicts; empty for any.
    pub verdicts: Vec<IdleVerdict>,
    /// In which order.
    pub order: IdleOrder,
    /// The place after which the page begins; none for the first page.
    pub after: Option<IdleKey>,
    /// Most rows wanted, `1 ..= PAGE_ROWS_MAX`.
    pub rows_max: usize,
}

/// A seat, judged, with what the judgement rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleRow {
    /// Of which kind.
    pub seat_type: SeatType,
    /// Whose.
    pub user_id: UserId,
    /// What they are called.
    pub user_name: String,
    /// For which app; exactly for app seats.
    pub namespace: Option<Namespace>,
    /// When the present holding began, in milliseconds.
    pub assigned_at_ms: i64,
    /// When it ends by itself, in milliseconds.
    pub expires_at_ms: Option<i64>,
    /// The newest access that came through it, in milliseconds.
    pub last_admitted_ms: Option<i64>,
    /// Why it is kept from being taken as idle.
    pub protected_reason: Option<String>,
    /// How often its holder was refused, at its app or for a platform seat at any: as far as this engine remembers. It
    /// counts in memory, from its opening on and for a bounded number of people and apps, because a refusal must cost
    /// nothing; after a restart the count begins anew.
    pub refused_attempts: u64,
    /// The judgement.
    pub idleness: Idleness,
}

/// Some seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdlePage {
    /// At most `rows_max`, in order; perhaps none although more follow.
    pub rows: Vec<IdleRow>,
    /// The place after which the next page begins; none when everything has been looked at.
    pub next: Option<IdleKey>,
}

/// A change of the calendar of leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaveChange {
    /// Notes that a person is on leave. A leave that begins at the same moment gets the new end. Rejected when it would
    /// end before it begins, and when the person has [`LEAVES_PER_USER_MAX`] already.
    Put {
        /// Where.
        tenant_id: TenantId,
        /// Who.
        user_id: UserId,
        /// When.
        leave: Leave,
    },
    /// Takes a leave away.
    Remove {
        /// Where.
        tenant_id: TenantId,
        /// Whose.
        user_id: UserId,
        /// When it begins, in milliseconds.
        from_ms: i64,
    },
}
