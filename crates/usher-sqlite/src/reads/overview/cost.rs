//! What an overview costs: next to the same in a small organisation and in one of a million seats.

use std::{collections::BTreeMap, path::Path};

use rusqlite::StatementStatus;
use usher_seats::{IdlePolicy, TenantId, idle::DAY_MS};

use super::*;
use crate::reads::idle::cost::organisation;

/// Seats of the small organisation and of the large one.
const SEATS: [i64; 2] = [10_000, 1_000_000];
/// How much more work the large one may cost. Both have the same pools and use them on the same days; a few days that no seat
/// of the small one happens to have are what is left.
const FACTOR_MAX: f64 = 1.5;
/// When the reports are read: 2024-07-03 in UTC.
const NOW_MS: i64 = 1_720_000_000_000;

fn question() -> OverviewQuery {
    OverviewQuery {
        tenant_id: TenantId(1),
        now_ms: NOW_MS,
        policy: IdlePolicy::default(),
        after: None,
        rows_max: 501,
    }
}

/// Makes the organisation of the idle report, with people on leave and seats that ran out.
fn make(seats: i64, folder: &Path) -> Connection {
    let connection = organisation(seats, folder);
    connection
        .execute_batch(&format!(
            "UPDATE seats SET held = 1, expires_at_ms = {NOW_MS} - 5 WHERE tenant_id = 1 AND user_id BETWEEN 20 AND 40;
             INSERT INTO leaves SELECT 1, user_id, {NOW_MS} - 50 * {DAY_MS}, {NOW_MS} - 20 * {DAY_MS} FROM users
             WHERE user_id BETWEEN 100 AND 400;
             INSERT INTO pools (tenant_id, seat_type, namespace, bought, held)
             SELECT tenant_id, seat_type, namespace, 2000000, count(*) FROM seats WHERE held = 1 GROUP BY 1, 2, 3;"
        ))
        .unwrap();
    connection
}

/// Steps of SQLite's own machine, and the answer.
fn cost(connection: &Connection) -> (i64, Overview) {
    let own = [
        TALLIES,
        RAN_OUT,
        ON_LEAVE,
        HELD_BY,
        tallies::COUNTED,
        super::super::leaves::LEAVES,
    ];
    let steps = || {
        let of = |text: &str| {
            let statement = connection.prepare_cached(text).unwrap();
            i64::from(statement.get_status(StatementStatus::VmStep))
        };
        own.iter().copied().map(of).sum::<i64>()
    };
    let before = steps();
    let Attempt::Figures(overview) = overview(connection, &Overlay::default(), &question()).unwrap() else {
        panic!("nothing is fresh")
    };
    (steps() - before, overview)
}

/// The same figures, from every seat.
fn by_seat(connection: &Connection) -> BTreeMap<Place, SeatCounter> {
    let mut counters = BTreeMap::new();
    let mut statement = connection
        .prepare("SELECT seat_type, user_id, namespace FROM seats WHERE held = 1")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let key = (
            1,
            SeatTypeNumber(row.get::<_, StoredSeatType>(0).unwrap().0),
            row.get(1).unwrap(),
        );
        let namespace: String = row.get(2).unwrap();
        let kept = tallies::counted(connection, (key.0, key.1, key.2, &namespace))
            .unwrap()
            .unwrap();
        let leaves = leaves(connection, TenantId(1), UserId::new(key.2).unwrap()).unwrap();
        let facts = SeatFacts {
            leaves: &leaves,
            ..kept
        };
        if facts.seat.admits(NOW_MS) {
            let idleness =
                usher_seats::idle::judge(&facts, IdlePolicy::default(), judged_at_ms(NOW_MS)).unwrap();
            counters
                .entry((key.1.0, namespace))
                .or_insert_with(|| SeatCounter::new(IdlePolicy::default(), NOW_MS))
                .put_in(&idleness, facts.last_admitted_ms);
        }
    }
    counters
}

#[test]
fn an_overview_costs_the_same_for_ten_thousand_seats_and_for_a_million() {
    let costs = SEATS.map(|seats| {
        let folder = tempfile::tempdir().unwrap();
        let connection = make(seats, folder.path());
        let (steps, overview) = cost(&connection);
        let held: u64 = overview.pools.iter().map(|figures| figures.seats.held).sum();
        println!("{steps} steps for {held} seats in {} pools", overview.pools.len());
        assert_eq!(overview.pools.len(), 11);
        if seats == SEATS[0] {
            let counters = by_seat(&connection);
            for PoolFigures { pool, seats } in overview.pools {
                assert_eq!(seats, counters[&place(&pool)].figures(true), "{pool:?}");
                assert_eq!(seats.held, pool.pool.in_use, "{pool:?}");
            }
        }
        steps
    });
    let [small, large] = costs;
    assert!(small > 0);
    let factor = large as f64 / small as f64;
    assert!(factor <= FACTOR_MAX, "{factor} times the work");
}
