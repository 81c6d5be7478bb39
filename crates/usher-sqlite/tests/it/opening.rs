//! What is refused at opening, and what a start finds.

use rusqlite::Connection;
use usher_conformance::ledger::{Ledger, START_MS};
use usher_seats::SeatType::PerUser;
use usher_sqlite::{OpenError, SCHEMA_VERSION, SqliteOptions, SqliteStore, holder_of};
use usher_store::Store;

use crate::home::{file_in, folder, holder};

#[test]
fn a_held_folder_names_its_holder() {
    let folder = folder();
    assert_eq!(holder_of(folder.path()).unwrap(), None);
    let store = SqliteStore::open(&file_in(folder.path()), &holder()).unwrap();
    assert_eq!(holder_of(folder.path()).unwrap(), Some(holder()));
    match SqliteStore::open(&file_in(folder.path()), &holder()) {
        Err(OpenError::Held(Some(found))) => assert_eq!(found, holder()),
        other => panic!("{other:?}"),
    }
    drop(store);
    assert_eq!(holder_of(folder.path()).unwrap(), None);
    SqliteStore::open(&file_in(folder.path()), &holder()).unwrap();
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = folder();
    let path = file_in(folder.path());
    drop(SqliteStore::open(&path, &holder()).unwrap());
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", SCHEMA_VERSION + 1)
        .unwrap();
    match SqliteStore::open(&path, &holder()) {
        Err(OpenError::NewerSchema { found, known }) => {
            assert_eq!((found, known), (SCHEMA_VERSION + 1, SCHEMA_VERSION));
        }
        other => panic!("{other:?}"),
    }
    let version: i64 = Connection::open(&path)
        .unwrap()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, SCHEMA_VERSION + 1);
}

#[tokio::test]
async fn a_file_from_before_names_and_time_zones_is_brought_up_with_what_it_holds() {
    let folder = folder();
    let path = file_in(folder.path());
    let older = [
        include_str!("../../migrations/0001_ledger.sql"),
        include_str!("../../migrations/0002_identity.sql"),
        include_str!("../../migrations/0003_management.sql"),
        include_str!("../../migrations/0004_identity_provider.sql"),
    ];
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(&older.concat()).unwrap();
    connection
        .pragma_update(None, "application_id", 0x5553_4852)
        .unwrap();
    connection.pragma_update(None, "user_version", 4).unwrap();
    connection
        .execute_batch(
            "INSERT INTO tenants VALUES (1, 'acme', 'Acme', 1);
             INSERT INTO apps VALUES (1, 1, 'crm', 'Sales', 1);",
        )
        .unwrap();
    drop(connection);
    let store = SqliteStore::open(&path, &holder()).unwrap();
    let tenant = store.tenant(&"acme".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((tenant.name.as_str(), tenant.time_zone.as_str()), ("Acme", "UTC"));
    let apps = store.apps(tenant.tenant_id, None, 10).await.unwrap();
    assert_eq!(apps.len(), 1);
    assert_eq!(apps[0].name_for("zh-CN"), "Sales");
}

#[test]
fn another_programs_file_is_refused_and_left_alone() {
    let folder = folder();
    let path = file_in(folder.path());
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE recipes (name TEXT)")
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        SqliteStore::open(&path, &holder()),
        Err(OpenError::NotAStore)
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::write(
        &path,
        "this is a letter, not a database, and longer than a header of one hundred bytes is, surely?",
    )
    .unwrap();
    assert!(SqliteStore::open(&path, &holder()).is_err());
}

#[tokio::test]
async fn a_process_that_just_vanishes_leaves_everything_acknowledged() {
    let (lived, found) = (folder(), folder());
    let options = SqliteOptions {
        fold_after_accesses: 7,
    };
    let store =
        std::sync::Arc::new(SqliteStore::open_with(&file_in(lived.path()), &holder(), options).unwrap());
    let ledger = Ledger::found(store.clone(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3], &["crm", "wiki"]).await;
    for user in [1, 2, 3] {
        ledger.assign(user, None, None, START_MS).await;
    }
    for round in 0..40 {
        ledger
            .open(
                round % 3 + 1,
                if round % 2 == 0 { "crm" } else { "wiki" },
                START_MS + round,
            )
            .await;
        // The files as they are now, in the middle of journals and folds, with nothing closed or flushed by us.
        for name in ["usher.db", "usher.db-wal"] {
            std::fs::copy(lived.path().join(name), found.path().join(name)).unwrap();
        }
        let expected = ledger.activities(PerUser, 10, START_MS + 100).await;
        let again = SqliteStore::open_with(&file_in(found.path()), &holder(), options).unwrap();
        let copy = Ledger {
            store: std::sync::Arc::new(again),
            tenant_id: ledger.tenant_id,
        };
        assert_eq!(
            copy.activities(PerUser, 10, START_MS + 100).await,
            expected,
            "after access {round}"
        );
        copy.store.close().await;
    }
    assert!(store.health().folds_completed >= 3, "{:?}", store.health());
}

#[tokio::test]
async fn a_closed_store_refuses_politely() {
    let folder = folder();
    let store = SqliteStore::open(&file_in(folder.path()), &holder()).unwrap();
    store.close().await;
    assert!(store.record(Vec::new()).await.unwrap_err().is_unavailable());
    assert!(store.app_routes().await.unwrap_err().is_unavailable());
    assert!(!store.health().ready);
}
