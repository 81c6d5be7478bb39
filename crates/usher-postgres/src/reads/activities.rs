//! A page of `seat_activities`. The cost is that of the page, wherever it lies.

use usher_seats::{Namespace, Seat, SeatStatus};
use usher_store::{ActivityRow, Page, PageQuery};

use super::limit;
use crate::{
    numbers::{Parsed, SeatTypeNumber, StoredUserId},
    sql::{Answered, Sql},
};

/// Reads one page.
pub(crate) async fn activities(connection: &Sql, query: &PageQuery) -> Answered<Page<ActivityRow>> {
    let after = query.after.as_ref();
    let user_id = after.map_or(0, |key| key.user_id.get());
    let namespace = after
        .and_then(|key| key.namespace.as_ref())
        .map_or("", Namespace::as_str);
    let rows = connection
        .rows(
            "SELECT activity.user_id, activity.namespace, active_time_ms, held, expires_at_ms
             FROM activity
             LEFT JOIN seats ON seats.tenant_id = activity.tenant_id AND seats.seat_type = activity.seat_type
                            AND seats.user_id = activity.user_id
                            AND seats.namespace = CASE WHEN activity.seat_type = 0 THEN '' ELSE activity.namespace END
             WHERE activity.tenant_id = $1 AND activity.seat_type = $2
               AND (activity.user_id, activity.namespace) > ($3, $4)
             ORDER BY activity.user_id, activity.namespace LIMIT $5",
            (
                query.tenant_id.0,
                SeatTypeNumber(query.seat_type),
                user_id,
                namespace,
                limit(query.rows_max + 1),
            ),
            |row| {
                let held: Option<bool> = row.get(3)?;
                let expires_at_ms = row.get(4)?;
                let seat = held.map(|held| Seat {
 held, expires_at_ms, released_at_ms: None,
});
                Ok(ActivityRow {
                    user_id: row.get::<StoredUserId>(0)?.0,
                    namespace: row.get::<Parsed<Namespace>>(1)?.0,
                    status: seat.map_or(SeatStatus::Released, |seat| seat.status(query.now_ms)),
                    active_time_ms: row.get(2)?,
                })
            },
        )
        .await?;
    Ok(Page::from_one_more(rows, query.rows_max))
}
