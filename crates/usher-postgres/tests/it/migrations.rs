//! The schema is brought up to date once, by whoever comes first, and two versions of Usher may work on it.

use tokio::task::JoinSet;
use usher_conformance::{
    Home,
    ledger::{Ledger, START_MS, admitted},
};
use usher_postgres::{PostgresOptions, PostgresStore, SCHEMA_VERSION};
use usher_seats::SeatType::PerUser;
use usher_store::Store;
use usher_testbed::postgres::Server;

use crate::home::PostgresHome;

/// The first step, as the first of all versions made it.
const FIRST_STEP: &str = include_str!("../../migrations/0001_ledger.sql");

async fn open(database: &str) -> PostgresStore {
    let address = Server::shared().address(database);
    let options = PostgresOptions {
        connections_max: 2,
        ..PostgresOptions::default()
    };
    PostgresStore::open(&address, &options).await.unwrap()
}

async fn steps(database: &str) -> i64 {
    let client = Server::shared().connect(database).await;
    let row = client.query_one("SELECT count(*) FROM schema_steps", &[]).await;
    row.unwrap().get(0)
}

#[tokio::test]
async fn instances_that_start_together_make_the_schema_once() {
    Server::shared().run("CREATE DATABASE usher_begun_together").await;
    let mut openings = JoinSet::new();
    for _ in 0..4 {
        openings.spawn(open("usher_begun_together"));
    }
    for store in openings.join_all().await {
        store.close().await;
    }
    assert_eq!(
        usize::try_from(steps("usher_begun_together").await).unwrap(),
        SCHEMA_VERSION
    );
}

#[tokio::test]
async fn a_schema_that_was_broken_off_is_gone_on_with() {
    Server::shared().run("CREATE DATABASE usher_broken_off").await;
    let client = Server::shared().connect("usher_broken_off").await;
    client.batch_execute(FIRST_STEP).await.unwrap();
    client
        .batch_execute(
            "CREATE TABLE schema_steps (version bigint PRIMARY KEY); INSERT INTO schema_steps VALUES (1);
             INSERT INTO tenants (tenant_key, name, enabled) VALUES ('acme', 'Acme', TRUE)",
        )
        .await
        .unwrap();
    let store = open("usher_broken_off").await;
    let tenant = store.tenant(&"acme".parse().unwrap()).await.unwrap();
    assert!(tenant.is_some(), "what was there before stays");
    assert_eq!(
        usize::try_from(steps("usher_broken_off").await).unwrap(),
        SCHEMA_VERSION
    );
    store.close().await;
}

#[tokio::test]
async fn this_version_works_on_a_schema_to_which_its_successor_has_added() {
    let mut home = PostgresHome::new().await;
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1], &["crm"]).await;
    let client = Server::shared().connect(home.database()).await;
    client
        .batch_execute(
            "ALTER TABLE users ADD COLUMN of_the_successor text;
             ALTER TABLE seats ADD COLUMN of_the_successor bigint NOT NULL DEFAULT 0;
             ALTER TABLE activity ADD COLUMN of_the_successor bigint NOT NULL DEFAULT 0;
             CREATE TABLE only_of_the_successor (tenant_id bigint PRIMARY KEY);
             INSERT INTO schema_steps VALUES (1000)",
        )
        .await
        .unwrap();
    // Both the one that was at work and one that starts now.
    ledger.assign(1, None, None, START_MS).await;
    assert_eq!(ledger.open(1, "crm", START_MS).await, admitted(PerUser, START_MS));
    drop(ledger.store);
    home.restart().await;
    let ledger = Ledger {
        store: home.store(),
        tenant_id: ledger.tenant_id,
    };
    ledger.people_and_apps(&[2], &["wiki"]).await;
    ledger.assign(2, Some("wiki"), None, START_MS).await;
    let later = START_MS + 1;
    assert_eq!(ledger.open(1, "wiki", later).await, admitted(PerUser, later));
}

#[tokio::test]
async fn a_step_waits_for_a_table_that_somebody_uses_and_is_made_then() {
    Server::shared().run("CREATE DATABASE usher_in_use").await;
    let client = Server::shared().connect("usher_in_use").await;
    client.batch_execute(FIRST_STEP).await.unwrap();
    client
        .batch_execute(
            "CREATE TABLE schema_steps (version bigint PRIMARY KEY); INSERT INTO schema_steps VALUES (1)",
        )
        .await
        .unwrap();
    client
        .batch_execute("BEGIN; SELECT 1 FROM audit_heads")
        .await
        .unwrap();
    let opening = tokio::spawn(open("usher_in_use"));
    let watcher = Server::shared().connect("usher_in_use").await;
    let waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'audit_heads'::regclass";
    while watcher.query(waits, &[]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    client.batch_execute("COMMIT").await.unwrap();
    opening.await.unwrap().close().await;
    assert_eq!(
        usize::try_from(steps("usher_in_use").await).unwrap(),
        SCHEMA_VERSION
    );
}
