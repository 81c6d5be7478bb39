//! An access rewrites a row within its page: PostgreSQL calls that a HOT update, and it spares every index.
//!
//! What an update may reuse depends on the oldest transaction of the whole server, so this server is for nobody else: a test
//! beside it that takes long in its own database would be counted here.

use std::{path::Path, sync::Arc};

use usher_conformance::ledger::{Ledger, START_MS, namespace, user_id};
use usher_postgres::{PostgresOptions, PostgresStore, SharedClock};
use usher_store::{Access, Store};

use usher_testbed::postgres::Server;

/// People with a seat.
const PEOPLE: i64 = 20_000;
/// Accesses of a batch: as many as the door hands over at once.
const BATCH: i64 = 4_096;
/// Batches of the measurement, some six accesses per person.
const BATCHES: i64 = 30;
/// The share of HOT updates that is promised, in percent.
const HOT_PERCENT_MIN: i64 = 95;

#[tokio::test]
async fn nearly_every_access_is_a_hot_update() {
    let server = Server::start(Path::new("/tmp"), &["fsync=off", "autovacuum=off"]);
    server.run("CREATE DATABASE usher").await;
    let options = PostgresOptions {
        clock: SharedClock::Caller,
        ..PostgresOptions::default()
    };
    let store: Arc<dyn Store> = Arc::new(
        PostgresStore::open(&server.address("usher"), &options)
            .await
            .unwrap(),
    );
    let ledger = Ledger::found(Arc::clone(&store), "acme").await;
    ledger.people_and_apps(&[], &["crm"]).await;
    let client = server.connect("usher").await;
    let tenant_id = ledger.tenant_id.0;
    client
        .batch_execute(&format!(
            "INSERT INTO users SELECT {tenant_id}, n, 'person', NULL, TRUE, FALSE FROM generate_series(1, {PEOPLE}) AS n;
             INSERT INTO seats (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms)
             SELECT {tenant_id}, 0, n, '', TRUE, 0 FROM generate_series(1, {PEOPLE}) AS n;
             ANALYZE"
        ))
        .await
        .unwrap();
    let access = |number: i64, at_ms| Access {
        tenant_id: ledger.tenant_id,
        user_id: user_id(number % PEOPLE + 1),
        namespace: namespace("crm"),
        accessed_at_ms: at_ms,
    };
    let everybody: Vec<Access> = (0..PEOPLE).map(|number| access(number, START_MS)).collect();
    ledger.store.record(everybody).await.unwrap();
    client.batch_execute("VACUUM ANALYZE activity").await.unwrap();
    let begun = tokio::time::Instant::now();
    for batch in 0..BATCHES {
        // Scattered, as a crowd is: 7,919 is a prime.
        let accesses = (0..BATCH).map(|place| access((batch * BATCH + place) * 7_919, START_MS + 1 + batch));
        ledger.store.record(accesses.collect()).await.unwrap();
    }
    let took = begun.elapsed();
    // A connection tells what it did when it ends, at the latest.
    store.close().await;
    drop((store, ledger, client));
    server.until_nobody_is_in("usher").await;
    let client = server.connect("usher").await;
    let counted = client
        .query_one(
            "SELECT pg_stat_clear_snapshot()::text, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'activity'",
            &[],
        );
    let row = counted.await.unwrap();
    let (updates, hot): (i64, i64) = (row.get(1), row.get(2));
    println!(
        "{} accesses in {took:?}; {hot} of {updates} updates were HOT",
        BATCH * BATCHES
    );
    assert!(
        updates > 0 && hot * 100 >= updates * HOT_PERCENT_MIN,
        "{hot} of {updates}"
    );
}
