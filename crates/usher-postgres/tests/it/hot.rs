//! An access rewrites a row within its page: PostgreSQL calls that a HOT update, and it spares every index.

use usher_conformance::{
    Home,
    ledger::{Ledger, START_MS, namespace, user_id},
};
use usher_store::Access;

use usher_testbed::postgres::Server;

use crate::home::PostgresHome;

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
    let mut home = PostgresHome::new().await;
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[], &["crm"]).await;
    let client = Server::shared().connect(home.database()).await;
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
    home.store().close().await;
    drop(ledger);
    home.restart().await;
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
