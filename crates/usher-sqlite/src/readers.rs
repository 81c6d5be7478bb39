//! Connections for reading, beside the writer and never in its way.
//!
//! In SQLite's write-ahead mode a reader sees the last commit before it began and blocks nobody. A few connections
//! suffice: these reads are short, and there are few cores.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::Semaphore;
use usher_store::StoreError;

use crate::file;

/// Reads at one time. More than cores, because a read may wait for the disk; each costs a page cache of 2 MiB.
const READERS_MAX: usize = 4;

/// A pool of reading connections, opened when first needed.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    path: Arc<PathBuf>,
    /// A plain lock, held for a push or a pop.
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    begun: Arc<AtomicU64>,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: Arc::new(path.to_owned()),
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(READERS_MAX)),
            begun: Arc::default(),
        }
    }

    /// Reads begun since start.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Runs `read` on a connection of its own, away from the threads that serve requests.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        self.begun.fetch_add(1, Ordering::Relaxed);
        let readers = self.clone();
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            readers.read_now(read)
        });
        match work.await {
            Ok(answer) => answer,
            Err(error) => Err(StoreError::Broken {
                detail: format!("a read did not end: {error}"),
            }),
        }
    }

    fn read_now<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => file::open_for_reading(&self.path).map_err(|error| store_error(&error))?,
        };
        // A connection that failed is not used again: it may have seen half of a fault.
        let answer = read(&connection).map_err(|error| store_error(&error))?;
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        Ok(answer)
    }

    /// Refuses further reads and closes the idle connections.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// What calls hear after `close`.
pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable {
        detail: "the store is closed".to_owned(),
    }
}

/// Sorts an error of SQLite: damage does not pass by waiting, everything else may.
pub(crate) fn store_error(error: &rusqlite::Error) -> StoreError {
    let detail = error.to_string();
    match error {
        rusqlite::Error::SqliteFailure(failure, _)
            if !matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
        {
            StoreError::Unavailable { detail }
        }
        _ => StoreError::Broken { detail },
    }
}
