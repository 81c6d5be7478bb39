//! Steps that change pools, seats, waiting lists and groups: done by the engine and in the model's book, compared.

use proptest::{prelude::*, test_runner::TestCaseError};
use usher_store::{Effect, LedgerChange, Rejection, StoreError};

use super::{
    TENANTS,
    book::{GroupKey, PoolKey, SeatKey},
    expected::Expected,
    step::{APPS, USERS},
};
use crate::ledger::Ledger;

/// The groups of every tenant.
pub(super) const GROUPS: [&str; 2] = ["sales", "support"];
/// What may be bought: none, or fewer than there are people, so that somebody waits.
const BOUGHT_MAX: u64 = 2;
const ROWS_MAX: usize = 100;

/// What can happen to seats.
#[derive(Debug, Clone)]
pub(super) enum BookStep {
    Buy(PoolKey, Option<u64>, bool),
    Request(SeatKey, Option<i64>, bool),
    Release(SeatKey, bool),
    Restore(SeatKey),
    Transfer(SeatKey, i64),
    Extend(SeatKey, Option<i64>),
    Protect(SeatKey, bool),
    StopWaiting(SeatKey),
    Join(GroupKey, i64, bool),
    Stand(GroupKey, Option<&'static str>, bool),
    Settle,
    /// Everything is read and compared.
    Read,
}

/// Any step; what a day is full of comes more often.
pub(super) fn any() -> impl Strategy<Value = BookStep> {
    let user = || prop::sample::select(&USERS[..]);
    // Most of it happens in one pool: a line of three people that is served is rare where everybody goes elsewhere.
    let tenant = || prop_oneof![6 => Just(0), 1 => 0..TENANTS];
    let app = || prop_oneof![6 => Just(None), 1 => prop::option::of(prop::sample::select(&APPS[..]))];
    let seat = || (tenant(), user(), app());
    let group = || (tenant(), prop::sample::select(&GROUPS[..]));
    let life = || prop::option::weighted(0.4, -10..300_i64);
    let yes = || proptest::bool::ANY;
    prop_oneof![
        4 => ((tenant(), app()), prop::option::weighted(0.9, 0..=BOUGHT_MAX), yes())
            .prop_map(|(pool, bought, overdraft)| BookStep::Buy(pool, bought, overdraft)),
        12 => (seat(), life(), prop::bool::weighted(0.8)).prop_map(|(seat, life, wait)| BookStep::Request(seat, life, wait)),
        6 => (seat(), yes()).prop_map(|(seat, even_protected)| BookStep::Release(seat, even_protected)),
        4 => seat().prop_map(BookStep::Restore),
        3 => (seat(), user()).prop_map(|(seat, to)| BookStep::Transfer(seat, to)),
        3 => (seat(), life()).prop_map(|(seat, life)| BookStep::Extend(seat, life)),
        3 => (seat(), yes()).prop_map(|(seat, protect)| BookStep::Protect(seat, protect)),
        2 => seat().prop_map(BookStep::StopWaiting),
        5 => (group(), user(), prop::bool::weighted(0.7)).prop_map(|(group, user, joins)| BookStep::Join(group, user, joins)),
        4 => (group(), app(), prop::bool::weighted(0.7)).prop_map(|(group, app, gives)| BookStep::Stand(group, app, gives)),
        2 => Just(BookStep::Settle),
        4 => Just(BookStep::Read),
    ]
}

impl BookStep {
    /// Does the step in both worlds and compares what they say.
    pub(super) async fn perform(
        self,
        ledgers: &[Ledger],
        expected: &mut Expected,
    ) -> Result<(), TestCaseError> {
        let tenant = match &self {
            Self::Read => return read_all(ledgers, expected).await,
            Self::Settle => {
                let settle = LedgerChange::SettleExpired { seats_max: ROWS_MAX };
                ledgers[0].ledger_change(settle, expected.now_ms).await.unwrap();
                expected.book.settle_all(expected.now_ms);
                return Ok(());
            }
            Self::Buy((tenant, _), ..) | Self::Join((tenant, _), ..) | Self::Stand((tenant, _), ..) => {
                *tenant
            }
            Self::Request((tenant, ..), ..)
            | Self::Release((tenant, ..), _)
            | Self::Transfer((tenant, ..), _)
            | Self::Extend((tenant, ..), _)
            | Self::Protect((tenant, ..), _)
            | Self::Restore((tenant, ..))
            | Self::StopWaiting((tenant, ..)) => *tenant,
        };
        let ledger = &ledgers[tenant];
        let change = self.change(ledger, expected.now_ms);
        let answered = match ledger.change(change.into(), expected.now_ms).await {
            Ok(effect) => Ok(effect),
            Err(StoreError::Rejected { rejection, .. }) => Err(rejection),
            Err(error) => panic!("{error}"),
        };
        prop_assert_eq!(answered, self.in_the_book(expected));
        Ok(())
    }

    fn change(&self, ledger: &Ledger, now_ms: i64) -> LedgerChange {
        let seat = |key: &SeatKey| ledger.seat_name(key.1, key.2);
        let end = |life_ms: &Option<i64>| life_ms.map(|life_ms| now_ms + life_ms);
        let tenant_id = ledger.tenant_id;
        match self {
            Self::Buy(pool, bought, overdraft_allowed) => LedgerChange::PutPool {
                pool: ledger.pool_name(pool.1),
                bought: *bought,
                valid_from_ms: None,
                valid_until_ms: None,
                overdraft_allowed: *overdraft_allowed,
            },
            Self::Request(key, life_ms, wait) => LedgerChange::RequestSeat {
                seat: seat(key),
                expires_at_ms: end(life_ms),
                wait: *wait,
            },
            Self::Release(key, even_protected) => LedgerChange::Release {
                seat: seat(key),
                even_protected: *even_protected,
                unless_admitted_since_ms: None,
            },
            Self::Restore(key) => LedgerChange::Restore { seat: seat(key) },
            Self::Transfer(key, to) => LedgerChange::Transfer {
                from: seat(key),
                to: crate::ledger::user_id(*to),
            },
            Self::Extend(key, life_ms) => LedgerChange::Extend {
                seat: seat(key),
                expires_at_ms: end(life_ms),
            },
            Self::Protect(key, protect) => LedgerChange::Protect {
                seat: seat(key),
                reason: protect.then(|| "leave".to_owned()),
            },
            Self::StopWaiting(key) => LedgerChange::LeaveWaitingList { seat: seat(key) },
            Self::Join((_, group), user, true) => LedgerChange::JoinGroup {
                tenant_id,
                group_key: group.parse().unwrap(),
                user_id: crate::ledger::user_id(*user),
            },
            Self::Join((_, group), user, false) => LedgerChange::LeaveGroup {
                tenant_id,
                group_key: group.parse().unwrap(),
                user_id: crate::ledger::user_id(*user),
            },
            Self::Stand((_, group), app, true) => LedgerChange::PutStandingAssignment {
                group_key: group.parse().unwrap(),
                pool: ledger.pool_name(*app),
            },
            Self::Stand((_, group), app, false) => LedgerChange::RemoveStandingAssignment {
                group_key: group.parse().unwrap(),
                pool: ledger.pool_name(*app),
            },
            Self::Settle | Self::Read => LedgerChange::SettleExpired { seats_max: ROWS_MAX },
        }
    }

    fn in_the_book(self, expected: &mut Expected) -> Result<Effect, Rejection> {
        let now_ms = expected.now_ms;
        let end = |life_ms: Option<i64>| life_ms.map(|life_ms| now_ms + life_ms);
        expected.book.make(|book| match self {
            Self::Buy(pool, bought, overdraft) => book.buy(pool, bought, overdraft, now_ms),
            Self::Request(key, life_ms, wait) => book.request(key, end(life_ms), wait, now_ms),
            Self::Release(key, even_protected) => book.release(key, even_protected, now_ms),
            Self::Restore(key) => book.restore(key, now_ms),
            Self::Transfer(key, to) => book.transfer(key, to, now_ms),
            Self::Extend(key, life_ms) => book.extend(key, end(life_ms), now_ms),
            Self::Protect(key, protect) => book.adjust(key, now_ms, |seat| seat.protected = protect),
            Self::StopWaiting(key) => Ok(book.stop_waiting(key)),
            Self::Join(group, user, joins) => Ok(book.join(group, user, joins, now_ms)),
            Self::Stand(group, app, gives) => Ok(book.stand(group, app, gives, now_ms)),
            Self::Settle | Self::Read => Ok(Effect::Unchanged),
        })
    }
}

async fn read_all(ledgers: &[Ledger], expected: &Expected) -> Result<(), TestCaseError> {
    for (tenant, ledger) in ledgers.iter().enumerate() {
        read_pools(tenant, ledger, expected).await?;
        for name in GROUPS {
            let group_key = name.parse().unwrap();
            let found = ledger.store.group(ledger.tenant_id, &group_key).await.unwrap();
            let found = found.unwrap();
            let group = expected.book.groups.get(&(tenant, name)).cloned();
            let group = group.unwrap_or_default();
            let standing: Vec<_> = group.standing.iter().map(|app| ledger.pool_name(*app)).collect();
            prop_assert_eq!(found.members, group.members.len() as u64);
            prop_assert_eq!(found.standing_assignments, standing);
        }
    }
    Ok(())
}

async fn read_pools(tenant: usize, ledger: &Ledger, expected: &Expected) -> Result<(), TestCaseError> {
    let now_ms = expected.now_ms;
    let rows = ledger
        .store
        .pools(ledger.tenant_id, None, ROWS_MAX, now_ms)
        .await
        .unwrap();
    let of_tenant = expected.book.pools.iter().filter(|(key, _)| key.0 == tenant);
    let pools: Vec<_> = of_tenant
        .map(|(key, pool)| {
            let in_use = expected.book.count(*key, now_ms);
            (
                ledger.pool_name(key.1).to_string(),
                pool.bought,
                in_use,
                pool.line.len() as u64,
            )
        })
        .collect();
    let mut seen = Vec::new();
    for row in rows {
        let app = APPS
            .into_iter()
            .find(|app| row.namespace.as_ref().is_some_and(|name| name.as_str() == *app));
        let line = ledger.line(app).await;
        let pool = &expected.book.pools[&(tenant, app)];
        let waiting: Vec<_> = pool.line.iter().map(|place| place.user).collect();
        prop_assert_eq!(line, waiting);
        prop_assert_eq!(row.kept, expected.book.kept((tenant, app), now_ms));
        prop_assert_eq!(row.pool.overdraft_allowed, pool.overdraft_allowed);
        let covered = row.pool.bought.is_none_or(|bought| row.pool.in_use <= bought);
        prop_assert!(
            covered || row.pool.overdraft_allowed,
            "more in use than bought: {:?}",
            row
        );
        seen.push((
            ledger.pool_name(app).to_string(),
            row.pool.bought,
            row.pool.in_use,
            row.waiting,
        ));
    }
    prop_assert_eq!(seen, pools);
    Ok(())
}
