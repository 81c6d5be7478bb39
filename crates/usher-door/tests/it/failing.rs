//! When the engine fails, nobody of the batch is admitted, and the next batch starts anew.

use std::sync::Arc;

use usher_door::{DoorError, DoorLimits};
use usher_store::StoreError;

use crate::hand_driven::{access, admitted, begin, open};

#[tokio::test]
async fn an_error_is_everybodys_of_that_batch_and_nobody_elses() {
    let (door, mut commits) = open(DoorLimits::default());
    let before = begin(&door, vec![access(1, 1)]).await;
    let good = commits.next().await;
    let callers = [
        begin(&door, vec![access(2, 2)]).await,
        begin(&door, vec![access(3, 3), access(4, 4)]).await,
    ];
    good.succeed();
    before.await.unwrap().unwrap();

    let error = StoreError::Unavailable {
        detail: "disk full".to_owned(),
    };
    commits.next().await.finish(Err(error.clone()));
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Err(DoorError::Store(error.clone())));
    }

    let after = begin(&door, vec![access(5, 5)]).await;
    commits.next().await.succeed();
    assert_eq!(after.await.unwrap(), Ok(vec![admitted(&access(5, 5))]));
}

#[tokio::test]
async fn what_could_not_be_decided_is_heard_by_who_asked_for_it_alone() {
    let (door, mut commits) = open(DoorLimits::default());
    let first = begin(&door, vec![access(1, 1)]).await;
    let held = commits.next().await;
    let callers = [
        begin(&door, vec![access(2, 2)]).await,
        begin(&door, vec![access(3, 3), access(4, 4), access(5, 5)]).await,
        begin(&door, vec![access(6, 6)]).await,
    ];
    held.succeed();
    first.await.unwrap().unwrap();
    let commit = commits.next().await;
    let answers = commit
        .accesses
        .iter()
        .map(|access| (access.user_id.get() != 3).then(|| admitted(access)));
    let answers = answers.collect();
    commit.finish_partly(Ok(answers));
    let [second, third, fourth] = callers;
    assert_eq!(second.await.unwrap(), Ok(vec![admitted(&access(2, 2))]));
    assert_eq!(third.await.unwrap(), Err(DoorError::Undecided));
    assert_eq!(fourth.await.unwrap(), Ok(vec![admitted(&access(6, 6))]));
}

#[tokio::test]
async fn an_engine_that_miscounts_admits_nobody() {
    let (door, mut commits) = open(DoorLimits::default());
    let caller = begin(&door, vec![access(1, 1), access(2, 2)]).await;
    commits.next().await.finish(Ok(vec![admitted(&access(1, 1))]));
    let detail = "1 verdicts for 2 accesses".to_owned();
    assert_eq!(
        caller.await.unwrap(),
        Err(DoorError::Store(StoreError::Broken { detail }))
    );
}

#[tokio::test]
async fn nobody_waits_for_a_worker_that_is_gone() {
    let (door, commits) = open(DoorLimits::default());
    // The hand-driven engine panics when nobody takes its commits, and the worker ends with it.
    drop(commits);
    let caller = begin(&door, vec![access(1, 1)]).await;
    assert_eq!(caller.await.unwrap(), Err(DoorError::Closed));
    assert_eq!(door.pass(vec![access(2, 2)]).await, Err(DoorError::Closed));
    door.close().await;
}

#[test]
fn nobody_waits_for_a_runtime_that_has_stopped() {
    let elsewhere = tokio::runtime::Runtime::new().unwrap();
    let (door, mut commits) = elsewhere.block_on(async { open(DoorLimits::default()) });
    let here = tokio::runtime::Runtime::new().unwrap();
    here.block_on(async {
        let door = Arc::new(door);
        let in_flight = begin(&door, vec![access(1, 1)]).await;
        let _unfinished = commits.next().await;
        let waiting = begin(&door, vec![access(2, 2)]).await;
        elsewhere.shutdown_background();
        assert_eq!(in_flight.await.unwrap(), Err(DoorError::Closed));
        assert_eq!(waiting.await.unwrap(), Err(DoorError::Closed));
    });
}
