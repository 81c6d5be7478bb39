//! The schema distributes by tenant: every key and unique constraint says so, but for what must be unique over all tenants.

use usher_postgres::{PLACEMENTS, Placement, PostgresOptions, PostgresStore};
use usher_store::Store;

use usher_testbed::postgres::Server;

#[tokio::test]
async fn every_unique_index_of_a_distributed_table_is_led_by_the_tenant() {
    Server::shared().run("CREATE DATABASE usher_keys").await;
    let address = Server::shared().address("usher_keys");
    let store = PostgresStore::open(&address, &PostgresOptions::default())
        .await
        .unwrap();
    let rows = Server::shared()
        .connect("usher_keys")
        .await
        .query(
            "SELECT kind.relname::text, columns.attname::text FROM pg_index AS key
             JOIN pg_class AS kind ON kind.oid = key.indrelid
             JOIN pg_namespace AS place ON place.oid = kind.relnamespace AND place.nspname = 'public'
             JOIN pg_attribute AS columns ON columns.attrelid = kind.oid AND columns.attnum = key.indkey[0]
             WHERE key.indisunique ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    let keys: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(keys.len() > 20, "{keys:?}");
    for (table, first) in keys {
        assert!(
            first == "tenant_id" || placement(&table) != Placement::Distributed,
            "{table}: {first}"
        );
    }
    store.close().await;
}

#[tokio::test]
async fn no_index_stands_in_the_way_of_an_access() {
    Server::shared().run("CREATE DATABASE usher_hot").await;
    let address = Server::shared().address("usher_hot");
    let store = PostgresStore::open(&address, &PostgresOptions::default())
        .await
        .unwrap();
    let rows = Server::shared()
        .connect("usher_hot")
        .await
        .query(
            "SELECT indexname::text FROM pg_indexes WHERE tablename = 'activity'",
            &[],
        )
        .await
        .unwrap();
    let indexes: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        indexes,
        ["activity_pkey"],
        "an update of active_time touches no index"
    );
    store.close().await;
}

/// Where a table lies; the schema has none that is not placed.
fn placement(table: &str) -> Placement {
    let placed = PLACEMENTS.iter().find(|(name, _)| *name == table);
    placed.unwrap_or_else(|| panic!("{table} is not placed")).1
}
