//! A connection is cut in the middle of a commit; nobody but the server knows whether it was kept.

use std::sync::Arc;

use usher_conformance::ledger::{Ledger, START_MS, admitted, user_id};
use usher_postgres::{PostgresOptions, PostgresStore};
use usher_seats::SeatType::PerUser;
use usher_store::{Change, Effect, Rejection, StoreError};
use usher_testbed::postgres::Server;

use crate::proxy::{Cut, Proxy};

/// A ledger through a proxy.
async fn ledger(name: &str) -> (Proxy, Ledger) {
    Server::shared().run(&format!("CREATE DATABASE {name}")).await;
    let proxy = Proxy::before(Server::shared().port()).await;
    let store = PostgresStore::open(&proxy.database(name), &PostgresOptions::default())
        .await
        .unwrap();
    (proxy, Ledger::found(Arc::new(store), "acme").await)
}

async fn records_of(ledger: &Ledger, action: &str) -> usize {
    let slice = ledger
        .store
        .audit_slice(Some(ledger.tenant_id), 0, 1_000)
        .await
        .unwrap();
    let is =
        |record: &usher_store::audit::StoredRecord| record.texts[5].as_deref() == Some(action.as_bytes());
    slice.records.iter().filter(|record| is(record)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_made_once_and_the_caller_hears_what_it_did() {
    let (proxy, ledger) = ledger("usher_cut_change").await;
    for (number, cut) in [(1, Cut::BeforeAnswer), (2, Cut::BeforeCommit)] {
        proxy.cut_next(cut);
        let made = ledger
            .change(Change::CreateUser(ledger.user(number)), START_MS)
            .await;
        assert_eq!(made, Ok(Effect::Created), "{cut:?}");
        assert_eq!(proxy.cuts(), number.unsigned_abs(), "{cut:?}");
        let kept = ledger
            .store
            .user(ledger.tenant_id, user_id(number))
            .await
            .unwrap();
        assert!(kept.is_some(), "{cut:?}");
        assert_eq!(
            records_of(&ledger, "user.created").await,
            usize::try_from(number).unwrap(),
            "{cut:?}"
        );
    }
    let again = ledger.change(Change::CreateUser(ledger.user(1)), START_MS).await;
    let taken = StoreError::Rejected {
        index: 0,
        rejection: Rejection::UserIdTaken,
    };
    assert_eq!(again, Err(taken), "another request is another matter");
}

#[tokio::test(flavor = "multi_thread")]
async fn accesses_are_recorded_as_if_nothing_had_happened() {
    let (proxy, ledger) = ledger("usher_cut_access").await;
    ledger.people_and_apps(&[1], &["crm"]).await;
    ledger.assign(1, None, None, START_MS).await;
    for (step, cut) in [(1, Cut::BeforeCommit), (2, Cut::BeforeAnswer)] {
        proxy.cut_next(cut);
        let recorded = ledger.open(1, "crm", START_MS + step).await;
        assert_eq!(
            recorded.verdict,
            admitted(PerUser, START_MS + step).verdict,
            "{cut:?}"
        );
        assert_eq!(proxy.cuts(), step.unsigned_abs(), "{cut:?}");
    }
    let rows = ledger.activities(PerUser, 10, START_MS + 9).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].active_time_ms, START_MS + 2);
}
