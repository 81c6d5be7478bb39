//! What instances agree on, where there is only one: a file has one process.
//!
//! Everything is counted in memory and forgotten at the end, which is right, since whatever it is about ends as well.

use async_trait::async_trait;
use usher_store::{
    ChangeRequest, Coordination, Counted, Heard, Instance, InstanceName, InstanceWord, Job, Lease,
    LeaseTerms, RateKey, RateLimit, Retirement, StoreError, instances::OnlyInstance, lease::LeaseBook,
    rate::RateLimiter,
};

use crate::store::SqliteStore;

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct Alone {
    rates: RateLimiter,
    leases: LeaseBook,
    instance: OnlyInstance,
}

impl Alone {
    /// Refuses changes under a lease that was lost. Taking one meanwhile is impossible, since looking renews it.
    pub(crate) fn check(&self, request: &ChangeRequest) -> Result<(), StoreError> {
        match request.under {
            Some(lease) if !self.leases.renew(lease, request.at_ms) => Err(lease.lost()),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Coordination for SqliteStore {
    async fn count_call(&self, key: RateKey, limit: RateLimit, now_ms: i64) -> Result<Counted, StoreError> {
        Ok(self.alone.rates.pass(key, limit, now_ms))
    }

    async fn take_lease(
        &self,
        job: Job,
        terms: LeaseTerms,
        now_ms: i64,
    ) -> Result<Option<Lease>, StoreError> {
        Ok(self.alone.leases.take(job, terms, now_ms))
    }

    async fn renew_lease(&self, lease: Lease, now_ms: i64) -> Result<bool, StoreError> {
        Ok(self.alone.leases.renew(lease, now_ms))
    }

    async fn end_lease(&self, lease: Lease, now_ms: i64) -> Result<(), StoreError> {
        self.alone.leases.end(lease, now_ms);
        Ok(())
    }

    async fn enter(&self, name: InstanceName, word: InstanceWord, now_ms: i64) -> Result<(), StoreError> {
        self.alone.instance.enter(name, word, now_ms);
        Ok(())
    }

    async fn say(&self, word: InstanceWord, now_ms: i64) -> Result<Heard, StoreError> {
        self.alone.instance.say(word, now_ms);
        Ok(Heard::Kept)
    }

    async fn leave(&self) -> Result<(), StoreError> {
        self.alone.instance.leave();
        Ok(())
    }

    async fn instances(&self, now_ms: i64) -> Result<Vec<Instance>, StoreError> {
        Ok(self.alone.instance.list(now_ms))
    }

    /// The only one is the one that is asked, and alive.
    async fn retire_instance(&self, name: &InstanceName, now_ms: i64) -> Result<Retirement, StoreError> {
        let instances = self.alone.instance.list(now_ms);
        let is_known = instances.iter().any(|instance| instance.name == *name);
        Ok(if is_known {
            Retirement::Living
        } else {
            Retirement::Unknown
        })
    }
}
