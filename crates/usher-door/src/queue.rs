//! What waits at the door, behind one lock.
//!
//! A std mutex, because every critical section is a few lines without waiting. The counters sit behind the same
//! lock: they are read seldom and written where the lock is held anyway.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, oneshot};
use usher_store::{Access, Recorded};

use crate::{DoorCounters, DoorError, DoorLimits, verdict_slot::Teller};

/// A queue that has less than this share of its room left counts as full for a call that was not read yet: with the usual
/// limit a call of the largest size just fits into it.
const ROOM_SHARE: usize = 64;

/// What a caller hears in the end.
pub(crate) type Answer<Told> = Result<Told, DoorError>;

/// Who came together, and whom to answer. Nearly everybody comes alone, and then needs no list: neither for the access nor
/// for its verdict.
pub(crate) enum Party {
    /// One access.
    Lone(Access, Teller),
    /// At least one access.
    Group(Vec<Access>, oneshot::Sender<Answer<Vec<Recorded>>>),
}

impl Party {
    /// How many accesses.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Lone(..) => 1,
            Self::Group(accesses, _) => accesses.len(),
        }
    }

    fn accesses(&self) -> &[Access] {
        match self {
            Self::Lone(access, _) => std::slice::from_ref(access),
            Self::Group(accesses, _) => accesses,
        }
    }

    fn accesses_mut(&mut self) -> &mut [Access] {
        match self {
            Self::Lone(access, _) => std::slice::from_mut(access),
            Self::Group(accesses, _) => accesses,
        }
    }
}

/// One call.
pub(crate) struct Submission {
    pub(crate) party: Party,
    /// The oldest time among the accesses, computed once.
    oldest_ms: i64,
}

/// What a worker finds when it comes for work.
pub(crate) enum Taken {
    /// Whole submissions, in the order of their arrival.
    Batch(Vec<Submission>),
    /// Nothing is waiting; the bell rings when that changes.
    Nothing,
    /// Nothing is waiting and nothing will come.
    Closed,
}

/// The queue and the bell that wakes the worker.
pub(crate) struct Queue {
    limits: DoorLimits,
    state: Mutex<State>,
    bell: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Submission>,
    waiting_accesses: usize,
    /// Oldest access time among `waiting`.
    waiting_oldest_ms: Option<i64>,
    /// Oldest access time in the batch that each worker holds.
    in_flight_oldest_ms: Vec<Option<i64>>,
    /// The latest time the clock has shown; an earlier one after it means that the clock stepped back.
    newest_ms: Option<i64>,
    closed: bool,
    counters: DoorCounters,
}

impl Queue {
    /// A queue that so many workers serve; each of them has a number below that.
    pub(crate) fn new(limits: DoorLimits, workers: usize) -> Self {
        let state = State {
            in_flight_oldest_ms: vec![None; workers],
            ..State::default()
        };
        Self {
            limits,
            state: Mutex::new(state),
            bell: Notify::new(),
        }
    }

    /// Puts a call into the open batch; its party has whom to answer. With a clock every access gets the time it shows; the clock is read under
    /// the lock, so that no watermark given out before can be later than that time.
    pub(crate) fn submit(
        &self,
        mut party: Party,
        read_clock: Option<impl FnOnce() -> i64>,
    ) -> Result<(), DoorError> {
        let accesses = party.len();
        let mut state = self.lock();
        if state.closed {
            return Err(DoorError::Closed);
        }
        if accesses
            > self
                .limits
                .queue_accesses_max
                .saturating_sub(state.waiting_accesses)
        {
            state.counters.accesses_turned_away += accesses as u64;
            return Err(DoorError::Full);
        }
        if let Some(read_clock) = read_clock {
            state.stamp(party.accesses_mut(), read_clock());
        }
        let oldest_ms = oldest(party.accesses());
        state.waiting_oldest_ms = older(state.waiting_oldest_ms, oldest_ms);
        state.waiting_accesses += accesses;
        // Whoever finds others waiting need not ring: it was rung for them, and the worker takes all that wait.
        let first = state.waiting.is_empty();
        state.waiting.push_back(Submission {
            party,
            oldest_ms: oldest_ms.unwrap_or(i64::MAX),
        });
        drop(state);
        if first {
            self.bell.notify_one();
        }
        Ok(())
    }

    /// Hands a worker what is waiting, up to the limit. It settles a batch before it takes another.
    pub(crate) fn take(&self, worker: usize) -> Taken {
        let mut state = self.lock();
        if state.waiting.is_empty() {
            if !state.closed {
                return Taken::Nothing;
            }
            // The bell rang once, and every worker has to hear that there is no more work.
            self.bell.notify_one();
            return Taken::Closed;
        }
        let (batch, accesses) = state.cut_batch(self.limits.batch_accesses_max);
        state.waiting_accesses -= accesses;
        state.counters.batches += 1;
        state.counters.accesses += accesses as u64;
        let oldest_ms = batch.iter().map(|submission| submission.oldest_ms).min();
        state.hold(worker, oldest_ms);
        state.waiting_oldest_ms = state.waiting.iter().map(|submission| submission.oldest_ms).min();
        if !state.waiting.is_empty() {
            // Another worker may be free, and nobody rings for those who are left.
            self.bell.notify_one();
        }
        Taken::Batch(batch)
    }

    /// The batch that a worker took is recorded or given up; to be called before its callers are answered, so that
    /// a caller who has been answered is never unsettled.
    pub(crate) fn settled(&self, worker: usize) {
        self.lock().hold(worker, None);
    }

    /// Waits until something was submitted, or the queue was closed, since the last call.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Refuses whatever comes from now on; what waits stays.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.bell.notify_one();
    }

    /// Closes when a worker ends, and lets everybody who waits hear [`DoorError::Closed`]: a worker ends because there is
    /// nothing to do any more, or because something broke that breaks the others, too.
    pub(crate) fn abandon(&self, worker: usize) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting_accesses = 0;
        state.waiting_oldest_ms = None;
        state.hold(worker, None);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
        self.bell.notify_one();
    }

    /// The oldest unsettled time, or `now_ms` when nothing older is unsettled.
    pub(crate) fn watermark_ms(&self, now_ms: i64) -> i64 {
        let state = self.lock();
        let unsettled = state.in_flight_oldest_ms.iter().chain([&state.waiting_oldest_ms]);
        unsettled.flatten().copied().fold(now_ms, i64::min)
    }

    pub(crate) fn latest_ms(&self) -> Option<i64> {
        self.lock().newest_ms
    }

    /// Refuses a call that would hardly find room, before anybody has read what it wants.
    pub(crate) fn require_room(&self) -> Result<(), DoorError> {
        let mut state = self.lock();
        let most = self.limits.queue_accesses_max;
        if state.waiting_accesses < most - most / ROOM_SHARE {
            return Ok(());
        }
        state.counters.accesses_turned_away += 1;
        Err(DoorError::Full)
    }

    pub(crate) fn waiting_accesses(&self) -> usize {
        self.lock().waiting_accesses
    }

    pub(crate) fn counters(&self) -> DoorCounters {
        self.lock().counters
    }

    /// The state is plain numbers that are valid after every statement, so a panic elsewhere poisons nothing.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Writes the time into accesses that happen now, and counts a clock that shows less than it did.
    fn stamp(&mut self, accesses: &mut [Access], now_ms: i64) {
        match self.newest_ms {
            Some(newest_ms) if now_ms < newest_ms => self.counters.clock_steps_back += accesses.len() as u64,
            _ => self.newest_ms = Some(now_ms),
        }
        for access in accesses {
            access.accessed_at_ms = now_ms;
        }
    }

    /// Notes the oldest time in the batch that a worker holds; none when it holds none.
    fn hold(&mut self, worker: usize, oldest_ms: Option<i64>) {
        if let Some(held) = self.in_flight_oldest_ms.get_mut(worker) {
            *held = oldest_ms;
        }
    }

    /// Whole submissions from the front: at least one, then as many as fit.
    fn cut_batch(&mut self, accesses_max: usize) -> (Vec<Submission>, usize) {
        let mut accesses = 0;
        let mut submissions = 0;
        for submission in &self.waiting {
            let with_this = accesses + submission.party.len();
            if submissions > 0 && with_this > accesses_max {
                break;
            }
            accesses = with_this;
            submissions += 1;
        }
        (self.waiting.drain(..submissions).collect(), accesses)
    }
}

fn oldest(accesses: &[Access]) -> Option<i64> {
    accesses.iter().map(|access| access.accessed_at_ms).min()
}

fn older(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}
