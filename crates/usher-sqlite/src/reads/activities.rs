//! A page of `seat_activities`: the table and the overlay, merged in key order.
//!
//! The overlay is read before the table; `overlay` says why that is right without a common lock. Each gives at most one
//! row more than the page holds, so the cost is that of the page, wherever it lies.

use std::ops::Bound;

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{Namespace, Seat, SeatStatus, SeatType, UserId, newest};
use usher_store::{ActivityRow, Page, PageKey, PageQuery};

use super::limit;
use crate::{
    numbers::{Parsed, SeatTypeNumber, StoredUserId},
    overlay::{ActivityKey, Overlay, Rows},
};

/// A row of the table with the seat behind it.
struct Stored {
    key: ActivityKey,
    time_ms: i64,
    seat: Option<Seat>,
}

/// Reads one page.
pub(crate) fn activities(
    connection: &Connection,
    overlay: &Overlay,
    query: &PageQuery,
) -> rusqlite::Result<Page<ActivityRow>> {
    let rows_max = query.rows_max + 1;
    let fresh = overlay.rows_after((query.tenant_id, query.seat_type), &lower_bound(query), rows_max);
    let snapshot = connection.unchecked_transaction()?;
    let stored = stored_rows(&snapshot, query, rows_max)?;
    let rows = merge(&snapshot, query, stored, fresh, rows_max)?;
    Ok(Page::from_one_more(rows, query.rows_max))
}

/// Where the overlay's range begins.
fn lower_bound(query: &PageQuery) -> Bound<ActivityKey> {
    let key = |user_id, namespace| ActivityKey {
        tenant_id: query.tenant_id,
        seat_type: query.seat_type,
        user_id,
        namespace,
    };
    match &query.after {
        None => Bound::Included(key(UserId::LEAST, Namespace::least())),
        Some(PageKey {
            user_id,
            namespace: None,
        }) => Bound::Included(key(*user_id, Namespace::least())),
        Some(PageKey {
            user_id,
            namespace: Some(namespace),
        }) => Bound::Excluded(key(*user_id, namespace.clone())),
    }
}

fn stored_rows(connection: &Connection, query: &PageQuery, rows_max: usize) -> rusqlite::Result<Vec<Stored>> {
    // The two texts differ only in the seat's namespace: empty for a platform seat, the app's for an app seat.
    let statement = match query.seat_type {
        SeatType::PerUser => {
            "SELECT activity.user_id, activity.namespace, active_time_ms, held, expires_at_ms
             FROM activity
             LEFT JOIN seats ON seats.tenant_id = ?1 AND seats.seat_type = 0
                            AND seats.user_id = activity.user_id AND seats.namespace = ''
             WHERE activity.tenant_id = ?1 AND activity.seat_type = 0
               AND (activity.user_id, activity.namespace) > (?2, ?3)
             ORDER BY activity.user_id, activity.namespace LIMIT ?4"
        }
        SeatType::PerUserPerApp => {
            "SELECT activity.user_id, activity.namespace, active_time_ms, held, expires_at_ms
             FROM activity
             LEFT JOIN seats ON seats.tenant_id = ?1 AND seats.seat_type = 1
                            AND seats.user_id = activity.user_id AND seats.namespace = activity.namespace
             WHERE activity.tenant_id = ?1 AND activity.seat_type = 1
               AND (activity.user_id, activity.namespace) > (?2, ?3)
             ORDER BY activity.user_id, activity.namespace LIMIT ?4"
        }
    };
    let after = query.after.as_ref();
    let user_id = after.map_or(0, |key| key.user_id.get());
    let namespace = after
        .and_then(|key| key.namespace.as_ref())
        .map_or("", Namespace::as_str);
    connection
        .prepare_cached(statement)?
        .query_map((query.tenant_id.0, user_id, namespace, limit(rows_max)), |row| {
            let held: Option<bool> = row.get(3)?;
            let expires_at_ms = row.get(4)?;
            Ok(Stored {
                key: ActivityKey {
                    tenant_id: query.tenant_id,
                    seat_type: query.seat_type,
                    user_id: row.get::<_, StoredUserId>(0)?.0,
                    namespace: row.get::<_, Parsed<Namespace>>(1)?.0,
                },
                time_ms: row.get(2)?,
                seat: held.map(|held| Seat {
                    held,
                    expires_at_ms,
                    released_at_ms: None,
                }),
            })
        })?
        .collect()
}

/// Merges two ordered sources; of a row in both, the larger time counts.
fn merge(
    connection: &Connection,
    query: &PageQuery,
    stored: Vec<Stored>,
    fresh: Rows,
    rows_max: usize,
) -> rusqlite::Result<Vec<ActivityRow>> {
    let mut stored = stored.into_iter().peekable();
    let mut fresh = fresh.into_iter().peekable();
    let mut rows = Vec::with_capacity(rows_max);
    while rows.len() < rows_max {
        let fresh_is_next = match (stored.peek(), fresh.peek()) {
            (None, None) => break,
            (Some(stored), Some((key, _))) => *key < stored.key,
            (stored, _) => stored.is_none(),
        };
        if fresh_is_next {
            let Some((key, time_ms)) = fresh.next() else { break };
            let seat = seat_of(connection, &key)?;
            rows.push(row(key, time_ms, seat, query.now_ms));
        } else {
            let Some(Stored { key, time_ms, seat }) = stored.next() else {
                break;
            };
            let newer = fresh.next_if(|(fresh_key, _)| *fresh_key == key);
            let time_ms = newest(newer.map(|(_, time_ms)| time_ms), time_ms);
            rows.push(row(key, time_ms, seat, query.now_ms));
        }
    }
    Ok(rows)
}

fn row(key: ActivityKey, active_time_ms: i64, seat: Option<Seat>, now_ms: i64) -> ActivityRow {
    let status = seat.map_or(SeatStatus::Released, |seat| seat.status(now_ms));
    ActivityRow {
        user_id: key.user_id,
        namespace: key.namespace,
        status,
        active_time_ms,
    }
}

/// The seat behind a row that only the overlay has.
fn seat_of(connection: &Connection, key: &ActivityKey) -> rusqlite::Result<Option<Seat>> {
    let namespace = match key.seat_type {
        SeatType::PerUser => "",
        SeatType::PerUserPerApp => key.namespace.as_str(),
    };
    connection
        .prepare_cached(
            "SELECT held, expires_at_ms FROM seats
             WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
        )?
        .query_row(
            (
                key.tenant_id.0,
                SeatTypeNumber(key.seat_type),
                key.user_id.get(),
                namespace,
            ),
            |row| {
                Ok(Seat {
                    held: row.get(0)?,
                    expires_at_ms: row.get(1)?,
                    released_at_ms: None,
                })
            },
        )
        .optional()
}
