//! Where ledgers come from and go to.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use tempfile::TempDir;
use usher_conformance::ledger::START_MS;
use usher_postgres::{
    OpenError, PostgresOptions, PostgresSource, PostgresStore, PostgresTarget, SharedClock,
};
use usher_sqlite::{Holder, SqliteSource, SqliteTarget};
use usher_store::Store;
use usher_testbed::postgres::Server;

/// Who holds the folders of these tests.
pub(crate) fn holder() -> Holder {
    Holder {
        process_id: std::process::id(),
        command: "usher test".to_owned(),
        since_ms: START_MS,
        control_socket: None,
    }
}

/// A file in a folder of its own, in memory where the machine has one.
pub(crate) struct File(TempDir);

impl File {
    pub(crate) fn new() -> Self {
        let memory = Path::new("/dev/shm");
        Self(if memory.is_dir() {
            TempDir::new_in(memory).unwrap()
        } else {
            TempDir::new().unwrap()
        })
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("usher.db")
    }

    pub(crate) async fn source(&self) -> SqliteSource {
        SqliteSource::open(&self.path(), &holder()).await.unwrap()
    }

    pub(crate) fn target(&self) -> SqliteTarget {
        SqliteTarget::open(&self.path(), &holder()).unwrap()
    }
}

/// Time as the stories have it.
pub(crate) fn options() -> PostgresOptions {
    PostgresOptions {
        connections_max: 2,
        clock: SharedClock::Caller,
        ..PostgresOptions::default()
    }
}

pub(crate) async fn try_source(database: &str) -> Result<PostgresSource, OpenError> {
    let address = Server::shared().address(database).parse().unwrap();
    PostgresSource::open(&address, &options(), START_MS).await
}

pub(crate) async fn source_database(database: &str) -> PostgresSource {
    try_source(database).await.unwrap()
}

pub(crate) async fn try_target(database: &str) -> Result<PostgresTarget, OpenError> {
    let address = Server::shared().address(database).parse().unwrap();
    PostgresTarget::open(&address, &options(), START_MS).await
}

pub(crate) async fn target_database(database: &str) -> PostgresTarget {
    try_target(database).await.unwrap()
}

/// Why a database cannot be served; none when it can.
pub(crate) async fn open_error(database: &str) -> Option<OpenError> {
    match PostgresStore::open(&Server::shared().address(database), &options()).await {
        Ok(store) => {
            store.close().await;
            None
        }
        Err(error) => Some(error),
    }
}

/// A database without any table.
pub(crate) async fn empty_database() -> String {
    static DATABASES: AtomicU64 = AtomicU64::new(0);
    let database = format!("usher_bare_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    Server::shared().run(&format!("CREATE DATABASE {database}")).await;
    database
}
