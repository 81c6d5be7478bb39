//! Which seats a page of idle seats lists, and as what. Finding them, in order, is the engine's.

use usher_seats::{
    Idleness, Leave, Seat, SeatFacts, SeatType,
    idle::{DAY_MS, idle_since_at_latest_ms, idle_since_ms, judge},
};
use usher_store::{IdleOrder, IdleQuery, IdleRow, SeatName};

/// A seat that is looked at for a page, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleSeat {
    /// Which.
    pub name: SeatName,
    /// What decides whether it admits.
    pub seat: Seat,
    /// When the present holding began, in milliseconds.
    pub assigned_at_ms: i64,
    /// The newest access that came through it, in milliseconds.
    pub last_admitted_ms: Option<i64>,
    /// Why it is kept from being taken as idle.
    pub protected_reason: Option<String>,
}

/// For how many days a seat must be idle. Seats used today have no place in the order of idleness.
#[must_use]
pub fn days_min(query: &IdleQuery) -> u32 {
    match query.order {
        IdleOrder::LongestIdleFirst if !query.never_used => query.idle_days_min.max(1),
        _ => query.idle_days_min,
    }
}

/// The last moment since which a seat must be idle to be listed, in milliseconds.
#[must_use]
pub fn idle_since_max_ms(query: &IdleQuery) -> i64 {
    idle_since_at_latest_ms(days_min(query), query.now_ms)
}

/// The day of UTC in which that moment lies.
#[must_use]
pub fn idle_since_max_day(query: &IdleQuery) -> i64 {
    idle_since_max_ms(query).div_euclid(DAY_MS)
}

/// The kinds of seat that are asked for. Who asks for an app asks for its seats alone.
#[must_use]
pub fn seat_types(query: &IdleQuery) -> Vec<SeatType> {
    let wanted = |seat_type: &SeatType| {
        query.seat_type.is_none_or(|wanted| wanted == *seat_type)
            && (query.namespace.is_none() || *seat_type == SeatType::PerUserPerApp)
    };
    SeatType::ALL.into_iter().filter(wanted).collect()
}

impl IdleSeat {
    /// Whether it may be listed, as far as that can be told without leaves and other seats.
    #[must_use]
    pub fn may_be_listed(&self, query: &IdleQuery) -> bool {
        self.seat.admits(query.now_ms)
            && query.user_id.is_none_or(|user_id| user_id == self.name.user_id)
            && !(query.never_used && self.last_admitted_ms.is_some())
            && idle_since_ms(self.assigned_at_ms, self.last_admitted_ms) <= idle_since_max_ms(query)
    }

    /// The judgement; none when it is not listed.
    #[must_use]
    pub fn judged(
        &self,
        query: &IdleQuery,
        leaves: &[Leave],
        platform_seat_in_use: bool,
    ) -> Option<Idleness> {
        let facts = SeatFacts {
            seat: self.seat,
            assigned_at_ms: self.assigned_at_ms,
            last_admitted_ms: self.last_admitted_ms,
            protected: self.protected_reason.is_some(),
            leaves,
            platform_seat_in_use: platform_seat_in_use && self.name.pool.seat_type == SeatType::PerUserPerApp,
        };
        judge(&facts, query.policy, query.now_ms).filter(|idleness| {
            idleness.days_idle >= days_min(query)
                && (query.verdicts.is_empty() || query.verdicts.contains(&idleness.verdict))
        })
    }

    /// As the page shows it.
    #[must_use]
    pub fn into_row(self, idleness: Idleness, user_name: String, refused_attempts: u64) -> IdleRow {
        IdleRow {
            seat_type: self.name.pool.seat_type,
            user_id: self.name.user_id,
            user_name,
            namespace: self.name.pool.namespace,
            assigned_at_ms: self.assigned_at_ms,
            expires_at_ms: self.seat.expires_at_ms,
            last_admitted_ms: self.last_admitted_ms,
            protected_reason: self.protected_reason,
            refused_attempts,
            idleness,
        }
    }
}
