//! A page of `seat_assignments`: the seats themselves, held or given back.

use crate::sql::{Answered, Sql};
use usher_seats::{Namespace, Seat};
use usher_store::{AssignmentRow, Page, PageQuery};

use super::limit;
use crate::numbers::{SeatNamespace, SeatTypeNumber, StoredUserId};

/// Reads one page.
pub(crate) async fn assignments(connection: &Sql, query: &PageQuery) -> Answered<Page<AssignmentRow>> {
    let after = query.after.as_ref();
    // Before the first row of the first user, or after the key; a platform seat's namespace is empty.
    let user_id = after.map_or(0, |key| key.user_id.get());
    let namespace = after
        .and_then(|key| key.namespace.as_ref())
        .map_or("", Namespace::as_str);
    let rows = connection
        .rows(
            "SELECT user_id, namespace, held, expires_at_ms, assigned_at_ms FROM seats
             WHERE tenant_id = $1 AND seat_type = $2 AND (user_id, namespace) > ($3, $4)
             ORDER BY user_id, namespace LIMIT $5",
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
                    user_id: row.get::<StoredUserId>(0)?.0,
                    namespace: row.get::<SeatNamespace>(1)?.0,
                    status: seat.status(query.now_ms),
                    assigned_at_ms: row.get(4)?,
                    expires_at_ms: seat.expires_at_ms,
                })
            },
        )
        .await?;
    Ok(Page::from_one_more(rows, query.rows_max))
}
