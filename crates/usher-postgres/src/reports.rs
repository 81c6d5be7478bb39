//! The part of the contract that answers for people.

use async_trait::async_trait;
use usher_seats::{TenantId, UserId};
use usher_store::{Overview, OverviewQuery, Reports, StoreError, User};

use crate::{reads, search_keys, store::PostgresStore};

#[async_trait]
impl Reports for PostgresStore {
    async fn overview(&self, query: OverviewQuery) -> Result<Overview, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::overview(&sql, &query).await?)
    }

    async fn users_under_keys(
        &self,
        tenant_id: TenantId,
        prefix: &str,
        rows_max: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let sql = self.sql().await?;
        Ok(search_keys::users_under(&sql, tenant_id, prefix, rows_max).await?)
    }

    async fn users_numbered(
        &self,
        tenant_id: TenantId,
        user_ids: Vec<UserId>,
    ) -> Result<Vec<User>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::users_numbered(&sql, tenant_id, &user_ids).await?)
    }
}
