//! What the door needs of an engine: one call of many.
//!
//! The door names only this, so that its own tests can stand in for an engine with a few lines, however much the
//! contract of engines grows.

use std::sync::Arc;

use usher_store::{Access, Recorded, Store, StoreError};

/// Decides accesses and makes the admitted ones durable, as [`Store::record`] does.
pub trait Recorder: Send + Sync + 'static {
    /// Records a batch; answers in the same order.
    fn record(&self, accesses: Vec<Access>)
    -> impl Future<Output = Result<Vec<Recorded>, StoreError>> + Send;
}

impl Recorder for Arc<dyn Store> {
    async fn record(&self, accesses: Vec<Access>) -> Result<Vec<Recorded>, StoreError> {
        Store::record(self.as_ref(), accesses).await
    }
}
