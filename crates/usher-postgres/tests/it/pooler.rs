//! Behind PgBouncer in transaction mode: every transaction meets another connection, and several instances share them.

use std::sync::Arc;

use usher_postgres::{OpenError, PostgresOptions, PostgresStore};
use usher_seats::{LocalizedNames, SeatType, TimeZoneName, UserId, Verdict};
use usher_store::{Access, App, Change, Effect, Store, User};
use usher_testbed::{pgbouncer::Pooler, postgres::Server};

use crate::home::PostgresHome;

/// When it happens.
const NOW_MS: i64 = 1_700_000_000_000;
/// People who come at once, each through one of the instances.
const PEOPLE: i64 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_instances_behind_a_pooler_find_it_out_and_keep_one_ledger() {
    let database = PostgresHome::database_of_its_own().await;
    let address = Pooler::shared().address(&database);
    all_is_well(&address).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_hides_is_named_in_the_address() {
    let hiding = Pooler::start("ignore_startup_parameters = options");
    let database = PostgresHome::database_of_its_own().await;
    all_is_well(&format!("{}?pooler=transaction", hiding.address(&database))).await;
}

#[tokio::test]
async fn who_denies_a_pooler_hears_what_it_refuses() {
    let database = PostgresHome::database_of_its_own().await;
    let address = format!("{}?pooler=none", Pooler::shared().address(&database));
    let refused = PostgresStore::open(&address, &PostgresOptions::default())
        .await
        .err()
        .unwrap();
    assert!(matches!(refused, OpenError::Database(_)), "{refused:?}");
    assert!(refused.to_string().contains("startup parameter"), "{refused}");
}

#[tokio::test]
async fn a_transaction_behind_a_pooler_has_its_time_outs_and_leaves_none() {
    let database = PostgresHome::database_of_its_own().await;
    let options = PostgresOptions {
        lock_timeout_ms: 100,
        ..PostgresOptions::default()
    };
    let address = Pooler::shared().address(&database);
    let store = PostgresStore::open(&address, &options).await.unwrap();
    let held = Server::shared().connect(&database).await;
    held.batch_execute("BEGIN; LOCK TABLE tenants IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let refused = store.change(vec![tenant()], NOW_MS).await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused:?}");
    held.batch_execute("ROLLBACK").await.unwrap();
    store.change(vec![tenant()], NOW_MS).await.unwrap();
    store.close().await;
    let (other, connection) = tokio_postgres::connect(&address, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let shown = other.simple_query("SHOW lock_timeout").await.unwrap();
    let shown = shown.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    assert_eq!(
        shown.as_deref(),
        Some("0"),
        "the next transaction has the server's own"
    );
}

/// Three instances on one database: each reads what the others wrote, and everybody is admitted.
async fn all_is_well(address: &str) {
    let mut stores = Vec::new();
    for _ in 0..3 {
        let store = PostgresStore::open(address, &PostgresOptions::default()).await;
        stores.push(Arc::new(store.unwrap()));
    }
    let made = stores[0].change(vec![tenant()], NOW_MS).await.unwrap();
    let Effect::TenantCreated(tenant_id) = made[0] else {
        panic!("{made:?}")
    };
    let app = App {
        tenant_id,
        namespace: "crm".parse().unwrap(),
        name: "crm".to_owned(),
        names: LocalizedNames::NONE,
        enabled: true,
    };
    stores[1].change(vec![Change::PutApp(app)], NOW_MS).await.unwrap();
    let mut people = Vec::new();
    for number in 1..=PEOPLE {
        let store = Arc::clone(&stores[usize::try_from(number).unwrap() % stores.len()]);
        people.push(tokio::spawn(async move {
            let user_id = UserId::new(number).unwrap();
            let user = User {
                tenant_id,
                user_id,
                name: "somebody".to_owned(),
                enabled: true,
                system_administrator: false,
                external_id: None,
            };
            let seat = Change::AssignSeat {
                tenant_id,
                seat_type: SeatType::PerUser,
                user_id,
                namespace: None,
                expires_at_ms: None,
            };
            store
                .change(vec![Change::PutUser(user), seat], NOW_MS)
                .await
                .unwrap();
            let access = Access {
                tenant_id,
                user_id,
                namespace: "crm".parse().unwrap(),
                accessed_at_ms: NOW_MS + number,
            };
            store.record(vec![access]).await.unwrap()
        }));
    }
    for person in people {
        let recorded = person.await.unwrap();
        assert!(
            matches!(recorded[0].verdict, Verdict::Admitted { .. }),
            "{recorded:?}"
        );
    }
    for store in &stores {
        let users = store.users(tenant_id, None, 500).await.unwrap();
        assert_eq!(users.len(), usize::try_from(PEOPLE).unwrap());
        store.close().await;
    }
}

fn tenant() -> Change {
    Change::CreateTenant {
        tenant_key: "acme".parse().unwrap(),
        name: "Acme".to_owned(),
        time_zone: TimeZoneName::utc(),
    }
}
