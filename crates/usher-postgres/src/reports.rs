//! The part of the contract that answers for people.

use async_trait::async_trait;
use usher_store::{Overview, OverviewQuery, Reports, StoreError};

use crate::{reads, store::PostgresStore};

#[async_trait]
impl Reports for PostgresStore {
    async fn overview(&self, query: OverviewQuery) -> Result<Overview, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::overview(&sql, &query).await?)
    }
}
