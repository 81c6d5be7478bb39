//! Giving seats: the one way for a seat to become held.

use usher_seats::Pool;
use usher_store::{Effect, Rejection, SeatName};

use super::{By, Holding, pools, take, waiting, write};
use crate::{
    book::{Answer, Book, Engine, Outcome},
    changing::Changing,
};

/// A seat of which everything that it names is there.
pub(super) struct Seen {
    pub(super) holding: Option<Holding>,
    pool: Option<Option<Pool>>,
}

impl Seen {
    /// The holding, where it lets its holder in.
    pub(super) fn in_use(&self, now_ms: i64) -> Option<&Holding> {
        self.holding.as_ref().filter(|holding| holding.in_use(now_ms))
    }
}

/// Whether the pool of a seat has one to give, expired ones not counted as free.
pub(super) async fn has_free<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    seen: &Seen,
) -> Answer<B, bool> {
    match seen.pool {
        Some(known) => Ok(known.is_none_or(|pool| pool.has_free(changing.at_ms))),
        None => pools::free_now(changing, &seat.pool).await,
    }
}

/// Looks at a seat, and checks that everything it names is there.
pub(super) async fn look<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
) -> Result<Seen, <B as Engine>::Unchanged> {
    pools::require_agreement(&seat.pool)?;
    let survey = changing.book.survey(seat).await?;
    let missing = [
        (survey.has_tenant, Rejection::TenantUnknown),
        (survey.has_app, Rejection::AppUnknown),
        (survey.has_user, Rejection::UserUnknown),
    ];
    match missing.into_iter().find(|(is_there, _)| !is_there) {
        Some((_, rejection)) => Err(rejection.into()),
        None => Ok(Seen {
            holding: survey.holding,
            pool: survey.pool,
        }),
    }
}

/// Gives a seat. One in use keeps its beginning and takes the new end; one that was given back or has run out begins anew.
pub(crate) async fn assign<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    by: By,
) -> Outcome<B> {
    assign_since(changing, seat, (None, expires_at_ms), by).await
}

/// The same with the beginning that a new holding has; none is now.
pub(super) async fn assign_since<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    (assigned_at_ms, expires_at_ms): (Option<i64>, Option<i64>),
    by: By,
) -> Outcome<B> {
    let at_ms = changing.at_ms;
    let mut seen = look(changing, seat).await?;
    let mut free = seen.in_use(at_ms).is_some() || has_free(changing, seat, &seen).await?;
    // Seats that ran out count as free. Writing that down may serve the waiting list, and this very person may be in it.
    if !free && take::settle(changing, &seat.pool, usize::MAX).await? > 0 {
        seen = look(changing, seat).await?;
        free = seen.in_use(at_ms).is_some() || has_free(changing, seat, &seen).await?;
    }
    if let Some(before) = seen.in_use(at_ms) {
        return renew(changing, seat, before, expires_at_ms, by).await;
    }
    if !free {
        return Err(Rejection::PoolExhausted.into());
    }
    changing.book.remove_place(seat).await?;
    let term = (assigned_at_ms.unwrap_or(at_ms), expires_at_ms);
    Ok(begin_since(changing, seat, seen.holding.as_ref(), term, by, "seat.assigned").await?)
}

/// Gives a seat that never was, from a moment that may have passed; one that is or was there stays as it is.
pub(crate) async fn ensure<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    assigned_at_ms: Option<i64>,
) -> Outcome<B> {
    if changing.book.seat(seat).await?.is_some() {
        return Ok(Effect::Unchanged);
    }
    let began_ms = assigned_at_ms.map(|began_ms| began_ms.min(changing.at_ms));
    assign_since(changing, seat, (began_ms, None), By::Hand).await
}

/// Gives a seat that somebody asks for by name, or a place in the waiting list when they would rather wait.
pub(super) async fn request<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    wait: bool,
) -> Outcome<B> {
    require_end_ahead(changing, expires_at_ms)?;
    if wait {
        or_wait(changing, seat, expires_at_ms, By::Hand).await
    } else {
        assign(changing, seat, expires_at_ms, By::Hand).await
    }
}

fn require_end_ahead<B: Book>(
    changing: &Changing<'_, B>,
    expires_at_ms: Option<i64>,
) -> Result<(), Rejection> {
    if expires_at_ms.is_some_and(|end_ms| end_ms <= changing.at_ms) {
        return Err(Rejection::EndInThePast);
    }
    Ok(())
}

/// Gives a seat, or a place in the waiting list when none is free.
pub(super) async fn or_wait<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    by: By,
) -> Outcome<B> {
    let assigned = assign(changing, seat, expires_at_ms, by).await;
    given_or_waiting(changing, seat, assigned, expires_at_ms, by).await
}

/// Gives a place in the waiting list where a seat could not be given because none is free.
pub(super) async fn given_or_waiting<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    assigned: Outcome<B>,
    expires_at_ms: Option<i64>,
    by: By,
) -> Outcome<B> {
    match B::sorted(assigned)? {
        Err(Rejection::PoolExhausted) => Ok(waiting::enter(changing, seat, expires_at_ms, by).await?),
        assigned => Ok(assigned?),
    }
}

/// Moves the end of a seat in use.
pub(super) async fn extend<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
) -> Outcome<B> {
    let seen = look(changing, seat).await?;
    require_end_ahead(changing, expires_at_ms)?;
    let before = seen.in_use(changing.at_ms).ok_or(Rejection::SeatNotInUse)?;
    let after = Holding {
        expires_at_ms,
        ..before.clone()
    };
    Ok(keep(changing, seat, before, &after, "seat.extended").await?)
}

async fn renew<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    before: &Holding,
    expires_at_ms: Option<i64>,
    by: By,
) -> Outcome<B> {
    let after = match by {
        By::Hand => Holding {
            expires_at_ms,
            given_directly: true,
            ..before.clone()
        },
        // A group adds nothing to a seat that is there; least of all does it move an end that somebody chose.
        By::Group => before.clone(),
    };
    Ok(keep(changing, seat, before, &after, "seat.changed").await?)
}

/// Brings a seat in use to another state, unless it is in it.
pub(super) async fn keep<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    before: &Holding,
    after: &Holding,
    action: &'static str,
) -> Answer<B, Effect> {
    if before == after {
        return Ok(Effect::Unchanged);
    }
    write(changing, seat, (Some(before), after), action).await?;
    Ok(Effect::Updated)
}

/// Begins a holding; the pool has a seat for it.
pub(super) async fn begin<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    before: Option<&Holding>,
    expires_at_ms: Option<i64>,
    by: By,
    action: &'static str,
) -> Answer<B, Effect> {
    let term = (changing.at_ms, expires_at_ms);
    begin_since(changing, seat, before, term, by, action).await
}

async fn begin_since<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    before: Option<&Holding>,
    (assigned_at_ms, expires_at_ms): (i64, Option<i64>),
    by: By,
    action: &'static str,
) -> Answer<B, Effect> {
    let after = Holding {
        held: true,
        assigned_at_ms,
        released_at_ms: None,
        expires_at_ms,
        protected_reason: None,
        given_directly: by == By::Hand,
        kept: None,
    };
    write(changing, seat, (before, &after), action).await?;
    Ok(if before.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}
