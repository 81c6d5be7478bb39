//! What time alone makes due: history that a tenant no longer wants kept is taken away, once an hour.

use std::sync::atomic::{AtomicI64, Ordering};

use usher_seats::{Day, TimeZoneName, first_day_kept};

use crate::{
    numbers::Parsed,
    sql::{Answered, Failure, Sql},
};

/// How often old history is looked for. It grows old by the day, wherever midnight is.
const SWEEP_EVERY_MS: i64 = 60 * 60 * 1_000;
/// Rows taken away by one statement, so that none takes long.
const ROWS_PER_STEP: i64 = 10_000;
/// Before the first walk.
const NEVER: i64 = i64::MIN;

/// When the last walk began, in milliseconds.
pub(crate) struct Tending {
    began_ms: AtomicI64,
}

impl Default for Tending {
    fn default() -> Self {
        Self {
            began_ms: AtomicI64::new(NEVER),
        }
    }
}

impl Tending {
    /// Walks through the tenants when it is time. Two instances that do so at once take away the same rows once.
    pub(crate) async fn tend(&self, sql: &Sql, now_ms: i64) -> Answered<()> {
        let began_ms = self.began_ms.load(Ordering::Relaxed);
        if began_ms != NEVER && now_ms >= began_ms && now_ms - began_ms < SWEEP_EVERY_MS {
            return Ok(());
        }
        for (tenant_id, first_kept) in tenants(sql, now_ms).await? {
            while take_away(sql, tenant_id, first_kept).await? > 0 {}
        }
        self.began_ms.store(now_ms, Ordering::Relaxed);
        Ok(())
    }
}

async fn tenants(sql: &Sql, now_ms: i64) -> Answered<Vec<(i64, Day)>> {
    sql.rows(
        "SELECT tenant_id, time_zone, history_days FROM tenants WHERE history_days IS NOT NULL ORDER BY tenant_id",
        [0_i64; 0],
        |row| {
            let Parsed(zone) = row.get::<Parsed<TimeZoneName>>(1)?;
            let days = u32::try_from(row.get::<i64>(2)?).map_err(Failure::damaged)?;
            Ok((row.get(0)?, first_day_kept(Day::in_zone(now_ms, zone.zone()), days)))
        },
    )
    .await
}

async fn take_away(sql: &Sql, tenant_id: i64, first_kept: Day) -> Answered<u64> {
    sql.execute(
        "DELETE FROM active_days WHERE tenant_id = $1 AND (tenant_id, seat_type, namespace, day, user_id) IN
           (SELECT tenant_id, seat_type, namespace, day, user_id FROM active_days
            WHERE tenant_id = $1 AND day < $2 LIMIT $3)",
        (tenant_id, first_kept.number(), ROWS_PER_STEP),
    )
    .await
}
