//! Seats in order of idleness while the tallies are not believed ([`crate::tallies::standing`]).
//!
//! Since when a seat is idle is worked out from its activity, seat by seat; that costs the seats of the tenant and not the page.

use usher_ledger::idle::{self, idle_since_max_day};
use usher_seats::UserId;
use usher_store::{IdleOrder, IdleQuery, idle::IDLE_SEATS_READ_MAX};

use super::Candidate;
use crate::{
    numbers::{SeatTypeNumber, seat_namespace},
    reads::limit,
    sql::{Answered, Sql},
};

const CANDIDATES: &str = "
SELECT seats.user_id, seats.namespace, seats.seat_type, seats.held, seats.assigned_at_ms, seats.expires_at_ms,
       seats.protected_reason, idle.since_day, used.last_ms, person.name, platform.held, platform.expires_at_ms,
       TRUE
FROM seats
JOIN users AS person ON person.tenant_id = seats.tenant_id AND person.user_id = seats.user_id
LEFT JOIN seats AS platform ON platform.tenant_id = seats.tenant_id AND platform.seat_type = 0
                           AND platform.user_id = seats.user_id AND platform.namespace = ''
LEFT JOIN LATERAL (
    SELECT max(active_time_ms) AS last_ms FROM activity
    WHERE activity.tenant_id = seats.tenant_id AND activity.seat_type = seats.seat_type
      AND activity.user_id = seats.user_id AND (seats.seat_type = 0 OR activity.namespace = seats.namespace)
) AS used ON TRUE
CROSS JOIN LATERAL (
    SELECT div(GREATEST(seats.assigned_at_ms, used.last_ms), 86400000)::int4 AS since_day
) AS idle
WHERE seats.tenant_id = $1 AND seats.seat_type = ANY($2) AND seats.held
  AND ($3::text IS NULL OR seats.namespace = $3)
  AND ($4::text IS NULL OR EXISTS (
      SELECT 1 FROM group_members AS member
      WHERE member.tenant_id = seats.tenant_id AND member.group_key = $4 AND member.user_id = seats.user_id))
";

/// Reads as many as are looked at for a page, and one more.
pub(super) async fn candidates(connection: &Sql, query: &IdleQuery) -> Answered<Vec<Candidate>> {
    let by_idleness =
        "AND (idle.since_day, seats.user_id, seats.namespace) > ($5, $6, $7) AND idle.since_day <= $8
        ORDER BY idle.since_day, seats.user_id, seats.namespace LIMIT $9";
    let by_user =
        "AND ($5::int4 IS NOT NULL) AND (seats.user_id, seats.namespace) > ($6, $7) AND $8::int4 IS NOT NULL
        ORDER BY seats.user_id, seats.namespace LIMIT $9";
    let of_person = if query.user_id.is_some() {
        "AND seats.user_id = $10"
    } else {
        "AND $10::int8 IS NULL"
    };
    let order = match query.order {
        IdleOrder::LongestIdleFirst if query.user_id.is_none() => by_idleness,
        IdleOrder::LongestIdleFirst | IdleOrder::User => by_user,
    };
    let after = query.after.as_ref();
    let values = list![
        query.tenant_id.0,
        seat_types(query),
        query.namespace.as_ref().map(usher_seats::Namespace::as_str),
        query.group_key.as_ref().map(usher_seats::GroupKey::as_str),
        after.map_or(i32::MIN, |key| key.idle_since_day.number()),
        after.map_or(0, |key| key.user_id.get()),
        seat_namespace(after.and_then(|key| key.namespace.as_ref())),
        i32::try_from(idle_since_max_day(query)).unwrap_or(i32::MAX),
        limit(IDLE_SEATS_READ_MAX + 1),
        query.user_id.map(UserId::get)
    ];
    connection
        .rows(&format!("{CANDIDATES} {of_person} {order}"), values, |row| {
            Candidate::read(row, query)
        })
        .await
}

fn seat_types(query: &IdleQuery) -> Vec<i16> {
    let numbers = idle::seat_types(query).into_iter();
    numbers
        .map(|seat_type| SeatTypeNumber(seat_type).number())
        .collect()
}
