//! The figures of all pools.
//!
//! Exact at the moment of reading, in one snapshot, and bounded by pools and days instead of seats: the tallies say how many
//! seats stand at which days ([`crate::tallies`]), and single seats are looked at only where tallies cannot know. Those are the
//! seats of people who are not counted anew yet, of whom there are a few; where there are many, they are counted first. They are
//! seats that ran out and are not written down as such, app seats that such a platform seat no longer makes redundant, and
//! seats of people with leaves. Whatever the reasons, a person's seats are exchanged once.
//!
//! While the tallies are not believed, the seats themselves are counted (`by_seat`).

mod by_seat;

use std::collections::{BTreeMap, BTreeSet};

use usher_seats::{Leave, SeatCounter, SeatFacts, SeatType, UserId, overview::judged_at_ms};
use usher_store::{
    Overview, OverviewQuery, PoolFigures, PoolRow,
    overview::{OVERVIEW_LEAVES_READ_MAX, OVERVIEW_ROWS_MAX},
};

use super::{ledger::pools, limit};
use crate::{
    numbers::{SeatTypeNumber, StoredSeatType, StoredUserId, seat_namespace},
    sql::{Answered, Row, Sql},
    tallies::{self, KeptSeat, standing, uncounted},
};

/// Most people whose seats are exchanged because they are not counted anew yet. Each costs some twenty microseconds, and counting
/// them about as much again; so whoever finds more does it for those who come after.
const FRESH_PEOPLE_MAX: usize = 1_000;
/// How often somebody counts before they read with whatever came meanwhile.
const CATCH_UPS_MAX: u32 = 3;

/// People are looked up one by one, also where a ledger is no larger than that the server might as well read the whole.
const ONE_BY_ONE: &str = "SET LOCAL enable_seqscan = off";

/// People of whom something happened since they were counted.
const FRESH: &str = concat!(
    "SELECT DISTINCT user_id FROM (
         (SELECT unnest(user_ids) AS user_id FROM fresh_uses WHERE tenant_id = $1)
         UNION ALL
         (SELECT user_id FROM seats WHERE tenant_id = $1 AND ",
    uncounted!(),
    " ORDER BY user_id LIMIT $2)
     ) AS fresh LIMIT $2"
);

/// The counts of a tenant.
const TALLIES: &str = "SELECT seat_type, namespace, mark, day, flags, seats FROM seat_tallies WHERE tenant_id = $1 AND generation = $2";

/// People with a seat of some pools that ran out by $2 and is still held.
const RAN_OUT: &str = "
SELECT seats.user_id FROM unnest($3::int2[], $4::text[]) AS pool (seat_type, namespace)
JOIN seats ON seats.tenant_id = $1 AND seats.seat_type = pool.seat_type
          AND seats.namespace = pool.namespace COLLATE \"C\"
          AND seats.held AND seats.expires_at_ms IS NOT NULL AND seats.expires_at_ms <= $2";

/// Reads the figures.
pub(crate) async fn overview(connection: &Sql, query: &OverviewQuery) -> Answered<Overview> {
    let mut catch_ups = 0;
    loop {
        connection.begin().await?;
        connection
            .batch("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .await?;
        let fresh_max = if catch_ups < CATCH_UPS_MAX {
            FRESH_PEOPLE_MAX
        } else {
            usize::MAX - 1
        };
        let read = within_snapshot(connection, query, fresh_max).await?;
        connection.commit().await?;
        if let Some(overview) = read {
            return Ok(overview);
        }
        tallies::catch_up(connection, query.tenant_id).await?;
        catch_ups += 1;
    }
}

/// None when more people are fresh than may be.
async fn within_snapshot(
    connection: &Sql,
    query: &OverviewQuery,
    fresh_max: usize,
) -> Answered<Option<Overview>> {
    let generation = standing::trusted(connection).await?;
    let mut people = BTreeSet::new();
    if generation.is_some() {
        connection.batch(ONE_BY_ONE).await?;
        people = fresh(connection, query, fresh_max).await?;
        if people.len() > fresh_max {
            return Ok(None);
        }
    }
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
    let leaves = leaves(connection, query).await?;
    people.extend(leaves.iter().flat_map(BTreeMap::keys));
    match generation {
        Some(generation) => {
            tallied(connection, query, generation, &mut counters).await?;
            people.extend(ran_out(connection, query, &counters).await?);
        }
        None => by_seat::tallied(connection, query, &mut counters).await?,
    }
    let seats = tallies::seats_of(connection, query.tenant_id, &people).await?;
    let exchange = Exchange {
        query,
        leaves: leaves.as_ref(),
        generation,
    };
    exchange.seats(&seats, &mut counters);
    let figures = |pool: PoolRow| PoolFigures {
        seats: counters
            .get(&place(&pool))
            .map_or_else(Default::default, |counter| counter.figures(leaves.is_some())),
        pool,
    };
    Ok(Some(Overview {
        judged_at_ms: judged_at_ms(query.now_ms),
        pools: rows.into_iter().map(figures).collect(),
    }))
}

/// By the pool within its tenant.
type Counters = BTreeMap<(SeatType, String), SeatCounter>;
/// By person.
type Leaves = BTreeMap<UserId, Vec<Leave>>;

fn place(pool: &PoolRow) -> (SeatType, String) {
    let namespace = seat_namespace(pool.namespace.as_ref());
    (pool.seat_type, namespace.to_owned())
}

fn user_id(row: &Row) -> Answered<UserId> {
    row.get::<StoredUserId>(0).map(|StoredUserId(user_id)| user_id)
}

async fn fresh(connection: &Sql, query: &OverviewQuery, fresh_max: usize) -> Answered<BTreeSet<UserId>> {
    let bound = (query.tenant_id.0, limit(fresh_max + 1));
    let people = connection.rows(FRESH, bound, user_id).await?;
    Ok(people.into_iter().collect())
}

async fn tallied(
    connection: &Sql,
    query: &OverviewQuery,
    generation: i64,
    counters: &mut Counters,
) -> Answered<()> {
    let counts = connection
        .rows(TALLIES, (query.tenant_id.0, generation), |row| {
            let place = (row.get::<StoredSeatType>(0)?.0, row.get::<String>(1)?);
            Ok((place, tallies::cell(row, 2)?, row.get::<i64>(5)?))
        })
        .await?;
    for (place, cell, seats) in counts {
        if let (Some(counter), Some(cell)) = (counters.get_mut(&place), cell) {
            counter.tallied(cell, seats);
        }
    }
    Ok(())
}

/// People with a seat on this page that ran out; and those whose platform seat did, which makes app seats redundant no longer.
async fn ran_out(connection: &Sql, query: &OverviewQuery, counters: &Counters) -> Answered<Vec<UserId>> {
    let platform_seats = (SeatType::PerUser, String::new());
    let pools: BTreeSet<&(SeatType, String)> = counters.keys().chain([&platform_seats]).collect();
    let (seat_types, namespaces): (Vec<i16>, Vec<&str>) = pools
        .into_iter()
        .map(|(seat_type, namespace)| (SeatTypeNumber(*seat_type).number(), namespace.as_str()))
        .unzip();
    let values = (query.tenant_id.0, query.now_ms, seat_types, namespaces);
    connection.rows(RAN_OUT, values, user_id).await
}

/// Everybody's leaves; none when they are of more people than may be looked at.
async fn leaves(connection: &Sql, query: &OverviewQuery) -> Answered<Option<Leaves>> {
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
    let mut leaves = Leaves::new();
    for (user_id, leave) in found {
        leaves.entry(user_id).or_default().push(leave);
    }
    Ok(Some(leaves).filter(|leaves| leaves.len() <= OVERVIEW_LEAVES_READ_MAX))
}

/// Takes seats out as they were counted and puts them in as they are.
struct Exchange<'a> {
    query: &'a OverviewQuery,
    leaves: Option<&'a Leaves>,
    /// None where seats were counted one by one.
    generation: Option<i64>,
}

impl Exchange<'_> {
    fn seats(&self, seats: &[KeptSeat], counters: &mut Counters) {
        let at_ms = judged_at_ms(self.query.now_ms);
        let with_platform_seat: BTreeSet<UserId> = seats
            .iter()
            .filter(|seat| seat.seat_type == SeatType::PerUser && seat.facts.seat.admits(at_ms))
            .map(|seat| seat.user_id)
            .collect();
        for seat in seats {
            let is_app_seat = seat.seat_type == SeatType::PerUserPerApp;
            let present = SeatFacts {
                leaves: self
                    .leaves
                    .and_then(|leaves| leaves.get(&seat.user_id))
                    .map_or(&[], Vec::as_slice),
                platform_seat_in_use: is_app_seat && with_platform_seat.contains(&seat.user_id),
                ..seat.facts
            };
            let place = (seat.seat_type, seat.namespace.clone());
            if let Some(counter) = counters.get_mut(&place) {
                if let Some(counted) = self.counted(seat, &present) {
                    counter.leave_out(&counted);
                }
                self.put_in(counter, &present, at_ms);
            }
        }
    }

    fn counted<'seat>(&self, seat: &KeptSeat, present: &SeatFacts<'seat>) -> Option<SeatFacts<'seat>> {
        match self.generation {
            Some(generation) => seat
                .counted
                .filter(|counted| counted.generation == generation)
                .map(|counted| counted.facts),
            None => by_seat::counted(self.query, present),
        }
    }

    fn put_in(&self, counter: &mut SeatCounter, present: &SeatFacts<'_>, at_ms: i64) {
        let judged = usher_seats::idle::judge(present, self.query.policy, at_ms);
        if let Some(idleness) = judged.filter(|_| present.seat.admits(self.query.now_ms)) {
            counter.put_in(&idleness, present.last_admitted_ms);
        }
    }
}
