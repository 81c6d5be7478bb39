//! Pools: what was bought, and the count of what is held.

use crate::sql::{Answered, Sql};
use serde::Serialize;
use usher_seats::{Pool, SeatType};
use usher_store::{AuditObject, Effect, PoolName, Rejection};

use super::{take, waiting};
use crate::{
    changes::{self, Outcome, Unchanged},
    changing::{Changing, Note, as_json},
    numbers::{Count, SeatTypeNumber, seat_namespace},
};

/// What may be said of a pool. Its form in the audit log, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Terms {
    pub(crate) bought: Option<u64>,
    pub(crate) valid_from_ms: Option<i64>,
    pub(crate) valid_until_ms: Option<i64>,
    pub(crate) overdraft_allowed: bool,
}

impl Terms {
    fn of(pool: &Pool) -> Self {
        Self {
            bought: pool.bought,
            valid_from_ms: pool.valid_from_ms,
            valid_until_ms: pool.valid_until_ms,
            overdraft_allowed: pool.overdraft_allowed,
        }
    }
}

/// The columns of a pool's name: tenant, type, namespace.
pub(crate) fn key(pool: &PoolName) -> (i64, SeatTypeNumber, &str) {
    (
        pool.tenant_id.0,
        SeatTypeNumber(pool.seat_type),
        seat_namespace(pool.namespace.as_ref()),
    )
}

/// Finds a pool; `in_use` counts every seat that is held, expired or not.
pub(crate) async fn read(connection: &Sql, pool: &PoolName) -> Answered<Option<Pool>> {
    connection
        .optional(
            "SELECT bought, held, valid_from_ms, valid_until_ms, overdraft_allowed FROM pools
             WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3 FOR UPDATE",
            key(pool),
            |row| {
                Ok(Pool {
                    bought: row.get::<Option<Count>>(0)?.map(|Count(bought)| bought),
                    in_use: row.get::<Count>(1)?.0,
                    valid_from_ms: row.get(2)?,
                    valid_until_ms: row.get(3)?,
                    overdraft_allowed: row.get(4)?,
                })
            },
        )
        .await
}

/// Counts a seat that became held, or no longer is.
pub(super) async fn count(connection: &Sql, pool: &PoolName, held: bool) -> Answered<()> {
    let statement = if held {
        "INSERT INTO pools (tenant_id, seat_type, namespace, held) VALUES ($1, $2, $3, 1)
         ON CONFLICT (tenant_id, seat_type, namespace) DO UPDATE SET held = pools.held + 1"
    } else {
        "UPDATE pools SET held = held - 1 WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3"
    };
    connection.execute(statement, key(pool)).await.map(|_| ())
}

/// Whether a pool has a seat to give now. Seats that ran out count as free, and who waits is served first.
pub(super) async fn has_free(changing: &mut Changing<'_>, pool: &PoolName) -> Answered<bool> {
    if free_now(changing, pool).await? {
        return Ok(true);
    }
    take::settle(changing, pool, usize::MAX).await?;
    free_now(changing, pool).await
}

/// Whether a pool has a seat to give, expired ones not counted as free.
pub(super) async fn free_now(changing: &Changing<'_>, pool: &PoolName) -> Answered<bool> {
    let known = read(changing.connection, pool).await?;
    Ok(known.is_none_or(|known| known.has_free(changing.at_ms)))
}

/// Checks that everything a pool names is there.
pub(super) async fn require(connection: &Sql, pool: &PoolName) -> Result<(), Unchanged> {
    if (pool.seat_type == SeatType::PerUserPerApp) != pool.namespace.is_some() {
        return Err(Rejection::SeatTypeAndNamespaceDisagree.into());
    }
    changes::require_tenant(connection, pool.tenant_id).await?;
    match &pool.namespace {
        Some(app) => changes::require_app(connection, pool.tenant_id, app).await,
        None => Ok(()),
    }
}

/// Says what was bought, and gives what that frees to who waits.
pub(super) async fn put(changing: &mut Changing<'_>, name: &PoolName, terms: &Terms) -> Outcome {
    require(changing.connection, name).await?;
    if let (Some(from_ms), Some(until_ms)) = (terms.valid_from_ms, terms.valid_until_ms)
        && until_ms <= from_ms
    {
        return Err(Rejection::PoolNeverValid.into());
    }
    take::settle(changing, name, usize::MAX).await?;
    let before = read(changing.connection, name).await?;
    let after = Pool {
        bought: terms.bought,
        in_use: before.map_or(0, |before| before.in_use),
        valid_from_ms: terms.valid_from_ms,
        valid_until_ms: terms.valid_until_ms,
        overdraft_allowed: terms.overdraft_allowed,
    };
    if !after.covers_its_seats() {
        return Err(Rejection::PoolTooSmall.into());
    }
    if before.as_ref().map(Terms::of).as_ref() == Some(terms) {
        return Ok(Effect::Unchanged);
    }
    store(changing, name, terms).await?;
    note(changing, name, before.as_ref().map(Terms::of).as_ref(), terms)?;
    waiting::serve(changing, name).await?;
    Ok(if before.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}

async fn store(changing: &Changing<'_>, name: &PoolName, terms: &Terms) -> Answered<()> {
    let (tenant_id, seat_type, namespace) = key(name);
    changing
        .connection
        .execute(
            "INSERT INTO pools
               (tenant_id, seat_type, namespace, bought, valid_from_ms, valid_until_ms, overdraft_allowed)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (tenant_id, seat_type, namespace) DO UPDATE SET
               bought = excluded.bought, valid_from_ms = excluded.valid_from_ms,
               valid_until_ms = excluded.valid_until_ms, overdraft_allowed = excluded.overdraft_allowed",
            (
                tenant_id,
                seat_type,
                namespace,
                terms.bought.map(Count),
                terms.valid_from_ms,
                terms.valid_until_ms,
                terms.overdraft_allowed,
            ),
        )
        .await
        .map(|_| ())
}

fn note(changing: &mut Changing<'_>, name: &PoolName, before: Option<&Terms>, after: &Terms) -> Answered<()> {
    changing.notes.push(Note {
        tenant_id: Some(name.tenant_id),
        action: "pool.set",
        object: AuditObject::Pool,
        object_name: name.to_string(),
        before: before.map(as_json).transpose()?,
        after: Some(as_json(after)?),
    });
    Ok(())
}
