//! A database that a ledger arrives in.

use async_trait::async_trait;
use usher_store::{
    Store, StoreError,
    portable::{Mark, Place, Row, Section, Slice, Source, Target},
};

use super::{arrival, mark, page, patient, quiet};
use crate::{
    KeptKey, PostgresStore,
    address::DatabaseAddress,
    connection::{OpenError, PostgresOptions},
    keeping_key,
    sql::{Answered, Sql},
    tallies::standing,
};

/// A database that nobody serves.
pub struct PostgresTarget {
    sql: Sql,
    address: String,
}

impl PostgresTarget {
    /// Opens a database and makes its schema. `now_ms` stands in for the database's clock where that is not used.
    ///
    /// # Errors
    /// As [`PostgresStore::open_at`], but a copy that has not ended is no obstacle; [`OpenError::InUse`] when an instance
    /// works on it.
    pub async fn open(
        address: &DatabaseAddress,
        options: &PostgresOptions,
        now_ms: i64,
    ) -> Result<Self, OpenError> {
        match PostgresStore::open_at(address, options).await {
            Ok(store) => {
                let disturber = quiet::disturber(&store, now_ms).await;
                store.close().await;
                if let Some(instance) = disturber.map_err(|error| OpenError::Database(error.to_string()))? {
                    return Err(OpenError::InUse { instance });
                }
            }
            // Nobody can have begun to serve it.
            Err(OpenError::BeingCopied { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(Self {
            sql: patient(address, options).await?,
            address: address.to_string(),
        })
    }

    /// Keeps the key of the ledger unless there is one already; gives the one that is kept.
    ///
    /// # Errors
    /// As every write.
    pub async fn keep_key(&self, offered: &KeptKey) -> Result<KeptKey, StoreError> {
        Ok(keeping_key::keep(&self.sql, offered).await?)
    }

    async fn begin_anew(&self, mark: &Mark) -> Answered<()> {
        self.sql.begin().await?;
        arrival::empty(&self.sql).await?;
        mark::write(&self.sql, mark).await?;
        self.sql.commit().await
    }

    async fn write_page(&self, section: &Section, rows: &[Row], mark: &Mark) -> Answered<()> {
        self.sql.begin().await?;
        arrival::write(&self.sql, section, rows).await?;
        mark::write(&self.sql, mark).await?;
        self.sql.commit().await
    }

    async fn settle(&self) -> Answered<()> {
        arrival::look_at_everything(&self.sql).await?;
        standing::walk(&self.sql).await?;
        self.sql.begin().await?;
        arrival::settle(&self.sql).await?;
        self.sql.commit().await
    }
}

#[async_trait]
impl Source for PostgresTarget {
    fn address(&self) -> String {
        self.address.clone()
    }

    async fn count(&mut self, section: &'static Section) -> Result<u64, StoreError> {
        Ok(page::count(&self.sql, section).await?)
    }

    async fn read(&mut self, section: &'static Section, from: Option<&Place>) -> Result<Slice, StoreError> {
        Ok(page::read(&self.sql, section, from).await?)
    }

    /// The mark keeps everybody out.
    async fn require_quiet(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Target for PostgresTarget {
    async fn mark(&mut self) -> Result<Option<Mark>, StoreError> {
        Ok(mark::read(&self.sql).await?)
    }

    async fn begin(&mut self, mark: &Mark) -> Result<(), StoreError> {
        Ok(self.begin_anew(mark).await?)
    }

    async fn write(
        &mut self,
        section: &'static Section,
        rows: Vec<Row>,
        mark: &Mark,
    ) -> Result<(), StoreError> {
        Ok(self.write_page(section, &rows, mark).await?)
    }

    async fn finish(&mut self) -> Result<(), StoreError> {
        Ok(self.settle().await?)
    }
}
