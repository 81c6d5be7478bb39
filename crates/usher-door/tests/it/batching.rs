//! A lone access pays no delay; a crowd shares one commit.

use usher_door::DoorLimits;

use crate::hand_driven::{access, admitted, begin, open};

#[tokio::test]
async fn a_lone_access_is_recorded_at_once() {
    let (door, mut commits) = open(DoorLimits::default());
    let caller = begin(&door, vec![access(1, 100)]).await;
    let commit = commits.next().await;
    assert_eq!(commit.user_ids(), [1]);
    commit.succeed();
    assert_eq!(caller.await.unwrap(), Ok(vec![admitted(&access(1, 100))]));
}

#[tokio::test]
async fn a_crowd_that_gathers_behind_a_commit_shares_the_next_one() {
    let (door, mut commits) = open(DoorLimits::default());
    let first = begin(&door, vec![access(1, 100)]).await;
    let slow = commits.next().await;

    let mut crowd = Vec::new();
    for user_id in 2..=200 {
        crowd.push(begin(&door, vec![access(user_id, 100 + user_id)]).await);
    }
    assert_eq!(door.waiting(), 199);
    assert!(commits.none_waits(), "the worker has one commit at a time");
    slow.succeed();
    first.await.unwrap().unwrap();

    let shared = commits.next().await;
    assert_eq!(
        shared.user_ids(),
        (2..=200).collect::<Vec<_>>(),
        "in the order of arrival"
    );
    assert_eq!(door.waiting(), 0);
    shared.succeed();
    for (user_id, caller) in (2..=200).zip(crowd) {
        let own = admitted(&access(user_id, 100 + user_id));
        assert_eq!(caller.await.unwrap(), Ok(vec![own]), "each hears its own verdict");
    }
    assert_eq!((door.counters().batches, door.counters().accesses), (2, 200));
}

#[tokio::test]
async fn a_batch_ends_at_its_limit_and_never_splits_a_call() {
    let (door, mut commits) = open(DoorLimits {
        queue_accesses_max: 100,
        batch_accesses_max: 4,
    });
    let first = begin(&door, vec![access(1, 1)]).await;
    let slow = commits.next().await;
    let mut callers = vec![first];
    for users in [vec![2, 3], vec![4], vec![5, 6], vec![7, 8, 9, 10, 11], vec![12]] {
        let accesses = users
            .into_iter()
            .map(|user_id| access(user_id, user_id))
            .collect();
        callers.push(begin(&door, accesses).await);
    }
    slow.succeed();
    for expected in [vec![2, 3, 4], vec![5, 6], vec![7, 8, 9, 10, 11], vec![12]] {
        let commit = commits.next().await;
        assert_eq!(commit.user_ids(), expected);
        commit.succeed();
    }
    let mut answered = Vec::new();
    for caller in callers {
        answered.push(caller.await.unwrap().unwrap().len());
    }
    assert_eq!(answered, [1, 2, 1, 2, 5, 1]);
}

#[tokio::test]
async fn a_call_without_accesses_is_answered_without_the_engine() {
    let (door, mut commits) = open(DoorLimits::default());
    assert_eq!(door.pass(Vec::new()).await, Ok(Vec::new()));
    assert!(commits.none_waits());
    assert_eq!(door.counters().batches, 0);
}

#[tokio::test]
async fn a_caller_who_goes_away_has_passed_all_the_same() {
    let (door, mut commits) = open(DoorLimits::default());
    let gone = begin(&door, vec![access(1, 1)]).await;
    let commit = commits.next().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    commit.succeed();
    let next = begin(&door, vec![access(2, 2)]).await;
    commits.next().await.succeed();
    next.await.unwrap().unwrap();
}
