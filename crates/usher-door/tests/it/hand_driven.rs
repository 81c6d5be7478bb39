//! An engine whose every commit is made by the test itself, by hand.

#![expect(
    clippy::expect_used,
    reason = "a story stops at the first surprise, in its helpers too"
)]

use std::future::Future;

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use usher_door::{Door, DoorError, DoorLimits, Recorder};
use usher_seats::{Namespace, SeatType, TenantId, UserId, Verdict};
use usher_store::{Access, Recorded, StoreError};

type Outcome = Result<Vec<Option<Recorded>>, StoreError>;

/// A call to `record` that waits for the test.
pub(crate) struct Commit {
    pub(crate) accesses: Vec<Access>,
    answer: oneshot::Sender<Outcome>,
}

impl Commit {
    pub(crate) fn user_ids(&self) -> Vec<i64> {
        self.accesses.iter().map(|access| access.user_id.get()).collect()
    }

    /// Admits everybody, each with its own time, so that a mixed-up answer shows.
    pub(crate) fn succeed(self) {
        let recorded = self.accesses.iter().map(admitted).collect();
        self.finish(Ok(recorded));
    }

    pub(crate) fn finish(self, outcome: Result<Vec<Recorded>, StoreError>) {
        self.finish_partly(outcome.map(|recorded| recorded.into_iter().map(Some).collect()));
    }

    /// The same where some have no answer.
    pub(crate) fn finish_partly(self, outcome: Outcome) {
        self.answer
            .send(outcome)
            .expect("the worker waits for its commit");
    }
}

/// What [`Commit::succeed`] answers to an access.
pub(crate) fn admitted(access: &Access) -> Recorded {
    Recorded {
        verdict: Verdict::Admitted {
            seat_type: SeatType::PerUser,
            active_time_ms: access.accessed_at_ms,
        },
        moved: true,
        admits_until_ms: None,
    }
}

/// The commits as they come.
pub(crate) struct Commits(mpsc::UnboundedReceiver<Commit>);

impl Commits {
    pub(crate) async fn next(&mut self) -> Commit {
        self.0.recv().await.expect("the door has a worker")
    }

    pub(crate) fn none_waits(&mut self) -> bool {
        self.0.is_empty()
    }
}

/// A door in front of a hand-driven engine.
pub(crate) fn open(limits: DoorLimits) -> (Door, Commits) {
    open_for(limits, 1)
}

/// The same in front of one that serves so many batches at once.
pub(crate) fn open_for(limits: DoorLimits, batches_in_flight: usize) -> (Door, Commits) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let engine = HandDriven {
        commits: sender,
        batches_in_flight,
    };
    (Door::open_before(engine, limits), Commits(receiver))
}

/// An access of this user at this time.
pub(crate) fn access(user_id: i64, accessed_at_ms: i64) -> Access {
    Access {
        tenant_id: TenantId(1),
        user_id: UserId::new(user_id).expect("in range"),
        namespace: "package_35f605__c".parse::<Namespace>().expect("valid"),
        accessed_at_ms,
    }
}

/// Lets a call run until the door has accepted or refused it.
pub(crate) async fn begin(
    door: &Door,
    accesses: Vec<Access>,
) -> JoinHandle<Result<Vec<Recorded>, DoorError>> {
    let mut call = Box::pin({
        let door = door.clone();
        async move { door.pass(accesses).await }
    });
    // One poll is what it takes to enter the queue; no worker has to run for that.
    let entered = std::future::poll_fn(|context| std::task::Poll::Ready(call.as_mut().poll(context))).await;
    match entered {
        std::task::Poll::Ready(answer) => tokio::spawn(std::future::ready(answer)),
        std::task::Poll::Pending => tokio::spawn(call),
    }
}

struct HandDriven {
    commits: mpsc::UnboundedSender<Commit>,
    batches_in_flight: usize,
}

impl Recorder for HandDriven {
    async fn record(&self, accesses: Vec<Access>) -> Result<Vec<Option<Recorded>>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.commits
            .send(Commit { accesses, answer })
            .expect("the test takes its commits");
        answered.await.expect("the test finishes its commits")
    }

    fn batches_in_flight(&self) -> usize {
        self.batches_in_flight
    }
}
