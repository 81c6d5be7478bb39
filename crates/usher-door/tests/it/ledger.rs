//! The door in front of the real engine.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a story stops at the first surprise, in its helpers too"
)]

use std::{path::Path, sync::Arc};

use usher_door::{Door, DoorError, DoorLimits};
use usher_seats::{LocalizedNames, Namespace, Refusal, SeatType, TenantId, TimeZoneName, UserId, Verdict};
use usher_sqlite::{Holder, SqliteStore};
use usher_store::{Access, App, Change, Effect, PageQuery, Store, User};

/// Users of the story; every third has no seat.
const USERS: i64 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_hears_its_own_verdicts_and_they_outlive_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let tenant_id = fill(store.as_ref()).await;
    let door = Door::open(Arc::clone(&store), DoorLimits::default());

    let callers: Vec<_> = (1..=USERS)
        .map(|user_id| {
            let door = door.clone();
            tokio::spawn(async move { door.pass(vec![access(tenant_id, user_id)]).await })
        })
        .collect();
    for (user_id, caller) in (1..=USERS).zip(callers) {
        let recorded = caller.await.unwrap().unwrap();
        let expected = if user_id % 3 == 0 {
            Verdict::Refused {
                reason: Refusal::NoSeat,
            }
        } else {
            Verdict::Admitted {
                seat_type: SeatType::PerUser,
                active_time_ms: time_of(user_id),
            }
        };
        assert_eq!(recorded[0].verdict, expected, "user {user_id}");
    }
    assert_eq!(door.counters().accesses, USERS.unsigned_abs());

    door.close().await;
    store.close().await;
    drop((door, store));
    let again = open(folder.path());
    for seat_holder in [1, 2, 4, 299] {
        assert_eq!(
            active_time(again.as_ref(), tenant_id, seat_holder).await,
            Some(time_of(seat_holder))
        );
    }
    assert_eq!(
        active_time(again.as_ref(), tenant_id, 3).await,
        None,
        "a refusal leaves no activity"
    );
}

#[tokio::test]
async fn an_engine_that_has_closed_admits_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let tenant_id = fill(store.as_ref()).await;
    let door = Door::open(Arc::clone(&store), DoorLimits::default());
    store.close().await;
    let error = door.pass(vec![access(tenant_id, 1)]).await.unwrap_err();
    assert!(
        matches!(&error, DoorError::Store(_)) && error.is_unavailable(),
        "{error:?}"
    );
}

fn open(folder: &Path) -> Arc<dyn Store> {
    let holder = Holder {
        process_id: std::process::id(),
        command: "test".to_owned(),
        since_ms: 0,
        control_socket: None,
    };
    Arc::new(SqliteStore::open(&folder.join("usher.db"), &holder).expect("a fresh folder opens"))
}

/// One tenant, one app, and users of whom two in three hold a platform seat.
async fn fill(store: &dyn Store) -> TenantId {
    let tenant = Change::CreateTenant {
        tenant_key: "t".parse().expect("valid"),
        name: "Tenant".to_owned(),
        time_zone: TimeZoneName::utc(),
    };
    let effects = store.change(vec![tenant], 1).await.expect("a tenant can be made");
    let [Effect::TenantCreated(tenant_id)] = effects[..] else {
        panic!("one tenant was made, not {effects:?}");
    };
    let mut changes = vec![Change::PutApp(App {
        tenant_id,
        namespace: namespace(),
        name: "App".to_owned(),
        names: LocalizedNames::NONE,
        enabled: true,
    })];
    for number in 1..=USERS {
        changes.push(Change::PutUser(User {
            tenant_id,
            user_id: user(number),
            name: format!("User {number}"),
            enabled: true,
            system_administrator: false,
            external_id: None,
        }));
        if number % 3 != 0 {
            changes.push(Change::AssignSeat {
                tenant_id,
                seat_type: SeatType::PerUser,
                user_id: user(number),
                namespace: None,
                expires_at_ms: None,
            });
        }
    }
    store.change(changes, 1).await.expect("the changes fit");
    tenant_id
}

fn namespace() -> Namespace {
    "package_35f605__c".parse().expect("valid")
}

fn user(number: i64) -> UserId {
    UserId::new(number).expect("in range")
}

/// Everybody has a time of their own, so that a mixed-up answer shows.
fn time_of(user_id: i64) -> i64 {
    1_727_199_298_656 + user_id
}

fn access(tenant_id: TenantId, user_id: i64) -> Access {
    Access {
        tenant_id,
        user_id: user(user_id),
        namespace: namespace(),
        accessed_at_ms: time_of(user_id),
    }
}

async fn active_time(store: &dyn Store, tenant_id: TenantId, user_id: i64) -> Option<i64> {
    let query = PageQuery {
        tenant_id,
        seat_type: SeatType::PerUser,
        after: None,
        rows_max: 500,
        now_ms: i64::MAX,
    };
    let page = store.activities(query).await.expect("activities can be read");
    let row = page.rows.into_iter().find(|row| row.user_id == user(user_id));
    row.map(|row| row.active_time_ms)
}
