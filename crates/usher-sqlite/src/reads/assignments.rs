//! A page of `seat_assignments`: the seats themselves, held or given back.

use rusqlite::Connection;
use usher_seats::{Namespace, Seat};
use usher_store::{AssignmentRow, Page, PageQuery};

use super::limit;
use crate::numbers::{SeatNamespace, SeatTypeNumber, StoredUserId};

/// Reads one page.
pub(crate) fn assignments(
    connection: &Connection,
    query: &PageQuery,
) -> rusqlite::Result<Page<AssignmentRow>> {
    let after = query.after.as_ref();
    // Before the first row of the first user, or after the key; a platform seat's namespace is empty.
    let user_id = after.map_or(0, |key| key.user_id.get());
    let namespace = after
        .and_then(|key| key.namespace.as_ref())
        .map_or("", Namespace::as_str);
    let rows = connection
        .prepare_cached(
            "SELECT user_id, namespace, held, expires_at_ms, assigned_at_ms FROM seats
             WHERE tenant_id = ?1 AND seat_type = ?2 AND (user_id, namespace) > (?3, ?4)
             ORDER BY user_id, namespace LIMIT ?5",
        )?
        .query_map(
            (
                query.tenant_id.0,
                SeatTypeNumber(query.seat_type),
                user_id,
                namespace,
                limit(query.rows_max + 1),
            ),
            |row| {
                let seat = Seat {
                    held: row.get(2)?,
                    expires_at_ms: row.get(3)?,
                    released_at_ms: None,
                };
                Ok(AssignmentRow {
                    user_id: row.get::<_, StoredUserId>(0)?.0,
                    namespace: row.get::<_, SeatNamespace>(1)?.0,
                    status: seat.status(query.now_ms),
                    assigned_at_ms: row.get(4)?,
                    expires_at_ms: seat.expires_at_ms,
                })
            },
        )?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(Page::from_one_more(rows, query.rows_max))
}
