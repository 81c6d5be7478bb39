//! Tales of pools: what was bought, who has it, who waits for it.

use std::collections::BTreeSet;

use usher_seats::{Pool, Refusal, SeatType::PerUser};
use usher_store::{ChangeRequest, Effect, LedgerChange, Manner, PoolName, Rejection, SeatName, StoreError};

use crate::{
    Home,
    ledger::{Ledger, START_MS, admitted, admitted_until, namespace, refused, seat_type, user_id},
};

/// Callers that race for one seat.
const RACERS: i64 = 64;

async fn acme(home: &mut dyn Home) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger
        .people_and_apps(&(1..=6).collect::<Vec<_>>(), &["crm", "wiki"])
        .await;
    ledger
}

impl Ledger {
    /// A pool of this tenant: platform seats without an app, app seats with one.
    #[must_use]
    pub fn pool_name(&self, app: Option<&str>) -> PoolName {
        PoolName {
            tenant_id: self.tenant_id,
            seat_type: seat_type(app),
            namespace: app.map(namespace),
        }
    }

    /// A seat of this tenant.
    #[must_use]
    pub fn seat_name(&self, user: i64, app: Option<&str>) -> SeatName {
        SeatName {
            pool: self.pool_name(app),
            user_id: user_id(user),
        }
    }

    /// Makes one change of the ledger.
    pub async fn ledger_change(&self, change: LedgerChange, at_ms: i64) -> Result<Effect, Rejection> {
        match self.change(change.into(), at_ms).await {
            Ok(effect) => Ok(effect),
            Err(StoreError::Rejected { index: 0, rejection }) => Err(rejection),
            Err(error) => panic!("{error}"),
        }
    }

    /// Says how many seats were bought.
    pub async fn buy(&self, app: Option<&str>, bought: u64, at_ms: i64) -> Result<Effect, Rejection> {
        self.ledger_change(self.bought(app, Some(bought)), at_ms).await
    }

    fn bought(&self, app: Option<&str>, bought: Option<u64>) -> LedgerChange {
        LedgerChange::PutPool {
            pool: self.pool_name(app),
            bought,
            valid_from_ms: None,
            valid_until_ms: None,
            overdraft_allowed: false,
        }
    }

    /// Asks for a seat, and waits for one if need be.
    pub async fn request(&self, user: i64, app: Option<&str>, at_ms: i64) -> Effect {
        let change = LedgerChange::RequestSeat {
            seat: self.seat_name(user, app),
            expires_at_ms: None,
            wait: true,
        };
        self.ledger_change(change, at_ms).await.unwrap()
    }

    /// Asks for a seat that must be free.
    pub async fn try_assign(&self, user: i64, app: Option<&str>, at_ms: i64) -> Result<Effect, Rejection> {
        let change = usher_store::Change::AssignSeat {
            tenant_id: self.tenant_id,
            seat_type: seat_type(app),
            user_id: user_id(user),
            namespace: app.map(namespace),
            expires_at_ms: None,
        };
        match self.change(change, at_ms).await {
            Ok(effect) => Ok(effect),
            Err(error) => Err(error.rejection().unwrap()),
        }
    }

    /// The pool as it is.
    pub async fn pool(&self, app: Option<&str>, now_ms: i64) -> Option<Pool> {
        let found = self.store.pool(self.pool_name(app), now_ms).await.unwrap();
        found.map(|row| row.pool)
    }

    /// Who holds a seat now.
    pub async fn holders(&self, app: Option<&str>, now_ms: i64) -> Vec<i64> {
        let rows = self.assignments(seat_type(app), 100, now_ms).await;
        rows.into_iter()
            .filter(|row| row.status == usher_seats::SeatStatus::InUse)
            .filter(|row| row.namespace == app.map(namespace))
            .map(|row| row.user_id.get())
            .collect()
    }

    /// Who waits, first in line first.
    pub async fn line(&self, app: Option<&str>) -> Vec<i64> {
        let rows = self.store.waiting(self.pool_name(app), None, 100).await.unwrap();
        for (place, row) in (1..).zip(&rows) {
            assert_eq!(row.position, place, "places are counted from 1 without a gap");
        }
        rows.into_iter().map(|row| row.user_id.get()).collect()
    }
}

/// Nothing is refused until somebody has said what was bought; from then on nothing is exceeded.
pub async fn a_pool_is_never_exceeded(home: &mut dyn Home) {
    let ledger = acme(home).await;
    assert_eq!(
        ledger.pool(None, START_MS).await,
        None,
        "nothing was ever said or given"
    );
    for user in 1..=3 {
        assert_eq!(ledger.try_assign(user, None, START_MS).await, Ok(Effect::Created));
    }
    let unlimited = ledger.pool(None, START_MS).await.unwrap();
    assert_eq!((unlimited.bought, unlimited.in_use), (None, 3));
    assert_eq!(
        ledger.buy(None, 2, START_MS + 1).await,
        Err(Rejection::PoolTooSmall)
    );
    assert_eq!(ledger.buy(None, 4, START_MS + 1).await, Ok(Effect::Updated));
    assert_eq!(ledger.buy(None, 4, START_MS + 2).await, Ok(Effect::Unchanged));
    assert_eq!(
        ledger.try_assign(4, None, START_MS + 3).await,
        Ok(Effect::Created)
    );
    assert_eq!(
        ledger.try_assign(5, None, START_MS + 4).await,
        Err(Rejection::PoolExhausted)
    );
    assert_eq!(
        ledger.try_assign(4, None, START_MS + 5).await,
        Ok(Effect::Unchanged),
        "who holds a seat needs no other"
    );
    assert_eq!(ledger.release(1, None, START_MS + 6).await, Effect::Updated);
    assert_eq!(
        ledger.try_assign(5, None, START_MS + 7).await,
        Ok(Effect::Created)
    );
    assert_eq!(ledger.pool(None, START_MS + 8).await.unwrap().in_use, 4);
    assert_eq!(
        ledger.buy(Some("crm"), 0, START_MS + 9).await,
        Ok(Effect::Created)
    );
    assert_eq!(
        ledger.try_assign(1, Some("crm"), START_MS + 10).await,
        Err(Rejection::PoolExhausted),
        "each app has a pool of its own"
    );
    assert_eq!(
        ledger.try_assign(1, Some("wiki"), START_MS + 11).await,
        Ok(Effect::Created)
    );
}

/// Many at once for the last seat: one gets it, and the books agree.
pub async fn one_of_many_racers_gets_the_last_seat(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let racers: Vec<i64> = (1..=RACERS).collect();
    ledger.people_and_apps(&racers, &[]).await;
    ledger.buy(None, 1, START_MS).await.unwrap();
    let races = racers.iter().map(|user| {
        let (ledger, user) = (ledger.clone(), *user);
        tokio::spawn(async move { ledger.try_assign(user, None, START_MS + user).await })
    });
    let mut winners = 0;
    for race in races.collect::<Vec<_>>() {
        match race.await.unwrap() {
            Ok(effect) => {
                assert_eq!(effect, Effect::Created);
                winners += 1;
            }
            Err(rejection) => assert_eq!(rejection, Rejection::PoolExhausted),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(ledger.holders(None, START_MS + 1_000).await.len(), 1);
    assert_eq!(ledger.pool(None, START_MS + 1_000).await.unwrap().in_use, 1);
}

/// An overdraft takes nothing from anybody, gives nothing to anybody, and ends when enough was given back.
pub async fn an_overdraft_is_asked_for_and_shown_until_cured(home: &mut dyn Home) {
    let ledger = acme(home).await;
    for user in 1..=3 {
        ledger.assign(user, None, None, START_MS).await;
    }
    let allowed = LedgerChange::PutPool {
        pool: ledger.pool_name(None),
        bought: Some(2),
        valid_from_ms: None,
        valid_until_ms: None,
        overdraft_allowed: true,
    };
    assert_eq!(
        ledger.ledger_change(allowed, START_MS + 1).await,
        Ok(Effect::Updated)
    );
    assert_eq!(ledger.pool(None, START_MS + 1).await.unwrap().overdrawn(), 1);
    assert_eq!(
        ledger.open(3, "crm", START_MS + 2).await,
        admitted(PerUser, START_MS + 2)
    );
    ledger.release(1, None, START_MS + 3).await;
    assert_eq!(ledger.pool(None, START_MS + 3).await.unwrap().overdrawn(), 0);
    assert_eq!(
        ledger.try_assign(4, None, START_MS + 4).await,
        Err(Rejection::PoolExhausted)
    );
    ledger.release(2, None, START_MS + 5).await;
    assert_eq!(
        ledger.try_assign(4, None, START_MS + 6).await,
        Ok(Effect::Created)
    );
}

/// A pool has its time. Outside of it nobody new gets a seat, and whoever has one keeps it.
pub async fn a_pool_gives_seats_in_its_time(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let terms = |valid_from_ms, valid_until_ms| LedgerChange::PutPool {
        pool: ledger.pool_name(None),
        bought: Some(5),
        valid_from_ms: Some(valid_from_ms),
        valid_until_ms: Some(valid_until_ms),
        overdraft_allowed: false,
    };
    assert_eq!(
        ledger.ledger_change(terms(START_MS, START_MS), START_MS).await,
        Err(Rejection::PoolNeverValid)
    );
    ledger
        .ledger_change(terms(START_MS + 10, START_MS + 20), START_MS)
        .await
        .unwrap();
    assert_eq!(
        ledger.try_assign(1, None, START_MS + 9).await,
        Err(Rejection::PoolExhausted)
    );
    assert_eq!(ledger.request(2, None, START_MS + 9).await, Effect::Waiting(1));
    assert_eq!(
        ledger.try_assign(1, None, START_MS + 10).await,
        Ok(Effect::Created)
    );
    let settle = LedgerChange::SettleExpired { seats_max: 10 };
    assert_eq!(
        ledger.ledger_change(settle, START_MS + 11).await,
        Ok(Effect::Updated),
        "who waited for the pool to begin is served"
    );
    assert_eq!(ledger.holders(None, START_MS + 11).await, [1, 2]);
    assert_eq!(
        ledger.try_assign(3, None, START_MS + 20).await,
        Err(Rejection::PoolExhausted)
    );
    assert_eq!(
        ledger.open(1, "crm", START_MS + 21).await,
        admitted(PerUser, START_MS + 21)
    );
}

/// Who asked first is served first, whichever way a seat comes free.
pub async fn the_next_freed_seat_goes_to_the_first_in_line(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.buy(None, 1, START_MS).await.unwrap();
    ledger.assign(1, None, Some(START_MS + 50), START_MS).await;
    for (place, user) in [(1, 3), (2, 2), (3, 4), (4, 5)] {
        assert_eq!(
            ledger.request(user, None, START_MS + place).await,
            Effect::Waiting(place.unsigned_abs())
        );
    }
    assert_eq!(
        ledger.request(2, None, START_MS + 9).await,
        Effect::Waiting(2),
        "asking again keeps the place"
    );
    assert_eq!(ledger.line(None).await, [3, 2, 4, 5]);
    assert_eq!(
        ledger.try_assign(6, None, START_MS + 50).await,
        Err(Rejection::PoolExhausted),
        "the expired seat is free, and it is the first one's"
    );
    assert_eq!(
        ledger.holders(None, START_MS + 50).await,
        [] as [i64; 0],
        "a refusal leaves nothing behind"
    );
    let settle = LedgerChange::SettleExpired { seats_max: 10 };
    ledger.ledger_change(settle, START_MS + 51).await.unwrap();
    assert_eq!(ledger.holders(None, START_MS + 51).await, [3]);
    let leave = LedgerChange::LeaveWaitingList {
        seat: ledger.seat_name(2, None),
    };
    assert_eq!(
        ledger.ledger_change(leave.clone(), START_MS + 52).await,
        Ok(Effect::Updated)
    );
    assert_eq!(
        ledger.ledger_change(leave, START_MS + 52).await,
        Ok(Effect::Unchanged)
    );
    ledger.release(3, None, START_MS + 53).await;
    assert_eq!(ledger.holders(None, START_MS + 54).await, [4]);
    ledger.buy(None, 2, START_MS + 55).await.unwrap();
    assert_eq!(ledger.holders(None, START_MS + 56).await, [4, 5]);
    assert_eq!(ledger.line(None).await, [] as [i64; 0]);
}

/// One step: never two holders, never none; and nobody who waits is asked, because nothing came free.
pub async fn a_transfer_moves_a_seat_in_one_step(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.buy(None, 1, START_MS).await.unwrap();
    ledger.assign(1, None, Some(START_MS + 1_000), START_MS).await;
    ledger.request(5, None, START_MS + 1).await;
    let transfer = |from: i64, to: i64| LedgerChange::Transfer {
        from: ledger.seat_name(from, None),
        to: user_id(to),
    };
    assert_eq!(
        ledger.ledger_change(transfer(1, 2), START_MS + 2).await,
        Ok(Effect::Updated)
    );
    assert_eq!(ledger.holders(None, START_MS + 3).await, [2]);
    assert_eq!(
        ledger.open(1, "crm", START_MS + 3).await,
        refused(Refusal::SeatReleased)
    );
    assert_eq!(
        ledger.open(2, "crm", START_MS + 3).await,
        admitted_until(PerUser, START_MS + 3, START_MS + 1_000)
    );
    assert_eq!(
        ledger.open(2, "crm", START_MS + 1_000).await,
        refused(Refusal::SeatExpired),
        "the end goes with the seat"
    );
    assert_eq!(
        ledger.ledger_change(transfer(1, 3), START_MS + 4).await,
        Err(Rejection::SeatNotInUse)
    );
    assert_eq!(
        ledger.ledger_change(transfer(2, 2), START_MS + 4).await,
        Err(Rejection::SeatHeld)
    );
    assert_eq!(
        ledger.ledger_change(transfer(2, 99), START_MS + 4).await,
        Err(Rejection::UserUnknown)
    );
    assert_eq!(ledger.line(None).await, [5]);
    assert_eq!(ledger.pool(None, START_MS + 5).await.unwrap().in_use, 1);
}

/// An end can be moved while the seat lasts, and only into the future.
pub async fn a_seat_in_use_is_extended(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.assign(1, None, Some(START_MS + 10), START_MS).await;
    let extend = |expires_at_ms| LedgerChange::Extend {
        seat: ledger.seat_name(1, None),
        expires_at_ms,
    };
    assert_eq!(
        ledger
            .ledger_change(extend(Some(START_MS + 5)), START_MS + 5)
            .await,
        Err(Rejection::EndInThePast)
    );
    assert_eq!(
        ledger
            .ledger_change(extend(Some(START_MS + 20)), START_MS + 9)
            .await,
        Ok(Effect::Updated)
    );
    assert_eq!(
        ledger.open(1, "crm", START_MS + 19).await,
        admitted_until(PerUser, START_MS + 19, START_MS + 20)
    );
    assert_eq!(
        ledger.ledger_change(extend(None), START_MS + 20).await,
        Err(Rejection::SeatNotInUse)
    );
}

/// Protection keeps a seat from being taken by rule, and whoever insists must say so.
pub async fn a_protected_seat_is_not_taken_by_accident(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.assign(1, None, None, START_MS).await;
    let protect = |reason: Option<&str>| LedgerChange::Protect {
        seat: ledger.seat_name(1, None),
        reason: reason.map(str::to_owned),
    };
    let release = |even_protected| LedgerChange::Release {
        seat: ledger.seat_name(1, None),
        even_protected,
        unless_admitted_since_ms: None,
    };
    let legal = protect(Some("legal hold"));
    assert_eq!(
        ledger.ledger_change(legal.clone(), START_MS + 1).await,
        Ok(Effect::Updated)
    );
    assert_eq!(
        ledger.ledger_change(legal.clone(), START_MS + 2).await,
        Ok(Effect::Unchanged)
    );
    let row = ledger
        .store
        .seat(ledger.seat_name(1, None))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.protected_reason.as_deref(), Some("legal hold"));
    assert_eq!(
        ledger.ledger_change(release(false), START_MS + 3).await,
        Err(Rejection::SeatProtected)
    );
    assert_eq!(
        ledger.ledger_change(protect(None), START_MS + 4).await,
        Ok(Effect::Updated)
    );
    assert_eq!(
        ledger.ledger_change(release(false), START_MS + 5).await,
        Ok(Effect::Updated)
    );
    assert_eq!(
        ledger.ledger_change(legal, START_MS + 6).await,
        Err(Rejection::SeatNotInUse)
    );
}

/// Issue 3, must show 1: whoever was let in meanwhile keeps the seat, in whichever app it was.
pub async fn a_seat_used_meanwhile_is_not_reclaimed(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger.open(1, "wiki", START_MS + 10).await;
    let reclaim = |since_ms| LedgerChange::Release {
        seat: ledger.seat_name(1, None),
        even_protected: false,
        unless_admitted_since_ms: Some(since_ms),
    };
    assert_eq!(
        ledger.ledger_change(reclaim(START_MS + 10), START_MS + 20).await,
        Err(Rejection::SeatUsed)
    );
    home.restart().await;
    let ledger = Ledger {
        store: home.store(),
        ..ledger
    };
    assert_eq!(
        ledger.ledger_change(reclaim(START_MS + 10), START_MS + 20).await,
        Err(Rejection::SeatUsed)
    );
    assert_eq!(
        ledger.ledger_change(reclaim(START_MS + 11), START_MS + 20).await,
        Ok(Effect::Updated)
    );
}

/// Ten lines of which two do not fit: all or nothing, or each by itself; and a rehearsal that leaves no trace.
pub async fn lines_are_made_wholly_or_each_by_itself(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.buy(None, 3, START_MS).await.unwrap();
    let assign = |user| usher_store::Change::AssignSeat {
        tenant_id: ledger.tenant_id,
        seat_type: PerUser,
        user_id: user_id(user),
        namespace: None,
        expires_at_ms: None,
    };
    let request = ChangeRequest::new([1, 99, 2, 3, 4].map(assign).to_vec(), START_MS + 1);
    let whole = ledger.store.make(request.clone()).await;
    assert_eq!(
        whole,
        Err(StoreError::Rejected {
            index: 1,
            rejection: Rejection::UserUnknown
        })
    );
    let each = ChangeRequest {
        manner: Manner::Each,
        ..request
    };
    let rehearsal = ChangeRequest {
        rehearsal: true,
        ..each.clone()
    };
    let expected = [
        Ok(Effect::Created),
        Err(Rejection::UserUnknown),
        Ok(Effect::Created),
        Ok(Effect::Created),
        Err(Rejection::PoolExhausted),
    ];
    let rehearsed = ledger.store.make(rehearsal).await.unwrap();
    assert_eq!(rehearsed.results, expected);
    assert_eq!(rehearsed.records.len(), 3, "one per seat that would be given");
    assert_eq!(ledger.holders(None, START_MS + 2).await, [] as [i64; 0]);
    assert_eq!(
        ledger.open(1, "crm", START_MS + 2).await,
        refused(Refusal::NoSeat),
        "the door knows nothing of a rehearsal"
    );
    let made = ledger.store.make(each).await.unwrap();
    assert_eq!(made.results, expected);
    let named: BTreeSet<_> = made
        .records
        .iter()
        .map(|record| record.object_name.as_str())
        .collect();
    assert_eq!(named, BTreeSet::from(["per_user:1", "per_user:2", "per_user:3"]));
    assert_eq!(ledger.holders(None, START_MS + 3).await, [1, 2, 3]);
}

/// Whoever leaves the directory frees their seat, and who waits gets it.
pub async fn a_deleted_person_makes_room(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.buy(None, 1, START_MS).await.unwrap();
    ledger.assign(1, None, None, START_MS).await;
    ledger.request(2, None, START_MS).await;
    ledger.request(3, None, START_MS).await;
    let delete = |user| usher_store::Change::DeleteUser {
        tenant_id: ledger.tenant_id,
        user_id: user_id(user),
    };
    ledger.change(delete(2), START_MS + 1).await.unwrap();
    ledger.change(delete(1), START_MS + 2).await.unwrap();
    assert_eq!(ledger.holders(None, START_MS + 3).await, [3]);
    assert_eq!(ledger.pool(None, START_MS + 3).await.unwrap().in_use, 1);
    assert_eq!(ledger.line(None).await, [] as [i64; 0]);
}

/// The counts in the books are those of the rows, whatever happened, also for seats that ran out unnoticed.
pub async fn a_pool_counts_what_is_in_use(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.assign(1, None, Some(START_MS + 10), START_MS).await;
    ledger.assign(2, None, None, START_MS).await;
    assert_eq!(ledger.pool(None, START_MS + 9).await.unwrap().in_use, 2);
    assert_eq!(ledger.pool(None, START_MS + 10).await.unwrap().in_use, 1);
    ledger.assign(1, None, None, START_MS + 11).await;
    assert_eq!(ledger.pool(None, START_MS + 12).await.unwrap().in_use, 2);
    let rows = ledger
        .store
        .pools(ledger.tenant_id, None, 10, START_MS + 12)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    ledger.assign(1, Some("crm"), None, START_MS + 13).await;
    ledger.assign(1, Some("wiki"), None, START_MS + 13).await;
    let pools = |after| ledger.store.pools(ledger.tenant_id, after, 2, START_MS + 14);
    let first: Vec<_> = pools(None)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.namespace)
        .collect();
    assert_eq!(first, [None, Some(namespace("crm"))]);
    let rest = pools(Some(ledger.pool_name(Some("crm")))).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].namespace, Some(namespace("wiki")));
}
