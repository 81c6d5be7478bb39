//! A file that a ledger leaves.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use usher_store::{
    Store, StoreError,
    portable::{Place, Section, Slice, Source},
};

use super::{active_days::People, page};
use crate::{Holder, OpenError, SqliteStore, tending::Tended, writer::Work};

/// A file that is held, so that nobody changes it, with everything in its tables.
pub struct SqliteSource {
    store: SqliteStore,
    address: String,
    people: Arc<Mutex<People>>,
}

impl SqliteSource {
    /// Opens a file that is there, holds its folder for `holder`, and folds its journals.
    ///
    /// # Errors
    /// As [`SqliteStore::open`]; a file that is missing is not made.
    pub async fn open(path: &Path, holder: &Holder) -> Result<Self, OpenError> {
        if !path.is_file() {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        let store = SqliteStore::open(path, holder)?;
        while store.ask(|answer| Work::Fold { answer }).await?? == Tended::MoreIsDue {}
        Ok(Self {
            store,
            address: address(path)?,
            people: Arc::default(),
        })
    }

    /// Lets the file go.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// How a file is called wherever it is called from.
pub(super) fn address(path: &Path) -> io::Result<String> {
    Ok(format!("sqlite:{}", path.canonicalize()?.display()))
}

#[async_trait]
impl Source for SqliteSource {
    fn address(&self) -> String {
        self.address.clone()
    }

    async fn count(&mut self, section: &'static Section) -> Result<u64, StoreError> {
        self.store
            .readers
            .read(move |connection| page::count(connection, section))
            .await
    }

    async fn read(&mut self, section: &'static Section, from: Option<&Place>) -> Result<Slice, StoreError> {
        let (from, people) = (from.cloned(), Arc::clone(&self.people));
        self.store
            .readers
            .read(move |connection| {
                let mut people = people.lock().unwrap_or_else(PoisonError::into_inner);
                page::read(connection, section, from.as_ref(), &mut people)
            })
            .await
    }

    /// The folder is held.
    async fn require_quiet(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
