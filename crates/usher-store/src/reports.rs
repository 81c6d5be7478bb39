//! The calls of an engine that answer for people: figures at a glance, and names as somebody types them.

use async_trait::async_trait;
use usher_seats::{TenantId, UserId};

use crate::{
    directory::User,
    error::StoreError,
    overview::{Overview, OverviewQuery},
};

/// The part of an engine's calls that a console asks for.
///
/// # Errors
/// Each fails as any call to an engine does that cannot be served just now.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Gives the figures of a tenant's pools, exactly as of the moment of reading; see [`overview`](crate::overview). It may
    /// first have to bring what was recorded lately into its tables.
    async fn overview(&self, query: OverviewQuery) -> Result<Overview, StoreError>;

    /// Lists people who are kept under keys that begin with `prefix`, in any order and perhaps more than once, at most
    /// `rows_max`; for [`Store::users_matching`](crate::Store::users_matching), which asks for few.
    async fn users_under_keys(
        &self,
        tenant_id: TenantId,
        prefix: &str,
        rows_max: usize,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Finds people by their numbers, in order, those that are there; at most [`PAGE_ROWS_MAX`](crate::page::PAGE_ROWS_MAX).
    async fn users_numbered(
        &self,
        tenant_id: TenantId,
        user_ids: Vec<UserId>,
    ) -> Result<Vec<User>, StoreError>;
}
