//! What the door needs of an engine: one call of many, and a word about what it has kept elsewhere meanwhile.
//!
//! The door names only this, so that its own tests can stand in for an engine with a few lines, however much the
//! contract of engines grows.

use std::sync::Arc;

use usher_store::{Access, Recorded, Store, StoreError};

/// Accesses that were acknowledged and are not in the ledger yet: a spool keeps them while the database is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spooled {
    /// True when there is a spool that may be written to while the database is away.
    pub may_spool: bool,
    /// True while accesses go into the spool and not into the ledger.
    pub spooling: bool,
    /// People who would be admitted from memory if the database went away now.
    pub people_remembered: u64,
    /// Rows that wait in the spool: accesses of one person to one app within a quarter of an hour are one.
    pub waiting: u64,
    /// The time of the oldest of them, in milliseconds: reports are complete up to there.
    pub oldest_ms: Option<i64>,
    /// True while there is no room for more.
    pub full: bool,
    /// Bytes of the spool's file.
    pub bytes: u64,
    /// Most bytes it may have.
    pub bytes_max: u64,
    /// Accesses written into the spool since start.
    pub accesses_spooled: u64,
    /// Rows brought from the spool into the ledger since start.
    pub replayed: u64,
    /// Accesses that could not be decided while the database was away, because nobody had seen the person recently or the
    /// spool was full.
    pub undecided: u64,
}

/// Decides accesses and makes the admitted ones durable, as [`Store::record`] does.
pub trait Recorder: Send + Sync + 'static {
    /// Records a batch; answers in the same order. Where an access has no answer it could not be decided just now, and
    /// only those who asked for it hear that.
    fn record(
        &self,
        accesses: Vec<Access>,
    ) -> impl Future<Output = Result<Vec<Option<Recorded>>, StoreError>> + Send;

    /// How many batches may be under way at once; 1 where a single writer would only let them wait for each other.
    fn batches_in_flight(&self) -> usize {
        1
    }

    /// What is kept elsewhere; never waits.
    fn spooled(&self) -> Spooled {
        Spooled::default()
    }
}

impl Recorder for Arc<dyn Store> {
    async fn record(&self, accesses: Vec<Access>) -> Result<Vec<Option<Recorded>>, StoreError> {
        let recorded = Store::record(self.as_ref(), accesses).await?;
        Ok(recorded.into_iter().map(Some).collect())
    }

    fn batches_in_flight(&self) -> usize {
        Store::batches_in_flight(self.as_ref())
    }
}
