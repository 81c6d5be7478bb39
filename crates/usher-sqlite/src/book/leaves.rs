//! The calendar of leaves.

use rusqlite::OptionalExtension;
use usher_ledger::LeaveCalendar;
use usher_seats::{Leave, TenantId, UserId};

use super::{FileBook, now, run};
use crate::numbers::Count;

impl LeaveCalendar for FileBook<'_> {
    fn leave(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
        from_ms: i64,
    ) -> impl Future<Output = rusqlite::Result<Option<Leave>>> + Send {
        now(|| {
            self.connection
                .prepare_cached(
                    "SELECT until_ms FROM leaves WHERE tenant_id = ?1 AND user_id = ?2 AND from_ms = ?3",
                )?
                .query_row((tenant_id.0, user_id.get(), from_ms), |row| {
                    Ok(Leave {
                        from_ms,
                        until_ms: row.get(0)?,
                    })
                })
                .optional()
        })
    }

    fn count_leaves(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = rusqlite::Result<u64>> + Send {
        now(|| {
            self.connection
                .prepare_cached("SELECT count(*) FROM leaves WHERE tenant_id = ?1 AND user_id = ?2")?
                .query_row((tenant_id.0, user_id.get()), |row| {
                    row.get::<_, Count>(0).map(|Count(leaves)| leaves)
                })
        })
    }

    fn write_leave(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
        leave: Leave,
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(
                self.connection,
                "INSERT INTO leaves (tenant_id, user_id, from_ms, until_ms) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET until_ms = excluded.until_ms",
                (tenant_id.0, user_id.get(), leave.from_ms, leave.until_ms),
            )
        })
    }

    fn remove_leave(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
        from_ms: i64,
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(
                self.connection,
                "DELETE FROM leaves WHERE tenant_id = ?1 AND user_id = ?2 AND from_ms = ?3",
                (tenant_id.0, user_id.get(), from_ms),
            )
        })
    }
}
