//! A page of seats with how idle they are.
//!
//! Exact at the moment of reading: since when a seat is idle is worked out from its activity. In order of idleness that costs
//! the seats of the tenant and not the page; a column that is brought up to date lazily, and an index by it, are to come.

use std::collections::HashMap;

use usher_ledger::idle::{self, IdleSeat, idle_since_max_day};
use usher_seats::{Day, Leave, Seat, UserId};
use usher_store::{
    IdleKey, IdleOrder, IdlePage, IdleQuery, IdleRow, PoolName, Refusals, SeatName, idle::IDLE_SEATS_READ_MAX,
};

use super::limit;
use crate::{
    numbers::{SeatNamespace, SeatTypeNumber, StoredSeatType, StoredUserId, seat_namespace},
    sql::{Answered, Row, Sql},
};

const CANDIDATES: &str = "
SELECT seats.user_id, seats.namespace, seats.seat_type, seats.held, seats.assigned_at_ms, seats.expires_at_ms,
       seats.protected_reason, used.last_ms, person.name, platform.held, platform.expires_at_ms, idle.since_day
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

/// A seat as the database has it.
struct Candidate {
    idle: IdleSeat,
    user_name: String,
    platform_seat: Option<Seat>,
    idle_since_day: Day,
}

impl Candidate {
    fn key(&self) -> IdleKey {
        IdleKey {
            idle_since_day: self.idle_since_day,
            user_id: self.idle.name.user_id,
            namespace: self.idle.name.pool.namespace.clone(),
        }
    }
}

/// Reads one page.
pub(crate) async fn idle_seats(
    connection: &Sql,
    refusals: &Refusals,
    query: &IdleQuery,
) -> Answered<IdlePage> {
    let candidates = candidates(connection, query).await?;
    let leaves = leaves(connection, query, &candidates).await?;
    let (mut rows, mut last, mut seats_read) = (Vec::new(), None, 0);
    let mut candidates = candidates.into_iter();
    while rows.len() < query.rows_max && seats_read < IDLE_SEATS_READ_MAX {
        let Some(candidate) = candidates.next() else {
            return Ok(IdlePage { rows, next: None });
        };
        seats_read += 1;
        rows.extend(judged(query, refusals, &leaves, &candidate));
        last = Some(candidate.key());
    }
    let next = if candidates.next().is_some() { last } else { None };
    Ok(IdlePage { rows, next })
}

async fn candidates(connection: &Sql, query: &IdleQuery) -> Answered<Vec<Candidate>> {
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
            candidate(row, query)
        })
        .await
}

fn candidate(row: &Row, query: &IdleQuery) -> Answered<Candidate> {
    let platform_held: Option<bool> = row.get(9)?;
    let platform_expires_at_ms = row.get(10)?;
    let idle = IdleSeat {
        name: SeatName {
            pool: PoolName {
                tenant_id: query.tenant_id,
                seat_type: row.get::<StoredSeatType>(2)?.0,
                namespace: row.get::<SeatNamespace>(1)?.0,
            },
            user_id: row.get::<StoredUserId>(0)?.0,
        },
        seat: Seat {
            held: row.get(3)?,
            expires_at_ms: row.get(5)?,
            released_at_ms: None,
        },
        assigned_at_ms: row.get(4)?,
        protected_reason: row.get(6)?,
        last_admitted_ms: row.get(7)?,
    };
    Ok(Candidate {
        idle,
        user_name: row.get(8)?,
        platform_seat: platform_held.map(|held| Seat {
            held,
            expires_at_ms: platform_expires_at_ms,
            released_at_ms: None,
        }),
        idle_since_day: Day::new(row.get(11)?),
    })
}

fn seat_types(query: &IdleQuery) -> Vec<i16> {
    let numbers = idle::seat_types(query).into_iter();
    numbers
        .map(|seat_type| SeatTypeNumber(seat_type).number())
        .collect()
}

async fn leaves(
    connection: &Sql,
    query: &IdleQuery,
    candidates: &[Candidate],
) -> Answered<HashMap<UserId, Vec<Leave>>> {
    let mut user_ids: Vec<i64> = candidates
        .iter()
        .map(|candidate| candidate.idle.name.user_id.get())
        .collect();
    user_ids.dedup();
    let found = connection
        .rows(
            "SELECT user_id, from_ms, until_ms FROM leaves WHERE tenant_id = $1 AND user_id = ANY($2)
             ORDER BY user_id, from_ms",
            (query.tenant_id.0, user_ids),
            |row| {
                let leave = Leave {
                    from_ms: row.get(1)?,
                    until_ms: row.get(2)?,
                };
                Ok((row.get::<StoredUserId>(0)?.0, leave))
            },
        )
        .await?;
    let mut leaves: HashMap<UserId, Vec<Leave>> = HashMap::new();
    for (user_id, leave) in found {
        leaves.entry(user_id).or_default().push(leave);
    }
    Ok(leaves)
}

fn judged(
    query: &IdleQuery,
    refusals: &Refusals,
    leaves: &HashMap<UserId, Vec<Leave>>,
    candidate: &Candidate,
) -> Option<IdleRow> {
    let idle = candidate.idle.clone();
    if !idle.may_be_listed(query) {
        return None;
    }
    let leaves = leaves.get(&idle.name.user_id).map_or(&[][..], Vec::as_slice);
    let platform_seat = candidate.platform_seat;
    let idleness = idle.judged(
        query,
        leaves,
        platform_seat.is_some_and(|seat| seat.admits(query.now_ms)),
    )?;
    let refused_attempts = refusals.of_seat(&idle.name);
    Some(idle.into_row(idleness, candidate.user_name.clone(), refused_attempts))
}
