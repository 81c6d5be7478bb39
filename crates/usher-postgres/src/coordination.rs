//! What instances agree on: the part of the contract that says so, fulfilled.

use std::sync::PoisonError;

use async_trait::async_trait;
use usher_store::{
    Coordination, Counted, Heard, Instance, InstanceName, InstanceStanding, InstanceWord, Job, Lease,
    LeaseTerms, RateKey, RateLimit, Retirement, StoreError, instances::others_watermark_ms,
};

use crate::{
    instances::{self, Entered},
    leases, rates,
    store::PostgresStore,
};

impl PostgresStore {
    fn own(&self) -> Option<Entered> {
        self.entered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set_own(&self, entered: Option<Entered>) {
        *self.entered.lock().unwrap_or_else(PoisonError::into_inner) = entered;
    }
}

#[async_trait]
impl Coordination for PostgresStore {
    async fn count_call(&self, key: RateKey, limit: RateLimit, now_ms: i64) -> Result<Counted, StoreError> {
        let sql = self.sql().await?;
        Ok(rates::count(&sql, &key, limit, self.clock.given(now_ms)).await?)
    }

    async fn take_lease(
        &self,
        job: Job,
        terms: LeaseTerms,
        now_ms: i64,
    ) -> Result<Option<Lease>, StoreError> {
        let sql = self.sql().await?;
        Ok(leases::take(&sql, job, terms, self.clock.given(now_ms)).await?)
    }

    async fn renew_lease(&self, lease: Lease, now_ms: i64) -> Result<bool, StoreError> {
        let sql = self.sql().await?;
        Ok(leases::renew(&sql, lease, self.clock.given(now_ms)).await?)
    }

    async fn end_lease(&self, lease: Lease, now_ms: i64) -> Result<(), StoreError> {
        let sql = self.sql().await?;
        Ok(leases::end(&sql, lease, self.clock.given(now_ms)).await?)
    }

    async fn enter(&self, name: InstanceName, word: InstanceWord, now_ms: i64) -> Result<(), StoreError> {
        let sql = self.sql().await?;
        let times = (now_ms, self.clock.given(now_ms));
        self.set_own(Some(instances::enter(&sql, name, word, times).await?));
        Ok(())
    }

    async fn say(&self, word: InstanceWord, now_ms: i64) -> Result<Heard, StoreError> {
        let Some(own) = self.own() else {
            return Ok(Heard::Kept);
        };
        let sql = self.sql().await?;
        let heard = instances::say(&sql, &own, word, self.clock.given(now_ms)).await?;
        let all = instances::list(&sql, Some(&own), self.clock.given(now_ms)).await?;
        let living = |instance: &&Instance| instance.standing() == InstanceStanding::Living;
        self.counters.see_instances(
            all.iter().filter(living).count() as u64,
            others_watermark_ms(&all),
        );
        Ok(heard)
    }

    async fn leave(&self) -> Result<(), StoreError> {
        if let Some(own) = self.own() {
            let sql = self.sql().await?;
            instances::leave(&sql, &own).await?;
            self.set_own(None);
        }
        Ok(())
    }

    async fn instances(&self, now_ms: i64) -> Result<Vec<Instance>, StoreError> {
        let sql = self.sql().await?;
        Ok(instances::list(&sql, self.own().as_ref(), self.clock.given(now_ms)).await?)
    }

    async fn retire_instance(&self, name: &InstanceName, now_ms: i64) -> Result<Retirement, StoreError> {
        let sql = self.sql().await?;
        Ok(instances::retire(&sql, name, self.clock.given(now_ms)).await?)
    }
}
