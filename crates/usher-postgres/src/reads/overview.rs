//! The figures of all pools.
//!
//! Exact at the moment of reading, in one snapshot. The database counts the seats in use by day and sends counts and no seats;
//! but it does look at every seat of the tenant with its newest access, so it costs the seats: see `docs/postgresql.md` for how
//! long that takes.

use std::collections::BTreeMap;

use usher_seats::{
    Day, Leave, Seat, SeatCounter, SeatFacts, SeatType, TallyCell, TallyFlags, TallyMark, UserId,
    overview::judged_at_ms,
};
use usher_store::{
    Overview, OverviewQuery, PoolFigures, PoolRow,
    overview::{OVERVIEW_LEAVES_READ_MAX, OVERVIEW_ROWS_MAX},
};

use super::{ledger::pools, limit};
use crate::{
    numbers::{StoredSeatType, StoredUserId, seat_namespace},
    sql::{Answered, Row, Sql},
};

/// Every seat in use at $2, judged at $3, with what decides where it is counted.
macro_rules! marked {
    ($whose:literal) => {
        concat!(
            "SELECT seats.seat_type, seats.namespace, seats.user_id, seats.assigned_at_ms, used.last_ms,
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
             WHERE seats.tenant_id = $1 AND seats.held AND (seats.expires_at_ms IS NULL OR seats.expires_at_ms > $2) ",
            $whose
        )
    };
}

/// How many stand where: the rule is [`usher_seats::overview::cells`].
const COUNTS: &str = concat!(
    "WITH marked AS (",
    marked!(""),
    ")
SELECT seat_type, namespace, cell.mark, cell.day, cell.flags, count(*)
FROM marked
CROSS JOIN LATERAL (
    SELECT protected::int4 + 2 * redundant::int4 + 4 * (last_ms IS NULL)::int4 AS flags
) AS flagged
CROSS JOIN LATERAL (VALUES
    (0, div(GREATEST(assigned_at_ms, last_ms, 0) + 86399999, 86400000)::int4, flagged.flags),
    (1, div(GREATEST(assigned_at_ms, 0) + 86399999, 86400000)::int4, flagged.flags),
    (2, div(GREATEST(last_ms, 0), 86400000)::int4, 0)
) AS cell (mark, day, flags)
WHERE cell.mark <> 2 OR last_ms IS NOT NULL
GROUP BY 1, 2, 3, 4, 5"
);

/// The seats of some people.
const SEATS_OF: &str = marked!("AND seats.user_id = ANY($4)");

/// Reads the figures.
pub(crate) async fn overview(connection: &Sql, query: &OverviewQuery) -> Answered<Overview> {
    connection.begin().await?;
    connection
        .batch("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .await?;
    let overview = within_snapshot(connection, query).await?;
    connection.commit().await?;
    Ok(overview)
}

async fn within_snapshot(connection: &Sql, query: &OverviewQuery) -> Answered<Overview> {
    let rows_max = query.rows_max.min(OVERVIEW_ROWS_MAX);
    let rows = pools(
        connection,
        query.tenant_id,
        query.after.as_ref(),
        rows_max,
        query.now_ms,
    )
    .await?;
    let mut counters: Counters = rows
        .iter()
        .map(|row| (place(row), SeatCounter::new(query.policy, query.now_ms)))
        .collect();
    tallied(connection, query, &mut counters).await?;
    let leaves = leaves(connection, query).await?;
    if let Some(leaves) = &leaves {
        exchange(connection, query, leaves, &mut counters).await?;
    }
    let figures = |pool: PoolRow| PoolFigures {
        seats: counters
            .get(&place(&pool))
            .map_or_else(Default::default, |counter| counter.figures(leaves.is_some())),
        pool,
    };
    Ok(Overview {
        judged_at_ms: judged_at_ms(query.now_ms),
        pools: rows.into_iter().map(figures).collect(),
    })
}

/// By the pool within its tenant.
type Counters = BTreeMap<(SeatType, String), SeatCounter>;

fn place(pool: &PoolRow) -> (SeatType, String) {
    let namespace = seat_namespace(pool.namespace.as_ref());
    (pool.seat_type, namespace.to_owned())
}

async fn tallied(connection: &Sql, query: &OverviewQuery, counters: &mut Counters) -> Answered<()> {
    let values = (query.tenant_id.0, query.now_ms, judged_at_ms(query.now_ms));
    let counts = connection
        .rows(COUNTS, values, |row| {
            let place = (row.get::<StoredSeatType>(0)?.0, row.get::<String>(1)?);
            Ok((place, cell(row)?, row.get::<i64>(5)?))
        })
        .await?;
    for (place, cell, seats) in counts {
        if let (Some(counter), Some(cell)) = (counters.get_mut(&place), cell) {
            counter.tallied(cell, seats);
        }
    }
    Ok(())
}

fn cell(row: &Row) -> Answered<Option<TallyCell>> {
    let number = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    let mark = TallyMark::from_number(number(row.get(2)?));
    let day = Day::new(row.get(3)?);
    let flags = TallyFlags::from_number(number(row.get(4)?));
    Ok(mark.map(|mark| TallyCell { mark, day, flags }))
}

/// Everybody's leaves; none when they are of more people than may be looked at.
async fn leaves(connection: &Sql, query: &OverviewQuery) -> Answered<Option<BTreeMap<UserId, Vec<Leave>>>> {
    let found = connection
        .rows(
            "SELECT user_id, from_ms, until_ms FROM leaves
             WHERE tenant_id = $1 AND user_id IN (SELECT DISTINCT user_id FROM leaves WHERE tenant_id = $1 LIMIT $2)",
            (query.tenant_id.0, limit(OVERVIEW_LEAVES_READ_MAX + 1)),
            |row| {
                let leave = Leave {
                    from_ms: row.get(1)?,
                    until_ms: row.get(2)?,
                };
                Ok((row.get::<StoredUserId>(0)?.0, leave))
            },
        )
        .await?;
    let mut leaves: BTreeMap<UserId, Vec<Leave>> = BTreeMap::new();
    for (user_id, leave) in found {
        leaves.entry(user_id).or_default().push(leave);
    }
    Ok(Some(leaves).filter(|leaves| leaves.len() <= OVERVIEW_LEAVES_READ_MAX))
}

/// Exchanges the seats of people with leaves for what they are with them.
async fn exchange(
    connection: &Sql,
    query: &OverviewQuery,
    leaves: &BTreeMap<UserId, Vec<Leave>>,
    counters: &mut Counters,
) -> Answered<()> {
    let user_ids: Vec<i64> = leaves.keys().map(|user_id| user_id.get()).collect();
    let at_ms = judged_at_ms(query.now_ms);
    let seats = connection
        .rows(
            SEATS_OF,
            (query.tenant_id.0, query.now_ms, at_ms, user_ids),
            |row| {
                let place = (row.get::<StoredSeatType>(0)?.0, row.get::<String>(1)?);
                Ok((place, row.get::<StoredUserId>(2)?.0, facts(row)?))
            },
        )
        .await?;
    for (place, user_id, counted) in seats {
        let present = SeatFacts {
            leaves: leaves.get(&user_id).map_or(&[], Vec::as_slice),
            ..counted
        };
        if let Some(counter) = counters.get_mut(&place)
            && let Some(idleness) = usher_seats::idle::judge(&present, query.policy, at_ms)
        {
            counter.leave_out(&counted);
            counter.put_in(&idleness, counted.last_admitted_ms);
        }
    }
    Ok(())
}

fn facts(row: &Row) -> Answered<SeatFacts<'static>> {
    Ok(SeatFacts {
        // The statement gives seats in use only.
        seat: Seat {
            held: true,
            expires_at_ms: None,
            released_at_ms: None,
        },
        assigned_at_ms: row.get(3)?,
        last_admitted_ms: row.get(4)?,
        protected: row.get(5)?,
        leaves: &[],
        platform_seat_in_use: row.get(6)?,
    })
}
