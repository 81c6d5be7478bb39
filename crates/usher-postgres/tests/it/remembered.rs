//! What an instance remembers of who may enter is used, and never beyond the moment at which it ceases to be true.

use usher_conformance::{
    Home,
    ledger::{Ledger, START_MS, admitted, refused},
};
use usher_seats::{Refusal, SeatType::PerUser};
use usher_testbed::postgres::Server;

use crate::home::PostgresHome;

/// A ledger with people who hold platform seats and came before, the second time as somebody remembered.
async fn known(home: &PostgresHome, people: &[i64]) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(people, &["crm"]).await;
    for person in people {
        ledger.assign(*person, None, None, START_MS).await;
        for at_ms in [START_MS, START_MS + 1] {
            assert_eq!(ledger.open(*person, "crm", at_ms).await, admitted(PerUser, at_ms));
        }
    }
    ledger
}

#[tokio::test]
async fn somebody_remembered_is_not_looked_up_until_something_of_the_tenant_changes() {
    let home = PostgresHome::new().await;
    let ledger = known(&home, &[1, 2]).await;
    ledger.release(2, None, START_MS + 2).await;
    let again = ledger.open(1, "crm", START_MS + 3).await;
    assert_eq!(
        again,
        admitted(PerUser, START_MS + 3),
        "read again after the change"
    );
    // Behind everybody's back, which nobody should do: so it shows that nobody looks.
    let client = Server::shared().connect(home.database()).await;
    let taken = client.execute("UPDATE seats SET held = FALSE WHERE user_id = 1", &[]);
    assert_eq!(taken.await.unwrap(), 1);
    assert_eq!(
        ledger.open(1, "crm", START_MS + 4).await,
        admitted(PerUser, START_MS + 4)
    );
    ledger.assign(2, None, None, START_MS + 5).await;
    assert_eq!(
        ledger.open(1, "crm", START_MS + 6).await,
        refused(Refusal::SeatReleased)
    );
}

#[tokio::test]
async fn a_batch_answers_known_people_strangers_and_repeats_in_order() {
    let home = PostgresHome::new().await;
    let ledger = known(&home, &[1, 2, 3]).await;
    ledger.people_and_apps(&[4], &["wiki"]).await;
    ledger.open(1, "crm", START_MS + 2).await;
    let at = START_MS + 10;
    let accesses = vec![
        ledger.access(3, "crm", at),
        ledger.access(4, "crm", at),
        ledger.access(1, "crm", at + 1),
        ledger.access(2, "wiki", at),
        ledger.access(3, "crm", at + 2),
        ledger.access(2, "crm", START_MS),
    ];
    let answers = ledger.store.record(accesses).await.unwrap();
    assert_eq!(answers[0], admitted(PerUser, at));
    assert_eq!(answers[1], refused(Refusal::NoSeat));
    assert_eq!(answers[2], admitted(PerUser, at + 1));
    assert_eq!(answers[3], admitted(PerUser, at));
    assert_eq!(answers[4], admitted(PerUser, at + 2));
    assert!(!answers[5].moved, "older than what is kept: {:?}", answers[5]);
}

#[tokio::test]
async fn the_first_access_of_a_day_is_noted_for_somebody_remembered_too() {
    let home = PostgresHome::new().await;
    let ledger = known(&home, &[1]).await;
    let tomorrow = START_MS + 86_400_000;
    assert_eq!(ledger.open(1, "crm", tomorrow).await, admitted(PerUser, tomorrow));
    let client = Server::shared().connect(home.database()).await;
    let days = client
        .query_one("SELECT count(*) FROM active_days WHERE user_id = 1", &[])
        .await
        .unwrap();
    assert_eq!(days.get::<_, i64>(0), 2);
}

#[tokio::test]
async fn whoever_is_remembered_at_one_instance_is_refused_after_a_release_at_another() {
    let home = PostgresHome::new().await;
    let ledger = known(&home, &[1]).await;
    let other = Ledger {
        store: home.another().await,
        ..ledger.clone()
    };
    for round in 1..=20 {
        let at = START_MS + 10 * round;
        assert_eq!(ledger.open(1, "crm", at).await, admitted(PerUser, at));
        other.release(1, None, at + 1).await;
        assert_eq!(
            ledger.open(1, "crm", at + 2).await,
            refused(Refusal::SeatReleased)
        );
        other.assign(1, None, None, at + 3).await;
        assert_eq!(ledger.open(1, "crm", at + 4).await, admitted(PerUser, at + 4));
    }
}
