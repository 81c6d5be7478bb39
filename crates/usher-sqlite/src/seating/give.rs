//! Giving seats: the one way for a seat to become held.

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
pub(crate) fn require(changing: &Changing<'_>, seat: &SeatName) -> Result<(), Unchanged> {
    pool::require(changing.connection, &seat.pool)?;
    if changes::user_exists(changing.connection, seat.pool.tenant_id, seat.user_id)? {
        Ok(())
    } else {
        Err(Rejection::UserUnknown.into())
    }
}

/// Gives a seat. One in use keeps its beginning and takes the new end; one that was given back or has run out begins anew.
pub(crate) fn assign(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    by: By,
) -> Outcome {
    assign_since(changing, seat, (None, expires_at_ms), by)
}

/// The same with the beginning that a new holding has; none is now.
pub(super) fn assign_since(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    (assigned_at_ms, expires_at_ms): (Option<i64>, Option<i64>),
    by: By,
) -> Outcome {
    require(changing, seat)?;
    let held = row::read(changing.connection, seat)?.filter(|before| before.in_use(changing.at_ms));
    match held {
        Some(before) => renew(changing, seat, &before, expires_at_ms, by),
        None if pool::has_free(changing, &seat.pool)? => {
            // Looking for a free seat may have served the waiting list, and this very person may have been first in it.
            match row::read(changing.connection, seat)? {
                Some(before) if before.in_use(changing.at_ms) => {
                    renew(changing, seat, &before, expires_at_ms, by)
                }
                before => {
                    waiting::forget(changing.connection, seat)?;
                    let assigned_at_ms = assigned_at_ms.unwrap_or(changing.at_ms);
                    let term = (assigned_at_ms, expires_at_ms);
                    let effect = begin_since(changing, seat, before.as_ref(), term, by, "seat.assigned")?;
                    Ok(effect)
                }
            }
        }
        None => match row::read(changing.connection, seat)? {
            Some(before) if before.in_use(changing.at_ms) => {
                renew(changing, seat, &before, expires_at_ms, by)
            }
            _ => Err(Rejection::PoolExhausted.into()),
        },
    }
}

/// Gives a seat that never was, from a moment that may have passed; one that is or was there stays as it is.
pub(crate) fn ensure(changing: &mut Changing<'_>, seat: &SeatName, assigned_at_ms: Option<i64>) -> Outcome {
    if row::read(changing.connection, seat)?.is_some() {
        return Ok(Effect::Unchanged);
    }
    let began_ms = assigned_at_ms.map(|began_ms| began_ms.min(changing.at_ms));
    assign_since(changing, seat, (began_ms, None), By::Hand)
}

/// Gives a seat that somebody asks for by name, or a place in the waiting list when they would rather wait.
pub(crate) fn request(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    wait: bool,
) -> Outcome {
    require_end_ahead(changing, expires_at_ms)?;
    if wait {
        or_wait(changing, seat, expires_at_ms, By::Hand)
    } else {
        assign(changing, seat, expires_at_ms, By::Hand)
    }
}

fn require_end_ahead(changing: &Changing<'_>, expires_at_ms: Option<i64>) -> Result<(), Unchanged> {
    if expires_at_ms.is_some_and(|end_ms| end_ms <= changing.at_ms) {
        return Err(Rejection::EndInThePast.into());
    }
    Ok(())
}

/// Gives a seat, or a place in the waiting list when none is free.
pub(crate) fn or_wait(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    by: By,
) -> Outcome {
    match assign(changing, seat, expires_at_ms, by) {
        Err(Unchanged::Rejected(Rejection::PoolExhausted)) => {
            waiting::enter(changing, seat, expires_at_ms, by)
        }
        outcome => outcome,
    }
}

/// Moves the end of a seat in use; a seat that has run out is given again if one is free.
pub(crate) fn extend(changing: &mut Changing<'_>, seat: &SeatName, expires_at_ms: Option<i64>) -> Outcome {
    require(changing, seat)?;
    require_end_ahead(changing, expires_at_ms)?;
    let before = row::read(changing.connection, seat)?;
    match before.filter(|before| before.in_use(changing.at_ms)) {
        Some(before) => {
            let after = Holding {
                expires_at_ms,
                ..before.clone()
            };
            keep(changing, seat, &before, &after, "seat.extended")
        }
        None => Err(Rejection::SeatNotInUse.into()),
    }
}

fn renew(
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
    keep(changing, seat, before, &after, "seat.changed")
}

fn keep(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    before: &Holding,
    after: &Holding,
    action: &'static str,
) -> Outcome {
    if before == after {
        return Ok(Effect::Unchanged);
    }
    row::write(changing, seat, (Some(before), after), action)?;
    Ok(Effect::Updated)
}

/// Begins a holding; the pool has a seat for it.
pub(super) fn begin(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    before: Option<&Holding>,
    expires_at_ms: Option<i64>,
    by: By,
    action: &'static str,
) -> rusqlite::Result<Effect> {
    let term = (changing.at_ms, expires_at_ms);
    begin_since(changing, seat, before, term, by, action)
}

fn begin_since(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    before: Option<&Holding>,
    (assigned_at_ms, expires_at_ms): (i64, Option<i64>),
    by: By,
    action: &'static str,
) -> rusqlite::Result<Effect> {
    let after = Holding {
        held: true,
        assigned_at_ms,
        released_at_ms: None,
        expires_at_ms,
        protected_reason: None,
        given_directly: by == By::Hand,
    };
    row::write(changing, seat, (before, &after), action)?;
    Ok(if before.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}
