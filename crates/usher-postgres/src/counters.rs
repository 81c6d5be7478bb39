//! What an engine counts of itself, for those who watch it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use usher_store::{Access, StoreHealth};

use crate::record::Batch;

/// A time that there is none.
const NONE_MS: i64 = i64::MIN;

/// What is counted.
pub(crate) struct Counters {
    pub(crate) ready: AtomicBool,
    pub(crate) configuration_version: AtomicU64,
    pub(crate) batches_committed: AtomicU64,
    pub(crate) accesses_moved: AtomicU64,
    pub(crate) commits_failed: AtomicU64,
    pub(crate) reads_begun: AtomicU64,
    pub(crate) changes_begun: AtomicU64,
    /// [`NONE_MS`] before the first.
    pub(crate) newest_access_ms: AtomicI64,
    instances_living: AtomicU64,
    /// [`NONE_MS`] while there are no others.
    others_watermark_ms: AtomicI64,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            ready: AtomicBool::new(true),
            configuration_version: AtomicU64::new(0),
            batches_committed: AtomicU64::new(0),
            accesses_moved: AtomicU64::new(0),
            commits_failed: AtomicU64::new(0),
            reads_begun: AtomicU64::new(0),
            changes_begun: AtomicU64::new(0),
            newest_access_ms: AtomicI64::new(NONE_MS),
            instances_living: AtomicU64::new(1),
            others_watermark_ms: AtomicI64::new(NONE_MS),
        }
    }

    /// Remembers what was seen of all instances.
    pub(crate) fn see_instances(&self, living: u64, others_watermark_ms: Option<i64>) {
        self.instances_living.store(living, Ordering::Relaxed);
        self.others_watermark_ms
            .store(others_watermark_ms.unwrap_or(NONE_MS), Ordering::Relaxed);
    }

    pub(crate) fn health(&self) -> StoreHealth {
        StoreHealth {
            ready: self.ready.load(Ordering::Relaxed),
            batches_committed: self.batches_committed.load(Ordering::Relaxed),
            accesses_moved: self.accesses_moved.load(Ordering::Relaxed),
            commits_failed: self.commits_failed.load(Ordering::Relaxed),
            reads_begun: self.reads_begun.load(Ordering::Relaxed),
            changes_begun: self.changes_begun.load(Ordering::Relaxed),
            newest_access_ms: Some(self.newest_access_ms.load(Ordering::Relaxed)).filter(|ms| *ms != NONE_MS),
            instances_living: self.instances_living.load(Ordering::Relaxed),
            others_watermark_ms: Some(self.others_watermark_ms.load(Ordering::Relaxed))
                .filter(|ms| *ms != NONE_MS),
            ..StoreHealth::default()
        }
    }

    pub(crate) fn count_batch(&self, accesses: &[Access], Batch { recorded, written }: &Batch) {
        self.batches_committed
            .fetch_add(u64::from(*written), Ordering::Relaxed);
        let moved = recorded.iter().filter(|recorded| recorded.moved).count() as u64;
        self.accesses_moved.fetch_add(moved, Ordering::Relaxed);
        let admitted = accesses
            .iter()
            .zip(recorded)
            .filter(|(_, recorded)| matches!(recorded.verdict, usher_seats::Verdict::Admitted { .. }));
        for (access, _) in admitted {
            self.newest_access_ms
                .fetch_max(access.accessed_at_ms, Ordering::Relaxed);
        }
    }
}
