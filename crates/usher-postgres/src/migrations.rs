//! Bringing the schema up to date, once, whichever instance comes first.
//!
//! Each step is one transaction under one advisory lock, so that two instances that start together take turns, a step is made
//! wholly or not at all, and one that was broken off goes on where it stopped. A schema may be newer than this Usher by what
//! its successor has added: steps only ever add, and what is no longer used is taken away a version later
//! (expand and contract), so both versions may run meanwhile. What a step adds to a table that is there must take no time: a
//! column that may be empty or has a constant default. An index on a large table is made with `IF NOT EXISTS`, so that
//! an operator can make it beforehand with `CREATE INDEX CONCURRENTLY`, which is not possible within a transaction.

use crate::{
    search_keys,
    sql::{Answered, Failure, Sql},
};

/// The steps in order; a step that was released is never edited.
const STEPS: [&str; 12] = [
    include_str!("../migrations/0001_ledger.sql"),
    include_str!("../migrations/0002_identity.sql"),
    include_str!("../migrations/0003_instances.sql"),
    include_str!("../migrations/0004_speed.sql"),
    include_str!("../migrations/0005_away.sql"),
    include_str!("../migrations/0006_copy.sql"),
    include_str!("../migrations/0008_key.sql"),
    USER_SEARCH_KEYS,
    include_str!("../migrations/0007_pool_prices.sql"),
    include_str!("../migrations/0010_kept_seats.sql"),
    include_str!("../migrations/0011_seat_tallies.sql"),
    include_str!("../migrations/0012_active_people_of_days.sql"),
];

/// The step after which everybody's keys are written: they cannot be made by SQL.
const USER_SEARCH_KEYS: &str = include_str!("../migrations/0009_user_search_keys.sql");

/// The version of the schema that this Usher brings.
pub const SCHEMA_VERSION: usize = STEPS.len();

/// Any number that nothing else in the database uses.
const MIGRATION_LOCK: i64 = 0x5573_6865_725f_6d67;

/// How long a step may wait for a table that somebody reads or writes, before it lets everybody who waits behind it go first:
/// another version of Usher serves people from it meanwhile.
const TABLE_PATIENCE: &str = "5s";
/// How often a step tries to get its tables, a minute in all; then somebody holds one for so long that an operator should look.
const ATTEMPTS_MAX: u32 = 12;

/// True when a step is missing, so that [`run`] has work.
pub(crate) async fn are_missing(sql: &Sql) -> Answered<bool> {
    if !sql
        .exists(
            "SELECT 1 WHERE to_regclass('schema_steps') IS NOT NULL",
            [0_i64; 0],
        )
        .await?
    {
        return Ok(true);
    }
    let versions: Vec<i64> = (1_i64..).zip(STEPS).map(|(version, _)| version).collect();
    sql.exists(
        "SELECT 1 FROM unnest($1::int8[]) AS wanted (version)
         WHERE NOT EXISTS (SELECT 1 FROM schema_steps WHERE schema_steps.version = wanted.version)",
        (versions,),
    )
    .await
}

/// Takes every step that is missing, on a connection that lets statements take long.
pub(crate) async fn run(sql: &Sql) -> Answered<()> {
    for (version, step) in (1_i64..).zip(STEPS) {
        let mut attempts = 1;
        while let Err(failure) = take(sql, version, step).await {
            let may_pass = matches!(failure, Failure::Unavailable(_)) && attempts < ATTEMPTS_MAX;
            if !may_pass {
                return Err(failure);
            }
            tracing::warn!(version, %failure, "a step of the schema waits for somebody; it is tried again");
            sql.roll_back().await?;
            attempts += 1;
        }
    }
    Ok(())
}

async fn take(sql: &Sql, version: i64, step: &str) -> Answered<()> {
    sql.begin().await?;
    // Another instance may be at work for long, and the waiting is what this is for.
    sql.batch("SET LOCAL lock_timeout = 0").await?;
    sql.exists("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK])
        .await?;
    sql.batch(&format!("SET LOCAL lock_timeout = '{TABLE_PATIENCE}'"))
        .await?;
    sql.batch("CREATE TABLE IF NOT EXISTS schema_steps (version bigint PRIMARY KEY)")
        .await?;
    if !sql
        .exists("SELECT 1 FROM schema_steps WHERE version = $1", [version])
        .await?
    {
        sql.batch(step).await?;
        if step == USER_SEARCH_KEYS {
            search_keys::fill(sql).await?;
        }
        sql.execute("INSERT INTO schema_steps (version) VALUES ($1)", [version])
            .await?;
    }
    sql.commit().await
}
