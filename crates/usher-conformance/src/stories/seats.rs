//! Tales of giving and taking seats.

use usher_seats::{
    Refusal, SeatStatus,
    SeatType::{PerUser, PerUserPerApp},
};
use usher_store::{Change, Effect, LedgerChange, Rejection};

use crate::{
    Home,
    ledger::{Ledger, START_MS, admitted, admitted_until, namespace, refused, user_id},
};

async fn acme(home: &mut dyn Home) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2], &["crm", "wiki"]).await;
    ledger
}

/// The whole life of a seat.
pub async fn a_seat_admits_until_it_is_released(home: &mut dyn Home) {
    let ledger = acme(home).await;
    assert_eq!(ledger.open(1, "crm", START_MS).await, refused(Refusal::NoSeat));
    assert_eq!(ledger.assign(1, None, None, START_MS + 1).await, Effect::Created);
    assert_eq!(
        ledger.assign(1, None, None, START_MS + 2).await,
        Effect::Unchanged
    );
    assert_eq!(
        ledger.open(1, "crm", START_MS + 3).await,
        admitted(PerUser, START_MS + 3)
    );
    assert_eq!(ledger.release(1, None, START_MS + 4).await, Effect::Updated);
    assert_eq!(ledger.release(1, None, START_MS + 5).await, Effect::Unchanged);
    assert_eq!(
        ledger.open(1, "crm", START_MS + 6).await,
        refused(Refusal::SeatReleased)
    );
    let seats = ledger.assignments(PerUser, 10, START_MS + 7).await;
    assert_eq!(
        (seats.len(), seats[0].status, seats[0].assigned_at_ms),
        (1, SeatStatus::Released, START_MS + 1)
    );
}

/// DESIGN section 5: the same row returns to `in_use`; its last time stays, the beginning is new.
pub async fn a_seat_given_again_keeps_its_last_activity(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger.open(1, "crm", START_MS + 1).await;
    ledger.release(1, None, START_MS + 2).await;
    let released = ledger.activities(PerUser, 10, START_MS + 3).await;
    assert_eq!(
        (released[0].status, released[0].active_time_ms),
        (SeatStatus::Released, START_MS + 1)
    );
    assert_eq!(ledger.assign(1, None, None, START_MS + 4).await, Effect::Updated);
    let again = ledger.activities(PerUser, 10, START_MS + 5).await;
    assert_eq!(
        (again.len(), again[0].status, again[0].active_time_ms),
        (1, SeatStatus::InUse, START_MS + 1)
    );
    assert_eq!(
        ledger.assignments(PerUser, 10, START_MS + 5).await[0].assigned_at_ms,
        START_MS + 4
    );
}

/// No job needs to run for a seat to end, and extending is assigning with a later end.
pub async fn expiry_acts_on_time(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.assign(1, None, Some(START_MS + 100), START_MS).await;
    assert_eq!(
        ledger.open(1, "crm", START_MS + 99).await,
        admitted_until(PerUser, START_MS + 99, START_MS + 100)
    );
    assert_eq!(
        ledger.open(1, "crm", START_MS + 100).await,
        refused(Refusal::SeatExpired)
    );
    assert_eq!(
        ledger.activities(PerUser, 10, START_MS + 99).await[0].status,
        SeatStatus::InUse
    );
    assert_eq!(
        ledger.activities(PerUser, 10, START_MS + 100).await[0].status,
        SeatStatus::Released
    );
    assert_eq!(
        ledger.assign(1, None, Some(START_MS + 200), START_MS + 50).await,
        Effect::Updated
    );
    assert_eq!(
        ledger.open(1, "crm", START_MS + 150).await,
        admitted_until(PerUser, START_MS + 150, START_MS + 200)
    );
    assert_eq!(
        ledger.assignments(PerUser, 10, START_MS + 150).await[0].assigned_at_ms,
        START_MS
    );
    assert_eq!(
        ledger.assign(1, None, None, START_MS + 300).await,
        Effect::Updated
    );
    assert_eq!(
        ledger.assignments(PerUser, 10, START_MS + 300).await[0].assigned_at_ms,
        START_MS + 300
    );
}

/// Whether a clerk has been round makes no difference to what people hear.
pub async fn a_seat_that_ran_out_is_called_expired_before_and_after_it_is_settled(home: &mut dyn Home) {
    let ledger = acme(home).await;
    for (user, end_ms) in [(1, START_MS + 10), (2, START_MS + 1_000)] {
        ledger.assign(user, None, Some(end_ms), START_MS).await;
    }
    let settle = LedgerChange::SettleExpired { seats_max: 10 };
    ledger.release(2, None, START_MS + 15).await;
    for settled in [false, true] {
        assert_eq!(
            ledger.open(1, "crm", START_MS + 20).await,
            refused(Refusal::SeatExpired),
            "settled: {settled}"
        );
        assert_eq!(
            ledger.open(2, "crm", START_MS + 2_000).await,
            refused(Refusal::SeatReleased),
            "given back before its end, settled: {settled}"
        );
        ledger.ledger_change(settle.clone(), START_MS + 20).await.unwrap();
    }
}

/// DESIGN section 5, "two seats at once".
pub async fn the_platform_seat_admits_before_the_app_seat(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.assign(1, Some("crm"), None, START_MS).await;
    assert_eq!(
        ledger.open(1, "crm", START_MS + 1).await,
        admitted(PerUserPerApp, START_MS + 1)
    );
    ledger.assign(1, None, None, START_MS + 2).await;
    assert_eq!(
        ledger.open(1, "crm", START_MS + 3).await,
        admitted(PerUser, START_MS + 3)
    );
    assert_eq!(
        ledger.activities(PerUserPerApp, 10, START_MS + 4).await[0].active_time_ms,
        START_MS + 1
    );
    assert_eq!(
        ledger.activities(PerUser, 10, START_MS + 4).await[0].active_time_ms,
        START_MS + 3
    );
}

/// An app seat is good for one app, and its status is its own.
pub async fn an_app_seat_opens_only_its_own_app(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.assign(1, Some("crm"), None, START_MS).await;
    ledger.assign(1, Some("wiki"), None, START_MS).await;
    ledger.open(1, "crm", START_MS + 1).await;
    ledger.open(1, "wiki", START_MS + 1).await;
    ledger.release(1, Some("wiki"), START_MS + 2).await;
    assert_eq!(
        ledger.open(1, "crm", START_MS + 3).await,
        admitted(PerUserPerApp, START_MS + 3)
    );
    assert_eq!(
        ledger.open(1, "wiki", START_MS + 3).await,
        refused(Refusal::SeatReleased)
    );
    let rows = ledger.activities(PerUserPerApp, 10, START_MS + 4).await;
    assert_eq!(
        rows.iter().map(|row| row.status).collect::<Vec<_>>(),
        [SeatStatus::InUse, SeatStatus::Released]
    );
}

/// A seat names things that are there.
pub async fn seats_need_their_owner_and_app(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let assign = |seat_type, user, app: Option<&str>| Change::AssignSeat {
        tenant_id: ledger.tenant_id,
        seat_type,
        user_id: user_id(user),
        namespace: app.map(namespace),
        expires_at_ms: None,
    };
    for (change, rejection) in [
        (assign(PerUser, 9, None), Rejection::UserUnknown),
        (assign(PerUserPerApp, 1, Some("erp")), Rejection::AppUnknown),
        (
            assign(PerUserPerApp, 1, None),
            Rejection::SeatTypeAndNamespaceDisagree,
        ),
        (
            assign(PerUser, 1, Some("crm")),
            Rejection::SeatTypeAndNamespaceDisagree,
        ),
    ] {
        let error = ledger.change(change, START_MS).await.unwrap_err();
        assert_eq!(error.rejection(), Some(rejection));
    }
}

/// The cache of verdicts is exact: no access decided after an answered release is admitted by it.
pub async fn a_release_is_known_to_the_very_next_access(home: &mut dyn Home) {
    let ledger = acme(home).await;
    for round in 0..50 {
        let at_ms = START_MS + round * 10;
        ledger.assign(1, None, None, at_ms).await;
        assert_eq!(
            ledger.open(1, "crm", at_ms + 1).await,
            admitted(PerUser, at_ms + 1)
        );
        ledger.release(1, None, at_ms + 2).await;
        assert_eq!(
            ledger.open(1, "crm", at_ms + 3).await,
            refused(Refusal::SeatReleased)
        );
    }
}

/// An import that makes what is missing must not hand out what somebody took back.
pub async fn ensuring_a_seat_never_gives_a_released_one_back(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let ensure = || Change::EnsureSeat {
        tenant_id: ledger.tenant_id,
        seat_type: PerUser,
        user_id: user_id(1),
        namespace: None,
        assigned_at_ms: None,
    };
    assert_eq!(ledger.change(ensure(), START_MS).await, Ok(Effect::Created));
    assert_eq!(ledger.change(ensure(), START_MS).await, Ok(Effect::Unchanged));
    ledger.release(1, None, START_MS + 1).await;
    assert_eq!(ledger.change(ensure(), START_MS + 2).await, Ok(Effect::Unchanged));
    assert_eq!(
        ledger.open(1, "crm", START_MS + 3).await,
        refused(Refusal::SeatReleased)
    );
}

/// All changes of a call or none, and the error names the one that did not fit.
pub async fn a_rejected_change_leaves_nothing_behind(home: &mut dyn Home) {
    let ledger = acme(home).await;
    assert_eq!(ledger.open(1, "crm", START_MS).await, refused(Refusal::NoSeat));
    let assign = |user| Change::AssignSeat {
        tenant_id: ledger.tenant_id,
        seat_type: PerUser,
        user_id: user_id(user),
        namespace: None,
        expires_at_ms: None,
    };
    let error = ledger
        .store
        .change(vec![assign(1), assign(2), assign(9)], START_MS)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        usher_store::StoreError::Rejected {
            index: 2,
            rejection: Rejection::UserUnknown
        }
    );
    assert_eq!(ledger.assignments(PerUser, 10, START_MS).await, []);
    assert_eq!(ledger.open(1, "crm", START_MS).await, refused(Refusal::NoSeat));
}
