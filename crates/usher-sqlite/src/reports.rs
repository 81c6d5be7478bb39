//! Reads that may need the writer first, and the part of the contract that answers for people.

use std::sync::Arc;

use async_trait::async_trait;
use usher_seats::{TenantId, UserId};
use usher_store::{IdlePage, IdleQuery, Overview, OverviewQuery, Reports, StoreError, User};

use crate::{
    reads::{self, IdleAttempt, Memory, OverviewAttempt},
    search_keys,
    store::SqliteStore,
    tending::Tended,
    writer::Work,
};

/// How often a page is tried: more than a few times only happens while somebody imports accesses of the past, batch after
/// batch, and then the caller had better come back when that is done.
const TRIES_MAX: usize = 16;

/// Reads a page of seats with how idle they are.
pub(crate) async fn idle_seats(store: &SqliteStore, query: IdleQuery) -> Result<IdlePage, StoreError> {
    for _ in 0..TRIES_MAX {
        let (overlay, counters) = (Arc::clone(&store.overlay), Arc::clone(&store.counters));
        let query = query.clone();
        let attempt = store
            .readers
            .read(move |connection| {
                let memory = Memory {
                    overlay: &overlay,
                    refusals: &counters.refusals,
                };
                reads::idle_seats(connection, memory, &query)
            })
            .await?;
        match attempt {
            IdleAttempt::Page(page) => return Ok(page),
            IdleAttempt::Again => {}
            IdleAttempt::FoldFirst => fold(store).await?,
        }
    }
    Err(StoreError::Unavailable {
        detail: "accesses of the past keep arriving, so the order of idle seats does not stand still"
            .to_owned(),
    })
}

/// Lets everything recorded reach its tables, one slice at a time, so that whoever waits for the writer goes in between.
async fn fold(store: &SqliteStore) -> Result<(), StoreError> {
    while store.ask(|answer| Work::Fold { answer }).await?? == Tended::MoreIsDue {}
    Ok(())
}

#[async_trait]
impl Reports for SqliteStore {
    async fn overview(&self, query: OverviewQuery) -> Result<Overview, StoreError> {
        for _ in 0..TRIES_MAX {
            let (overlay, query) = (Arc::clone(&self.overlay), query.clone());
            let attempt = self
                .readers
                .read(move |connection| reads::overview(connection, &overlay, &query))
                .await?;
            match attempt {
                OverviewAttempt::Figures(overview) => return Ok(overview),
                OverviewAttempt::FoldFirst => fold(self).await?,
            }
        }
        Err(StoreError::Unavailable {
            detail: "accesses arrive faster than they reach their tables".to_owned(),
        })
    }

    async fn users_under_keys(
        &self,
        tenant_id: TenantId,
        prefix: &str,
        rows_max: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let prefix = prefix.to_owned();
        self.readers
            .read(move |connection| search_keys::users_under(connection, tenant_id, &prefix, rows_max))
            .await
    }

    async fn users_numbered(
        &self,
        tenant_id: TenantId,
        user_ids: Vec<UserId>,
    ) -> Result<Vec<User>, StoreError> {
        self.readers
            .read(move |connection| reads::users_numbered(connection, tenant_id, &user_ids))
            .await
    }
}
