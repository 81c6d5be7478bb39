//! A backup holds the ledger as it stood; whatever happened to it since is noticed before anything is restored.

use std::{path::Path, sync::Arc};

use rusqlite::Connection;
use usher_conformance::ledger::{Ledger, START_MS};
use usher_seats::SeatType::PerUser;
use usher_sqlite::{
    Check, Examiner, SqliteStore,
    backup::{BackupError, BackupNote, back_up, restore, verified},
};

use crate::home::{file_in, folder, holder};

const KEY: [u8; 32] = [7; 32];

fn note() -> BackupNote {
    BackupNote {
        made_at_ms: START_MS,
        watermark_ms: Some(START_MS - 1),
        tables: std::collections::BTreeMap::new(),
    }
}

async fn served(path: &Path) -> (Arc<SqliteStore>, Ledger) {
    let store = Arc::new(SqliteStore::open(path, &holder()).unwrap());
    let ledger = Ledger::found(store.clone(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3], &["crm"]).await;
    for user in 1..=3 {
        ledger.assign(user, None, None, START_MS).await;
        ledger.open(user, "crm", START_MS + user).await;
    }
    (store, ledger)
}

fn restored(backup: &Path, to: &Path) -> Result<BackupNote, BackupError> {
    restore(backup, to, &holder(), |key| {
        assert_eq!(*key, KEY);
        Ok(())
    })
}

#[tokio::test]
async fn a_backup_of_a_store_at_work_restores_to_what_it_held() {
    let (here, there) = (folder(), folder());
    let path = file_in(here.path());
    let (store, ledger) = served(&path).await;
    let before = ledger.activities(PerUser, 10, START_MS + 9).await;
    let file = here.path().join("monday.backup");
    let made = back_up(&path, &file, note(), &KEY).unwrap();
    ledger.open(1, "crm", START_MS + 100).await;

    assert_eq!(verified(&file).unwrap().note, made);
    let to = file_in(there.path());
    assert_eq!(restored(&file, &to).unwrap(), made);
    let again = Arc::new(SqliteStore::open(&to, &holder()).unwrap());
    let ledger = Ledger {
        store: again.clone(),
        ..ledger
    };
    assert_eq!(ledger.activities(PerUser, 10, START_MS + 9).await, before);
    drop((ledger, again, store));
    let examiner = Examiner::open(&to).unwrap();
    for check in Check::ALL {
        assert_eq!(examiner.check(check).faults, [], "{check:?}");
    }
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let (here, there) = (folder(), folder());
    let path = file_in(here.path());
    let _served = served(&path).await;
    let file = here.path().join("monday.backup");
    back_up(&path, &file, note(), &KEY).unwrap();
    assert!(matches!(
        back_up(&path, &file, note(), &KEY),
        Err(BackupError::Occupied(_))
    ));
    for left_behind in ["usher.db", "usher.db-wal", "usher.db-sums"] {
        std::fs::write(there.path().join(left_behind), "x").unwrap();
        let refused = restored(&file, &file_in(there.path()));
        assert!(
            matches!(refused, Err(BackupError::Occupied(_))),
            "{left_behind}: {refused:?}"
        );
        std::fs::remove_file(there.path().join(left_behind)).unwrap();
    }
}

#[tokio::test]
async fn a_bit_flipped_in_a_backup_is_noticed_and_nothing_is_restored() {
    let (here, there) = (folder(), folder());
    let path = file_in(here.path());
    let _served = served(&path).await;
    let file = here.path().join("monday.backup");
    back_up(&path, &file, note(), &KEY).unwrap();
    let whole = std::fs::read(&file).unwrap();
    let values = Connection::open(&file).unwrap();
    let content = |connection: &Connection| -> i64 {
        connection
            .query_row("SELECT sum(assigned_at_ms) FROM seats", [], |row| row.get(0))
            .unwrap_or_default()
    };
    let seats = content(&values);
    drop(values);
    for place in (0..whole.len()).step_by(1_013) {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        std::fs::write(&file, &damaged).unwrap();
        let to = file_in(there.path());
        // What is not noticed is in a place that holds nothing: then the rows are what they were.
        if restored(&file, &to).is_ok() {
            assert_eq!(content(&Connection::open(&to).unwrap()), seats, "byte {place}");
            std::fs::remove_file(&to).unwrap();
        }
        assert!(!there.path().join("usher.db.unfinished").exists());
    }
}

#[tokio::test]
async fn a_damaged_store_is_not_backed_up() {
    let folder = folder();
    let path = file_in(folder.path());
    drop(served(&path).await);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[9 * 4_096 + 4_000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let file = folder.path().join("monday.backup");
    let refused = back_up(&path, &file, note(), &KEY);
    assert!(
        matches!(
            refused,
            Err(BackupError::Damaged {
                check: Check::Pages,
                ..
            })
        ),
        "{refused:?}"
    );
    assert!(!file.exists() && !folder.path().join("monday.backup.unfinished").exists());
}

#[test]
fn another_file_is_no_backup() {
    let folder = folder();
    let path = file_in(folder.path());
    drop(SqliteStore::open(&path, &holder()).unwrap());
    let text = folder.path().join("text");
    std::fs::write(
        &text,
        "not a file of SQLite at all, but long enough to be looked at".repeat(100),
    )
    .unwrap();
    for file in [path, text] {
        assert!(matches!(verified(&file), Err(BackupError::NotABackup)));
    }
}
