//! Tales of seats that were taken back and are kept for whoever had them.

use usher_seats::{SeatType::PerUser, UserId, seat::KEPT_MS};
use usher_store::{Effect, KeptQuery, LedgerChange, Rejection, SeatRow};

use crate::{
    Home,
    ledger::{Ledger, START_MS, admitted, admitted_until, user_id},
};

async fn acme(home: &mut dyn Home, bought: Option<u64>) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3], &["crm"]).await;
    buy(&ledger, bought).await;
    ledger
}

async fn buy(ledger: &Ledger, bought: Option<u64>) {
    let change = LedgerChange::PutPool {
        pool: ledger.pool_name(None),
        bought,
        valid_from_ms: None,
        valid_until_ms: None,
        overdraft_allowed: true,
    };
    ledger.ledger_change(change, START_MS).await.unwrap();
}

async fn restore(ledger: &Ledger, user: i64, at_ms: i64) -> Result<Effect, Rejection> {
    let seat = ledger.seat_name(user, None);
    ledger.ledger_change(LedgerChange::Restore { seat }, at_ms).await
}

async fn row(ledger: &Ledger, user: i64) -> SeatRow {
    let found = ledger.store.seat(ledger.seat_name(user, None)).await;
    found.unwrap().unwrap()
}

async fn kept(ledger: &Ledger, at_ms: i64) -> u64 {
    let found = ledger.store.pool(ledger.pool_name(None), at_ms).await;
    found.unwrap().unwrap().kept
}

/// What was taken by mistake comes back as it was: its beginning, its end, its protection, its uses.
pub async fn a_seat_comes_back_as_it_was(home: &mut dyn Home) {
    let ledger = acme(home, Some(2)).await;
    let end_ms = START_MS + 2 * KEPT_MS;
    ledger.assign(1, None, Some(end_ms), START_MS).await;
    let protect = LedgerChange::Protect {
        seat: ledger.seat_name(1, None),
        reason: Some("sick leave".to_owned()),
    };
    ledger.ledger_change(protect, START_MS).await.unwrap();
    let before = row(&ledger, 1).await;
    ledger.release(1, None, START_MS + 10).await;
    let taken = row(&ledger, 1).await;
    assert_eq!(
        (taken.held, taken.kept_until_ms),
        (false, Some(START_MS + 10 + KEPT_MS))
    );
    assert_eq!(taken.protected_reason, None);
    assert_eq!(kept(&ledger, START_MS + 11).await, 1);
    assert_eq!(restore(&ledger, 1, START_MS + 20).await, Ok(Effect::Updated));
    assert_eq!(row(&ledger, 1).await, before);
    assert_eq!(kept(&ledger, START_MS + 21).await, 0);
    assert_eq!(
        ledger.open(1, "crm", START_MS + 30).await.verdict,
        admitted_until(PerUser, START_MS + 30, end_ms).verdict
    );
    assert_eq!(restore(&ledger, 1, START_MS + 40).await, Ok(Effect::Unchanged));
}

/// Keeping makes nobody wait: whoever asks or waits gets the seat, and then there is none to give back.
pub async fn a_kept_seat_yields_to_whoever_needs_one(home: &mut dyn Home) {
    let ledger = acme(home, Some(2)).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger.assign(2, None, None, START_MS).await;
    ledger.release(1, None, START_MS + 1).await;
    ledger.release(2, None, START_MS + 2).await;
    assert_eq!(kept(&ledger, START_MS + 3).await, 2);
    assert_eq!(ledger.assign(3, None, None, START_MS + 4).await, Effect::Created);
    assert_eq!(kept(&ledger, START_MS + 5).await, 1, "one of the two is left");
    assert_eq!(restore(&ledger, 1, START_MS + 6).await, Ok(Effect::Updated));
    assert_eq!(kept(&ledger, START_MS + 7).await, 0);
    assert_eq!(
        restore(&ledger, 2, START_MS + 8).await,
        Err(Rejection::PoolExhausted)
    );
    // What is bought later is theirs again, as long as it is kept.
    buy(&ledger, Some(3)).await;
    assert_eq!(restore(&ledger, 2, START_MS + 9).await, Ok(Effect::Updated));
}

/// Who waits gets a seat the moment it is taken from somebody else, and so it is kept for nobody.
pub async fn whoever_waits_comes_before_whoever_had_it(home: &mut dyn Home) {
    let ledger = acme(home, Some(1)).await;
    ledger.assign(1, None, None, START_MS).await;
    let wait = LedgerChange::RequestSeat {
        seat: ledger.seat_name(2, None),
        expires_at_ms: None,
        wait: true,
    };
    let waits = ledger.ledger_change(wait, START_MS + 1).await.unwrap();
    assert_eq!(waits, Effect::Waiting(1));
    ledger.release(1, None, START_MS + 2).await;
    assert_eq!(
        ledger.open(2, "crm", START_MS + 3).await,
        admitted(PerUser, START_MS + 3)
    );
    assert_eq!(kept(&ledger, START_MS + 4).await, 0);
    assert_eq!(
        restore(&ledger, 1, START_MS + 5).await,
        Err(Rejection::PoolExhausted)
    );
}

/// Thirty days, and not for seats that nobody took: they ran out, were transferred, or never were.
pub async fn a_seat_is_kept_for_thirty_days_and_only_when_somebody_took_it(home: &mut dyn Home) {
    let ledger = acme(home, None).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger.release(1, None, START_MS).await;
    assert_eq!(kept(&ledger, START_MS + KEPT_MS - 1).await, 1);
    assert_eq!(kept(&ledger, START_MS + KEPT_MS).await, 0);
    assert_eq!(
        restore(&ledger, 1, START_MS + KEPT_MS).await,
        Err(Rejection::SeatNotKept)
    );
    assert_eq!(
        restore(&ledger, 1, START_MS + KEPT_MS - 1).await,
        Ok(Effect::Updated)
    );
    let transfer = LedgerChange::Transfer {
        from: ledger.seat_name(1, None),
        to: user_id(2),
    };
    ledger.ledger_change(transfer, START_MS + KEPT_MS).await.unwrap();
    assert_eq!(
        restore(&ledger, 1, START_MS + KEPT_MS).await,
        Err(Rejection::SeatNotKept)
    );
    assert_eq!(
        restore(&ledger, 3, START_MS + KEPT_MS).await,
        Err(Rejection::SeatNotKept)
    );
    let later_ms = START_MS + 2 * KEPT_MS;
    ledger.assign(3, None, Some(later_ms + 1), later_ms).await;
    ledger.release(3, None, later_ms).await;
    assert_eq!(
        restore(&ledger, 3, later_ms + 1).await,
        Err(Rejection::EndInThePast)
    );
}

/// The list of kept seats: those taken last first, page by page, of one pool.
pub async fn kept_seats_are_listed(home: &mut dyn Home) {
    let ledger = acme(home, None).await;
    for (user, taken_ms) in [(1, 10), (2, 20), (3, 20)] {
        ledger.assign(user, None, None, START_MS).await;
        ledger.assign(user, Some("crm"), None, START_MS).await;
        ledger.release(user, None, START_MS + taken_ms).await;
    }
    let list = async |now_ms, after: Option<(i64, UserId)>, rows_max| {
        let query = KeptQuery {
            pool: ledger.pool_name(None),
            now_ms,
            after,
            rows_max,
        };
        let rows = ledger.store.kept_seats(query).await.unwrap();
        rows.into_iter()
            .map(|row| (row.seat.user_id.get(), row.kept_until_ms))
            .collect::<Vec<_>>()
    };
    let until = |taken_ms| Some(START_MS + taken_ms + KEPT_MS);
    let first = list(START_MS + 30, None, 2).await;
    assert_eq!(first, [(3, until(20)), (2, until(20))]);
    let place = (START_MS + 20 + KEPT_MS, user_id(2));
    assert_eq!(list(START_MS + 30, Some(place), 2).await, [(1, until(10))]);
    assert_eq!(
        list(START_MS + 10 + KEPT_MS, None, 9).await,
        first,
        "the oldest is kept no longer"
    );
}
