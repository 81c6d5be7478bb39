//! Places for connections, and who has to leave when there are none.
//!
//! Whoever opens connections and says nothing, or says it a letter at a time, costs no work but takes places. Time limits alone
//! do not help against thousands of them: a place would be free every few milliseconds, and an honest caller would stand in
//! line behind all the others who come again. So when somebody comes and there is no place, the connection ends that has
//! been **waiting for its client** longest: for a head, or for the next piece of a body. What is being worked on is
//! never ended. An honest client says what it wants right after it came, and a kept connection that is used counts as
//! waiting only since its last answer; so it is nearly always the slow who leave.
//!
//! Which waits longest is told by a counter and not by a clock: each beginning of a wait takes the next number.
//!
//! ```text
//! new --first look: nothing there--> waiting(n) --head is there--> at work --answer is given--> waiting(m)
//!                                       |  ^                          |
//!                                       |  '----- body still arrives -'
//!                                       '--longest, and somebody needs the place--> leaving
//! ```

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

/// Not waiting: at work, or without a connection.
const AT_WORK: u64 = 0;
/// New: nobody has looked yet whether the client has said something.
const NEW: u64 = u64::MAX - 1;
/// Somebody needs the place.
const LEAVING: u64 = u64::MAX;
/// Of so many places one is given up at a time, and at least one.
const LEAVING_SHARE: usize = 128;
/// How often it is looked whether anybody has to leave by now, while everybody was at work before.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What is known of one place.
#[derive(Debug, Default)]
struct Slot {
    /// [`AT_WORK`], [`NEW`], [`LEAVING`], or since which number it waits.
    state: AtomicU64,
    leave: Notify,
}

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    slots: Vec<Arc<Slot>>,
    /// A plain lock, held for a push or a pop.
    free: Mutex<Vec<Arc<Slot>>>,
    freed: Notify,
    turns: AtomicU64,
}

/// A taken place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    slot: Arc<Slot>,
}

impl Places {
    /// So many places.
    pub(super) fn new(count: usize) -> Arc<Self> {
        let slots: Vec<Arc<Slot>> = (0..count.max(1)).map(|_| Arc::default()).collect();
        Arc::new(Self {
            free: Mutex::new(slots.clone()),
            slots,
            freed: Notify::new(),
            turns: AtomicU64::new(AT_WORK),
        })
    }

    /// Takes a place, or asks the one who has waited longest to leave and takes theirs.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        loop {
            let slot = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            if let Some(slot) = slot {
                slot.state.store(NEW, Ordering::SeqCst);
                let places = Arc::clone(self);
                return Place { places, slot };
            }
            self.ask_to_leave();
            // When nobody could be asked, somebody may begin to wait; there is no event for that which costs nothing.
            let _ = timeout(LOOK_AGAIN, self.freed.notified()).await;
        }
    }

    /// Asks those who have waited longest. Looking at every place costs more than a connection, so in a crowd several leave at a time.
    /// Who was asked and has not left yet counts: a newcomer needs one place, however often it looks.
    fn ask_to_leave(&self) {
        let mut waiting = Vec::new();
        let mut leaving = (self.slots.len() / LEAVING_SHARE).max(1);
        for slot in &self.slots {
            match slot.state.load(Ordering::SeqCst) {
                AT_WORK | NEW => {}
                LEAVING => leaving = leaving.saturating_sub(1),
                since => waiting.push((since, slot)),
            }
        }
        if waiting.len() > leaving {
            waiting.select_nth_unstable_by_key(leaving, |(since, _)| *since);
        }
        for (since, slot) in waiting.into_iter().take(leaving) {
            // Lost when a request has just arrived; then whoever needs the place looks again.
            let asked = slot
                .state
                .compare_exchange(since, LEAVING, Ordering::SeqCst, Ordering::SeqCst);
            if asked.is_ok() {
                slot.leave.notify_one();
            }
        }
    }
}

impl Place {
    /// From now on the connection waits for its client.
    pub(super) fn wait(&self) {
        self.be(self.places.turns.fetch_add(1, Ordering::SeqCst) + 1);
    }

    /// The first look is over: the connection waits, unless a request was there.
    pub(super) fn wait_unless_at_work(&self) {
        if self.slot.state.load(Ordering::SeqCst) == NEW {
            self.wait();
        }
    }

    /// From now on somebody works for the connection.
    pub(super) fn work(&self) {
        self.be(AT_WORK);
    }

    fn be(&self, state: u64) {
        let stays = |before| (before != LEAVING).then_some(state);
        // Whoever is leaving is beyond changing.
        let _ = self
            .slot
            .state
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, stays);
    }

    /// Whether the connection has to leave, before anybody is woken for it.
    pub(super) fn is_leaving(&self) -> bool {
        self.slot.state.load(Ordering::SeqCst) == LEAVING
    }

    /// Waits until the connection has to leave.
    pub(super) async fn must_leave(&self) {
        while !self.is_leaving() {
            self.slot.leave.notified().await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.slot.state.store(AT_WORK, Ordering::SeqCst);
        let slot = Arc::clone(&self.slot);
        let free = &self.places.free;
        free.lock().unwrap_or_else(PoisonError::into_inner).push(slot);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_longest_leaves_and_who_is_at_work_stays() {
        let places = Places::new(3);
        let (busy, early, late) = (places.take().await, places.take().await, places.take().await);
        early.wait();
        late.wait();
        busy.work();
        let newcomer = tokio::spawn({
            let places = Arc::clone(&places);
            async move { places.take().await }
        });
        early.must_leave().await;
        assert!(timeout(LOOK_AGAIN * 10, late.must_leave()).await.is_err());
        drop(early);
        let newcomer = newcomer.await.unwrap();
        assert!(timeout(LOOK_AGAIN, newcomer.must_leave()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn while_everybody_is_at_work_a_newcomer_waits() {
        let places = Places::new(1);
        let only = places.take().await;
        assert!(timeout(LOOK_AGAIN * 10, places.take()).await.is_err());
        only.wait();
        let next = tokio::spawn({
            let places = Arc::clone(&places);
            async move { places.take().await }
        });
        only.must_leave().await;
        only.work();
        only.must_leave().await;
        drop(only);
        drop(next.await.unwrap());
    }
}
