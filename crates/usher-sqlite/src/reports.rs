//! Reads that may need the writer first.

use std::sync::Arc;

use usher_store::{IdlePage, IdleQuery, StoreError};

use crate::{
    reads::{self, IdleAttempt, Memory},
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
            // One slice at a time, so that whoever waits for the writer goes in between.
            IdleAttempt::FoldFirst => {
                while store.ask(|answer| Work::Fold { answer }).await?? == Tended::MoreIsDue {}
            }
        }
    }
    Err(StoreError::Unavailable {
        detail: "accesses of the past keep arriving, so the order of idle seats does not stand still"
            .to_owned(),
    })
}
