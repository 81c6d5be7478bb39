//! Figures of days that are over.
//!
//! How many people were active on each of the last ninety days is asked each time somebody opens the console, and all but the last
//! of these figures are what they were. So they are kept. Two things make that less simple than it sounds: somebody may
//! be noted on a past day after all (an import, a spool that comes in late), and nobody who notes may wait for a reader.
//!
//! A reader first says that it is about to count a day, by a row without a figure that has its token. Then it lets every batch
//! end that may not have seen that row: batches hold the door of their tenant (`record`), so having the door alone for
//! a moment is enough. Then it counts, and fills in the figure where its row is still there. Whoever notes somebody on a day
//! takes the rows of that day away. So a figure is kept only if nothing came between, and is gone when something comes later.
//!
//! An instance of the version before takes no row away: figures are of a generation of the tallies, too
//! ([`crate::tallies::standing`]), and believed with them.

use std::collections::HashMap;

use crate::{
    numbers::Count,
    record::DOOR_LOCK,
    sql::{Answered, Sql},
};

/// Which figures: the tenant, the app (empty for any), and the generation.
pub(super) type Place<'a> = (i64, &'a str, i64);

/// The figures that are kept of some days.
pub(super) async fn known(sql: &Sql, place: Place<'_>, days: &[i32]) -> Answered<HashMap<i32, u64>> {
    let (tenant_id, namespace, generation) = place;
    let figures = sql
        .rows(
            "SELECT day, people FROM active_people_of_days
             WHERE tenant_id = $1 AND namespace = $2 AND generation = $3 AND day = ANY($4) AND people IS NOT NULL",
            (tenant_id, namespace, generation, days),
            |row| Ok((row.get(0)?, row.get::<Count>(1)?.0)),
        )
        .await?;
    Ok(figures.into_iter().collect())
}

/// Says that days are about to be counted, and waits until everybody knows; gives the token of each.
pub(super) async fn announce(sql: &Sql, place: Place<'_>, days: &[i32]) -> Answered<Vec<(i32, i64)>> {
    let (tenant_id, namespace, generation) = place;
    let tokens = sql
        .rows(
            "INSERT INTO active_people_of_days AS kept (tenant_id, namespace, day, generation, token)
             SELECT $1, $2, day, $3, txid_current() FROM unnest($4::int4[]) AS asked (day) ORDER BY day
             ON CONFLICT (tenant_id, namespace, day) DO UPDATE
             SET generation = excluded.generation, token = excluded.token, people = NULL
             WHERE kept.generation <> excluded.generation OR kept.people IS NULL
             RETURNING day, token",
            (tenant_id, namespace, generation, days),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .await?;
    sql.exists(
        "SELECT pg_advisory_xact_lock($1, ($2::int8 % 2147483647)::int4)",
        (DOOR_LOCK, tenant_id),
    )
    .await?;
    Ok(tokens)
}

/// Keeps figures of days that were announced, where nothing came between.
pub(super) async fn keep(
    sql: &Sql,
    place: Place<'_>,
    tokens: &[(i32, i64)],
    figures: &HashMap<i32, u64>,
) -> Answered<()> {
    let (tenant_id, namespace, _) = place;
    let (mut days, mut own, mut people) = (Vec::new(), Vec::new(), Vec::new());
    for (day, token) in tokens {
        if let Some(figure) = figures.get(day) {
            days.push(*day);
            own.push(*token);
            people.push(Count(*figure));
        }
    }
    sql.execute(
        "UPDATE active_people_of_days AS kept SET people = found.people
         FROM unnest($3::int4[], $4::int8[], $5::int8[]) AS found (day, token, people)
         WHERE kept.tenant_id = $1 AND kept.namespace = $2 AND kept.day = found.day AND kept.token = found.token
           AND kept.day IN (SELECT day FROM active_people_of_days WHERE tenant_id = $1 AND namespace = $2
                            AND day = ANY($3) FOR UPDATE SKIP LOCKED)",
        (tenant_id, namespace, days, own, people),
    )
    .await
    .map(|_| ())
}
