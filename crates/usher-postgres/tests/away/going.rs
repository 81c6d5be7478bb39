//! The database stops, hangs, and comes back.

use std::{sync::Arc, time::Duration};

use usher_conformance::ledger::{Ledger, START_MS, admitted};
use usher_postgres::{PostgresOptions, PostgresStore};
use usher_seats::SeatType::PerUser;
use usher_testbed::postgres::Server;

/// Only ends a test that would otherwise hang for ever.
const PATIENCE: Duration = Duration::from_secs(60);

async fn ledger(server: &Server) -> Ledger {
    server.run("CREATE DATABASE usher").await;
    let store = PostgresStore::open(&server.address("usher"), &PostgresOptions::default())
        .await
        .unwrap();
    let ledger = Ledger::found(Arc::new(store), "acme").await;
    ledger.people_and_apps(&[1], &["crm"]).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger
}

/// Waits until the engine says that the database is there, or away.
async fn until_ready(ledger: &Ledger, ready: bool) {
    let seen = async {
        while ledger.store.health().ready != ready {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap();
}

async fn is_refused(ledger: &Ledger) -> bool {
    let access = ledger.access(1, "crm", START_MS + 1);
    let refused = tokio::time::timeout(PATIENCE, ledger.store.record(vec![access]));
    matches!(refused.await.unwrap(), Err(error) if error.is_unavailable())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_survived() {
    let server = Server::start(std::path::Path::new("/tmp"), &["fsync=off"]);
    let ledger = ledger(&server).await;
    for mode in ["fast", "immediate"] {
        server.stop(mode);
        assert!(is_refused(&ledger).await);
        until_ready(&ledger, false).await;
        server.resume();
        until_ready(&ledger, true).await;
    }
    assert_eq!(
        ledger.open(1, "crm", START_MS + 5).await,
        admitted(PerUser, START_MS + 5)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_holds_on_to_nobody() {
    let server = Server::start(std::path::Path::new("/tmp"), &["fsync=off"]);
    let ledger = ledger(&server).await;
    server.halt();
    let refused = is_refused(&ledger).await;
    let reads = ledger.store.apps(ledger.tenant_id, None, 1).await.is_err();
    server.go_on();
    assert!(refused && reads);
    until_ready(&ledger, true).await;
    assert_eq!(
        ledger.open(1, "crm", START_MS + 5).await,
        admitted(PerUser, START_MS + 5)
    );
}
