//! A file that a ledger arrives in.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use rusqlite::Connection;
use usher_store::{
    StoreError,
    portable::{Mark, Place, Row, Section, Slice, Source, Target},
};

use super::{active_days::People, arrival, mark, page, source::address};
use crate::{Holder, OpenError, file, lock::DataLock, readers::store_error};

/// A file that is held and that nobody serves.
pub struct SqliteTarget {
    inside: Arc<Mutex<Inside>>,
    address: String,
}

struct Inside {
    connection: Connection,
    path: PathBuf,
    people: People,
    /// Let go after the connection.
    _lock: DataLock,
}

impl SqliteTarget {
    /// Opens or makes a file, whose folder must exist, and holds the folder for `holder`.
    ///
    /// # Errors
    /// As [`SqliteStore::open`](crate::SqliteStore::open), but a copy that has not ended is no obstacle.
    pub fn open(path: &Path, holder: &Holder) -> Result<Self, OpenError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let lock = DataLock::acquire(folder.unwrap_or(Path::new(".")), holder)?;
        let connection = file::open_for_writing(path)?;
        Ok(Self {
            address: address(path)?,
            inside: Arc::new(Mutex::new(Inside {
                connection,
                path: path.to_owned(),
                people: People::default(),
                _lock: lock,
            })),
        })
    }

    /// Works on the file away from the threads that serve requests.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Inside) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inside = Arc::clone(&self.inside);
        let done = tokio::task::spawn_blocking(move || {
            // A panic rolls its transaction back on its way out.
            let mut inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut inside)
        });
        match done.await {
            Ok(answer) => answer.map_err(|error| store_error(&error)),
            Err(error) => Err(StoreError::Broken {
                detail: format!("a write did not end: {error}"),
            }),
        }
    }

    /// Does something wholly or not at all.
    async fn at_once(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        self.work(move |inside| {
            let transaction = inside.connection.transaction()?;
            work(&transaction)?;
            transaction.commit()
        })
        .await
    }
}

#[async_trait]
impl Source for SqliteTarget {
    fn address(&self) -> String {
        self.address.clone()
    }

    async fn count(&mut self, section: &'static Section) -> Result<u64, StoreError> {
        self.work(move |inside| page::count(&inside.connection, section))
            .await
    }

    async fn read(&mut self, section: &'static Section, from: Option<&Place>) -> Result<Slice, StoreError> {
        let from = from.cloned();
        self.work(move |inside| page::read(&inside.connection, section, from.as_ref(), &mut inside.people))
            .await
    }

    /// The folder is held.
    async fn require_quiet(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Target for SqliteTarget {
    async fn mark(&mut self) -> Result<Option<Mark>, StoreError> {
        self.work(|inside| mark::read(&inside.connection)).await
    }

    async fn begin(&mut self, mark: &Mark) -> Result<(), StoreError> {
        let mark = mark.clone();
        self.at_once(move |connection| {
            arrival::empty(connection)?;
            mark::write(connection, &mark)
        })
        .await
    }

    async fn write(
        &mut self,
        section: &'static Section,
        rows: Vec<Row>,
        mark: &Mark,
    ) -> Result<(), StoreError> {
        let mark = mark.clone();
        self.at_once(move |connection| {
            arrival::write(connection, section, &rows)?;
            mark::write(connection, &mark)
        })
        .await
    }

    /// Tenants are numbered after the largest number, and tickets after the last, so only the mark is left to take away.
    async fn finish(&mut self) -> Result<(), StoreError> {
        self.at_once(mark::remove).await?;
        // The ledger is whole and durable; that its log is copied into the file now is mere tidiness.
        self.work(|inside| Ok(file::empty_log(&inside.connection, &inside.path)))
            .await
            .map(drop)
    }
}
