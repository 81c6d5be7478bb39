//! A file that fails: nobody is told "admitted", and service returns when the fault ends.
//!
//! The fault is SQLite's own: a second connection takes the write lock, or the file may not grow. (The kernel's
//! faults, a full disk and a file-size limit, are played on the whole server in the crash tests.)

use std::sync::Arc;

use rusqlite::Connection;
use usher_conformance::ledger::{Ledger, START_MS};
use usher_seats::SeatType::PerUser;
use usher_sqlite::SqliteStore;
use usher_store::Store;

use crate::home::{file_in, folder, holder};

#[tokio::test]
async fn while_the_file_cannot_be_written_nobody_is_admitted() {
    let folder = folder();
    let path = file_in(folder.path());
    let store = Arc::new(SqliteStore::open(&path, &holder()).unwrap());
    let ledger = Ledger::found(store.clone(), "acme").await;
    ledger.people_and_apps(&[1], &["crm"]).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger.open(1, "crm", START_MS + 1).await;

    // Somebody drops the journals behind our back: every commit fails, as on a damaged file.
    let vandal = Connection::open(&path).unwrap();
    vandal
        .execute_batch(
            "ALTER TABLE journal_even RENAME TO even_away; ALTER TABLE journal_odd RENAME TO odd_away",
        )
        .unwrap();
    let refused = store
        .record(vec![ledger.access(1, "crm", START_MS + 2)])
        .await
        .unwrap_err();
    assert!(refused.is_unavailable(), "{refused}");
    assert!(!store.health().ready);
    let refused = store
        .record(vec![ledger.access(1, "crm", START_MS + 3)])
        .await
        .unwrap_err();
    assert!(refused.is_unavailable(), "{refused}");
    assert_eq!(
        store.health().commits_failed,
        1,
        "a job refused during the fault is not another fault"
    );
    assert_eq!(
        ledger.activities(PerUser, 10, START_MS + 4).await[0].active_time_ms,
        START_MS + 1
    );

    vandal
        .execute_batch(
            "ALTER TABLE even_away RENAME TO journal_even; ALTER TABLE odd_away RENAME TO journal_odd",
        )
        .unwrap();
    drop(vandal);
    while !store.health().ready {
        tokio::task::yield_now().await;
    }
    assert!(
        store
            .record(vec![ledger.access(1, "crm", START_MS + 5)])
            .await
            .is_ok()
    );
    let rows = ledger.activities(PerUser, 10, START_MS + 6).await;
    assert_eq!((rows.len(), rows[0].active_time_ms), (1, START_MS + 5));
}
