//! What else may happen to a connection that waits for its client: somebody needs its place, the server stops, a round of
//! patience is over.
//!
//! A connection is woken for its client nearly always. To ask each of these whether it has happened, each time the client has
//! said nothing yet, costs as much as reading what the client says. But all of them leave a mark that can be looked at before they
//! wake anybody, and whoever was told whom to wake remembers it. So once they were asked by a task, they are not asked
//! again before one of the marks is there.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use tokio::{sync::watch, time::Sleep};

use crate::server::places::Place;

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    /// Somebody needs the place.
    MustLeave,
    /// The server stops.
    Stopped,
    /// A round is over.
    RoundOver,
}

/// What may happen beside the client.
pub(super) struct Beside<'wait, Leave, Stopped> {
    pub(super) place: &'wait Place,
    /// Ready when the connection must leave.
    pub(super) leave: Pin<&'wait mut Leave>,
    /// Changes, unseen, when the server stops.
    pub(super) stopping: &'wait watch::Receiver<bool>,
    /// Ready when that has changed.
    pub(super) stopped: Pin<&'wait mut Stopped>,
    pub(super) round: Pin<&'wait mut Sleep>,
    /// Whom all of them wake; none before they were asked.
    pub(super) wakes: Option<Waker>,
}

impl<Leave, Stopped> Beside<'_, Leave, Stopped>
where
    Leave: Future<Output = ()>,
    Stopped: Future<Output = ()>,
{
    /// Begins another round.
    pub(super) fn begin_round(&mut self, round: Sleep) {
        self.round.set(round);
        self.wakes = None;
    }

    /// What has happened, if anything.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Happened> {
        let were_asked = self
            .wakes
            .as_ref()
            .is_some_and(|waker| waker.will_wake(context.waker()));
        if were_asked && !self.has_a_mark() {
            return Poll::Pending;
        }
        self.wakes = Some(context.waker().clone());
        if self.leave.as_mut().poll(context).is_ready() {
            return Poll::Ready(Happened::MustLeave);
        }
        if self.stopped.as_mut().poll(context).is_ready() {
            return Poll::Ready(Happened::Stopped);
        }
        self.round.as_mut().poll(context).map(|()| Happened::RoundOver)
    }

    /// True when any of them has happened, or may have.
    fn has_a_mark(&self) -> bool {
        // A sender that is gone means the same as its word.
        self.place.is_leaving() || self.stopping.has_changed().unwrap_or(true) || self.round.is_elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, time::Duration};

    use tokio::time::sleep;

    use super::*;
    use crate::server::places::Places;

    const ROUND: Duration = Duration::from_secs(5);

    enum Act {
        Nothing,
        Stop,
        EndWithoutAWord,
        Crowd,
    }

    /// What a connection hears that has been waiting, and was asked twice, when something is done then.
    async fn heard(act: Act) -> Happened {
        let places = Places::new(1);
        let place = places.take().await;
        place.wait();
        let (stop, stopping) = watch::channel(false);
        let mut watched = stopping.clone();
        let mut beside = Beside {
            place: &place,
            leave: pin!(place.must_leave()),
            stopping: &stopping,
            stopped: pin!(async move {
                let _ = watched.wait_for(|stopping| *stopping).await;
            }),
            round: pin!(sleep(ROUND)),
            wakes: None,
        };
        for _ in 0..2 {
            assert!(poll_fn(|context| Poll::Ready(beside.poll(context).is_pending())).await);
        }
        let mut stop = Some(stop);
        let newcomer = match act {
            Act::Nothing => None,
            Act::Stop => {
                stop.as_ref().unwrap().send(true).unwrap();
                None
            }
            Act::EndWithoutAWord => {
                stop = None;
                None
            }
            Act::Crowd => Some(tokio::spawn(async move { places.take().await })),
        };
        let happened = poll_fn(|context| beside.poll(context)).await;
        drop(stop);
        if let Some(newcomer) = newcomer {
            newcomer.abort();
        }
        happened
    }

    /// Time stands still while there is something to do, so whatever is heard too late is heard after the round.
    #[tokio::test(start_paused = true)]
    async fn whatever_happens_is_heard_by_whoever_was_not_asked_again() {
        assert_eq!(heard(Act::Nothing).await, Happened::RoundOver);
        assert_eq!(heard(Act::Stop).await, Happened::Stopped);
        assert_eq!(heard(Act::EndWithoutAWord).await, Happened::Stopped);
        assert_eq!(heard(Act::Crowd).await, Happened::MustLeave);
    }
}
