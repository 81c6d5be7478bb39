//! What instances that work on one ledger have in common: limits that hold over all of them, work that one does for all, and
//! knowing of each other.
//!
//! **Time.** Instances have clocks of their own, and these differ. An engine that all of them reach has one clock, and goes by
//! that for everything here: which second a call is counted in, when a lease ends, how long somebody was silent. So two
//! instances never count the same moment in two windows. An engine of one process goes by the `now_ms` that it is given.

use async_trait::async_trait;

use crate::{
    error::StoreError,
    instances::{Heard, Instance, InstanceName, InstanceWord, Retirement, others_watermark_ms},
    lease::{Job, Lease, LeaseTerms},
    rate::{Counted, RateKey, RateLimit},
};

/// The part of an engine's calls by which instances agree. Times in milliseconds.
///
/// # Errors
/// Each fails as any call to an engine does that cannot be served just now.
#[async_trait]
pub trait Coordination: Send + Sync {
    /// Counts one call, if it fits into every window of `limit`, over all instances together; the inner error says that it
    /// does not. A refused call does not count.
    async fn count_call(&self, key: RateKey, limit: RateLimit, now_ms: i64) -> Result<Counted, StoreError>;

    /// Gives the lease of a job, unless another instance has it or the job was done too recently.
    async fn take_lease(&self, job: Job, terms: LeaseTerms, now_ms: i64)
    -> Result<Option<Lease>, StoreError>;

    /// Lets a lease last anew; false when it is another instance's by now. Changes made
    /// [under](ChangeRequest::under) it renew it as well.
    async fn renew_lease(&self, lease: Lease, now_ms: i64) -> Result<bool, StoreError>;

    /// Gives a lease back: its job is done for now.
    async fn end_lease(&self, lease: Lease, now_ms: i64) -> Result<(), StoreError>;

    /// Lets the other instances know of this one, by a name that it keeps over restarts. To be called before anybody is let
    /// in; see [`instances`](crate::instances).
    async fn enter(&self, name: InstanceName, word: InstanceWord, now_ms: i64) -> Result<(), StoreError>;

    /// Says anew how this instance is; to be called about every second after [`Coordination::enter`].
    async fn say(&self, word: InstanceWord, now_ms: i64) -> Result<Heard, StoreError>;

    /// Takes this instance's row away: everything it let in is settled, and nothing more will come.
    async fn leave(&self) -> Result<(), StoreError>;

    /// Lists the instances that are known, in order of their name.
    async fn instances(&self, now_ms: i64) -> Result<Vec<Instance>, StoreError>;

    /// Forgets an instance that is silent; it may hold the watermark back no more.
    async fn retire_instance(&self, name: &InstanceName, now_ms: i64) -> Result<Retirement, StoreError>;

    /// The smallest watermark of all instances but this one, as of now; none when nobody else counts.
    async fn others_watermark_ms(&self, now_ms: i64) -> Result<Option<i64>, StoreError> {
        Ok(others_watermark_ms(&self.instances(now_ms).await?))
    }
}
