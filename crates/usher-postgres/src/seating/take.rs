//! Taking seats back: the one way for a seat to become free.

use crate::sql::{Answered, Sql};
use usher_seats::{TenantId, UserId};
use usher_store::{Effect, PoolName, Rejection, SeatName};

use super::{
    give, pool,
    row::{self, Holding},
    waiting,
};
use crate::{
    changes::Outcome,
    changing::Changing,
    locks,
    numbers::{SeatNamespace, StoredSeatType, StoredUserId},
};

/// Takes a seat back; one that is not held stays as it is.
pub(crate) async fn release(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    even_protected: bool,
    unless_admitted_since_ms: Option<i64>,
) -> Outcome {
    give::require(changing, seat).await?;
    let Some(before) = row::read(changing.connection, seat)
        .await?
        .filter(|before| before.held)
    else {
        return Ok(Effect::Unchanged);
    };
    if before.protected_reason.is_some() && !even_protected {
        return Err(Rejection::SeatProtected.into());
    }
    if let Some(since_ms) = unless_admitted_since_ms
        && newest_admitted_ms(changing, seat)
            .await?
            .is_some_and(|newest_ms| newest_ms >= since_ms)
    {
        return Err(Rejection::SeatUsed.into());
    }
    end(changing, seat, &before, "seat.released").await?;
    waiting::serve(changing, &seat.pool).await?;
    Ok(Effect::Updated)
}

/// Ends a holding and nothing else; who waits is not served yet.
pub(super) async fn end(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    before: &Holding,
    action: &'static str,
) -> Answered<()> {
    let after = Holding {
        held: false,
        released_at_ms: Some(changing.at_ms),
        protected_reason: None,
        ..before.clone()
    };
    row::write(changing, seat, (Some(before), &after), action).await
}

/// Gives one person's seat to another. The pool keeps its count, so the waiting list is not asked.
pub(crate) async fn transfer(changing: &mut Changing<'_>, from: &SeatName, to: UserId) -> Outcome {
    let heir = SeatName {
        pool: from.pool.clone(),
        user_id: to,
    };
    give::require(changing, from).await?;
    give::require(changing, &heir).await?;
    let at_ms = changing.at_ms;
    let Some(before) = row::read(changing.connection, from)
        .await?
        .filter(|before| before.in_use(at_ms))
    else {
        return Err(Rejection::SeatNotInUse.into());
    };
    let inherited = row::read(changing.connection, &heir).await?;
    if inherited.as_ref().is_some_and(|known| known.in_use(at_ms)) || from.user_id == to {
        return Err(Rejection::SeatHeld.into());
    }
    if before.protected_reason.is_some() {
        return Err(Rejection::SeatProtected.into());
    }
    end(changing, from, &before, "seat.transferred_away").await?;
    waiting::forget(changing.connection, &heir).await?;
    give::begin(
        changing,
        &heir,
        inherited.as_ref(),
        before.expires_at_ms,
        give::By::Hand,
        "seat.transferred_here",
    )
    .await?;
    // An expired seat of the heir was counted until now, and now is held again: one place in the pool has come free.
    waiting::serve(changing, &from.pool).await?;
    Ok(Effect::Updated)
}

/// Keeps a seat in use from being taken as idle, or no longer.
pub(crate) async fn protect(changing: &mut Changing<'_>, seat: &SeatName, reason: Option<&str>) -> Outcome {
    give::require(changing, seat).await?;
    let at_ms = changing.at_ms;
    let Some(before) = row::read(changing.connection, seat)
        .await?
        .filter(|before| before.in_use(at_ms))
    else {
        return Err(Rejection::SeatNotInUse.into());
    };
    if before.protected_reason.as_deref() == reason {
        return Ok(Effect::Unchanged);
    }
    let after = Holding {
        protected_reason: reason.map(str::to_owned),
        ..before.clone()
    };
    let action = if reason.is_some() {
        "seat.protected"
    } else {
        "seat.unprotected"
    };
    row::write(changing, seat, (Some(&before), &after), action).await?;
    Ok(Effect::Updated)
}

/// Writes down which seats of a pool have run out, at most `seats_max`, and serves who waits.
pub(super) async fn settle(
    changing: &mut Changing<'_>,
    pool: &PoolName,
    seats_max: usize,
) -> Answered<usize> {
    let expired = expired(changing, pool, seats_max).await?;
    for (seat, before) in &expired {
        end(changing, seat, before, "seat.expired").await?;
    }
    if !expired.is_empty() {
        waiting::serve(changing, pool).await?;
    }
    Ok(expired.len())
}

async fn expired(
    changing: &Changing<'_>,
    pool: &PoolName,
    seats_max: usize,
) -> Answered<Vec<(SeatName, Holding)>> {
    let (tenant_id, seat_type, namespace) = pool::key(pool);
    let limit = i64::try_from(seats_max).unwrap_or(i64::MAX);
    changing.connection.rows("SELECT user_id, held, assigned_at_ms, released_at_ms, expires_at_ms, protected_reason, given_directly
             FROM seats 
             WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3
               AND held = TRUE AND expires_at_ms IS NOT NULL AND expires_at_ms <= $4
             ORDER BY expires_at_ms LIMIT $5", (tenant_id, seat_type, namespace, changing.at_ms, limit), |row| {
            let StoredUserId(user_id) = row.get(0)?;
            let seat = SeatName {
                pool: pool.clone(),
                user_id,
            };
            Ok((seat, Holding::from_row(row, 1)?))
        }).await
}

/// The seats that a person holds.
pub(super) async fn held_by(
    connection: &Sql,
    tenant_id: TenantId,
    user_id: UserId,
) -> Answered<Vec<SeatName>> {
    connection
        .rows(
            "SELECT seat_type, namespace FROM seats
             WHERE tenant_id = $1 AND seat_type IN (0, 1) AND user_id = $2 AND held = TRUE",
            (tenant_id.0, user_id.get()),
            |row| {
                let pool = PoolName {
                    tenant_id,
                    seat_type: row.get::<StoredSeatType>(0)?.0,
                    namespace: row.get::<SeatNamespace>(1)?.0,
                };
                Ok(SeatName { pool, user_id })
            },
        )
        .await
}

/// Settles every pool of every tenant, at most `seats_max` seats in all, and serves lists whose pool has begun to be valid.
pub(crate) async fn settle_all(changing: &mut Changing<'_>, seats_max: usize) -> Outcome {
    let notes_before = changing.notes.len();
    let mut left = seats_max;
    for pool in all_pools(changing).await? {
        locks::lock(changing.connection, pool.tenant_id.0).await?;
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

/// The pools that have something to settle or somebody waiting.
async fn all_pools(changing: &Changing<'_>) -> Answered<Vec<PoolName>> {
    changing
        .connection
        .rows(
            "SELECT tenant_id, seat_type, namespace FROM pools AS pool
             WHERE EXISTS (SELECT 1 FROM seats 
                           WHERE seats.tenant_id = pool.tenant_id AND seats.seat_type = pool.seat_type
                             AND seats.namespace = pool.namespace AND seats.held = TRUE
                             AND seats.expires_at_ms IS NOT NULL AND seats.expires_at_ms <= $1)
                OR EXISTS (SELECT 1 FROM waiting_places AS place
                           WHERE place.tenant_id = pool.tenant_id AND place.seat_type = pool.seat_type
                             AND place.namespace = pool.namespace)
             ORDER BY tenant_id, seat_type, namespace",
            [changing.at_ms],
            |row| {
                let SeatNamespace(namespace) = row.get(2)?;
                Ok(PoolName {
                    tenant_id: TenantId(row.get(0)?),
                    seat_type: row.get::<StoredSeatType>(1)?.0,
                    namespace,
                })
            },
        )
        .await
}

/// The newest access that a seat has admitted: for a platform seat over all apps. The transaction
/// holds the tenant's door shut for this moment (see `record`), so no access that was acknowledged can be missing.
async fn newest_admitted_ms(changing: &Changing<'_>, seat: &SeatName) -> Answered<Option<i64>> {
    let (tenant_id, seat_type, user_id, namespace) = row::key(seat);
    let newest_ms: Option<i64> = changing
        .connection
        .one(
            "SELECT max(active_time_ms) FROM activity
             WHERE tenant_id = $1 AND seat_type = $2 AND user_id = $3 AND ($4::text = '' OR namespace = $4)",
            (tenant_id, seat_type, user_id, namespace),
            |row| row.get(0),
        )
        .await?;
    Ok(newest_ms)
}
