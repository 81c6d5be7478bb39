//! Whether the tallies are to be believed.
//!
//! They are made by instances that add to `fresh_uses` whom they let in. An instance of the version before does not. It cannot be
//! asked to say so, but its word about itself (`instances`) lacks what every other says, its term a second time; and as that
//! table lies in one place, a trigger may look: from that word on the tallies are not believed, and reports go by the seats
//! themselves, which costs as much as there are seats. When the last such instance is gone, the tallies are made anew, in a new
//! generation, person by person ([`walk`]); then they are believed. The same walk counts a ledger that was there before there
//! were tallies, and one that has arrived from elsewhere.
//!
//! The walk is cut in transactions and knows how far it is, so it goes on after whatever broke it off, and any instance may
//! take the next step. Seats written meanwhile, by whomever, show by themselves; who is let in meanwhile is in `fresh_uses`.

use std::collections::BTreeSet;

use usher_seats::{TenantId, UserId};

use super::{PEOPLE_PER_STEP, count, lock};
use crate::{
    numbers::StoredUserId,
    reads::limit,
    sql::{Answered, Sql},
};

/// The generation in which seats are counted.
pub(super) async fn generation(sql: &Sql) -> Answered<i64> {
    sql.one(
        "SELECT generation FROM tally_standing WHERE number = 1",
        [0_i64; 0],
        |row| row.get(0),
    )
    .await
}

/// The generation whose counts are to be believed; none while there is none.
pub(crate) async fn trusted(sql: &Sql) -> Answered<Option<i64>> {
    sql.optional(
        "SELECT generation FROM tally_standing WHERE number = 1 AND trusted",
        [0_i64; 0],
        |row| row.get(0),
    )
    .await
}

/// Begins anew, within a transaction: nothing that was counted is believed.
pub(crate) async fn distrust(sql: &Sql) -> Answered<()> {
    sql.batch(
        "UPDATE tally_standing SET generation = generation + 1, trusted = FALSE, tenant_id = 0, user_id = 0",
    )
    .await
}

/// Counts everybody if the tallies are not believed and nobody is left who would make them wrong again. Ends early where another
/// instance is at it.
pub(crate) async fn walk(sql: &Sql) -> Answered<()> {
    if trusted(sql).await?.is_some() {
        return Ok(());
    }
    while step(sql).await? {}
    Ok(())
}

/// Counts some people; false when there is nothing more to do, or not here.
async fn step(sql: &Sql) -> Answered<bool> {
    sql.begin().await?;
    let reached = sql
        .optional(
            "SELECT generation, tenant_id, user_id FROM tally_standing
             WHERE number = 1 AND NOT trusted
               AND NOT EXISTS (SELECT 1 FROM instances
                               WHERE instances.tenant_id = 0 AND tallies_term IS DISTINCT FROM term)
             FOR UPDATE OF tally_standing SKIP LOCKED",
            [0_i64; 0],
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)),
        )
        .await?;
    let Some((generation, tenant, user)) = reached else {
        sql.roll_back().await?;
        return Ok(false);
    };
    let Some((tenant_id, people)) = following(sql, (tenant, user)).await? else {
        sql.batch("UPDATE tally_standing SET trusted = TRUE, tenant_id = 0, user_id = 0")
            .await?;
        sql.commit().await?;
        return Ok(false);
    };
    lock(sql, tenant_id).await?;
    count(sql, (tenant_id, generation), &people).await?;
    let last = people.last().map_or(0, |user_id| user_id.get());
    sql.execute(
        "UPDATE tally_standing SET tenant_id = $1, user_id = $2 WHERE number = 1",
        (tenant_id.0, last),
    )
    .await?;
    sql.commit().await?;
    Ok(true)
}

/// The next people of one tenant; none when there are no more.
async fn following(sql: &Sql, (tenant, user): (i64, i64)) -> Answered<Option<(TenantId, BTreeSet<UserId>)>> {
    let people = sql
        .rows(
            "SELECT tenant_id, user_id FROM users WHERE (tenant_id, user_id) > ($1, $2)
             ORDER BY tenant_id, user_id LIMIT $3",
            (tenant, user, limit(PEOPLE_PER_STEP)),
            |row| Ok((TenantId(row.get(0)?), row.get::<StoredUserId>(1)?.0)),
        )
        .await?;
    Ok(people.first().copied().map(|(tenant_id, _)| {
        let of_tenant = people.into_iter().filter(|(of, _)| *of == tenant_id);
        (tenant_id, of_tenant.map(|(_, user_id)| user_id).collect())
    }))
}
