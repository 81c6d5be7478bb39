//! Seats as somebody else has written them down: in a spreadsheet, or in another ledger.
//!
//! A file says how things are, and may be read again after it was mended; so whatever is so already stays. What the
//! ledger itself has seen outweighs what a file says of the past, because people act on the ledger while files age.

use usher_store::{Effect, Rejection, WrittenSeat};

use super::{
    give::{self, By},
    row::{self, Holding},
    take, waiting,
};
use crate::{
    changes::{Outcome, Unchanged},
    changing::Changing,
};

/// Brings a seat to what is written of it.
pub(super) async fn put(changing: &mut Changing<'_>, written: &WrittenSeat) -> Outcome {
    give::require(changing, &written.seat).await?;
    let known = row::read(changing.connection, &written.seat).await?;
    let end_ms = written.expires_at_ms.flatten();
    let ran_out = end_ms.is_some_and(|end_ms| end_ms <= changing.at_ms);
    match known {
        Some(before) if before.in_use(changing.at_ms) => match written.released_at_ms {
            Some(released_at_ms) => given_back(changing, written, &before, released_at_ms).await,
            None if ran_out => Err(Rejection::EndInThePast.into()),
            None => renew(changing, written, &before).await,
        },
        // What is known of the past is not written anew.
        Some(_) if ran_out || written.released_at_ms.is_some() => Ok(Effect::Unchanged),
        None if ran_out || written.released_at_ms.is_some() => record(changing, written).await,
        _ => begin(changing, written).await,
    }
}

/// Ends a holding in use, unless it began after what is written.
async fn given_back(
    changing: &mut Changing<'_>,
    written: &WrittenSeat,
    before: &Holding,
    released_at_ms: i64,
) -> Outcome {
    if before.assigned_at_ms > released_at_ms {
        return Ok(Effect::Unchanged);
    }
    take::release(changing, &written.seat, false, None).await
}

/// Changes a holding in use.
async fn renew(changing: &mut Changing<'_>, written: &WrittenSeat, before: &Holding) -> Outcome {
    let after = Holding {
        expires_at_ms: written.expires_at_ms.unwrap_or(before.expires_at_ms),
        protected_reason: written
            .protected_reason
            .clone()
            .or_else(|| before.protected_reason.clone()),
        given_directly: before.given_directly || !written.given_by_group,
        ..before.clone()
    };
    if *before == after {
        return Ok(Effect::Unchanged);
    }
    row::write(changing, &written.seat, (Some(before), &after), "seat.changed").await?;
    Ok(Effect::Updated)
}

/// Gives the seat, with its own beginning; or a place in the waiting list.
async fn begin(changing: &mut Changing<'_>, written: &WrittenSeat) -> Outcome {
    let by = if written.given_by_group {
        By::Group
    } else {
        By::Hand
    };
    let end_ms = written.expires_at_ms.flatten();
    let term = (written.assigned_at_ms, end_ms);
    let given = give::assign_since(changing, &written.seat, term, by).await;
    let given = match given {
        Err(Unchanged::Rejected(Rejection::PoolExhausted)) if written.may_wait => {
            return waiting::enter(changing, &written.seat, end_ms, by).await;
        }
        given => given?,
    };
    let Some(reason) = &written.protected_reason else {
        return Ok(given);
    };
    take::protect(changing, &written.seat, Some(reason)).await?;
    Ok(given)
}

/// Writes down a holding that is over.
async fn record(changing: &mut Changing<'_>, written: &WrittenSeat) -> Outcome {
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
    };
    row::write(changing, &written.seat, (None, &holding), "seat.recorded").await?;
    Ok(Effect::Created)
}
