//! Accesses that were admitted while the database was away, written down afterwards.
//!
//! They are not judged: somebody was told "admitted". What `record` says of order, maxima and days holds here, too.

use usher_store::{Access, AdmittedAccess};

use crate::{
    calendars::Calendars,
    numbers::SeatTypeNumber,
    record::{DOOR_LOCK, HOLD_DOORS},
    sql::{Answered, Sql},
};

const REPLAY: &str = "
WITH asked AS (
    SELECT asked.tenant_id, asked.user_id, asked.namespace COLLATE \"C\" AS namespace, seat_type, at_ms, day
    FROM unnest($1::int8[], $2::int8[], $3::text[], $4::int2[], $5::int8[], $6::int4[])
        AS asked (tenant_id, user_id, namespace, seat_type, at_ms, day)
    JOIN users AS person ON person.tenant_id = asked.tenant_id AND person.user_id = asked.user_id
    JOIN apps AS app ON app.tenant_id = asked.tenant_id AND app.namespace = asked.namespace
), newest AS (
    SELECT DISTINCT ON (tenant_id, seat_type, user_id, namespace) * FROM asked
    ORDER BY tenant_id, seat_type, user_id, namespace, at_ms DESC
), written AS (
    INSERT INTO activity (tenant_id, seat_type, user_id, namespace, active_time_ms, noted_day)
    SELECT tenant_id, seat_type, user_id, namespace, at_ms, day FROM newest
    ORDER BY tenant_id, seat_type, user_id, namespace
    ON CONFLICT (tenant_id, seat_type, user_id, namespace) DO UPDATE
    SET active_time_ms = excluded.active_time_ms, noted_day = excluded.noted_day
    WHERE excluded.active_time_ms > activity.active_time_ms
), outdated AS (
    DELETE FROM active_people_of_days AS kept
    USING (SELECT DISTINCT tenant_id, namespace, day FROM asked) AS noted_days
    WHERE kept.tenant_id = noted_days.tenant_id AND kept.day = noted_days.day
      AND kept.namespace IN ('', noted_days.namespace)
), fresh AS (
    INSERT INTO fresh_uses (tenant_id, transaction_number, oldest_ms, user_ids)
    SELECT tenant_id, txid_current(), min(at_ms), array_agg(DISTINCT user_id) FROM asked GROUP BY tenant_id
    ON CONFLICT (tenant_id, transaction_number) DO UPDATE
    SET oldest_ms = LEAST(fresh_uses.oldest_ms, excluded.oldest_ms),
        user_ids = fresh_uses.user_ids || excluded.user_ids
)
INSERT INTO active_days (tenant_id, seat_type, namespace, day, user_id)
SELECT DISTINCT tenant_id, seat_type, namespace, day, user_id FROM asked
ORDER BY tenant_id, seat_type, namespace, day, user_id
ON CONFLICT DO NOTHING";

/// Writes them down in one transaction; `version` is that of the configuration.
pub(crate) async fn replay(
    sql: &Sql,
    admitted: &[AdmittedAccess],
    calendars: &Calendars,
    version: u64,
) -> Answered<()> {
    let accesses: Vec<Access> = admitted.iter().map(|admitted| admitted.access.clone()).collect();
    let days = calendars.days(sql, &accesses, version).await?;
    let column = |read: fn(&AdmittedAccess) -> i64| admitted.iter().map(read).collect::<Vec<i64>>();
    let tenant_ids = column(|admitted| admitted.access.tenant_id.0);
    sql.begin().await?;
    sql.exists(HOLD_DOORS, (DOOR_LOCK, tenant_ids.clone())).await?;
    let values = (
        tenant_ids,
        column(|admitted| admitted.access.user_id.get()),
        admitted
            .iter()
            .map(|admitted| admitted.access.namespace.as_str())
            .collect::<Vec<_>>(),
        admitted
            .iter()
            .map(|admitted| SeatTypeNumber(admitted.seat_type).number())
            .collect::<Vec<i16>>(),
        column(|admitted| admitted.access.accessed_at_ms),
        days,
    );
    sql.execute(REPLAY, values).await?;
    sql.commit().await
}
