//! Where somebody who comes alone hears the verdict.
//!
//! A connection asks thousands of times, one question after the other. A channel made for each answer would cost more than
//! the queue does; so a connection keeps one slot, and each answer is put where the last one was. Turns are
//! numbered: whoever gave up waiting and asks again never hears the answer to the question before.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use usher_store::Recorded;

use crate::{DoorError, queue::Answer};

/// Where one caller hears one verdict after the other. It serves any door.
#[derive(Debug, Default)]
pub struct VerdictSlot {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// A std mutex, held for a few lines without waiting.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whose answer is awaited.
    turn: u64,
    answer: Option<Answer<Recorded>>,
    waker: Option<Waker>,
}

impl VerdictSlot {
    /// Begins the next turn: what is to be told comes out of the second. Borrowed until it is heard, so that there is one turn
    /// at a time.
    pub(crate) fn next_turn(&mut self) -> (Teller, Hearing<'_>) {
        let turn = {
            let mut state = self.shared.lock();
            state.turn += 1;
            state.answer = None;
            state.turn
        };
        let teller = Teller {
            shared: Arc::clone(&self.shared),
            turn,
            told: false,
        };
        (teller, Hearing { shared: &self.shared })
    }
}

impl Shared {
    /// The state is whole after every statement, so a panic elsewhere poisons nothing.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, turn: u64, answer: Answer<Recorded>) {
        let mut state = self.lock();
        if state.turn != turn {
            return;
        }
        state.answer = Some(answer);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Tells the answer of one turn.
#[derive(Debug)]
pub(crate) struct Teller {
    shared: Arc<Shared>,
    turn: u64,
    told: bool,
}

impl Teller {
    /// Tells it; nobody hears when the caller has gone away.
    pub(crate) fn tell(mut self, answer: Answer<Recorded>) {
        self.told = true;
        self.shared.tell(self.turn, answer);
    }
}

impl Drop for Teller {
    /// Dropped untold only when the worker ended early, and then nobody must wait in vain.
    fn drop(&mut self) {
        if !self.told {
            self.shared.tell(self.turn, Err(DoorError::Closed));
        }
    }
}

/// Waits for the answer of one turn.
#[derive(Debug)]
pub(crate) struct Hearing<'slot> {
    shared: &'slot Shared,
}

impl Future for Hearing<'_> {
    type Output = Answer<Recorded>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.shared.lock();
        match state.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;

    struct Counted(Mutex<u32>);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap() += 1;
        }
    }

    fn poll(hearing: &mut Hearing<'_>, counted: &Arc<Counted>) -> Poll<Answer<Recorded>> {
        let waker = Waker::from(Arc::clone(counted));
        Pin::new(hearing).poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn each_turn_hears_its_own_answer_and_is_woken_for_it() {
        let counted = Arc::new(Counted(Mutex::new(0)));
        let mut slot = VerdictSlot::default();
        for turn in 1..=3 {
            let (teller, mut hearing) = slot.next_turn();
            assert!(poll(&mut hearing, &counted).is_pending());
            teller.tell(Err(DoorError::Undecided));
            assert_eq!(*counted.0.lock().unwrap(), turn);
            assert_eq!(
                poll(&mut hearing, &counted),
                Poll::Ready(Err(DoorError::Undecided))
            );
        }
    }

    #[test]
    fn whoever_gave_up_never_hears_the_answer_to_the_question_before() {
        let counted = Arc::new(Counted(Mutex::new(0)));
        let mut slot = VerdictSlot::default();
        let (late, mut given_up) = slot.next_turn();
        assert!(poll(&mut given_up, &counted).is_pending());
        let (teller, mut hearing) = slot.next_turn();
        late.tell(Err(DoorError::Full));
        assert!(poll(&mut hearing, &counted).is_pending());
        teller.tell(Err(DoorError::Undecided));
        assert_eq!(
            poll(&mut hearing, &counted),
            Poll::Ready(Err(DoorError::Undecided))
        );
    }

    #[test]
    fn nobody_waits_for_a_worker_that_is_gone() {
        let counted = Arc::new(Counted(Mutex::new(0)));
        let mut slot = VerdictSlot::default();
        let (teller, mut hearing) = slot.next_turn();
        assert!(poll(&mut hearing, &counted).is_pending());
        drop(teller);
        assert_eq!(*counted.0.lock().unwrap(), 1);
        assert_eq!(poll(&mut hearing, &counted), Poll::Ready(Err(DoorError::Closed)));
    }
}
