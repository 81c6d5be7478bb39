//! Seats as somebody else has written them down: in a spreadsheet, or in another ledger.
//!
//! A file says how things are, and may be read again after it was mended; so whatever is so already stays. What the
//! ledger itself has seen outweighs what a file says of the past, because people act on the ledger while files age.

use usher_store::{Effect, Rejection, WrittenSeat};

use super::{By, Holding, give, take, write};
use crate::{
    book::{Answer, Book, Outcome},
    changing::Changing,
};

/// Brings a seat to what is written of it.
pub(super) async fn put<B: Book>(changing: &mut Changing<'_, B>, written: &WrittenSeat) -> Outcome<B> {
    let seen = give::look(changing, &written.seat).await?;
    let end_ms = written.expires_at_ms.flatten();
    let ran_out = end_ms.is_some_and(|end_ms| end_ms <= changing.at_ms);
    match &seen.holding {
        Some(before) if before.in_use(changing.at_ms) => match written.released_at_ms {
            // A holding that began after what is written is another one.
            Some(released_at_ms) if before.assigned_at_ms > released_at_ms => Ok(Effect::Unchanged),
            Some(_) => take::release(changing, &written.seat, false, None).await,
            None if ran_out => Err(Rejection::EndInThePast.into()),
            None => Ok(renew(changing, written, before).await?),
        },
        // What is known of the past is not written anew.
        Some(_) if ran_out || written.released_at_ms.is_some() => Ok(Effect::Unchanged),
        None if ran_out || written.released_at_ms.is_some() => Ok(record(changing, written).await?),
        _ => begin(changing, written).await,
    }
}

/// Changes a holding in use.
async fn renew<B: Book>(
    changing: &mut Changing<'_, B>,
    written: &WrittenSeat,
    before: &Holding,
) -> Answer<B, Effect> {
    let after = Holding {
        expires_at_ms: written.expires_at_ms.unwrap_or(before.expires_at_ms),
        protected_reason: written
            .protected_reason
            .clone()
            .or_else(|| before.protected_reason.clone()),
        given_directly: before.given_directly || !written.given_by_group,
        ..before.clone()
    };
    give::keep(changing, &written.seat, before, &after, "seat.changed").await
}

/// Gives the seat, with its own beginning; or a place in the waiting list.
async fn begin<B: Book>(changing: &mut Changing<'_, B>, written: &WrittenSeat) -> Outcome<B> {
    let by = if written.given_by_group {
        By::Group
    } else {
        By::Hand
    };
    let end_ms = written.expires_at_ms.flatten();
    let term = (written.assigned_at_ms, end_ms);
    let mut given = give::assign_since(changing, &written.seat, term, by).await;
    if written.may_wait {
        given = give::given_or_waiting(changing, &written.seat, given, end_ms, by).await;
    }
    let given = given?;
    let waits = matches!(given, Effect::Waiting(_));
    if let Some(reason) = written.protected_reason.as_deref().filter(|_| !waits) {
        take::protect(changing, &written.seat, Some(reason)).await?;
    }
    Ok(given)
}

/// Writes down a holding that is over.
async fn record<B: Book>(changing: &mut Changing<'_, B>, written: &WrittenSeat) -> Answer<B, Effect> {
    let expires_at_ms = written.expires_at_ms.flatten();
    let released_at_ms = written.released_at_ms.or(expires_at_ms);
    let over_ms = released_at_ms.unwrap_or(changing.at_ms).min(changing.at_ms);
    let holding = Holding {
        held: false,
        assigned_at_ms: written.assigned_at_ms.unwrap_or(over_ms).min(over_ms),
        released_at_ms: Some(over_ms),
        expires_at_ms,
        protected_reason: None,
        given_directly: !written.given_by_group,
        kept: None,
    };
    write(changing, &written.seat, (None, &holding), "seat.recorded").await?;
    Ok(Effect::Created)
}
