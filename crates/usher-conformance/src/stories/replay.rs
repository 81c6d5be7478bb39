//! Tales of accesses that were admitted while the engine could not be asked.

use usher_seats::{SeatType, SeatType::PerUser, SeatType::PerUserPerApp};
use usher_store::{AdmittedAccess, Change};

use crate::{
    Home,
    ledger::{Ledger, START_MS, admitted, admitted_without_moving, namespace, user_id},
};

fn through(ledger: &Ledger, seat_type: SeatType, user: i64, app: &str, at_ms: i64) -> AdmittedAccess {
    AdmittedAccess {
        access: ledger.access(user, app, at_ms),
        seat_type,
    }
}

/// Ada's seat was taken back while her access waited to be written down: she was let in all the same. Bob never had one.
pub async fn what_was_admitted_elsewhere_is_noted_without_being_judged(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2], &["crm", "wiki"]).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger.release(1, None, START_MS + 10).await;
    let waited = vec![
        through(&ledger, PerUser, 1, "crm", START_MS + 5),
        through(&ledger, PerUser, 1, "crm", START_MS + 7),
        through(&ledger, PerUserPerApp, 2, "wiki", START_MS + 6),
    ];
    ledger.store.replay(waited).await.unwrap();
    home.restart().await;
    let ledger = Ledger {
        store: home.store(),
        ..ledger
    };
    let rows = ledger.activities(PerUser, 10, START_MS + 20).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].user_id, rows[0].active_time_ms),
        (user_id(1), START_MS + 7)
    );
    let rows = ledger.activities(PerUserPerApp, 10, START_MS + 20).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].namespace, namespace("wiki"));
}

/// What was replayed before is replayed again after a crash, and newer accesses may have come meanwhile.
pub async fn a_replay_may_be_repeated_and_never_goes_back(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1], &["crm"]).await;
    ledger.assign(1, None, None, START_MS).await;
    assert_eq!(
        ledger.open(1, "crm", START_MS + 50).await,
        admitted(PerUser, START_MS + 50)
    );
    let waited = vec![through(&ledger, PerUser, 1, "crm", START_MS + 5)];
    for _ in 0..2 {
        ledger.store.replay(waited.clone()).await.unwrap();
        assert_eq!(
            ledger.open(1, "crm", START_MS + 10).await,
            admitted_without_moving(PerUser, START_MS + 50)
        );
    }
    let later = through(&ledger, PerUser, 1, "crm", START_MS + 60);
    ledger.store.replay(vec![later]).await.unwrap();
    assert_eq!(
        ledger.open(1, "crm", START_MS + 55).await,
        admitted_without_moving(PerUser, START_MS + 60)
    );
    ledger.store.replay(Vec::new()).await.unwrap();
}

/// Somebody was deleted before their last accesses were written down; the others' are written all the same.
pub async fn people_and_apps_that_are_gone_are_passed_over(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2], &["crm"]).await;
    let gone = Change::DeleteUser {
        tenant_id: ledger.tenant_id,
        user_id: user_id(2),
    };
    ledger.change(gone, START_MS).await.unwrap();
    let waited = vec![
        through(&ledger, PerUser, 2, "crm", START_MS + 1),
        through(&ledger, PerUser, 1, "nothing", START_MS + 2),
        through(&ledger, PerUser, 1, "crm", START_MS + 3),
    ];
    ledger.store.replay(waited).await.unwrap();
    let rows = ledger.activities(PerUser, 10, START_MS + 20).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].user_id, rows[0].active_time_ms),
        (user_id(1), START_MS + 3)
    );
}
