//! An engine that serves several batches at once gets them.

use usher_door::DoorLimits;

use crate::hand_driven::{access, begin, open_for};

/// Every access is a batch.
const LIMITS: DoorLimits = DoorLimits {
    queue_accesses_max: 100,
    batch_accesses_max: 1,
};

#[tokio::test]
async fn as_many_batches_are_under_way_as_the_engine_says_and_no_more() {
    let (door, mut commits) = open_for(LIMITS, 2);
    let mut calls = Vec::new();
    for user in 1..=3 {
        calls.push(begin(&door, vec![access(user, 500)]).await);
    }
    let first = commits.next().await;
    let second = commits.next().await;
    assert_eq!((first.user_ids(), second.user_ids()), (vec![1], vec![2]));
    assert!(commits.none_waits(), "the third has to wait for one of them");
    assert_eq!(door.waiting(), 1);
    second.succeed();
    let third = commits.next().await;
    assert_eq!(third.user_ids(), [3], "whoever is free takes it");
    third.succeed();
    first.succeed();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_watermark_is_held_by_the_oldest_of_all_batches_under_way() {
    let (door, mut commits) = open_for(LIMITS, 2);
    let old = begin(&door, vec![access(1, 500)]).await;
    let first = commits.next().await;
    let new = begin(&door, vec![access(2, 700)]).await;
    let second = commits.next().await;
    second.succeed();
    new.await.unwrap().unwrap();
    assert_eq!(
        door.watermark_ms(1_000),
        500,
        "the later one is done, the earlier is not"
    );
    first.succeed();
    old.await.unwrap().unwrap();
    assert_eq!(door.watermark_ms(1_000), 1_000);
}

#[tokio::test]
async fn a_door_that_closes_waits_for_all_batches_under_way() {
    let (door, mut commits) = open_for(LIMITS, 3);
    let one = begin(&door, vec![access(1, 500)]).await;
    let other = begin(&door, vec![access(2, 500)]).await;
    let (first, second) = (commits.next().await, commits.next().await);
    let closing = tokio::spawn({
        let door = door.clone();
        async move { door.close().await }
    });
    first.succeed();
    one.await.unwrap().unwrap();
    assert!(!closing.is_finished(), "one batch is still under way");
    second.succeed();
    other.await.unwrap().unwrap();
    closing.await.unwrap();
}
