//! The figures of all pools while the tallies are not believed ([`crate::tallies::standing`]).
//!
//! The database counts the seats in use by day and sends counts and no seats; but it does look at every seat of the tenant with
//! its newest access, so it costs the seats.

use usher_seats::{SeatFacts, overview::judged_at_ms};
use usher_store::OverviewQuery;

use super::Counters;
use crate::{
    numbers::StoredSeatType,
    sql::{Answered, Sql},
    tallies::cell,
};

/// How many of those in use at $2, judged at $3, stand where: the rule is [`usher_seats::overview::cells`].
const COUNTS: &str = "
WITH marked AS (
    SELECT seats.seat_type, seats.namespace, seats.assigned_at_ms, used.last_ms,
           seats.protected_reason IS NOT NULL AS protected,
           seats.seat_type = 1 AND coalesce(
               platform.held AND (platform.expires_at_ms IS NULL OR platform.expires_at_ms > $3), FALSE) AS redundant
    FROM seats
    LEFT JOIN seats AS platform ON platform.tenant_id = seats.tenant_id AND platform.seat_type = 0
                               AND platform.user_id = seats.user_id AND platform.namespace = ''
    LEFT JOIN (
        SELECT tenant_id, seat_type, user_id, CASE WHEN seat_type = 0 THEN '' ELSE namespace END AS namespace,
               max(active_time_ms) AS last_ms
        FROM activity WHERE tenant_id = $1 GROUP BY 1, 2, 3, 4
    ) AS used ON used.tenant_id = seats.tenant_id AND used.seat_type = seats.seat_type
             AND used.user_id = seats.user_id AND used.namespace = seats.namespace
    WHERE seats.tenant_id = $1 AND seats.held AND (seats.expires_at_ms IS NULL OR seats.expires_at_ms > $2)
)
SELECT seat_type, namespace, cell.mark, cell.day, cell.flags, count(*)
FROM marked
CROSS JOIN LATERAL (
    SELECT protected::int4 + 2 * redundant::int4 + 4 * (last_ms IS NULL)::int4 AS flags
) AS flagged
CROSS JOIN LATERAL (VALUES
    (0::int2, div(GREATEST(assigned_at_ms, last_ms, 0) + 86399999, 86400000)::int4, flagged.flags::int2),
    (1::int2, div(GREATEST(assigned_at_ms, 0) + 86399999, 86400000)::int4, flagged.flags::int2),
    (2::int2, div(GREATEST(last_ms, 0), 86400000)::int4, 0::int2)
) AS cell (mark, day, flags)
WHERE cell.mark <> 2 OR last_ms IS NOT NULL
GROUP BY 1, 2, 3, 4, 5";

/// Counts every seat of the tenant.
pub(super) async fn tallied(
    connection: &Sql,
    query: &OverviewQuery,
    counters: &mut Counters,
) -> Answered<()> {
    let values = (query.tenant_id.0, query.now_ms, judged_at_ms(query.now_ms));
    let counts = connection
        .rows(COUNTS, values, |row| {
            let place = (row.get::<StoredSeatType>(0)?.0, row.get::<String>(1)?);
            Ok((place, cell(row, 2)?, row.get::<i64>(5)?))
        })
        .await?;
    for (place, cell, seats) in counts {
        if let (Some(counter), Some(cell)) = (counters.get_mut(&place), cell) {
            counter.tallied(cell, seats);
        }
    }
    Ok(())
}

/// As what a seat is counted here: without leaves, if it is in use.
pub(super) fn counted<'seat>(query: &OverviewQuery, present: &SeatFacts<'seat>) -> Option<SeatFacts<'seat>> {
    let counted = SeatFacts {
        leaves: &[],
        ..*present
    };
    counted.seat.admits(query.now_ms).then_some(counted)
}
