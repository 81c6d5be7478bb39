//! A folder of its own for every test.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use tempfile::TempDir;
use usher_conformance::Home;
use usher_sqlite::{Holder, SqliteOptions, SqliteStore};
use usher_store::Store;

/// Folds so often that every tale meets some.
const FOLD_AFTER_ACCESSES: u64 = 3;

/// Who holds the folders of these tests.
pub(crate) fn holder() -> Holder {
    Holder {
        process_id: std::process::id(),
        command: "usher test".to_owned(),
        since_ms: 1_720_000_000_000,
        control_socket: None,
    }
}

/// A folder in memory where the machine has one. The tests that need a disk say so and make their own.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        TempDir::new_in(memory).unwrap()
    } else {
        TempDir::new().unwrap()
    }
}

/// An engine in a folder.
pub(crate) struct SqliteHome {
    folder: TempDir,
    store: Option<Arc<SqliteStore>>,
}

impl SqliteHome {
    /// An empty ledger, copied from one that was made once: making the tables takes longer than most tales.
    pub(crate) async fn new() -> Self {
        static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let folder = folder();
            let path = file_in(folder.path());
            drop(SqliteStore::open(&path, &holder()).unwrap());
            std::fs::read(path).unwrap()
        });
        let folder = folder();
        std::fs::write(file_in(folder.path()), template).unwrap();
        let store = Some(open(folder.path()));
        Self { folder, store }
    }
}

pub(crate) fn file_in(folder: &Path) -> PathBuf {
    folder.join("usher.db")
}

fn open(folder: &Path) -> Arc<SqliteStore> {
    let options = SqliteOptions {
        fold_after_accesses: FOLD_AFTER_ACCESSES,
    };
    Arc::new(SqliteStore::open_with(&file_in(folder), &holder(), options).unwrap())
}

#[async_trait]
impl Home for SqliteHome {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().unwrap()
    }

    async fn restart(&mut self) {
        if let Some(store) = self.store.take() {
            store.close().await;
        }
        self.store = Some(open(self.folder.path()));
    }
}
