//! The engine of a house: SQLite, or with `USHER_TEST_STORE=postgres` PostgreSQL; the tests are the same.

use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};
use usher_postgres::{PostgresOptions, PostgresStore, SharedClock};
use usher_sqlite::{Holder, SqliteStore};
use usher_store::Store;
use usher_testbed::postgres::{Database, Server};

use crate::support::BEGIN_MS;

/// Says which engine.
const VARIABLE: &str = "USHER_TEST_STORE";
/// Few connections per house, for several are open at once on one server.
const CONNECTIONS_MAX: usize = 4;

/// Where a house keeps its ledger; gone with it.
pub enum Engine {
    File(TempDir),
    Database(Database),
}

/// Whoever lets nobody write.
pub enum HoldUp {
    File(Connection),
    Database(Client),
}

impl Engine {
    /// An empty ledger.
    pub async fn open() -> (Self, Arc<dyn Store>) {
        match std::env::var(VARIABLE).as_deref() {
            Ok("postgres") => Self::in_database().await,
            Ok(other) if other != "sqlite" => panic!("{VARIABLE}={other}"),
            _ => Self::in_file(),
        }
    }

    /// An empty ledger in a file.
    pub fn in_file() -> (Self, Arc<dyn Store>) {
        let folder = tempfile::tempdir().unwrap();
        let holder = Holder {
            process_id: std::process::id(),
            command: "test".to_owned(),
            since_ms: BEGIN_MS,
            control_socket: None,
        };
        let store = SqliteStore::open(&folder.path().join("usher.db"), &holder).unwrap();
        (Self::File(folder), Arc::new(store))
    }

    async fn in_database() -> (Self, Arc<dyn Store>) {
        let database = tokio::task::spawn_blocking(|| Database::copied(make_schema))
            .await
            .unwrap();
        let store = open(&database.address()).await;
        (Self::Database(database), Arc::new(store))
    }

    /// Does to what is kept what Usher never would.
    pub async fn vandalize(&self, statements: &str) {
        match self {
            Self::File(folder) => {
                let file = Connection::open(folder.path().join("usher.db")).unwrap();
                file.execute_batch(statements).unwrap();
            }
            Self::Database(database) => connect(database).await.batch_execute(statements).await.unwrap(),
        }
    }

    /// Everything that is kept, as it lies on the disk.
    pub async fn stored_bytes(&self) -> Vec<u8> {
        let folder = match self {
            Self::File(folder) => folder.path().to_owned(),
            Self::Database(database) => {
                let client = connect(database).await;
                client.batch_execute("CHECKPOINT").await.unwrap();
                let place = "SELECT 'base/' || oid FROM pg_database WHERE datname = current_database()";
                let place: String = client.query_one(place, &[]).await.unwrap().get(0);
                Server::shared().data().join(place)
            }
        };
        let mut bytes = Vec::new();
        for file in std::fs::read_dir(folder).unwrap() {
            bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        assert!(bytes.len() > 10_000);
        bytes
    }

    /// Lets nobody write any access until the answer is told to let go.
    pub async fn hold_up(&self) -> HoldUp {
        match self {
            Self::File(folder) => {
                let file = Connection::open(folder.path().join("usher.db")).unwrap();
                file.execute_batch("BEGIN IMMEDIATE").unwrap();
                HoldUp::File(file)
            }
            Self::Database(database) => {
                let client = connect(database).await;
                let lock = "BEGIN; LOCK TABLE activity IN EXCLUSIVE MODE";
                client.batch_execute(lock).await.unwrap();
                HoldUp::Database(client)
            }
        }
    }
}

impl HoldUp {
    /// Lets everybody write again.
    pub async fn let_go(self) {
        match self {
            Self::File(file) => file.execute_batch("ROLLBACK").unwrap(),
            Self::Database(client) => client.batch_execute("ROLLBACK").await.unwrap(),
        }
    }
}

async fn connect(database: &Database) -> Client {
    let (client, connection) = tokio_postgres::connect(&database.address(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn open(address: &str) -> PostgresStore {
    let options = PostgresOptions {
        connections_max: CONNECTIONS_MAX,
        // Tests set the time by hand.
        clock: SharedClock::Caller,
        ..PostgresOptions::default()
    };
    PostgresStore::open(address, &options).await.unwrap()
}

/// Fills the database that every other is a copy of. Beside any test's runtime, for it is made for all of them.
fn make_schema(address: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { open(address).await.close().await });
}
