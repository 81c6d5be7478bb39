//! Letting every instance know that something changed which the edge remembers.
//!
//! Three goals are in tension: a change must be known everywhere within a second and never be overlooked; looking must cost the
//! same among ten tenants and among a million; and changes of different tenants must not wait for each other. A number drawn
//! from a sequence is seen in another order than changes are committed, so the newest may hide an older one. A counter in
//! each tenant's row has to be summed over all tenants. A single counter makes all changes follow each other.
//!
//! So there are a few counters, and a change takes *any that nobody holds just now* (`SKIP LOCKED`), or makes another. It never
//! waits, and is visible exactly when its transaction is. Their sum grows with every change, so two equal sums mean that nothing
//! was committed in between. There are as many rows as there were ever changes under way at one moment: a handful.
//!
//! Instances look several times a second. `LISTEN` would be heard sooner, but not behind PgBouncer in transaction mode.

use crate::sql::{Answered, Sql};

/// Counts one more change, as part of its transaction.
pub(crate) fn announce(sql: &Sql) {
    sql.later(
        "WITH free AS (
            SELECT slot FROM announcements WHERE tenant_id = 0 LIMIT 1 FOR UPDATE SKIP LOCKED
         ), moved AS (
            UPDATE announcements SET moves = moves + 1 FROM free
            WHERE tenant_id = 0 AND announcements.slot = free.slot RETURNING 1
         )
         INSERT INTO announcements (tenant_id, slot, moves)
         SELECT 0, gen_random_uuid(), 1 WHERE NOT EXISTS (SELECT FROM moved)",
        Vec::new(),
    );
}

/// How many changes there were.
pub(crate) async fn heard(sql: &Sql) -> Answered<i64> {
    sql.one(
        "SELECT coalesce(sum(moves), 0)::int8 FROM announcements WHERE tenant_id = 0",
        [0_i64; 0],
        |row| row.get(0),
    )
    .await
}
