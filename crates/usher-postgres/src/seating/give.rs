//! Giving seats: the one way for a seat to become held.

use crate::sql::Answered;
use usher_store::{Effect, Rejection, SeatName};

use super::{
    pool,
    row::{self, Holding},
    waiting,
};
use crate::{
    changes::{self, Outcome, Unchanged},
    changing::Changing,
};

/// Who gives a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Somebody, for this person.
    Hand,
    /// A group, for its members.
    Group,
}

/// Checks that everything a seat names is there.
pub(crate) async fn require(changing: &Changing<'_>, seat: &SeatName) -> Result<(), Unchanged> {
    pool::require(changing.connection, &seat.pool).await?;
    if changes::user_exists(changing.connection, seat.pool.tenant_id, seat.user_id).await? {
        Ok(())
    } else {
        Err(Rejection::UserUnknown.into())
    }
}

/// Gives a seat. One in use keeps its beginning and takes the new end; one that was given back or has run out begins anew.
pub(crate) async fn assign(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    by: By,
) -> Outcome {
    assign_since(changing, seat, (None, expires_at_ms), by).await
}

/// The same with the beginning that a new holding has; none is now.
pub(super) async fn assign_since(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    (assigned_at_ms, expires_at_ms): (Option<i64>, Option<i64>),
    by: By,
) -> Outcome {
    require(changing, seat).await?;
    let held = row::read(changing.connection, seat)
        .await?
        .filter(|before| before.in_use(changing.at_ms));
    match held {
        Some(before) => renew(changing, seat, &before, expires_at_ms, by).await,
        None if pool::has_free(changing, &seat.pool).await? => {
            // Looking for a free seat may have served the waiting list, and this very person may have been first in it.
            match row::read(changing.connection, seat).await? {
                Some(before) if before.in_use(changing.at_ms) => {
                    renew(changing, seat, &before, expires_at_ms, by).await
                }
                before => {
                    waiting::forget(changing.connection, seat).await?;
                    let assigned_at_ms = assigned_at_ms.unwrap_or(changing.at_ms);
                    let term = (assigned_at_ms, expires_at_ms);
                    let effect =
                        begin_since(changing, seat, before.as_ref(), term, by, "seat.assigned").await?;
                    Ok(effect)
                }
            }
        }
        None => match row::read(changing.connection, seat).await? {
            Some(before) if before.in_use(changing.at_ms) => {
                renew(changing, seat, &before, expires_at_ms, by).await
            }
            _ => Err(Rejection::PoolExhausted.into()),
        },
    }
}

/// Gives a seat that never was, from a moment that may have passed; one that is or was there stays as it is.
pub(crate) async fn ensure(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    assigned_at_ms: Option<i64>,
) -> Outcome {
    if row::read(changing.connection, seat).await?.is_some() {
        return Ok(Effect::Unchanged);
    }
    let began_ms = assigned_at_ms.map(|began_ms| began_ms.min(changing.at_ms));
    assign_since(changing, seat, (began_ms, None), By::Hand).await
}

/// Gives a seat that somebody asks for by name, or a place in the waiting list when they would rather wait.
pub(crate) async fn request(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    wait: bool,
) -> Outcome {
    require_end_ahead(changing, expires_at_ms)?;
    if wait {
        or_wait(changing, seat, expires_at_ms, By::Hand).await
    } else {
        assign(changing, seat, expires_at_ms, By::Hand).await
    }
}

fn require_end_ahead(changing: &Changing<'_>, expires_at_ms: Option<i64>) -> Result<(), Unchanged> {
    if expires_at_ms.is_some_and(|end_ms| end_ms <= changing.at_ms) {
        return Err(Rejection::EndInThePast.into());
    }
    Ok(())
}

/// Gives a seat, or a place in the waiting list when none is free.
pub(crate) async fn or_wait(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    by: By,
) -> Outcome {
    match assign(changing, seat, expires_at_ms, by).await {
        Err(Unchanged::Rejected(Rejection::PoolExhausted)) => {
            waiting::enter(changing, seat, expires_at_ms, by).await
        }
        outcome => outcome,
    }
}

/// Moves the end of a seat in use; a seat that has run out is given again if one is free.
pub(crate) async fn extend(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
) -> Outcome {
    require(changing, seat).await?;
    require_end_ahead(changing, expires_at_ms)?;
    let before = row::read(changing.connection, seat).await?;
    match before.filter(|before| before.in_use(changing.at_ms)) {
        Some(before) => {
            let after = Holding {
                expires_at_ms,
                ..before.clone()
            };
            keep(changing, seat, &before, &after, "seat.extended").await
        }
        None => Err(Rejection::SeatNotInUse.into()),
    }
}

async fn renew(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    before: &Holding,
    expires_at_ms: Option<i64>,
    by: By,
) -> Outcome {
    let after = match by {
        By::Hand => Holding {
            expires_at_ms,
            given_directly: true,
            ..before.clone()
        },
        // A group adds nothing to a seat that is there; least of all does it move an end that somebody chose.
        By::Group => before.clone(),
    };
    keep(changing, seat, before, &after, "seat.changed").await
}

async fn keep(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    before: &Holding,
    after: &Holding,
    action: &'static str,
) -> Outcome {
    if before == after {
        return Ok(Effect::Unchanged);
    }
    row::write(changing, seat, (Some(before), after), action).await?;
    Ok(Effect::Updated)
}

/// Begins a holding; the pool has a seat for it.
pub(super) async fn begin(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    before: Option<&Holding>,
    expires_at_ms: Option<i64>,
    by: By,
    action: &'static str,
) -> Answered<Effect> {
    let term = (changing.at_ms, expires_at_ms);
    begin_since(changing, seat, before, term, by, action).await
}

async fn begin_since(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    before: Option<&Holding>,
    (assigned_at_ms, expires_at_ms): (i64, Option<i64>),
    by: By,
    action: &'static str,
) -> Answered<Effect> {
    let after = Holding {
        held: true,
        assigned_at_ms,
        released_at_ms: None,
        expires_at_ms,
        protected_reason: None,
        given_directly: by == By::Hand,
    };
    row::write(changing, seat, (before, &after), action).await?;
    Ok(if before.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}
