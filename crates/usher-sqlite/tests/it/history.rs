//! What of history is the engine's own: chunks, folds by the clock, columns that others read, files of before.

use std::sync::Arc;

use rusqlite::Connection;
use usher_conformance::{
    history::{ALL, day},
    ledger::{Ledger, START_MS},
};
use usher_seats::{
    SeatType::{PerUser, PerUserPerApp},
    Window,
};
use usher_sqlite::{SqliteOptions, SqliteStore};
use usher_store::Store;

use crate::home::{file_in, folder, holder};

const TODAY: &str = "2024-07-03";
const MINUTE_MS: i64 = 60 * 1_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Waits until the fold that is under way has ended.
async fn folded(store: &SqliteStore, folds: u64) {
    while store.health().folds_completed < folds {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn people_beyond_a_chunk_are_counted_with_the_others() {
    let folder = folder();
    let path = file_in(folder.path());
    let store = Arc::new(SqliteStore::open(&path, &holder()).unwrap());
    let ledger = Ledger::found(store.clone(), "acme").await;
    // As if so many people had come and gone: the next four lie on both sides of the end of a chunk.
    let connection = Connection::open(&path).unwrap();
    connection
        .execute("UPDATE tenants SET people_numbered = 65534", [])
        .unwrap();
    ledger.people_and_apps(&[11, 12, 13, 14], &["crm", "wiki"]).await;
    for user in [11, 12, 13, 14] {
        ledger.assign(user, None, None, START_MS).await;
        ledger.open(user, "crm", START_MS).await;
    }
    ledger.open(14, "wiki", START_MS + DAY_MS).await;
    for round in 0..2 {
        if round == 1 {
            store.tend(START_MS).await.unwrap();
            store.tend(START_MS + 12 * HOUR_MS).await.unwrap();
            folded(&store, 1).await;
            ledger.open(13, "wiki", START_MS + DAY_MS).await;
        }
        assert_eq!(ledger.people(ALL, Window::Day, TODAY).await, 4);
        assert_eq!(ledger.people(ALL, Window::Month, TODAY).await, 4);
        assert_eq!(
            ledger.people((None, Some("wiki")), Window::Week, TODAY).await,
            1 + round
        );
        assert_eq!(ledger.dates_of(14, ALL, 2024).await, [TODAY, "2024-07-04"]);
        assert_eq!(ledger.dates_of(12, ALL, 2024).await, [TODAY]);
    }
    let chunks: i64 = connection
        .query_row("SELECT count(DISTINCT chunk) FROM active_days", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(chunks, 2);
}

#[tokio::test]
async fn what_waits_for_half_a_day_is_folded() {
    let folder = folder();
    let store = Arc::new(SqliteStore::open(&file_in(folder.path()), &holder()).unwrap());
    let ledger = Ledger::found(store.clone(), "acme").await;
    ledger.people_and_apps(&[1], &["crm"]).await;
    ledger.assign(1, None, None, START_MS).await;
    let tend = async |minutes: i64| store.tend(START_MS + minutes * MINUTE_MS).await.unwrap();
    tend(0).await;
    ledger.open(1, "crm", START_MS).await;
    tend(1).await;
    tend(12 * 60).await;
    assert_eq!(
        store.health().journal_accesses,
        1,
        "it has waited for twelve hours less a minute"
    );
    tend(12 * 60 + 1).await;
    folded(&store, 1).await;
    assert_eq!(
        (store.health().journal_accesses, store.health().overlay_rows),
        (0, 0)
    );
    tend(36 * 60).await;
    ledger.open(1, "crm", START_MS + 36 * HOUR_MS).await;
    tend(37 * 60).await;
    assert_eq!(
        store.health().journal_accesses,
        1,
        "nothing waited before it, so its wait begins with it"
    );
    // A clock that steps back begins the wait anew, and nobody waits for ever.
    tend(30 * 60).await;
    tend(41 * 60).await;
    assert_eq!(store.health().folds_completed, 1);
    tend(42 * 60).await;
    folded(&store, 2).await;
}

#[tokio::test]
async fn a_fold_writes_since_when_seats_are_idle() {
    let folder = folder();
    let path = file_in(folder.path());
    let options = SqliteOptions {
        fold_after_accesses: 4,
    };
    let store = Arc::new(SqliteStore::open_with(&path, &holder(), options).unwrap());
    let ledger = Ledger::found(store.clone(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3], &["crm", "wiki"]).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger.assign(2, Some("wiki"), None, START_MS).await;
    ledger.assign(3, None, None, START_MS).await;
    ledger.open(1, "wiki", START_MS + 9).await;
    ledger.open(1, "crm", START_MS + 7).await;
    ledger.open(2, "wiki", START_MS - DAY_MS).await;
    ledger.open(1, "crm", START_MS + 8).await;
    folded(&store, 1).await;
    let connection = Connection::open(&path).unwrap();
    let seats = || -> Vec<(i64, Option<i64>, i64, i64)> {
        let mut statement = connection
            .prepare(
                "SELECT user_id, last_admitted_ms, idle_since_ms, idle_since_day FROM seats ORDER BY user_id",
            )
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let today = i64::from(day(TODAY).number());
    let before = [
        (1, Some(START_MS + 9), START_MS + 9, today),
        (2, Some(START_MS - DAY_MS), START_MS, today),
        (3, None, START_MS, today),
    ];
    assert_eq!(seats(), before);
    // Given back and given again it is idle since then, but not "never used".
    ledger.release(1, None, START_MS + 10).await;
    ledger.assign(1, None, None, START_MS + DAY_MS).await;
    assert_eq!(seats()[0], (1, Some(START_MS + 9), START_MS + DAY_MS, today + 1));
    // The same access again is no news.
    for time_ms in [9, 8, 7, 9] {
        ledger.open(1, "wiki", START_MS + time_ms).await;
    }
    assert_eq!(seats()[0].1, Some(START_MS + 9));
}

#[tokio::test]
async fn a_seat_given_to_somebody_who_was_here_before_knows_it() {
    let folder = folder();
    let path = file_in(folder.path());
    let options = SqliteOptions {
        fold_after_accesses: 1,
    };
    let store = Arc::new(SqliteStore::open_with(&path, &holder(), options).unwrap());
    let ledger = Ledger::found(store.clone(), "acme").await;
    ledger.people_and_apps(&[1], &["crm"]).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger.open(1, "crm", START_MS + 5).await;
    folded(&store, 1).await;
    let delete = usher_store::Change::DeleteUser {
        tenant_id: ledger.tenant_id,
        user_id: usher_conformance::ledger::user_id(1),
    };
    ledger.change(delete, START_MS + 6).await.unwrap();
    ledger.people_and_apps(&[1], &[]).await;
    ledger.assign(1, None, None, START_MS + 7).await;
    let connection = Connection::open(&path).unwrap();
    let last: Option<i64> = connection
        .query_row("SELECT last_admitted_ms FROM seats", [], |row| row.get(0))
        .unwrap();
    assert_eq!(last, Some(START_MS + 5));
}

#[tokio::test]
async fn a_process_that_vanishes_while_the_past_is_imported_loses_no_day() {
    let (lived, found) = (folder(), folder());
    let options = SqliteOptions {
        fold_after_accesses: 7,
    };
    let store = Arc::new(SqliteStore::open_with(&file_in(lived.path()), &holder(), options).unwrap());
    let ledger = Ledger::found(store.clone(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3], &["crm", "wiki"]).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger.assign(2, None, None, START_MS).await;
    ledger.assign(3, Some("wiki"), None, START_MS).await;
    let month = (day("2024-06-01"), day("2024-07-03"));
    for round in 0..40 {
        let batch = (0..3).map(|step| {
            let number = round * 3 + step;
            let days_ago = number * 17 % 32;
            let app = if number % 5 < 3 { "wiki" } else { "crm" };
            ledger.access(number % 3 + 1, app, START_MS - days_ago * DAY_MS - number)
        });
        store.record(batch.collect()).await.unwrap();
        // The files as they are now, in the middle of journals and folds, with nothing closed or flushed by us.
        for name in ["usher.db", "usher.db-wal"] {
            std::fs::copy(lived.path().join(name), found.path().join(name)).unwrap();
        }
        let again = SqliteStore::open_with(&file_in(found.path()), &holder(), options).unwrap();
        let copy = Ledger {
            store: Arc::new(again),
            tenant_id: ledger.tenant_id,
        };
        for scope in [ALL, (Some(PerUser), Some("crm")), (Some(PerUserPerApp), None)] {
            let expected = ledger.figures(scope, Window::Day, month).await;
            assert_eq!(
                copy.figures(scope, Window::Day, month).await,
                expected,
                "round {round}"
            );
        }
        for user in [1, 2, 3] {
            let expected = ledger.days_of(user, ALL, month).await;
            assert_eq!(copy.days_of(user, ALL, month).await, expected, "round {round}");
        }
        copy.store.close().await;
    }
    assert!(store.health().folds_completed >= 3, "{:?}", store.health());
    assert!(ledger.dates_of(1, ALL, 2024).await.len() > 20);
}

#[tokio::test]
async fn a_file_from_before_history_numbers_its_people_and_knows_its_idle_seats() {
    let folder = folder();
    let path = file_in(folder.path());
    let connection = Connection::open(&path).unwrap();
    for migration in [
        include_str!("../../migrations/0001_ledger.sql"),
        include_str!("../../migrations/0002_identity.sql"),
        include_str!("../../migrations/0003_management.sql"),
        include_str!("../../migrations/0004_identity_provider.sql"),
        include_str!("../../migrations/0005_names_and_time_zones.sql"),
        include_str!("../../migrations/0006_pools.sql"),
    ] {
        connection.execute_batch(migration).unwrap();
    }
    connection
        .pragma_update(None, "application_id", 0x5553_4852)
        .unwrap();
    connection.pragma_update(None, "user_version", 6).unwrap();
    // User 8 has an access in the journal, in the form that blobs had then: user 8, platform seat, app 1, at 172,800,000.
    connection
        .execute_batch(
            "INSERT INTO tenants (tenant_id, tenant_key, name, enabled) VALUES (1, 'acme', 'Acme', 1), (2, 'b', 'B', 1);
             INSERT INTO apps (app_id, tenant_id, namespace, name, enabled) VALUES (1, 1, 'crm', 'Sales', 1);
             INSERT INTO users (tenant_id, user_id, name, enabled, system_administrator)
               VALUES (1, 7, '', 1, 0), (1, 8, '', 1, 0), (2, 7, '', 1, 0), (1, 9, '', 1, 0);
             INSERT INTO seats (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms)
               VALUES (1, 0, 7, '', 1, 1000), (1, 0, 8, '', 1, 1000), (1, 1, 7, 'crm', 1, 9000);
             INSERT INTO activity VALUES (1, 0, 7, 'crm', 5000), (1, 1, 7, 'crm', 4000);
             INSERT INTO journal_even VALUES (1, x'0180e0e5a40102041000');",
        )
        .unwrap();
    let store = Arc::new(SqliteStore::open(&path, &holder()).unwrap());
    let numbers: Vec<(i64, i64, i64)> = connection
        .prepare("SELECT tenant_id, user_id, person_number FROM users ORDER BY tenant_id, user_id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(numbers, [(1, 7, 0), (1, 8, 1), (1, 9, 2), (2, 7, 0)]);
    let seats: Vec<(Option<i64>, i64)> = connection
        .prepare("SELECT last_admitted_ms, idle_since_ms FROM seats ORDER BY seat_type, user_id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(seats, [(Some(5000), 5000), (None, 1000), (Some(4000), 9000)]);
    let tenant = store.tenant(&"acme".parse().unwrap()).await.unwrap().unwrap();
    let ledger = Ledger {
        store,
        tenant_id: tenant.tenant_id,
    };
    assert_eq!(ledger.dates_of(8, ALL, 1970).await, ["1970-01-03"]);
    ledger.people_and_apps(&[10], &[]).await;
    ledger.assign(10, None, None, START_MS).await;
    ledger.open(10, "crm", START_MS).await;
    assert_eq!(ledger.people(ALL, Window::Day, TODAY).await, 1);
    assert_eq!(ledger.dates_of(9, ALL, 2024).await, [""; 0]);
}
