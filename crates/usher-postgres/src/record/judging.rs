//! The statement that looks everything up: facts, verdict, activity, history.
//!
//! What it admits by is the first half of the rule in `usher-seats` (which seat, at which moment); the reasons of refusals are
//! worked out from the facts that come back, and so is the verdict itself: where the two should ever disagree, the batch is
//! reported as broken and nobody of it is told "admitted".
//!
//! Whoever comes on another day of UTC than before is named in `fresh_uses`, so that their seats are counted anew (`tallies`).
//! That adds a row per batch and waits for nobody. Figures that were kept of days on which somebody is noted now are taken away.

use std::collections::HashMap;

use tokio_postgres::types::ToSql;
use usher_seats::{
    Enablement, Namespace, Seat, SeatType, Standing, TenantId, UserId, Verdict, decide, newest,
};
use usher_store::{Access, Recorded};

use super::Asked;
use crate::{
    numbers::SeatTypeNumber,
    sql::{Answered, Failure, Row},
};

pub(super) const JUDGE: &str = "
WITH asked AS (
    SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[], $4::int8[], $5::int4[])
        WITH ORDINALITY AS asked (tenant_id, user_id, namespace, at_ms, day, place)
), facts AS (
    SELECT asked.tenant_id, asked.user_id, asked.namespace COLLATE \"C\" AS namespace, at_ms, day, place,
           tenant.enabled AS tenant_enabled, person.enabled AS person_enabled, app.enabled AS app_enabled,
           platform.held AS platform_held, platform.expires_at_ms AS platform_expires_at_ms,
           platform.released_at_ms AS platform_released_at_ms,
           head.version, own.held AS own_held, own.expires_at_ms AS own_expires_at_ms, own.released_at_ms AS own_released_at_ms,
           CASE WHEN tenant.enabled AND person.enabled AND app.enabled THEN
               CASE WHEN platform.held AND (platform.expires_at_ms IS NULL OR platform.expires_at_ms > at_ms) THEN 0
                    WHEN own.held AND (own.expires_at_ms IS NULL OR own.expires_at_ms > at_ms) THEN 1
               END
           END::int2 AS seat_type
    FROM asked
    LEFT JOIN tenants AS tenant ON tenant.tenant_id = asked.tenant_id
    LEFT JOIN audit_heads AS head ON head.tenant_id = asked.tenant_id
    LEFT JOIN users AS person ON person.tenant_id = asked.tenant_id AND person.user_id = asked.user_id
    LEFT JOIN apps AS app ON app.tenant_id = asked.tenant_id AND app.namespace = asked.namespace
    LEFT JOIN seats AS platform ON platform.tenant_id = asked.tenant_id AND platform.seat_type = 0
                               AND platform.user_id = asked.user_id AND platform.namespace = ''
    LEFT JOIN seats AS own ON own.tenant_id = asked.tenant_id AND own.seat_type = 1
                          AND own.user_id = asked.user_id AND own.namespace = asked.namespace
), judged AS (
    SELECT facts.*, old.active_time_ms AS old_ms, old.noted_day
    FROM facts
    LEFT JOIN activity AS old ON old.tenant_id = facts.tenant_id AND old.seat_type = facts.seat_type
                             AND old.user_id = facts.user_id AND old.namespace = facts.namespace
), moved AS (
    SELECT DISTINCT ON (tenant_id, seat_type, user_id, namespace)
           tenant_id, seat_type, user_id, namespace, at_ms, day, old_ms
    FROM judged
    WHERE seat_type IS NOT NULL AND (old_ms IS NULL OR at_ms > old_ms)
    ORDER BY tenant_id, seat_type, user_id, namespace, at_ms DESC
), written AS (
    INSERT INTO activity (tenant_id, seat_type, user_id, namespace, active_time_ms, noted_day)
    SELECT tenant_id, seat_type, user_id, namespace, at_ms, day FROM moved
    ORDER BY tenant_id, seat_type, user_id, namespace
    ON CONFLICT (tenant_id, seat_type, user_id, namespace) DO UPDATE
    SET active_time_ms = GREATEST(activity.active_time_ms, excluded.active_time_ms),
        noted_day = CASE WHEN excluded.active_time_ms > activity.active_time_ms
                         THEN excluded.noted_day ELSE activity.noted_day END
    RETURNING 1
), noted AS (
    INSERT INTO active_days (tenant_id, seat_type, namespace, day, user_id)
    SELECT DISTINCT tenant_id, seat_type, namespace, day, user_id FROM judged
    WHERE seat_type IS NOT NULL AND day IS DISTINCT FROM noted_day
    ORDER BY tenant_id, seat_type, namespace, day, user_id
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, namespace, day
), outdated AS (
    DELETE FROM active_people_of_days AS kept
    USING (SELECT DISTINCT tenant_id, namespace, day FROM noted) AS noted_days
    WHERE kept.tenant_id = noted_days.tenant_id AND kept.day = noted_days.day
      AND kept.namespace IN ('', noted_days.namespace)
), fresh AS (
    INSERT INTO fresh_uses (tenant_id, transaction_number, oldest_ms, user_ids)
    SELECT tenant_id, txid_current(), min(at_ms), array_agg(DISTINCT user_id) FROM moved
    WHERE old_ms IS NULL OR old_ms / 86400000 <> at_ms / 86400000
    GROUP BY tenant_id
    ON CONFLICT (tenant_id, transaction_number) DO UPDATE
    SET oldest_ms = LEAST(fresh_uses.oldest_ms, excluded.oldest_ms),
        user_ids = fresh_uses.user_ids || excluded.user_ids
)
SELECT tenant_enabled, person_enabled, app_enabled, platform_held, platform_expires_at_ms, platform_released_at_ms,
       own_held, own_expires_at_ms, own_released_at_ms, seat_type, old_ms,
       EXISTS (SELECT FROM written) OR EXISTS (SELECT FROM noted), version
FROM judged ORDER BY place";

/// Accesses as columns.
#[derive(Default)]
pub(super) struct Columns<'a> {
    pub(super) tenant_ids: Vec<i64>,
    user_ids: Vec<i64>,
    namespaces: Vec<&'a str>,
    at_ms: Vec<i64>,
    days: Vec<i32>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(asked: &[Asked<'a>]) -> Self {
        let mut columns = Self::default();
        for Asked { access, day, .. } in asked {
            columns.tenant_ids.push(access.tenant_id.0);
            columns.user_ids.push(access.user_id.get());
            columns.namespaces.push(access.namespace.as_str());
            columns.at_ms.push(access.accessed_at_ms);
            columns.days.push(*day);
        }
        columns
    }

    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 5] {
        [
            &self.tenant_ids,
            &self.user_ids,
            &self.namespaces,
            &self.at_ms,
            &self.days,
        ]
    }
}

/// What the statement found of an access.
pub(super) struct Judged {
    pub(super) recorded: Recorded,
    pub(super) standing: Standing,
    /// That of the tenant; none while nothing of the tenant was ever changed.
    pub(super) version: Option<i64>,
}

/// Reads the rows of the answer, one per access and in the same order.
pub(super) fn judged(asked: &[Asked<'_>], rows: &[Row]) -> Answered<Vec<Judged>> {
    if rows.len() != asked.len() {
        return Err(Failure::damaged("as many verdicts as accesses"));
    }
    let mut newest_ms = HashMap::with_capacity(asked.len());
    asked
        .iter()
        .zip(rows)
        .map(|(asked, row)| {
            let standing = standing(row)?;
            Ok(Judged {
                recorded: recorded(asked.access, (row, &standing), &mut newest_ms)?,
                standing,
                version: row.get(12)?,
            })
        })
        .collect()
}

/// Whether the statement has written anything.
pub(super) fn written(rows: &[Row]) -> Answered<bool> {
    rows.first().map_or(Ok(false), |row| row.get(11))
}

type Key<'a> = (TenantId, UserId, &'a Namespace, SeatType);

fn recorded<'a>(
    access: &'a Access,
    (row, standing): (&Row, &Standing),
    newest_ms: &mut HashMap<Key<'a>, i64>,
) -> Answered<Recorded> {
    let admitted_by = row
        .get::<Option<i16>>(9)?
        .map(|number| SeatTypeNumber::read(number).ok_or_else(|| Failure::damaged(number)))
        .transpose()?;
    let verdict = decide(standing, access.accessed_at_ms);
    if verdict.ok() != admitted_by {
        return Err(Failure::Broken(format!(
            "the statement admits by {admitted_by:?} where the rule says {verdict:?}"
        )));
    }
    let seat_type = match verdict {
        Ok(seat_type) => seat_type,
        Err(reason) => {
            let verdict = Verdict::Refused { reason };
            return Ok(Recorded {
                verdict,
                moved: false,
                admits_until_ms: None,
            });
        }
    };
    let key = (access.tenant_id, access.user_id, &access.namespace, seat_type);
    let old_ms = match newest_ms.get(&key) {
        Some(known_ms) => Some(*known_ms),
        None => row.get(10)?,
    };
    let active_time_ms = newest(old_ms, access.accessed_at_ms);
    newest_ms.insert(key, active_time_ms);
    Ok(Recorded {
        verdict: Verdict::Admitted {
            seat_type,
            active_time_ms,
        },
        moved: old_ms != Some(active_time_ms),
        admits_until_ms: standing.until_ms(seat_type),
    })
}

fn standing(row: &Row) -> Answered<Standing> {
    Ok(Standing {
        tenant: Enablement::from_row(row.get(0)?),
        user: Enablement::from_row(row.get(1)?),
        app: Enablement::from_row(row.get(2)?),
        platform_seat: seat(row, 3)?,
        app_seat: seat(row, 6)?,
    })
}

/// Reads `held`, `expires_at_ms` and `released_at_ms` from three neighbouring columns; none when there is no seat.
fn seat(row: &Row, column: usize) -> Answered<Option<Seat>> {
    let held: Option<bool> = row.get(column)?;
    let expires_at_ms = row.get(column + 1)?;
    let released_at_ms = row.get(column + 2)?;
    Ok(held.map(|held| Seat {
        held,
        expires_at_ms,
        released_at_ms,
    }))
}
