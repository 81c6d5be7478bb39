//! Seats.

use rusqlite::{Connection, OptionalExtension, Row};
use usher_ledger::{Holding, Kept, Seats, Survey};
use usher_seats::{TenantId, UserId};
use usher_store::{PoolName, SeatName};

use super::{FileBook, directory, now, pools, run};
use crate::{
    idle,
    numbers::{SeatNamespace, StoredSeatType, StoredUserId, pool_key, seat_key},
};

/// Reads a holding from eight columns, beginning at `first`.
pub(crate) fn holding_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Holding> {
    Ok(Holding {
        held: row.get(first)?,
        assigned_at_ms: row.get(first + 1)?,
        released_at_ms: row.get(first + 2)?,
        expires_at_ms: row.get(first + 3)?,
        protected_reason: row.get(first + 4)?,
        given_directly: row.get(first + 5)?,
        kept: match row.get(first + 6)? {
            None => None,
            Some(until_ms) => Some(Kept {
                until_ms,
                protected_reason: row.get(first + 7)?,
            }),
        },
    })
}

/// Finds a seat.
pub(crate) fn seat(connection: &Connection, seat: &SeatName) -> rusqlite::Result<Option<Holding>> {
    connection
        .prepare_cached(
            "SELECT held, assigned_at_ms, released_at_ms, expires_at_ms, protected_reason, given_directly, kept_until_ms,
                kept_protected_reason
             FROM seats WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
        )?
        .query_row(seat_key(seat), |row| holding_row(row, 0))
        .optional()
}

/// Looks at one thing after the other, as long as they are there: each look is a few microseconds here.
fn survey(connection: &Connection, name: &SeatName) -> rusqlite::Result<Survey> {
    let SeatName { pool, user_id } = name;
    let mut survey = Survey {
        has_tenant: directory::has_tenant(connection, pool.tenant_id)?,
        ..Survey::default()
    };
    if !survey.has_tenant {
        return Ok(survey);
    }
    survey.has_app = match &pool.namespace {
        Some(app) => directory::has_app(connection, pool.tenant_id, app)?,
        None => true,
    };
    survey.has_user = survey.has_app && directory::has_user(connection, pool.tenant_id, *user_id)?;
    if survey.has_user {
        survey.holding = seat(connection, name)?;
    }
    Ok(survey)
}

fn write_seat(
    connection: &Connection,
    seat: &SeatName,
    before: Option<&Holding>,
    after: &Holding,
) -> rusqlite::Result<()> {
    let (tenant_id, seat_type, user_id, namespace) = seat_key(seat);
    run(
        connection,
        "INSERT INTO seats (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms, released_at_ms,
                            expires_at_ms, protected_reason, given_directly, kept_until_ms, kept_protected_reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT DO UPDATE SET
           held = excluded.held, assigned_at_ms = excluded.assigned_at_ms,
           released_at_ms = excluded.released_at_ms, expires_at_ms = excluded.expires_at_ms,
           protected_reason = excluded.protected_reason, given_directly = excluded.given_directly,
           kept_until_ms = excluded.kept_until_ms, kept_protected_reason = excluded.kept_protected_reason",
        (
            tenant_id,
            seat_type,
            user_id,
            namespace,
            after.held,
            after.assigned_at_ms,
            after.released_at_ms,
            after.expires_at_ms,
            &after.protected_reason,
            after.given_directly,
            after.kept.as_ref().map(|kept| kept.until_ms),
            after.kept.as_ref().and_then(|kept| kept.protected_reason.as_deref()),
        ),
    )?;
    if before.is_none_or(|before| before.assigned_at_ms != after.assigned_at_ms) {
        idle::refresh(connection, seat)?;
    }
    let was_held = before.is_some_and(|before| before.held);
    if was_held != after.held {
        pools::count(connection, &seat.pool, after.held)?;
    }
    Ok(())
}

fn seats_run_out(
    connection: &Connection,
    pool: &PoolName,
    at_ms: i64,
    seats_max: usize,
) -> rusqlite::Result<Vec<(SeatName, Holding)>> {
    let (tenant_id, seat_type, namespace) = pool_key(pool);
    let limit = i64::try_from(seats_max).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "SELECT user_id, held, assigned_at_ms, released_at_ms, expires_at_ms, protected_reason, given_directly, kept_until_ms,
                kept_protected_reason
             FROM seats INDEXED BY seats_expiring
             WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3
               AND held = 1 AND expires_at_ms IS NOT NULL AND expires_at_ms <= ?4
             ORDER BY expires_at_ms LIMIT ?5",
        )?
        .query_map((tenant_id, seat_type, namespace, at_ms, limit), |row| {
            let StoredUserId(user_id) = row.get(0)?;
            let seat = SeatName {
                pool: pool.clone(),
                user_id,
            };
            Ok((seat, holding_row(row, 1)?))
        })?
        .collect()
}

fn seats_held_by(
    connection: &Connection,
    tenant_id: TenantId,
    user_id: UserId,
) -> rusqlite::Result<Vec<SeatName>> {
    connection
        .prepare_cached(
            "SELECT seat_type, namespace FROM seats
             WHERE tenant_id = ?1 AND seat_type IN (0, 1) AND user_id = ?2 AND held = 1",
        )?
        .query_map((tenant_id.0, user_id.get()), |row| {
            let pool = PoolName {
                tenant_id,
                seat_type: row.get::<_, StoredSeatType>(0)?.0,
                namespace: row.get::<_, SeatNamespace>(1)?.0,
            };
            Ok(SeatName { pool, user_id })
        })?
        .collect()
}

impl Seats for FileBook<'_> {
    fn survey(&mut self, seat: &SeatName) -> impl Future<Output = rusqlite::Result<Survey>> + Send {
        now(|| survey(self.connection, seat))
    }

    fn seat(&mut self, name: &SeatName) -> impl Future<Output = rusqlite::Result<Option<Holding>>> + Send {
        now(|| seat(self.connection, name))
    }

    fn write_seat(
        &mut self,
        seat: &SeatName,
        before: Option<&Holding>,
        after: &Holding,
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        self.verdicts.forget_user(seat.pool.tenant_id, seat.user_id);
        now(|| write_seat(self.connection, seat, before, after))
    }

    fn seats_run_out(
        &mut self,
        pool: &PoolName,
        at_ms: i64,
        seats_max: usize,
    ) -> impl Future<Output = rusqlite::Result<Vec<(SeatName, Holding)>>> + Send {
        now(|| seats_run_out(self.connection, pool, at_ms, seats_max))
    }

    fn seats_held_by(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = rusqlite::Result<Vec<SeatName>>> + Send {
        now(|| seats_held_by(self.connection, tenant_id, user_id))
    }

    fn newest_admitted_ms(
        &mut self,
        seat: &SeatName,
    ) -> impl Future<Output = rusqlite::Result<Option<i64>>> + Send {
        now(|| {
            let folded_ms = idle::newest_folded_ms(self.connection, seat)?;
            // Asked in the writer, so no access that was acknowledged can be missing.
            Ok(folded_ms.max(self.overlay.newest_of_seat(seat)))
        })
    }
}
