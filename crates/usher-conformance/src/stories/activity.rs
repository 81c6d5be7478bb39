//! Tales of accesses and the list of them.

use usher_seats::{Refusal, SeatStatus, SeatType::PerUser};

use crate::{
    Home,
    ledger::{Ledger, START_MS, admitted, admitted_without_moving, namespace, refused, user_id},
};

/// Ada holds a platform seat; Bob holds none.
async fn ada_and_bob(home: &mut dyn Home) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2], &["crm", "wiki"]).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger
}

/// Durable and readable are the same moment for everybody.
pub async fn an_admitted_access_is_visible_at_once(home: &mut dyn Home) {
    let ledger = ada_and_bob(home).await;
    assert_eq!(
        ledger.open(1, "crm", START_MS + 5).await,
        admitted(PerUser, START_MS + 5)
    );
    let rows = ledger.activities(PerUser, 10, START_MS + 6).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].user_id, user_id(1));
    assert_eq!(rows[0].namespace, namespace("crm"));
    assert_eq!(rows[0].status, SeatStatus::InUse);
    assert_eq!(rows[0].active_time_ms, START_MS + 5);
}

/// Invariant 2, with a clock that steps back and an equal time.
pub async fn active_time_never_goes_back(home: &mut dyn Home) {
    let ledger = ada_and_bob(home).await;
    ledger.open(1, "crm", START_MS + 50).await;
    assert_eq!(
        ledger.open(1, "crm", START_MS + 10).await,
        admitted_without_moving(PerUser, START_MS + 50)
    );
    assert_eq!(
        ledger.open(1, "crm", START_MS + 50).await,
        admitted_without_moving(PerUser, START_MS + 50)
    );
    home.restart().await;
    let ledger = Ledger {
        store: home.store(),
        ..ledger
    };
    assert_eq!(
        ledger.open(1, "crm", START_MS + 10).await,
        admitted_without_moving(PerUser, START_MS + 50)
    );
    assert_eq!(
        ledger.open(1, "crm", START_MS + 51).await,
        admitted(PerUser, START_MS + 51)
    );
}

/// Refusals leave no row and no time.
pub async fn a_refused_access_moves_nothing(home: &mut dyn Home) {
    let ledger = ada_and_bob(home).await;
    assert_eq!(
        ledger.open(2, "crm", START_MS + 1).await,
        refused(Refusal::NoSeat)
    );
    assert_eq!(
        ledger.open(3, "crm", START_MS + 1).await,
        refused(Refusal::UserUnknown)
    );
    assert_eq!(
        ledger.open(1, "erp", START_MS + 1).await,
        refused(Refusal::AppUnknown)
    );
    assert_eq!(ledger.activities(PerUser, 10, START_MS + 2).await, []);
}

/// One crowd, one commit, an answer for each in order; the same pair twice in one batch moves once.
pub async fn every_access_of_a_batch_gets_its_own_verdict(home: &mut dyn Home) {
    let ledger = ada_and_bob(home).await;
    let batch = vec![
        ledger.access(1, "crm", START_MS + 1),
        ledger.access(2, "crm", START_MS + 2),
        ledger.access(1, "crm", START_MS + 9),
        ledger.access(1, "crm", START_MS + 3),
        ledger.access(1, "wiki", START_MS + 4),
    ];
    let recorded = ledger.store.record(batch).await.unwrap();
    assert_eq!(
        recorded,
        [
            admitted(PerUser, START_MS + 1),
            refused(Refusal::NoSeat),
            admitted(PerUser, START_MS + 9),
            admitted_without_moving(PerUser, START_MS + 9),
            admitted(PerUser, START_MS + 4),
        ]
    );
    assert_eq!(ledger.activities(PerUser, 10, START_MS + 10).await.len(), 2);
    assert_eq!(
        ledger.store.record(Vec::new()).await.unwrap(),
        [],
        "nobody at the door is fine too"
    );
}

/// What was admitted before a stop is there after it, and newer accesses join it.
pub async fn activity_survives_a_restart(home: &mut dyn Home) {
    let ledger = ada_and_bob(home).await;
    ledger.open(1, "crm", START_MS + 5).await;
    ledger.open(1, "wiki", START_MS + 6).await;
    let before = ledger.activities(PerUser, 10, START_MS + 7).await;
    home.restart().await;
    let ledger = Ledger {
        store: home.store(),
        ..ledger
    };
    assert_eq!(ledger.activities(PerUser, 10, START_MS + 7).await, before);
    ledger.open(1, "crm", START_MS + 8).await;
    assert_eq!(
        ledger.activities(PerUser, 10, START_MS + 9).await[0].active_time_ms,
        START_MS + 8
    );
}

/// Ascending (user, namespace) whatever the order of writing, and the same rows for every page size.
pub async fn pages_follow_each_other_in_key_order(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let apps = ["zeta", "Alpha", "beta", "a-b", "a_b"];
    ledger.people_and_apps(&[30, 4, 200], &apps).await;
    for user in [200, 30, 4] {
        ledger.assign(user, None, None, START_MS).await;
        for app in apps {
            ledger.open(user, app, START_MS + user).await;
        }
    }
    let whole = ledger.activities(PerUser, 500, START_MS + 300).await;
    let keys: Vec<_> = whole
        .iter()
        .map(|row| (row.user_id.get(), row.namespace.as_str()))
        .collect();
    let sorted: Vec<_> = [4, 30, 200]
        .iter()
        .flat_map(|user| ["Alpha", "a-b", "a_b", "beta", "zeta"].map(|app| (*user, app)))
        .collect();
    assert_eq!(keys, sorted);
    for rows_max in 1..=16 {
        assert_eq!(
            ledger.activities(PerUser, rows_max, START_MS + 300).await,
            whole,
            "pages of {rows_max}"
        );
    }
}

/// Invariant 4.
pub async fn a_walk_sees_every_lasting_row_once_whatever_is_written(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger
        .people_and_apps(&(1..=40).collect::<Vec<_>>(), &["crm", "wiki"])
        .await;
    for user in 1..=40 {
        ledger.assign(user, None, None, START_MS).await;
    }
    for user in (2..=40).step_by(2) {
        ledger.open(user, "crm", START_MS + user).await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    for round in 0.. {
        let page = ledger.activities_page(PerUser, after, 3, START_MS + 1_000).await;
        after = page.rows.last().map(usher_store::ActivityRow::key);
        seen.extend(
            page.rows
                .into_iter()
                .map(|row| (row.user_id.get(), row.namespace)),
        );
        if !page.has_more {
            break;
        }
        // New rows before and behind the reader, and newer times for old ones.
        ledger
            .open(round * 2 % 40 + 1, "wiki", START_MS + 500 + round)
            .await;
        ledger
            .open(2 + round * 6 % 38, "crm", START_MS + 900 + round)
            .await;
        ledger.release(2 + round * 4 % 38, None, START_MS + 950).await;
    }
    let lasting: Vec<_> = (2..=40).step_by(2).map(|user| (user, namespace("crm"))).collect();
    assert!(
        lasting
            .iter()
            .all(|key| seen.iter().filter(|seen| *seen == key).count() == 1),
        "{seen:?}"
    );
    let mut unique = seen.clone();
    unique.dedup();
    assert_eq!(unique, seen, "no row twice");
}

/// What the door remembers of a missing thing ends with its making.
pub async fn a_missing_app_is_looked_up_again_after_it_was_made(home: &mut dyn Home) {
    let ledger = ada_and_bob(home).await;
    assert_eq!(
        ledger.open(1, "erp", START_MS + 1).await,
        refused(Refusal::AppUnknown)
    );
    ledger
        .change(usher_store::Change::PutApp(ledger.app("erp")), START_MS + 2)
        .await
        .unwrap();
    assert_eq!(
        ledger.open(1, "erp", START_MS + 3).await,
        admitted(PerUser, START_MS + 3)
    );
}
