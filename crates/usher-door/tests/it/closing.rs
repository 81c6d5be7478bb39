//! Closing answers everybody who was accepted, and nobody after.

use usher_door::{DoorError, DoorLimits};

use crate::hand_driven::{access, admitted, begin, open};

#[tokio::test]
async fn closing_waits_for_everything_accepted() {
    let (door, mut commits) = open(DoorLimits::default());
    let in_flight = begin(&door, vec![access(1, 1)]).await;
    let slow = commits.next().await;
    let waiting = begin(&door, vec![access(2, 2)]).await;

    let closing = tokio::spawn({
        let door = door.clone();
        async move { door.close().await }
    });
    // The closing task runs whenever this one waits; from then on nobody is accepted.
    tokio::task::yield_now().await;
    assert_eq!(door.pass(vec![access(3, 3)]).await, Err(DoorError::Closed));
    assert!(!closing.is_finished(), "two callers have not been answered");
    slow.succeed();
    commits.next().await.succeed();
    assert_eq!(in_flight.await.unwrap(), Ok(vec![admitted(&access(1, 1))]));
    assert_eq!(waiting.await.unwrap(), Ok(vec![admitted(&access(2, 2))]));
    closing.await.unwrap();
}

#[tokio::test]
async fn an_idle_door_closes_at_once_and_twice() {
    let (door, _commits) = open(DoorLimits::default());
    door.close().await;
    door.close().await;
    assert_eq!(door.pass(vec![access(1, 1)]).await, Err(DoorError::Closed));
}
