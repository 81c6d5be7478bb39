//! Several instances on one database: what one has acknowledged holds at the others.

use std::sync::Arc;

use tokio::task::JoinSet;
use usher_conformance::{
    Home,
    ledger::{Ledger, START_MS, admitted, namespace, user_id},
};
use usher_seats::{Refusal, SeatType::PerUser, Verdict};
use usher_store::{Change, Effect, LedgerChange, PoolName, SeatName, Store};

use crate::home::PostgresHome;
use usher_testbed::postgres::Server;

/// Instances of the races.
const INSTANCES: usize = 3;
/// People who race for seats.
const RACERS: i64 = 48;
/// Seats they race for.
const SEATS: u64 = 7;

/// The same ledger, asked at another instance.
async fn at_another(home: &PostgresHome, ledger: &Ledger) -> Ledger {
    Ledger {
        store: home.another().await,
        ..ledger.clone()
    }
}

async fn three(home: &PostgresHome) -> Vec<Ledger> {
    let first = Ledger::found(home.store(), "acme").await;
    first
        .people_and_apps(&(1..=RACERS).collect::<Vec<_>>(), &["crm"])
        .await;
    let mut ledgers = vec![first];
    while ledgers.len() < INSTANCES {
        ledgers.push(at_another(home, &ledgers[0]).await);
    }
    ledgers
}

fn platform_seat(ledger: &Ledger, user: i64) -> SeatName {
    SeatName {
        pool: platform_pool(ledger),
        user_id: user_id(user),
    }
}

fn platform_pool(ledger: &Ledger) -> PoolName {
    PoolName {
        tenant_id: ledger.tenant_id,
        seat_type: PerUser,
        namespace: None,
    }
}

#[tokio::test]
async fn a_release_at_one_is_known_to_the_very_next_access_at_another() {
    let home = PostgresHome::new().await;
    let ledgers = three(&home).await;
    for round in 0..20 {
        let at_ms = START_MS + round * 10;
        ledgers[0].assign(1, None, None, at_ms).await;
        assert_eq!(
            ledgers[1].open(1, "crm", at_ms + 1).await,
            admitted(PerUser, at_ms + 1)
        );
        ledgers[2].release(1, None, at_ms + 2).await;
        let refused = ledgers[1].open(1, "crm", at_ms + 3).await;
        assert_eq!(
            refused.verdict,
            Verdict::Refused {
                reason: Refusal::SeatReleased
            }
        );
    }
}

#[tokio::test]
async fn a_change_at_one_is_announced_at_another_soon() {
    let home = PostgresHome::new().await;
    let ledgers = three(&home).await;
    let other = &ledgers[1].store;
    // What the others changed before is heard first.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let before = other.configuration_version();
    ledgers[0]
        .change(Change::PutApp(ledgers[0].app("wiki")), START_MS)
        .await
        .unwrap();
    let heard = async {
        while other.configuration_version() == before {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(1), heard)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_is_not_exceeded_by_all_instances_together_and_their_records_make_one_chain() {
    let home = PostgresHome::new().await;
    let ledgers = three(&home).await;
    let put = LedgerChange::PutPool {
        pool: platform_pool(&ledgers[0]),
        bought: Some(SEATS),
        valid_from_ms: None,
        valid_until_ms: None,
        overdraft_allowed: false,
    };
    ledgers[0].change(put.into(), START_MS).await.unwrap();
    let mut racing = JoinSet::new();
    for user in 1..=RACERS {
        let ledger = ledgers[usize::try_from(user).unwrap() % INSTANCES].clone();
        racing.spawn(async move {
            let request = LedgerChange::RequestSeat {
                seat: platform_seat(&ledger, user),
                expires_at_ms: None,
                wait: true,
            };
            ledger.change(request.into(), START_MS + 1).await.unwrap()
        });
    }
    let effects = racing.join_all().await;
    let given = effects
        .iter()
        .filter(|effect| **effect == Effect::Created)
        .count() as u64;
    assert_eq!(given, SEATS);
    let mut places: Vec<u64> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Waiting(place) => Some(*place),
            _ => None,
        })
        .collect();
    places.sort_unstable();
    let all: Vec<u64> = (1..=RACERS.unsigned_abs() - SEATS).collect();
    assert_eq!(places, all, "everybody stands at a place of their own");
    let slice = ledgers[1]
        .store
        .audit_slice(Some(ledgers[0].tenant_id), 0, 1_000)
        .await
        .unwrap();
    let numbers: Vec<i64> = slice.records.iter().map(|record| record.sequence).collect();
    let whole: Vec<i64> = (1..=i64::try_from(numbers.len()).unwrap()).collect();
    assert_eq!(numbers, whole, "no number is given twice or left out");
}

/// A seat that admitted somebody is not reclaimed, and one that was reclaimed admits nobody, whoever comes first.
#[tokio::test(flavor = "multi_thread")]
async fn an_access_and_a_reclaim_at_two_instances_have_one_order() {
    let home = PostgresHome::new().await;
    let ledgers = three(&home).await;
    let (mut admissions, mut reclaims) = (0, 0);
    for round in 1..=40 {
        let at_ms = START_MS + round * 100;
        ledgers[0].assign(1, None, None, at_ms).await;
        let (door, desk) = (ledgers[1].clone(), ledgers[2].clone());
        let access = tokio::spawn(async move { door.open(1, "crm", at_ms + 1).await });
        let reclaim = tokio::spawn(async move {
            let release = LedgerChange::Release {
                seat: platform_seat(&desk, 1),
                even_protected: false,
                unless_admitted_since_ms: Some(at_ms + 1),
            };
            desk.change(release.into(), at_ms + 2).await.is_ok()
        });
        let admitted = matches!(access.await.unwrap().verdict, Verdict::Admitted { .. });
        let reclaimed = reclaim.await.unwrap();
        assert!(
            admitted != reclaimed,
            "round {round}: admitted {admitted}, reclaimed {reclaimed}"
        );
        admissions += u32::from(admitted);
        reclaims += u32::from(reclaimed);
        if admitted {
            ledgers[0].release(1, None, at_ms + 3).await;
        }
    }
    assert_eq!(admissions + reclaims, 40);
}

/// Batches of many instances over the same people never deadlock, and the newest time wins.
#[tokio::test(flavor = "multi_thread")]
async fn batches_that_meet_are_all_acknowledged_and_the_newest_time_wins() {
    let home = PostgresHome::new().await;
    let ledgers = three(&home).await;
    for user in 1..=RACERS {
        ledgers[0].assign(user, None, None, START_MS).await;
    }
    let mut racing = JoinSet::new();
    for (turn, ledger) in (0_i64..24).zip(ledgers.iter().cycle()) {
        let ledger = ledger.clone();
        racing.spawn(async move {
            let mut batch: Vec<_> = (1..=RACERS)
                .map(|user| ledger.access(user, "crm", START_MS + turn))
                .collect();
            if turn % 2 == 0 {
                batch.reverse();
            }
            ledger.store.record(batch).await.unwrap().len()
        });
    }
    assert_eq!(racing.join_all().await.iter().sum::<usize>(), 24 * 48);
    let rows = ledgers[2].activities(PerUser, 100, START_MS + 100).await;
    assert_eq!(rows.len(), 48);
    assert!(rows.iter().all(|row| row.active_time_ms == START_MS + 23));
    assert!(rows.iter().all(|row| row.namespace == namespace("crm")));
}

#[tokio::test]
async fn a_schema_is_made_once_however_many_start_together() {
    Server::shared().run("CREATE DATABASE usher_together").await;
    let mut starting = JoinSet::new();
    for _ in 0..4 {
        starting.spawn(async {
            let address = Server::shared().address("usher_together");
            Arc::new(
                usher_postgres::PostgresStore::open(&address, &usher_postgres::PostgresOptions::default())
                    .await
                    .unwrap(),
            )
        });
    }
    for store in starting.join_all().await {
        assert_eq!(store.tenants(None, 1).await, Ok(Vec::new()));
        store.close().await;
    }
}
