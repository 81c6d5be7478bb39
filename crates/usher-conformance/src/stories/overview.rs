//! Tales of the overview.

use usher_seats::{IdlePolicy, IdleVerdict, Leave, idle::DAY_MS};
use usher_store::{
    Access, Change, LeaveChange, LedgerChange, Overview, OverviewQuery, PoolName, SeatName,
    overview::{OVERVIEW_LEAVES_READ_MAX, OVERVIEW_ROWS_MAX},
};

use crate::{
    Home,
    ledger::{Ledger, START_MS, namespace, seat_type, user_id},
};

/// A year after the beginning, at 09:46:40.
const NOW_MS: i64 = START_MS + 365 * DAY_MS;
/// Seats used since the last fold: more than an engine exchanges one by one.
const MANY: i64 = 4_100;

fn pool(ledger: &Ledger, app: Option<&str>) -> PoolName {
    PoolName {
        tenant_id: ledger.tenant_id,
        seat_type: seat_type(app),
        namespace: app.map(namespace),
    }
}

fn verdicts(overview: &Overview, place: usize) -> Vec<(IdleVerdict, Option<u64>)> {
    let named = IdleVerdict::ALL
        .into_iter()
        .zip(overview.pools[place].seats.verdicts);
    named.filter(|(_, seats)| *seats != Some(0)).collect()
}

/// Five people with platform seats and one who waits for one; two app seats, one of them redundant.
async fn two_pools(home: &mut dyn Home) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger
        .people_and_apps(&[1, 2, 3, 4, 5, 6], &["crm", "wiki"])
        .await;
    let put = LedgerChange::PutPool {
        pool: pool(&ledger, None),
        bought: Some(5),
        valid_from_ms: None,
        valid_until_ms: None,
        overdraft_allowed: false,
    };
    ledger.change(put.into(), START_MS).await.unwrap();
    for user in 1..=4 {
        ledger.assign(user, None, None, START_MS).await;
    }
    ledger.assign(5, None, None, NOW_MS - 3 * DAY_MS).await;
    let wait = LedgerChange::RequestSeat {
        seat: SeatName {
            pool: pool(&ledger, None),
            user_id: user_id(6),
        },
        expires_at_ms: None,
        wait: true,
    };
    ledger.change(wait.into(), NOW_MS).await.unwrap();
    for user in [1, 6] {
        ledger.assign(user, Some("crm"), None, START_MS).await;
    }
    for (user, days) in [(1, 0), (2, 200), (3, 100), (6, 20)] {
        ledger.open(user, "crm", NOW_MS - days * DAY_MS).await;
    }
    let protect = LedgerChange::Protect {
        seat: SeatName {
            pool: pool(&ledger, None),
            user_id: user_id(3),
        },
        reason: Some("the only deputy".to_owned()),
    };
    ledger.change(protect.into(), NOW_MS).await.unwrap();
    ledger
}

/// Two pools, every verdict, a list of those who wait, and pages.
pub async fn an_overview_gives_the_figures_of_every_pool(home: &mut dyn Home) {
    let ledger = two_pools(home).await;
    for _ in 0..2 {
        let overview = ledger.overview(NOW_MS).await;
        assert_eq!(overview.judged_at_ms, NOW_MS - NOW_MS.rem_euclid(DAY_MS));
        let shown: Vec<_> = overview
            .pools
            .iter()
            .map(|figures| {
                (
                    figures.pool.pool.bought,
                    figures.pool.waiting,
                    figures.seats.held,
                    figures.seats.used,
                )
            })
            .collect();
        assert_eq!(shown, [(Some(5), 1, 5, [1, 1, 1, 1]), (None, 0, 2, [0, 0, 1, 1])]);
        use IdleVerdict as V;
        assert_eq!(
            verdicts(&overview, 0),
            [V::Protected, V::New, V::NeverUsed, V::Idle, V::InUse].map(|verdict| (verdict, Some(1)))
        );
        assert_eq!(
            verdicts(&overview, 1),
            [V::Redundant, V::InUse].map(|verdict| (verdict, Some(1)))
        );
        assert_eq!(overview.pools[0].seats.never_used, 2);
        assert_eq!(overview.pools[0].seats.idle_days, [1, 1, 0, 0, 0, 0, 1, 2, 0]);
        let second = OverviewQuery {
            tenant_id: ledger.tenant_id,
            now_ms: NOW_MS,
            policy: IdlePolicy::default(),
            after: Some(pool(&ledger, None)),
            rows_max: 1,
        };
        let page = ledger.store.overview(second).await.unwrap();
        assert_eq!(page.pools, overview.pools[1..]);
        // Folded or not, it is the same.
        for at_ms in [NOW_MS, NOW_MS + DAY_MS] {
            ledger.store.tend(at_ms).await.unwrap();
        }
    }
}

/// Beyond what is looked at one by one the figures are still right, and where they cannot be they are left open.
pub async fn an_overview_of_many_fresh_seats_and_many_leaves_stays_exact_or_says_so(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[], &["crm"]).await;
    let assign = |user| Change::AssignSeat {
        tenant_id: ledger.tenant_id,
        seat_type: seat_type(None),
        user_id: user_id(user),
        namespace: None,
        expires_at_ms: None,
    };
    let changes = (1..=MANY).flat_map(|user| [Change::PutUser(ledger.user(user)), assign(user)]);
    ledger.store.change(changes.collect(), START_MS).await.unwrap();
    let accesses: Vec<Access> = (1..=MANY)
        .map(|user| ledger.access(user, "crm", NOW_MS))
        .collect();
    ledger.store.record(accesses).await.unwrap();
    let many = u64::try_from(MANY).unwrap();
    let overview = ledger.overview(NOW_MS).await;
    assert_eq!(overview.pools[0].seats.used, [many; 4]);
    assert_eq!(verdicts(&overview, 0), [(IdleVerdict::InUse, Some(many))]);
    let leave = |user| {
        Change::from(LeaveChange::Put {
            tenant_id: ledger.tenant_id,
            user_id: user_id(user),
            leave: Leave {
                from_ms: NOW_MS - 9 * DAY_MS,
                until_ms: NOW_MS + DAY_MS,
            },
        })
    };
    let people = i64::try_from(OVERVIEW_LEAVES_READ_MAX).unwrap();
    ledger
        .store
        .change((1..=people).map(leave).collect(), NOW_MS)
        .await
        .unwrap();
    let away = u64::try_from(people).unwrap();
    let overview = ledger.overview(NOW_MS).await;
    assert_eq!(
        verdicts(&overview, 0),
        [
            (IdleVerdict::OnLeave, Some(away)),
            (IdleVerdict::InUse, Some(many - away))
        ]
    );
    ledger.change(leave(people + 1), NOW_MS).await.unwrap();
    let overview = ledger.overview(NOW_MS).await;
    assert_eq!(
        verdicts(&overview, 0).len(),
        6,
        "all but the protected are left open"
    );
    assert_eq!(overview.pools[0].seats.used, [many; 4]);
    assert!(overview.pools.len() < OVERVIEW_ROWS_MAX);
}
