//! A database of its own for every test, copied from one that has the schema already.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use tokio::sync::OnceCell;
use usher_conformance::Home;
use usher_postgres::{PostgresOptions, PostgresStore, SharedClock};
use usher_store::Store;

use usher_testbed::{pgbouncer::Pooler, postgres::Server};

/// Puts a pooler in between: with `USHER_TEST_POOLER=pgbouncer` every story is told behind one.
const POOLER_VARIABLE: &str = "USHER_TEST_POOLER";
/// Few connections per test, for many tests run at once on one server.
const CONNECTIONS_MAX: usize = 4;
/// The database that the others are copies of.
const TEMPLATE: &str = "usher_template";

/// An engine in a database.
pub(crate) struct PostgresHome {
    database: String,
    store: Option<Arc<PostgresStore>>,
}

impl PostgresHome {
    /// An empty ledger.
    pub(crate) async fn new() -> Self {
        let database = Self::database_of_its_own().await;
        let store = Some(open(&database).await);
        Self { database, store }
    }

    /// What is in a database.
    pub(crate) async fn found(database: &str) -> Self {
        Self {
            database: database.to_owned(),
            store: Some(open(database).await),
        }
    }

    /// A database with the schema and nothing else.
    pub(crate) async fn database_of_its_own() -> String {
        static READY: OnceCell<()> = OnceCell::const_new();
        static DATABASES: AtomicU64 = AtomicU64::new(0);
        crate::statements::read_along();
        READY.get_or_init(make_template).await;
        let database = format!("usher_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        Server::shared()
            .run(&format!(
                "CREATE DATABASE {database} TEMPLATE {TEMPLATE} STRATEGY file_copy"
            ))
            .await;
        database
    }

    /// A further instance on the same database.
    pub(crate) async fn another(&self) -> Arc<PostgresStore> {
        open(&self.database).await
    }

    /// The name of the database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }
}

async fn make_template() {
    Server::shared().run(&format!("CREATE DATABASE {TEMPLATE}")).await;
    // Never through a pooler, whose connections would stay.
    let store = opened(&Server::shared().address(TEMPLATE)).await;
    store.close().await;
    drop(store);
    Server::shared().until_nobody_is_in(TEMPLATE).await;
}

async fn open(database: &str) -> Arc<PostgresStore> {
    if std::env::var(POOLER_VARIABLE).is_ok_and(|value| value == "pgbouncer") {
        return opened(&Pooler::shared().address(database)).await;
    }
    opened(&Server::shared().address(database)).await
}

async fn opened(address: &str) -> Arc<PostgresStore> {
    let options = PostgresOptions {
        connections_max: CONNECTIONS_MAX,
        // Stories set the time by hand.
        clock: SharedClock::Caller,
        ..PostgresOptions::default()
    };
    Arc::new(PostgresStore::open(address, &options).await.unwrap())
}

#[async_trait]
impl Home for PostgresHome {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().unwrap()
    }

    async fn restart(&mut self) {
        if let Some(store) = self.store.take() {
            store.close().await;
        }
        self.store = Some(open(&self.database).await);
    }
}
