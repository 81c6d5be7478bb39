//! The one order of beginnings and ends, and what is counted meanwhile.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::Notify;
use usher_checker::{Tick, Window};

/// Shared by everybody who asks.
#[derive(Debug, Default, Clone)]
pub(super) struct Recorder(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    ticks: AtomicU64,
    answered: AtomicU64,
    changed: Notify,
}

impl Recorder {
    /// The next moment. No two are alike.
    pub(super) fn tick(&self) -> Tick {
        1 + self.0.ticks.fetch_add(1, Ordering::SeqCst)
    }

    /// From a beginning until now.
    pub(super) fn since(&self, begin: Tick) -> Window {
        Window {
            begin,
            end: self.tick(),
        }
    }

    /// A call of this round was answered.
    pub(super) fn answered(&self) {
        self.0.answered.fetch_add(1, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }

    /// Begins to count anew.
    pub(super) fn begin_round(&self) {
        self.0.answered.store(0, Ordering::SeqCst);
    }

    /// Waits until so many calls of this round were answered.
    pub(super) async fn until_answered(&self, enough: u64) {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            // Registered before the count is read, so that no change between the two is missed.
            changed.as_mut().enable();
            if self.0.answered.load(Ordering::SeqCst) >= enough {
                return;
            }
            changed.await;
        }
    }
}
