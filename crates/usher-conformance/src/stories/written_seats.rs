//! Tales of seats that somebody else has written down.

use usher_seats::{Refusal, SeatType::PerUser};
use usher_store::{Effect, LedgerChange, Rejection, SeatRow, WrittenSeat};

use crate::{
    Home,
    ledger::{Ledger, START_MS, admitted, refused},
};

/// A moment long before the tales begin.
const LONG_AGO_MS: i64 = START_MS - 1_000_000;

async fn acme(home: &mut dyn Home) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3], &["crm"]).await;
    ledger
}

impl Ledger {
    fn written(&self, user: i64) -> WrittenSeat {
        WrittenSeat {
            seat: self.seat_name(user, None),
            assigned_at_ms: Some(LONG_AGO_MS),
            expires_at_ms: None,
            released_at_ms: None,
            protected_reason: None,
            given_by_group: false,
            may_wait: false,
        }
    }

    async fn put_seat(&self, written: WrittenSeat, at_ms: i64) -> Result<Effect, Rejection> {
        self.ledger_change(LedgerChange::PutSeat(written), at_ms).await
    }

    async fn seat_row(&self, user: i64) -> Option<SeatRow> {
        self.store.seat(self.seat_name(user, None)).await.unwrap()
    }
}

/// What is written begins as it is written; read again it changes nothing, and what it does not say stays.
pub async fn a_written_seat_is_given_as_it_is_written_and_once(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let written = WrittenSeat {
        expires_at_ms: Some(Some(START_MS + 500)),
        protected_reason: Some("on call".to_owned()),
        ..ledger.written(1)
    };
    assert_eq!(
        ledger.put_seat(written.clone(), START_MS).await,
        Ok(Effect::Created)
    );
    let row = ledger.seat_row(1).await.unwrap();
    assert_eq!((row.held, row.assigned_at_ms), (true, LONG_AGO_MS));
    assert_eq!(
        (row.expires_at_ms, row.protected_reason.as_deref()),
        (Some(START_MS + 500), Some("on call"))
    );
    let later = START_MS + 100;
    assert_eq!(
        ledger.put_seat(written.clone(), later).await,
        Ok(Effect::Unchanged)
    );
    let says_less = WrittenSeat {
        assigned_at_ms: Some(START_MS),
        ..ledger.written(1)
    };
    assert_eq!(ledger.put_seat(says_less, later).await, Ok(Effect::Unchanged));
    assert_eq!(
        ledger.seat_row(1).await.unwrap(),
        row,
        "a seat in use keeps its beginning and its end"
    );
    let endless = WrittenSeat {
        expires_at_ms: Some(None),
        ..written
    };
    assert_eq!(ledger.put_seat(endless, later).await, Ok(Effect::Updated));
    assert_eq!(ledger.seat_row(1).await.unwrap().expires_at_ms, None);
}

/// No pool is exceeded by what somebody has written down, and whoever may wait stands in line.
pub async fn a_written_seat_asks_its_pool(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.buy(None, 1, START_MS).await.unwrap();
    assert_eq!(
        ledger.put_seat(ledger.written(1), START_MS).await,
        Ok(Effect::Created)
    );
    assert_eq!(
        ledger.put_seat(ledger.written(2), START_MS).await,
        Err(Rejection::PoolExhausted)
    );
    let waits = WrittenSeat {
        may_wait: true,
        ..ledger.written(3)
    };
    assert_eq!(ledger.put_seat(waits, START_MS).await, Ok(Effect::Waiting(1)));
    assert_eq!(ledger.holders(None, START_MS).await, [1]);
    assert_eq!(ledger.line(None).await, [3]);
    let over = WrittenSeat {
        released_at_ms: Some(LONG_AGO_MS + 5),
        ..ledger.written(2)
    };
    assert_eq!(ledger.put_seat(over, START_MS).await, Ok(Effect::Created));
    assert_eq!(
        ledger.holders(None, START_MS).await,
        [1],
        "history takes no place in the pool"
    );
}

/// A holding that is over is written down where nothing is known, and never over what is known.
pub async fn written_history_fills_gaps_alone(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let over = WrittenSeat {
        released_at_ms: Some(LONG_AGO_MS + 5),
        ..ledger.written(1)
    };
    assert_eq!(ledger.put_seat(over.clone(), START_MS).await, Ok(Effect::Created));
    let row = ledger.seat_row(1).await.unwrap();
    assert_eq!(
        (row.held, row.assigned_at_ms, row.released_at_ms),
        (false, LONG_AGO_MS, Some(LONG_AGO_MS + 5))
    );
    assert_eq!(
        ledger.open(1, "crm", START_MS).await,
        refused(Refusal::SeatReleased)
    );
    assert_eq!(
        ledger.put_seat(over.clone(), START_MS).await,
        Ok(Effect::Unchanged)
    );
    assert_eq!(
        ledger.try_assign(1, None, START_MS + 10).await,
        Ok(Effect::Updated),
        "whoever comes back gets a seat"
    );
    assert_eq!(
        ledger.put_seat(over, START_MS + 20).await,
        Ok(Effect::Unchanged),
        "an older end does not end a newer holding"
    );
    let ends_it = WrittenSeat {
        released_at_ms: Some(START_MS + 15),
        ..ledger.written(1)
    };
    assert_eq!(ledger.put_seat(ends_it, START_MS + 20).await, Ok(Effect::Updated));
    assert_eq!(ledger.holders(None, START_MS + 20).await, Vec::<i64>::new());
}

/// An end that is past is history where nothing is known, and no way to end a seat in use.
pub async fn a_written_end_in_the_past_ends_nothing(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let past = |user| WrittenSeat {
        expires_at_ms: Some(Some(LONG_AGO_MS + 5)),
        ..ledger.written(user)
    };
    assert_eq!(ledger.put_seat(past(1), START_MS).await, Ok(Effect::Created));
    assert!(!ledger.seat_row(1).await.unwrap().held);
    ledger.try_assign(2, None, START_MS).await.unwrap();
    assert_eq!(
        ledger.put_seat(past(2), START_MS).await,
        Err(Rejection::EndInThePast)
    );
    assert_eq!(ledger.open(2, "crm", START_MS).await, admitted(PerUser, START_MS));
}
