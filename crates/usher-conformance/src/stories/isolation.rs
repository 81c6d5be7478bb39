//! Tales of two tenants who must not notice each other.

use usher_seats::{Refusal, SeatType::PerUser};

use crate::{
    Home,
    ledger::{Ledger, START_MS, admitted, namespace, refused, user_id},
};

/// Invariant 5 for lists and look-ups.
pub async fn one_tenant_sees_nothing_of_another(home: &mut dyn Home) {
    let acme = Ledger::found(home.store(), "acme").await;
    let other = Ledger::found(home.store(), "other").await;
    acme.people_and_apps(&[1], &["crm"]).await;
    acme.assign(1, None, None, START_MS).await;
    acme.open(1, "crm", START_MS + 1).await;
    assert_eq!(other.activities(PerUser, 10, START_MS + 2).await, []);
    assert_eq!(other.assignments(PerUser, 10, START_MS + 2).await, []);
    assert_eq!(other.store.user(other.tenant_id, user_id(1)).await, Ok(None));
    assert_eq!(other.store.apps(other.tenant_id, None, 10).await, Ok(Vec::new()));
    assert_eq!(
        other.open(1, "crm", START_MS + 2).await,
        refused(Refusal::UserUnknown)
    );
}

/// Numbers and names are a tenant's own.
pub async fn the_same_numbers_in_two_tenants_are_two_people(home: &mut dyn Home) {
    let acme = Ledger::found(home.store(), "acme").await;
    let other = Ledger::found(home.store(), "other").await;
    for ledger in [&acme, &other] {
        ledger.people_and_apps(&[1], &["crm"]).await;
        ledger.assign(1, None, None, START_MS).await;
    }
    assert_eq!(
        acme.open(1, "crm", START_MS + 10).await,
        admitted(PerUser, START_MS + 10)
    );
    assert_eq!(
        other.open(1, "crm", START_MS + 5).await,
        admitted(PerUser, START_MS + 5)
    );
    acme.release(1, None, START_MS + 11).await;
    assert_eq!(
        acme.open(1, "crm", START_MS + 12).await,
        refused(Refusal::SeatReleased)
    );
    assert_eq!(
        other.open(1, "crm", START_MS + 12).await,
        admitted(PerUser, START_MS + 12)
    );
    let rows = acme.activities(PerUser, 10, START_MS + 13).await;
    assert_eq!((rows.len(), rows[0].active_time_ms), (1, START_MS + 10));
    assert_eq!(rows[0].namespace, namespace("crm"));
}
