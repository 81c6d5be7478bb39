//! The calls of an engine that answer for people: figures at a glance, and names as somebody types them.

use async_trait::async_trait;

use crate::{
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
}
