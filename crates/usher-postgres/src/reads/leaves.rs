//! When people are on leave.

use crate::sql::{Answered, Sql};
use usher_seats::{Leave, TenantId, UserId};

/// The leaves of a person.
pub(super) const LEAVES: &str =
    "SELECT from_ms, until_ms FROM leaves WHERE tenant_id = $1 AND user_id = $2 ORDER BY from_ms";

/// Lists the leaves of a person, in order of their beginning.
pub(crate) async fn leaves(connection: &Sql, tenant_id: TenantId, user_id: UserId) -> Answered<Vec<Leave>> {
    connection
        .rows(LEAVES, (tenant_id.0, user_id.get()), |row| {
            Ok(Leave {
                from_ms: row.get(0)?,
                until_ms: row.get(1)?,
            })
        })
        .await
}
