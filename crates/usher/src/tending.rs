//! The minutely round through the store: what time alone makes due there.
//!
//! Expiry acts on time at the door without this. What the round adds is that seats which ran out are written down as free,
//! so that whoever waits gets them although nobody has asked for one.
//!
//! Every instance goes on its round; of many, the one that gets the lease does the work, and the others find it done.

use std::{sync::Arc, time::Duration};

use usher_http::Clock;
use usher_store::{ChangeRequest, Effect, Job, LeaseTerms, LedgerChange, Store, StoreError};

/// Pause between two rounds. What is due is due by the hour or the day, so a minute late is on time; and a round in which
/// nothing is due costs next to nothing.
const PAUSE: Duration = Duration::from_secs(60);

/// Seats settled in one transaction: few enough that no access waits longer than for a slice of a fold.
const SEATS_SETTLED_AT_ONCE: usize = 256;

/// A transaction takes well under a second, so a holder that says nothing for this long is gone or stalled. The job is due a
/// little earlier than the next round, which is never quite a minute later.
const TERMS: LeaseTerms = LeaseTerms {
    lasts_ms: 30 * 1_000,
    every_ms: 45 * 1_000,
};

/// Tends the store now and every minute; ends only by being dropped. A round that fails is logged and comes again.
pub(crate) async fn every_minute(store: Arc<dyn Store>, clock: Arc<dyn Clock>) {
    loop {
        if let Err(error) = store.tend(clock.now_ms()).await {
            tracing::warn!(%error, "the store could not be tended; the next round tries again");
        }
        if let Err(error) = settle(&*store, &*clock).await {
            tracing::warn!(%error, "seats that ran out could not be settled; the next round tries again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Settles seats that ran out, a few at a time, until none is left, if it is this instance's turn.
async fn settle(store: &dyn Store, clock: &dyn Clock) -> Result<(), StoreError> {
    let Some(lease) = store.take_lease(Job::SettleSeats, TERMS, clock.now_ms()).await? else {
        return Ok(());
    };
    let slice = LedgerChange::SettleExpired {
        seats_max: SEATS_SETTLED_AT_ONCE,
    };
    loop {
        let request = ChangeRequest::new(vec![slice.clone().into()], clock.now_ms()).under(lease);
        if store.make(request).await?.results == [Ok(Effect::Unchanged)] {
            return store.end_lease(lease, clock.now_ms()).await;
        }
        // When this says that it was lost, the next transaction does nothing.
        store.renew_lease(lease, clock.now_ms()).await?;
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use usher_seats::{SeatType, TimeZoneName, UserId};
    use usher_sqlite::{Holder, SqliteStore};
    use usher_store::{Change, PoolName, SeatName, User};

    use super::*;

    const START_MS: i64 = 1_700_000_000_000;
    /// More seats than are settled at once, so that it takes several slices.
    const SEATS: i64 = 513;

    struct HandClock(AtomicI64);

    impl Clock for HandClock {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn seats_that_ran_out_go_to_who_waits_without_anybody_asking() {
        assert!(SEATS.unsigned_abs() > 2 * SEATS_SETTLED_AT_ONCE as u64);
        let folder = tempfile::tempdir().unwrap();
        let holder = Holder {
            process_id: std::process::id(),
            command: "test".to_owned(),
            since_ms: START_MS,
            control_socket: None,
        };
        let store = SqliteStore::open(&folder.path().join("usher.db"), &holder).unwrap();
        let create = Change::CreateTenant {
            tenant_key: "acme".parse().unwrap(),
            name: "Acme".to_owned(),
            time_zone: TimeZoneName::utc(),
        };
        let made = store.change(vec![create], START_MS).await.unwrap();
        let Effect::TenantCreated(tenant_id) = made[0] else {
            panic!("{made:?}")
        };
        let pool = PoolName {
            tenant_id,
            seat_type: SeatType::PerUser,
            namespace: None,
        };
        let user_id = |number| UserId::new(number).unwrap();
        let person = |number| {
            Change::PutUser(User {
                tenant_id,
                user_id: user_id(number),
                name: "somebody".to_owned(),
                enabled: true,
                system_administrator: false,
                external_id: None,
            })
        };
        let request = |number, expires_at_ms| {
            Change::from(LedgerChange::RequestSeat {
                seat: SeatName {
                    pool: pool.clone(),
                    user_id: user_id(number),
                },
                expires_at_ms,
                wait: true,
            })
        };
        let bought = LedgerChange::PutPool {
            pool: pool.clone(),
            bought: Some(SEATS.unsigned_abs()),
            valid_from_ms: None,
            valid_until_ms: None,
            overdraft_allowed: false,
        };
        let holders = (1..=SEATS).map(|number| request(number, Some(START_MS + 10)));
        let waiting = (SEATS + 1..=2 * SEATS).map(|number| request(number, None));
        let changes = (1..=2 * SEATS)
            .map(person)
            .chain([bought.into()])
            .chain(holders)
            .chain(waiting);
        store.change(changes.collect(), START_MS).await.unwrap();
        let clock = HandClock(AtomicI64::new(START_MS + 9));
        settle(&store, &clock).await.unwrap();
        let before = store.pool(pool.clone(), START_MS + 9).await.unwrap().unwrap();
        assert_eq!(before.waiting, SEATS.unsigned_abs(), "nothing had run out yet");
        clock.0.store(START_MS + 60_000, Ordering::SeqCst);
        settle(&store, &clock).await.unwrap();
        let after = store.pool(pool, START_MS + 60_000).await.unwrap().unwrap();
        assert_eq!((after.pool.in_use, after.waiting), (SEATS.unsigned_abs(), 0));
        store.close().await;
    }
}
