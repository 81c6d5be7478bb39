//! What finding people by name and the page of a pool cost: as much in a small organisation as in a large one.
//!
//! Work is counted in steps of SQLite's own machine, of every statement, whichever it is.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use rusqlite::Connection;
use usher_seats::{SeatType, TenantId, idle::DAY_MS};
use usher_store::{KeptQuery, PoolName, search::USERS_LOOKED_AT_MAX};

use super::{idle::cost::organisation, kept_seats, pool, users, users_numbered, waiting};
use crate::search_keys;

/// Seats of the small organisation and of the large one.
const SEATS: [i64; 2] = [10_000, 200_000];
/// How much more work the large one may cost: its trees are a level deeper, which no step shows, and nothing else is larger.
const FACTOR_MAX: f64 = 1.1;
/// When the pages are read: 2024-07-03 in UTC.
const NOW_MS: i64 = 1_720_000_000_000;
const TENANT: TenantId = TenantId(1);
/// Rows of a page of the console, and of the largest page that a search reads.
const PAGE_ROWS: usize = 50;
const SEARCH_ROWS: usize = 500;

/// The organisation of the idle report, with a pool in which seats are kept, ran out, and are waited for.
fn make(seats: i64, folder: &Path) -> Connection {
    let connection = organisation(seats, folder);
    connection
        .execute_batch("UPDATE users SET name = 'Ada Lovelace' WHERE tenant_id = 1 AND user_id = 77")
        .unwrap();
    search_keys::fill(&connection).unwrap();
    connection
        .execute_batch(&format!(
            "UPDATE seats SET held = 1, expires_at_ms = {NOW_MS} - 5 WHERE tenant_id = 1 AND user_id BETWEEN 20 AND 40;
             UPDATE seats SET held = 0, released_at_ms = {NOW_MS} - 5, kept_until_ms = {NOW_MS} + {DAY_MS}
             WHERE tenant_id = 1 AND user_id BETWEEN 50 AND 400;
             INSERT INTO pools (tenant_id, seat_type, namespace, bought, held)
             SELECT tenant_id, seat_type, namespace, 2000000, count(*) FROM seats WHERE held = 1 GROUP BY 1, 2, 3;
             INSERT INTO waiting_places (tenant_id, seat_type, namespace, user_id, waiting_since_ms, requested_directly)
             SELECT 1, 0, '', user_id, {NOW_MS}, 1 FROM users WHERE user_id BETWEEN 50 AND 400;"
        ))
        .unwrap();
    connection
}

/// Steps of SQLite's own machine.
fn steps(connection: &mut Connection, question: impl FnOnce(&Connection)) -> i64 {
    let steps = Arc::new(AtomicI64::new(0));
    let counted = Arc::clone(&steps);
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        false
    };
    connection.progress_handler(1, Some(count)).unwrap();
    question(connection);
    connection.progress_handler(0, None::<fn() -> bool>).unwrap();
    steps.load(Ordering::Relaxed)
}

/// Every question with the steps that it took.
fn costs(seats: i64) -> Vec<(&'static str, i64)> {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = make(seats, folder.path());
    let mut costs = Vec::new();
    let mut ask = |name, question: &dyn Fn(&Connection)| {
        let taken = steps(&mut connection, question);
        costs.push((name, taken));
    };
    ask("a name that one person has", &|connection| {
        let found = search_keys::users_under(connection, TENANT, "ada l", USERS_LOOKED_AT_MAX + 1).unwrap();
        assert_eq!(users_numbered(connection, TENANT, &found).unwrap().len(), 1);
    });
    ask("a letter that everybody has", &|connection| {
        let found = search_keys::users_under(connection, TENANT, "p", USERS_LOOKED_AT_MAX + 1).unwrap();
        assert_eq!(found.len(), USERS_LOOKED_AT_MAX + 1);
        let middle = usher_seats::UserId::new(seats / 3).unwrap();
        assert_eq!(
            users(connection, TENANT, Some(middle), SEARCH_ROWS)
                .unwrap()
                .len(),
            SEARCH_ROWS
        );
    });
    ask("a pool", &|connection| {
        let name = PoolName {
            tenant_id: TENANT,
            seat_type: SeatType::PerUser,
            namespace: None,
        };
        let found = pool(connection, &name, NOW_MS).unwrap().unwrap();
        assert_eq!(found.waiting, 351);
        assert_eq!(
            waiting(connection, &name, None, PAGE_ROWS).unwrap().len(),
            PAGE_ROWS
        );
        let kept = KeptQuery {
            pool: name,
            now_ms: NOW_MS,
            after: None,
            rows_max: PAGE_ROWS,
        };
        assert_eq!(kept_seats(connection, &kept).unwrap().len(), PAGE_ROWS);
    });
    costs
}

#[test]
fn people_by_name_and_the_page_of_a_pool_cost_the_same_in_a_large_organisation() {
    let [small, large] = SEATS.map(costs);
    for ((name, few), (_, many)) in small.into_iter().zip(large) {
        println!("{name}: {few} steps, {many} among twenty times the seats");
        assert!(few > 0, "{name}");
        let factor = many as f64 / few as f64;
        assert!(factor <= FACTOR_MAX, "{name}: {factor} times the work");
    }
}
