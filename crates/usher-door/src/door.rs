//! What callers hold.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use usher_store::{Access, Recorded, Store};

use crate::{
    DoorError, DoorLimits, Recorder, Spooled, VerdictSlot,
    queue::{Party, Queue},
    worker,
};

/// What the door has seen since it opened; for `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DoorCounters {
    /// Batches handed to the engine.
    pub batches: u64,
    /// Accesses in those batches.
    pub accesses: u64,
    /// Accesses turned away because too many were waiting.
    pub accesses_turned_away: u64,
    /// Accesses that happened while the clock showed less than it had shown before: it stepped back.
    pub clock_steps_back: u64,
}

/// The way into the ledger. Clones share one queue and its workers.
#[derive(Clone)]
pub struct Door {
    queue: Arc<Queue>,
    /// Ends when the workers have.
    worker: watch::Receiver<()>,
    spooled: Arc<dyn Fn() -> Spooled + Send + Sync>,
}

impl Door {
    /// Opens the door of an engine and starts its workers on the current tokio runtime.
    #[must_use]
    pub fn open(store: Arc<dyn Store>, limits: DoorLimits) -> Self {
        Self::open_before(store, limits)
    }

    /// The same before anything that records.
    #[must_use]
    pub fn open_before(recorder: impl Recorder, limits: DoorLimits) -> Self {
        let workers = recorder.batches_in_flight().max(1);
        let queue = Arc::new(Queue::new(limits, workers));
        let (at_work, worker) = watch::channel(());
        let recorder = Arc::new(recorder);
        let (asked, at_work) = (Arc::clone(&recorder), Arc::new(at_work));
        for number in 0..workers {
            let at_work = Arc::clone(&at_work);
            tokio::spawn(worker::run(
                Arc::clone(&recorder),
                Arc::clone(&queue),
                number,
                at_work,
            ));
        }
        Self {
            queue,
            worker,
            spooled: Arc::new(move || asked.spooled()),
        }
    }

    /// Passes accesses that carry their own times; answers in the same order, once they are durable.
    ///
    /// # Errors
    /// [`DoorError`]; then nobody of this call may be let in.
    pub async fn pass(&self, accesses: Vec<Access>) -> Result<Vec<Recorded>, DoorError> {
        self.enter(accesses, None::<fn() -> i64>).await
    }

    /// Passes accesses that happen now: each gets the time `read_clock` gives at the moment of entry, in
    /// milliseconds, in place of its own. Reading it there and not before makes the watermark exact, because no
    /// access can enter with a time before a watermark already given out (while the clock does not step back;
    /// when it does, that is [counted](DoorCounters::clock_steps_back)).
    ///
    /// # Errors
    /// As [`Door::pass`].
    pub async fn pass_now(
        &self,
        accesses: Vec<Access>,
        read_clock: impl FnOnce() -> i64,
    ) -> Result<Vec<Recorded>, DoorError> {
        self.enter(accesses, Some(read_clock)).await
    }

    /// Passes one access that happens now, as [`Door::pass_now`] does, without a list around it: most people come alone, and at
    /// the gateway all do. The verdict is heard in `slot`, which a caller who comes again and again keeps.
    ///
    /// # Errors
    /// As [`Door::pass`].
    pub async fn pass_one_now(
        &self,
        access: Access,
        read_clock: impl FnOnce() -> i64,
        slot: &mut VerdictSlot,
    ) -> Result<Recorded, DoorError> {
        let (teller, hearing) = slot.next_turn();
        self.queue.submit(Party::Lone(access, teller), Some(read_clock))?;
        hearing.await
    }

    async fn enter(
        &self,
        accesses: Vec<Access>,
        read_clock: Option<impl FnOnce() -> i64>,
    ) -> Result<Vec<Recorded>, DoorError> {
        if accesses.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        self.queue.submit(Party::Group(accesses, answer), read_clock)?;
        // The sender is dropped unanswered only when the worker ended early.
        answered.await.unwrap_or(Err(DoorError::Closed))
    }

    /// The moment up to which recorded activity is complete: the time of the oldest access that is not settled,
    /// or of the oldest in a spool, or `now_ms` when there is none. Later accesses may be settled already; earlier ones all are. Read the
    /// clock before this call, not after.
    #[must_use]
    pub fn watermark_ms(&self, now_ms: i64) -> i64 {
        let settled_ms = self.queue.watermark_ms(now_ms);
        // Asked second: what leaves the queue for a spool in between is seen in the spool.
        let spooled = (self.spooled)();
        spooled
            .oldest_ms
            .map_or(settled_ms, |oldest_ms| oldest_ms.min(settled_ms))
    }

    /// What was acknowledged and waits in a spool until the database is back.
    #[must_use]
    pub fn spooled(&self) -> Spooled {
        (self.spooled)()
    }

    /// The latest time that the clock has shown at the door, in milliseconds; none before the first access that happened
    /// now. A clock that shows less has stepped back, and nobody can say which of its times was right.
    #[must_use]
    pub fn latest_ms(&self) -> Option<i64> {
        self.queue.latest_ms()
    }

    /// Tells a caller early that it would hardly find room: under overload the cheapest refusal is one before its call is read.
    ///
    /// # Errors
    /// [`DoorError::Full`]; it counts as one access turned away, for nobody knows yet how many there are.
    pub fn require_room(&self) -> Result<(), DoorError> {
        self.queue.require_room()
    }

    /// How many accesses wait for the worker, without those it is recording.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.waiting_accesses()
    }

    /// What the door has seen since it opened.
    #[must_use]
    pub fn counters(&self) -> DoorCounters {
        self.queue.counters()
    }

    /// Refuses new accesses, lets everybody who was accepted be answered, and returns when that is done.
    pub async fn close(&self) {
        self.queue.close();
        let mut worker = self.worker.clone();
        // Nothing is ever sent: the wait ends when the last worker drops its end.
        while worker.changed().await.is_ok() {}
    }
}
