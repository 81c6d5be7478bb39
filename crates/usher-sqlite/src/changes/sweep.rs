//! What has expired is swept away in passing.

use rusqlite::Connection;
use usher_ledger::sweeping::{Expiring, ROWS_SWEPT_MAX, swept_before_ms};

/// Takes some long-expired rows out of a table.
pub(super) fn sweep(connection: &Connection, table: Expiring, at_ms: i64) -> rusqlite::Result<()> {
    let (table, key) = table.table_and_key();
    connection
        .prepare_cached(&format!(
            "DELETE FROM {table} WHERE {key} IN
               (SELECT {key} FROM {table} WHERE expires_at_ms < ?1 ORDER BY expires_at_ms LIMIT ?2)"
        ))?
        .execute((swept_before_ms(at_ms), ROWS_SWEPT_MAX))
        .map(|_| ())
}
