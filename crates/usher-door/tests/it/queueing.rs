//! The queue is bounded, and says so at once.

use usher_door::{DoorError, DoorLimits};

use crate::hand_driven::{access, begin, open};

const SMALL: DoorLimits = DoorLimits {
    queue_accesses_max: 3,
    batch_accesses_max: 3,
};

#[tokio::test]
async fn a_full_queue_turns_callers_away_at_once_and_keeps_those_it_has() {
    let (door, mut commits) = open(SMALL);
    let first = begin(&door, vec![access(1, 1)]).await;
    let slow = commits.next().await;
    let pair = begin(&door, vec![access(2, 2), access(3, 3)]).await;

    assert_eq!(
        door.pass(vec![access(4, 4), access(5, 5)]).await,
        Err(DoorError::Full)
    );
    let last = begin(&door, vec![access(6, 6)]).await;
    assert_eq!(door.waiting(), 3);
    assert_eq!(door.pass(vec![access(7, 7)]).await, Err(DoorError::Full));
    assert_eq!(door.counters().accesses_turned_away, 3);

    slow.succeed();
    let shared = commits.next().await;
    assert_eq!(
        shared.user_ids(),
        [2, 3, 6],
        "nobody who was turned away was recorded"
    );
    shared.succeed();
    for caller in [first, pair, last] {
        caller.await.unwrap().unwrap();
    }
    let again = begin(&door, vec![access(7, 7)]).await;
    commits.next().await.succeed();
    again.await.unwrap().expect("there is room again");
}

#[tokio::test]
async fn a_call_larger_than_the_queue_never_fits() {
    let (door, mut commits) = open(SMALL);
    let too_many = (1..=4).map(|user_id| access(user_id, 1)).collect();
    assert_eq!(door.pass(too_many).await, Err(DoorError::Full));
    assert!(commits.none_waits());
}

/// Asked before a call is read, the door is full a little earlier: by as much as the largest call may need.
#[tokio::test]
async fn a_call_that_was_not_read_yet_needs_more_room() {
    let limits = DoorLimits {
        queue_accesses_max: 128,
        batch_accesses_max: 128,
    };
    let (door, mut commits) = open(limits);
    let first = begin(&door, vec![access(1, 1)]).await;
    let slow = commits.next().await;
    let many = |count: i64| (0..count).map(|user_id| access(2 + user_id, 2)).collect();
    let waiting = begin(&door, many(125)).await;
    assert_eq!(door.require_room(), Ok(()), "three places are left");
    let another = begin(&door, vec![access(1, 3)]).await;
    assert_eq!(door.require_room(), Err(DoorError::Full), "two are too few");
    let last = begin(&door, vec![access(1, 4), access(1, 5)]).await;
    assert_eq!(door.waiting(), 128, "but whoever was read may take them");
    slow.succeed();
    commits.next().await.succeed();
    assert_eq!(door.require_room(), Ok(()));
    for caller in [first, waiting, another, last] {
        caller.await.unwrap().unwrap();
    }
}
