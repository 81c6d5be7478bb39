//! What time alone makes due: history that a tenant no longer wants kept is taken away, once an hour, and what instances have
//! left behind. One instance does that for all, under a lease. Each step is a transaction that holds the lease, so one that was
//! lost ends the work between two steps.
//!
//! Besides, and each minute, seats of which something happened are counted anew (`tallies`), so that readers find little to count.
//! That needs no lease: whoever comes second finds it done.

use usher_seats::{Day, TenantId, TimeZoneName, first_day_kept};
use usher_store::{Job, Lease, LeaseTerms};

use crate::{
    instances, leases,
    numbers::Parsed,
    rates,
    shared_clock::SharedClock,
    sql::{Answered, Failure, Sql},
    tallies::{self, standing},
};

/// History grows old by the day, wherever midnight is; a step takes seconds at most.
const TERMS: LeaseTerms = LeaseTerms {
    lasts_ms: 60 * 1_000,
    every_ms: 60 * 60 * 1_000,
};
/// Rows taken away by one statement, so that none takes long.
const ROWS_PER_STEP: i64 = 10_000;

/// Counts seats anew, each time; and walks through the tenants when it is time and nobody else does.
pub(crate) async fn tend(sql: &Sql, now_ms: i64, clock: SharedClock) -> Answered<()> {
    standing::walk(sql).await?;
    tallies::catch_up_all(sql).await?;
    let Some(lease) = leases::take(sql, Job::Tend, TERMS, clock.given(now_ms)).await? else {
        return Ok(());
    };
    rates::sweep(sql, clock.given(now_ms)).await?;
    instances::sweep(sql, clock.given(now_ms)).await?;
    tidy_tallies(sql, lease, clock.given(now_ms)).await?;
    for (tenant_id, first_kept) in tenants(sql, now_ms).await? {
        while take_away(sql, lease, tenant_id, first_kept).await? > 0 {
            leases::renew(sql, lease, clock.given(now_ms)).await?;
        }
        leases::renew(sql, lease, clock.given(now_ms)).await?;
    }
    leases::end(sql, lease, clock.given(now_ms)).await
}

async fn tidy_tallies(sql: &Sql, lease: Lease, given_ms: Option<i64>) -> Answered<()> {
    let tenants = sql
        .rows(
            "SELECT tenant_id FROM tenants ORDER BY tenant_id",
            [0_i64; 0],
            |row| row.get(0).map(TenantId),
        )
        .await?;
    for tenant_id in tenants {
        tallies::tidy(sql, tenant_id).await?;
        leases::renew(sql, lease, given_ms).await?;
    }
    Ok(())
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

async fn take_away(sql: &Sql, lease: Lease, tenant_id: i64, first_kept: Day) -> Answered<u64> {
    sql.begin().await?;
    leases::hold(sql, lease).await?;
    sql.execute(
        "DELETE FROM active_people_of_days WHERE tenant_id = $1 AND day < $2",
        (tenant_id, first_kept.number()),
    )
    .await?;
    let taken = sql
        .execute(
            "DELETE FROM active_days WHERE tenant_id = $1 AND (tenant_id, seat_type, namespace, day, user_id) IN
               (SELECT tenant_id, seat_type, namespace, day, user_id FROM active_days
                WHERE tenant_id = $1 AND day < $2 LIMIT $3)",
            (tenant_id, first_kept.number(), ROWS_PER_STEP),
        )
        .await?;
    sql.commit().await?;
    Ok(taken)
}
