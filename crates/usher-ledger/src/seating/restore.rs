//! Giving a seat back to whoever had it, as it was.
//!
//! A seat that somebody took back is kept for its former holder for a while. Keeping is no claim on the pool: a kept seat is as
//! free as any other, whoever waits or asks gets it, and then there is none to give back. So nobody waits for a seat that nobody
//! holds, and the promise of a pool stays the one it was.

use usher_store::{Effect, Rejection, SeatName};

use super::{Holding, give, take, write};
use crate::{
    book::{Book, Outcome},
    changing::Changing,
};

/// Gives a seat back.
pub(super) async fn restore<B: Book>(changing: &mut Changing<'_, B>, seat: &SeatName) -> Outcome<B> {
    let mut seen = give::look(changing, seat).await?;
    let mut free = give::has_free(changing, seat, &seen).await?;
    if !free && take::settle(changing, &seat.pool, usize::MAX).await? > 0 {
        seen = give::look(changing, seat).await?;
        free = give::has_free(changing, seat, &seen).await?;
    }
    let at_ms = changing.at_ms;
    let before = seen.holding.as_ref().ok_or(Rejection::SeatNotKept)?;
    if before.in_use(at_ms) {
        return Ok(Effect::Unchanged);
    }
    let kept = before.kept.as_ref().filter(|kept| at_ms < kept.until_ms);
    let kept = kept.ok_or(Rejection::SeatNotKept)?;
    if before.expires_at_ms.is_some_and(|end_ms| end_ms <= at_ms) {
        return Err(Rejection::EndInThePast.into());
    }
    if !free {
        return Err(Rejection::PoolExhausted.into());
    }
    let after = Holding {
        held: true,
        released_at_ms: None,
        protected_reason: kept.protected_reason.clone(),
        // What only groups gave, and none gives any more, is now given by whoever gives it back.
        given_directly: before.given_directly || !changing.book.is_given_by_group(seat).await?,
        kept: None,
        ..before.clone()
    };
    changing.book.remove_place(seat).await?;
    write(changing, seat, (Some(before), &after), "seat.restored").await?;
    Ok(Effect::Updated)
}
