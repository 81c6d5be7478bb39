//! Bringing the schema up to date, once, whichever instance comes first.
//!
//! Each step is one transaction under one advisory lock, so that two instances that start together take turns, a step is made
//! wholly or not at all, and one that was broken off goes on where it stopped. A schema may be newer than this Usher by what
//! its successor has added: steps only ever add, and what is no longer used is taken away a version later
//! (expand and contract), so both versions may run meanwhile.

use crate::sql::{Answered, Sql};

/// The steps in order; a step that was released is never edited.
const STEPS: [&str; 7] = [
    include_str!("../migrations/0001_ledger.sql"),
    include_str!("../migrations/0002_identity.sql"),
    include_str!("../migrations/0003_instances.sql"),
    include_str!("../migrations/0004_speed.sql"),
    include_str!("../migrations/0005_away.sql"),
    include_str!("../migrations/0006_copy.sql"),
    include_str!("../migrations/0008_key.sql"),
];

/// The version of the schema that this Usher brings.
pub const SCHEMA_VERSION: usize = STEPS.len();

/// Any number that nothing else in the database uses.
const MIGRATION_LOCK: i64 = 0x5573_6865_725f_6d67;

/// Takes every step that is missing.
pub(crate) async fn run(sql: &Sql) -> Answered<()> {
    for (version, step) in (1_i64..).zip(STEPS) {
        sql.begin().await?;
        sql.exists("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK])
            .await?;
        sql.batch("CREATE TABLE IF NOT EXISTS schema_steps (version bigint PRIMARY KEY)")
            .await?;
        if !sql
            .exists("SELECT 1 FROM schema_steps WHERE version = $1", [version])
            .await?
        {
            sql.batch(step).await?;
            sql.execute("INSERT INTO schema_steps (version) VALUES ($1)", [version])
                .await?;
        }
        sql.commit().await?;
    }
    Ok(())
}
