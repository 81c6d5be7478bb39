//! A look at a database from outside, by whoever tests a ledger in it: is it empty, and does a server work in it?
//!
//! A statement that was sent may be carried out after its sender has died. So whoever kills a server and then reads waits until
//! the database has ended with it.

use usher_store::StoreError;

use crate::{
    address::DatabaseAddress,
    connection::{self, OpenError, PostgresOptions},
    sql::{Listed, Sql},
};

/// A connection of its own, which changes nothing.
pub struct Onlooker {
    sql: Sql,
}

impl Onlooker {
    /// Connects.
    ///
    /// # Errors
    /// As [`PostgresStore::open_at`](crate::PostgresStore::open_at), as far as the database is to be reached.
    pub async fn open(address: &DatabaseAddress, options: &PostgresOptions) -> Result<Self, OpenError> {
        let options = PostgresOptions {
            connections_max: 2,
            application_name: "usher torture".to_owned(),
            ..options.clone()
        };
        let (_, sql) = connection::reached(address, &options).await?;
        Ok(Self { sql })
    }

    /// True when no schema but the system's own has a table.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let found = self
            .sql
            .exists(
                "SELECT 1 FROM pg_catalog.pg_tables
                 WHERE schemaname <> 'information_schema' AND schemaname NOT LIKE 'pg\\_%' LIMIT 1",
                Listed(&[]),
            )
            .await?;
        Ok(!found)
    }

    /// True while the database works for a server of Usher, be it alive or not.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn sees_a_server(&self) -> Result<bool, StoreError> {
        Ok(self
            .sql
            .exists(
                "SELECT 1 FROM pg_catalog.pg_stat_activity
                 WHERE datname = pg_catalog.current_database() AND application_name LIKE 'usher serve%' LIMIT 1",
                Listed(&[]),
            )
            .await?)
    }
}
