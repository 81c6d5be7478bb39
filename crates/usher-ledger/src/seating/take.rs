//! Taking seats back: the one way for a seat to become free.

use usher_seats::UserId;
use usher_store::{Effect, PoolName, Rejection, SeatName};

use super::{By, Holding, Kept, give, waiting, write};
use crate::{
    book::{Answer, Book, Outcome},
    changing::Changing,
};

/// Takes a seat back; one that is not held stays as it is.
pub(crate) async fn release<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    even_protected: bool,
    unless_admitted_since_ms: Option<i64>,
) -> Outcome<B> {
    let seen = give::look(changing, seat).await?;
    let Some(before) = seen.holding.filter(|before| before.held) else {
        return Ok(Effect::Unchanged);
    };
    if before.protected_reason.is_some() && !even_protected {
        return Err(Rejection::SeatProtected.into());
    }
    if let Some(since_ms) = unless_admitted_since_ms {
        let newest_ms = changing.book.newest_admitted_ms(seat).await?;
        if newest_ms.is_some_and(|newest_ms| newest_ms >= since_ms) {
            return Err(Rejection::SeatUsed.into());
        }
    }
    let kept = Some(before.taken_back(changing.at_ms));
    end_keeping(changing, seat, (&before, kept), "seat.released").await?;
    waiting::serve(changing, &seat.pool).await?;
    Ok(Effect::Updated)
}

/// Ends a holding and nothing else; who waits is not served yet.
pub(super) async fn end<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    before: &Holding,
    action: &'static str,
) -> Answer<B, ()> {
    end_keeping(changing, seat, (before, None), action).await
}

/// The same with what is kept of it for its holder.
async fn end_keeping<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    (before, kept): (&Holding, Option<Kept>),
    action: &'static str,
) -> Answer<B, ()> {
    let after = Holding {
        held: false,
        released_at_ms: Some(changing.at_ms),
        protected_reason: None,
        kept,
        ..before.clone()
    };
    write(changing, seat, (Some(before), &after), action).await
}

/// Gives one person's seat to another. The pool keeps its count, so the waiting list is not asked.
pub(super) async fn transfer<B: Book>(
    changing: &mut Changing<'_, B>,
    from: &SeatName,
    to: UserId,
) -> Outcome<B> {
    let heir = SeatName {
        pool: from.pool.clone(),
        user_id: to,
    };
    let at_ms = changing.at_ms;
    let giver = give::look(changing, from).await?;
    let inherited = give::look(changing, &heir).await?;
    let before = giver.in_use(at_ms).ok_or(Rejection::SeatNotInUse)?;
    if inherited.in_use(at_ms).is_some() || from.user_id == to {
        return Err(Rejection::SeatHeld.into());
    }
    if before.protected_reason.is_some() {
        return Err(Rejection::SeatProtected.into());
    }
    end(changing, from, before, "seat.transferred_away").await?;
    changing.book.remove_place(&heir).await?;
    let known = inherited.holding.as_ref();
    let action = "seat.transferred_here";
    give::begin(changing, &heir, known, before.expires_at_ms, By::Hand, action).await?;
    // An expired seat of the heir was counted until now, and now is held again: one place in the pool has come free.
    waiting::serve(changing, &from.pool).await?;
    Ok(Effect::Updated)
}

/// Keeps a seat in use from being taken as idle, or no longer.
pub(super) async fn protect<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    reason: Option<&str>,
) -> Outcome<B> {
    let seen = give::look(changing, seat).await?;
    let before = seen.in_use(changing.at_ms).ok_or(Rejection::SeatNotInUse)?;
    let after = Holding {
        protected_reason: reason.map(str::to_owned),
        ..before.clone()
    };
    let action = if reason.is_some() {
        "seat.protected"
    } else {
        "seat.unprotected"
    };
    Ok(give::keep(changing, seat, before, &after, action).await?)
}

/// Writes down which seats of a pool have run out, at most `seats_max`, and serves who waits; tells how many there were.
pub(super) async fn settle<B: Book>(
    changing: &mut Changing<'_, B>,
    pool: &PoolName,
    seats_max: usize,
) -> Answer<B, usize> {
    let at_ms = changing.at_ms;
    let expired = changing.book.seats_run_out(pool, at_ms, seats_max).await?;
    for (seat, before) in &expired {
        end(changing, seat, before, "seat.expired").await?;
    }
    if !expired.is_empty() {
        waiting::serve(changing, pool).await?;
    }
    Ok(expired.len())
}

/// Settles every pool of every tenant, at most `seats_max` seats in all, and serves lists whose pool has begun to be valid.
pub(super) async fn settle_all<B: Book>(changing: &mut Changing<'_, B>, seats_max: usize) -> Outcome<B> {
    let notes_before = changing.notes.len();
    let mut left = seats_max;
    for pool in changing.book.pools_to_settle(changing.at_ms).await? {
        changing.book.hold_tenant(pool.tenant_id).await?;
        left -= settle(changing, &pool, left).await?.min(left);
        waiting::serve(changing, &pool).await?;
        if left == 0 {
            break;
        }
    }
    Ok(if changing.notes.len() == notes_before {
        Effect::Unchanged
    } else {
        Effect::Updated
    })
}
