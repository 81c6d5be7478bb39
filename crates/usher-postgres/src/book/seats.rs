//! Seats.

use usher_ledger::{Holding, Kept, Seats, Survey};
use usher_seats::{Pool, TenantId, UserId};
use usher_store::{PoolName, SeatName};

use super::{DatabaseBook, pools};
use crate::{
    numbers::{SeatNamespace, StoredSeatType, StoredUserId, pool_key, seat_key},
    sql::{Answered, Row, Sql},
};

/// Everything that a seat names, in one row; no row when there is no such tenant.
const SURVEY: &str = "
SELECT $4::text = '' OR app.tenant_id IS NOT NULL, person.tenant_id IS NOT NULL,
       seat.held, seat.assigned_at_ms, seat.released_at_ms, seat.expires_at_ms, seat.protected_reason, seat.given_directly,
       seat.kept_until_ms, seat.kept_protected_reason,
       pool.held, pool.bought, pool.valid_from_ms, pool.valid_until_ms, pool.overdraft_allowed
FROM tenants AS tenant
LEFT JOIN apps AS app ON app.tenant_id = tenant.tenant_id AND app.namespace = $4
LEFT JOIN users AS person ON person.tenant_id = tenant.tenant_id AND person.user_id = $3
LEFT JOIN seats AS seat ON seat.tenant_id = tenant.tenant_id AND seat.seat_type = $2
                       AND seat.user_id = $3 AND seat.namespace = $4
LEFT JOIN pools AS pool ON pool.tenant_id = tenant.tenant_id AND pool.seat_type = $2 AND pool.namespace = $4
WHERE tenant.tenant_id = $1";

/// Reads a holding from eight columns, beginning at `first`.
pub(crate) fn holding_row(row: &Row, first: usize) -> Answered<Holding> {
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

fn survey_row(row: &Row) -> Answered<Survey> {
    let holding = match row.get::<Option<bool>>(2)? {
        Some(_) => Some(holding_row(row, 2)?),
        None => None,
    };
    let pool: Option<Pool> = match row.get::<Option<i64>>(10)? {
        Some(_) => Some(pools::pool_row(row, 10)?),
        None => None,
    };
    Ok(Survey {
        has_tenant: true,
        has_app: row.get(0)?,
        has_user: row.get(1)?,
        holding,
        pool: Some(pool),
    })
}

/// Finds a seat.
pub(crate) async fn seat(sql: &Sql, seat: &SeatName) -> Answered<Option<Holding>> {
    sql.optional(
        "SELECT held, assigned_at_ms, released_at_ms, expires_at_ms, protected_reason, given_directly, kept_until_ms,
                kept_protected_reason
         FROM seats WHERE tenant_id = $1 AND seat_type = $2 AND user_id = $3 AND namespace = $4",
        seat_key(seat),
        |row| holding_row(row, 0),
    )
    .await
}

impl Seats for DatabaseBook<'_> {
    async fn survey(&mut self, seat: &SeatName) -> Answered<Survey> {
        let found = self.sql.optional(SURVEY, seat_key(seat), survey_row).await?;
        Ok(found.unwrap_or_default())
    }

    async fn seat(&mut self, name: &SeatName) -> Answered<Option<Holding>> {
        seat(self.sql, name).await
    }

    async fn write_seat(
        &mut self,
        seat: &SeatName,
        before: Option<&Holding>,
        after: &Holding,
    ) -> Answered<()> {
        let (tenant_id, seat_type, user_id, namespace) = seat_key(seat);
        let values = owned![
            tenant_id,
            seat_type,
            user_id,
            namespace.to_owned(),
            after.held,
            after.assigned_at_ms,
            after.released_at_ms,
            after.expires_at_ms,
            after.protected_reason.clone(),
            after.given_directly,
            after.kept.as_ref().map(|kept| kept.until_ms),
            after.kept.as_ref().and_then(|kept| kept.protected_reason.clone()),
        ];
        self.sql.later(
            "INSERT INTO seats (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms, released_at_ms,
                                expires_at_ms, protected_reason, given_directly, kept_until_ms,
                                kept_protected_reason)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (tenant_id, seat_type, user_id, namespace) DO UPDATE SET
               held = excluded.held, assigned_at_ms = excluded.assigned_at_ms,
               released_at_ms = excluded.released_at_ms, expires_at_ms = excluded.expires_at_ms,
               protected_reason = excluded.protected_reason, given_directly = excluded.given_directly,
               kept_until_ms = excluded.kept_until_ms, kept_protected_reason = excluded.kept_protected_reason",
            values,
        );
        let was_held = before.is_some_and(|before| before.held);
        if was_held != after.held {
            pools::count(self.sql, &seat.pool, after.held);
        }
        Ok(())
    }

    async fn seats_run_out(
        &mut self,
        pool: &PoolName,
        at_ms: i64,
        seats_max: usize,
    ) -> Answered<Vec<(SeatName, Holding)>> {
        let (tenant_id, seat_type, namespace) = pool_key(pool);
        let limit = i64::try_from(seats_max).unwrap_or(i64::MAX);
        self.sql
            .rows(
                "SELECT user_id, held, assigned_at_ms, released_at_ms, expires_at_ms, protected_reason, given_directly, kept_until_ms,
                kept_protected_reason
                 FROM seats
                 WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3
                   AND held = TRUE AND expires_at_ms IS NOT NULL AND expires_at_ms <= $4
                 ORDER BY expires_at_ms LIMIT $5",
                (tenant_id, seat_type, namespace, at_ms, limit),
                |row| {
                    let StoredUserId(user_id) = row.get(0)?;
                    let seat = SeatName {
                        pool: pool.clone(),
                        user_id,
                    };
                    Ok((seat, holding_row(row, 1)?))
                },
            )
            .await
    }

    async fn seats_held_by(&mut self, tenant_id: TenantId, user_id: UserId) -> Answered<Vec<SeatName>> {
        self.sql
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

    /// The transaction holds the tenant's door shut for this moment (see `record`), so no access that was acknowledged can
    /// be missing.
    async fn newest_admitted_ms(&mut self, seat: &SeatName) -> Answered<Option<i64>> {
        self.sql
            .one(
                "SELECT max(active_time_ms) FROM activity
                 WHERE tenant_id = $1 AND seat_type = $2 AND user_id = $3 AND ($4::text = '' OR namespace = $4)",
                seat_key(seat),
                |row| row.get(0),
            )
            .await
    }
}
