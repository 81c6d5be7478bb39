//! What has expired is swept away in passing.

use usher_ledger::sweeping::{Expiring, ROWS_SWEPT_MAX, swept_before_ms};

use crate::sql::{Answered, Sql};

/// Takes some long-expired rows out of a table.
pub(super) async fn sweep(connection: &Sql, table: Expiring, at_ms: i64) -> Answered<()> {
    let (table, key) = table.table_and_key();
    let statement = format!(
        "DELETE FROM {table} WHERE (tenant_id, {key}) IN
           (SELECT tenant_id, {key} FROM {table} WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2)"
    );
    connection
        .execute(&statement, (swept_before_ms(at_ms), ROWS_SWEPT_MAX))
        .await
        .map(|_| ())
}
