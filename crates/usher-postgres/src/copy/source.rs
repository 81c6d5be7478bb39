//! A database that a ledger leaves.

use async_trait::async_trait;
use usher_store::{
    Store, StoreError,
    portable::{Place, Section, Slice, Source},
};

use super::{broken, page, patient, quiet};
use crate::{
    KeptKey, PostgresStore,
    address::DatabaseAddress,
    connection::{OpenError, PostgresOptions},
    keeping_key,
    sql::{Answered, Sql},
};

/// What moves when somebody works on a ledger: the ends of its audit logs, and its newest accesses.
const STANDING: &str = "SELECT (SELECT coalesce(sum(sequence), 0) FROM audit_heads)::text
    || '/' || (SELECT coalesce(max(active_time_ms), 0) FROM activity)::text";

/// A database as it was at one moment at which nobody worked on it.
pub struct PostgresSource {
    store: PostgresStore,
    /// Within the transaction that sees that moment.
    sql: Sql,
    address: String,
    standing: String,
    now_ms: i64,
}

impl PostgresSource {
    /// Opens a database that has a ledger, and brings its schema up to date. `now_ms` stands in for the database's clock
    /// where that is not used.
    ///
    /// # Errors
    /// As [`PostgresStore::open_at`]; [`OpenError::NotAStore`] when it has none, [`OpenError::InUse`] when an instance works
    /// on it.
    pub async fn open(
        address: &DatabaseAddress,
        options: &PostgresOptions,
        now_ms: i64,
    ) -> Result<Self, OpenError> {
        let sql = patient(address, options).await?;
        let found = sql
            .exists(
                "SELECT 1 WHERE to_regclass('schema_steps') IS NOT NULL",
                [0_i64; 0],
            )
            .await
            .map_err(|failure| broken(&failure))?;
        if !found {
            return Err(OpenError::NotAStore);
        }
        let store = PostgresStore::open_at(address, options).await?;
        let disturber = quiet::disturber(&store, now_ms).await;
        if let Some(instance) = disturber.map_err(|error| OpenError::Database(error.to_string()))? {
            return Err(OpenError::InUse { instance });
        }
        let standing = stand_still(&sql).await.map_err(|failure| broken(&failure))?;
        Ok(Self {
            store,
            sql,
            address: address.to_string(),
            standing,
            now_ms,
        })
    }

    /// The key of the ledger, as the database keeps it; none when it was never served.
    ///
    /// # Errors
    /// As every read.
    pub async fn kept_key(&self) -> Result<Option<KeptKey>, StoreError> {
        Ok(keeping_key::kept(&self.sql).await?)
    }

    /// Lets the database go.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Begins the transaction that sees the database as it is now.
async fn stand_still(sql: &Sql) -> Answered<String> {
    sql.within(true);
    sql.batch(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0",
    )
    .await?;
    standing(sql).await
}

async fn standing(sql: &Sql) -> Answered<String> {
    sql.one(STANDING, [0_i64; 0], |row| row.get(0)).await
}

#[async_trait]
impl Source for PostgresSource {
    fn address(&self) -> String {
        self.address.clone()
    }

    async fn count(&mut self, section: &'static Section) -> Result<u64, StoreError> {
        Ok(page::count(&self.sql, section).await?)
    }

    async fn read(&mut self, section: &'static Section, from: Option<&Place>) -> Result<Slice, StoreError> {
        Ok(page::read(&self.sql, section, from).await?)
    }

    /// An instance that came and went meanwhile has left something, or it does not matter.
    async fn require_quiet(&mut self) -> Result<(), StoreError> {
        let disturber = quiet::disturber(&self.store, self.now_ms).await?;
        let now = standing(&self.store.sql().await?).await?;
        match disturber {
            Some(instance) => Err(StoreError::Unavailable {
                detail: format!("the instance {instance} has begun to work on the source; stop it"),
            }),
            None if now != self.standing => Err(StoreError::Unavailable {
                detail: "somebody has changed the source meanwhile; stop every instance".to_owned(),
            }),
            None => Ok(()),
        }
    }
}
