//! Damage is found, whatever page it is in; and a whole file is not called damaged, whatever happened to it before.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::Connection;
use tempfile::TempDir;
use usher_conformance::ledger::{Ledger, START_MS};
use usher_sqlite::{Check, Examiner, Fault, SqliteOptions, SqliteStore};
use usher_store::Store;

use crate::home::{file_in, folder, holder};

/// Everything that is wrong with a file.
fn faults(path: &Path) -> Vec<(Check, Fault)> {
    let examiner = Examiner::open(path).unwrap();
    let checks = Check::ALL.into_iter();
    checks
        .flat_map(|check| {
            let faults = examiner.check(check).faults;
            faults.into_iter().map(move |fault| (check, fault))
        })
        .collect()
}

/// A ledger that was used: some accesses are folded, some are not.
async fn used(path: &Path) -> Arc<SqliteStore> {
    let options = SqliteOptions {
        fold_after_accesses: 40,
    };
    let store = Arc::new(SqliteStore::open_with(path, &holder(), options).unwrap());
    let ledger = Ledger::found(store.clone(), "acme").await;
    let people: Vec<_> = (1..=50).collect();
    ledger.people_and_apps(&people, &["crm", "wiki"]).await;
    for user in people {
        ledger.assign(user, None, None, START_MS).await;
        ledger.open(user, "crm", START_MS + user).await;
    }
    while store.health().folds_completed == 0 {
        tokio::task::yield_now().await;
    }
    ledger.open(3, "wiki", START_MS + 100).await;
    store
}

/// The files as they would be found if the machine stopped now.
fn as_after_a_stop(folder: &Path) -> (TempDir, PathBuf) {
    let copy = crate::home::folder();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    let path = file_in(copy.path());
    (copy, path)
}

#[tokio::test]
async fn a_whole_ledger_has_no_faults_at_any_time() {
    let folder = folder();
    let path = file_in(folder.path());
    let store = used(&path).await;
    assert_eq!(faults(&path), [], "while it is at work");
    let (_stopped, found) = as_after_a_stop(folder.path());
    assert_eq!(faults(&found), [], "when the machine stopped");
    drop(SqliteStore::open(&found, &holder()).unwrap());
    assert_eq!(faults(&found), [], "when it was started after that");
    drop(store);
    assert_eq!(faults(&path), [], "after an orderly end");
}

#[tokio::test]
async fn a_bit_flipped_in_any_page_is_found_and_the_page_is_named() {
    let folder = folder();
    let path = file_in(folder.path());
    drop(used(&path).await);
    let whole = std::fs::read(&path).unwrap();
    let page_bytes = 4_096;
    for (page, number) in whole.chunks(page_bytes).zip(1_u32..) {
        // A few places of every page, never the same ones.
        for place in (number as usize % 499..page.len()).step_by(997) {
            let mut damaged = whole.clone();
            damaged[(number as usize - 1) * page_bytes + place] ^= 1 << (place % 8);
            std::fs::write(&path, &damaged).unwrap();
            let Ok(examiner) = Examiner::open(&path) else {
                continue;
            };
            assert_eq!(
                examiner.check(Check::Pages).faults,
                [Fault::Page(number)],
                "byte {place}"
            );
        }
    }
}

#[tokio::test]
async fn a_bit_flipped_in_the_log_or_in_the_sums_is_found() {
    let folder = folder();
    let path = file_in(folder.path());
    let _store = used(&path).await;
    let (_stopped, found) = as_after_a_stop(folder.path());
    let flipped = |name: &str, place: usize| {
        let file = found.with_file_name(name);
        let whole = std::fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        damaged[place] ^= 16;
        std::fs::write(&file, &damaged).unwrap();
        let faults = Examiner::open(&found).map(|examiner| {
            let log = examiner.check(Check::Log).faults;
            [log, examiner.check(Check::Pages).faults].concat()
        });
        std::fs::write(&file, &whole).unwrap();
        let _ = std::fs::remove_file(found.with_file_name("usher.db-shm"));
        faults.unwrap_or_default()
    };
    let in_log = flipped("usher.db-wal", 100_000);
    assert!(matches!(in_log[..], [Fault::LogBroken { .. }]), "{in_log:?}");
    assert_eq!(faults(&found), [], "mended");
    drop(SqliteStore::open(&found, &holder()).unwrap());
    assert_eq!(flipped("usher.db-sums", 16 * 2 + 3), [Fault::PageSum(2)]);
}

#[tokio::test]
async fn what_is_counted_is_counted_again() {
    let statements = [
        ("UPDATE pools SET held = held + 1", Check::Pools),
        (
            "UPDATE seat_tallies SET seats = seats + 1 WHERE mark = 0",
            Check::Tallies,
        ),
        ("DELETE FROM user_search_keys WHERE user_id = 7", Check::Keys),
        (
            "UPDATE users SET person_number = 3 WHERE user_id = 7",
            Check::Keys,
        ),
        ("UPDATE active_days SET people = x'00'", Check::Days),
        (
            "UPDATE audit_records SET reason = 'x' WHERE sequence = 2",
            Check::AuditLogs,
        ),
        ("DROP TRIGGER seats_tally_insert", Check::Schema),
        (
            "INSERT INTO journal_even (sequence, records) VALUES (1000, x'63')",
            Check::Journals,
        ),
        ("DELETE FROM users WHERE user_id = 9", Check::References),
    ];
    let folder = folder();
    let path = file_in(folder.path());
    drop(used(&path).await);
    let whole = std::fs::read(&path).unwrap();
    for (statement, check) in statements {
        let vandal = Connection::open(&path).unwrap();
        vandal
            .execute_batch(&format!("PRAGMA foreign_keys = OFF; {statement}"))
            .unwrap();
        drop(vandal);
        assert_ne!(
            Examiner::open(&path).unwrap().check(check).faults,
            [],
            "{statement}"
        );
        std::fs::write(&path, &whole).unwrap();
    }
    assert_eq!(faults(&path), []);
}

#[tokio::test]
async fn a_file_without_sums_gets_them_when_it_is_opened() {
    let folder = folder();
    let path = file_in(folder.path());
    drop(used(&path).await);
    assert!(
        !folder.path().join("usher.db-wal").exists(),
        "an orderly end copies the log into the file"
    );
    std::fs::remove_file(folder.path().join("usher.db-sums")).unwrap();
    assert_eq!(faults(&path), [(Check::Pages, Fault::NoPageSums)]);
    drop(SqliteStore::open(&path, &holder()).unwrap());
    assert_eq!(faults(&path), []);
}
