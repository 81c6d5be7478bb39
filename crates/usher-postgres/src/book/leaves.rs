//! The calendar of leaves.

use usher_ledger::LeaveCalendar;
use usher_seats::{Leave, TenantId, UserId};

use super::DatabaseBook;
use crate::{numbers::Count, sql::Answered};

impl LeaveCalendar for DatabaseBook<'_> {
    async fn leave(&mut self, tenant_id: TenantId, user_id: UserId, from_ms: i64) -> Answered<Option<Leave>> {
        self.sql
            .optional(
                "SELECT until_ms FROM leaves WHERE tenant_id = $1 AND user_id = $2 AND from_ms = $3",
                (tenant_id.0, user_id.get(), from_ms),
                |row| {
                    Ok(Leave {
                        from_ms,
                        until_ms: row.get(0)?,
                    })
                },
            )
            .await
    }

    async fn count_leaves(&mut self, tenant_id: TenantId, user_id: UserId) -> Answered<u64> {
        self.sql
            .one(
                "SELECT count(*) FROM leaves WHERE tenant_id = $1 AND user_id = $2",
                (tenant_id.0, user_id.get()),
                |row| row.get::<Count>(0).map(|Count(leaves)| leaves),
            )
            .await
    }

    async fn write_leave(&mut self, tenant_id: TenantId, user_id: UserId, leave: Leave) -> Answered<()> {
        self.sql.later(
            "INSERT INTO leaves (tenant_id, user_id, from_ms, until_ms) VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant_id, user_id, from_ms) DO UPDATE SET until_ms = excluded.until_ms",
            owned![tenant_id.0, user_id.get(), leave.from_ms, leave.until_ms],
        );
        Ok(())
    }

    async fn remove_leave(&mut self, tenant_id: TenantId, user_id: UserId, from_ms: i64) -> Answered<()> {
        self.sql.later(
            "DELETE FROM leaves WHERE tenant_id = $1 AND user_id = $2 AND from_ms = $3",
            owned![tenant_id.0, user_id.get(), from_ms],
        );
        Ok(())
    }
}
