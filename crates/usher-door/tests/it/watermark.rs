//! The watermark never promises more than what is settled.

use usher_door::DoorLimits;

use crate::hand_driven::{access, begin, open};

#[tokio::test]
async fn the_watermark_is_the_oldest_unsettled_access_or_now() {
    let (door, mut commits) = open(DoorLimits {
        queue_accesses_max: 100,
        batch_accesses_max: 1,
    });
    assert_eq!(door.watermark_ms(1_000), 1_000);

    let first = begin(&door, vec![access(1, 500)]).await;
    assert_eq!(door.watermark_ms(1_000), 500, "waiting");
    let in_flight = commits.next().await;
    assert_eq!(door.watermark_ms(1_000), 500, "in flight");
    assert_eq!(door.watermark_ms(400), 400, "never later than now");

    let second = begin(&door, vec![access(2, 700)]).await;
    let third = begin(&door, vec![access(3, 600)]).await;
    assert_eq!(door.watermark_ms(1_000), 500);
    in_flight.succeed();
    first.await.unwrap().unwrap();
    let in_flight = commits.next().await;
    assert_eq!(
        door.watermark_ms(1_000),
        600,
        "the oldest of those left, whatever its place"
    );
    in_flight.succeed();
    second.await.unwrap().unwrap();
    commits.next().await.succeed();
    third.await.unwrap().unwrap();
    assert_eq!(
        door.watermark_ms(1_000),
        1_000,
        "settled before its caller was answered"
    );
}

#[tokio::test]
async fn an_access_that_happens_now_is_stamped_on_entry() {
    let (door, mut commits) = open(DoorLimits::default());
    let call = tokio::spawn({
        let door = door.clone();
        async move { door.pass_now(vec![access(1, 0), access(2, 0)], || 900).await }
    });
    let commit = commits.next().await;
    let times: Vec<i64> = commit
        .accesses
        .iter()
        .map(|access| access.accessed_at_ms)
        .collect();
    assert_eq!(times, [900, 900]);
    commit.succeed();
    call.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_clock_that_steps_back_is_counted_and_history_is_not() {
    let (door, mut commits) = open(DoorLimits::default());
    for (now_ms, steps_back) in [(900, 0), (900, 0), (899, 1), (900, 1), (100, 2)] {
        let call = tokio::spawn({
            let door = door.clone();
            async move { door.pass_now(vec![access(1, 0)], || now_ms).await }
        });
        commits.next().await.succeed();
        call.await.unwrap().unwrap();
        assert_eq!(door.counters().clock_steps_back, steps_back, "at {now_ms}");
    }
    let imported = begin(&door, vec![access(1, 5)]).await;
    commits.next().await.succeed();
    imported.await.unwrap().unwrap();
    assert_eq!(door.counters().clock_steps_back, 2);
}
