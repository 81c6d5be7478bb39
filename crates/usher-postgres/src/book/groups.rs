//! Groups, who is in them, and of which pools they give seats.

use usher_ledger::{GroupName, Groups};
use usher_seats::{GroupKey, TenantId, UserId};
use usher_store::{PoolName, SeatName};

use super::DatabaseBook;
use crate::{
    numbers::{Parsed, SeatNamespace, StoredSeatType, StoredUserId, pool_key, seat_key},
    sql::{Answered, Sql},
};

/// The groups a person is in.
pub(crate) async fn groups_of(sql: &Sql, tenant_id: TenantId, user_id: UserId) -> Answered<Vec<GroupKey>> {
    sql.rows(
        "SELECT group_key FROM group_members WHERE tenant_id = $1 AND user_id = $2 ORDER BY group_key",
        (tenant_id.0, user_id.get()),
        |row| row.get::<Parsed<GroupKey>>(0).map(|Parsed(group_key)| group_key),
    )
    .await
}

/// The pools of which a group gives seats.
pub(crate) async fn standing(sql: &Sql, group: GroupName<'_>) -> Answered<Vec<PoolName>> {
    sql.rows(
        "SELECT seat_type, namespace FROM standing_assignments
         WHERE tenant_id = $1 AND group_key = $2 ORDER BY seat_type, namespace",
        (group.0.0, group.1.as_str()),
        |row| {
            Ok(PoolName {
                tenant_id: group.0,
                seat_type: row.get::<StoredSeatType>(0)?.0,
                namespace: row.get::<SeatNamespace>(1)?.0,
            })
        },
    )
    .await
}

impl Groups for DatabaseBook<'_> {
    async fn group_called(&mut self, group: GroupName<'_>) -> Answered<Option<String>> {
        self.sql
            .optional(
                "SELECT name FROM groups WHERE tenant_id = $1 AND group_key = $2",
                (group.0.0, group.1.as_str()),
                |row| row.get(0),
            )
            .await
    }

    async fn write_group(&mut self, group: GroupName<'_>, name: &str) -> Answered<()> {
        self.sql.later(
            "INSERT INTO groups (tenant_id, group_key, name) VALUES ($1, $2, $3)
             ON CONFLICT (tenant_id, group_key) DO UPDATE SET name = excluded.name",
            owned![group.0.0, group.1.as_str().to_owned(), name.to_owned()],
        );
        Ok(())
    }

    async fn remove_group(&mut self, group: GroupName<'_>) -> Answered<()> {
        for statement in [
            "DELETE FROM standing_assignments WHERE tenant_id = $1 AND group_key = $2",
            "DELETE FROM groups WHERE tenant_id = $1 AND group_key = $2",
        ] {
            self.sql
                .later(statement, owned![group.0.0, group.1.as_str().to_owned()]);
        }
        Ok(())
    }

    async fn members(&mut self, group: GroupName<'_>) -> Answered<Vec<UserId>> {
        self.sql
            .rows(
                "SELECT user_id FROM group_members WHERE tenant_id = $1 AND group_key = $2 ORDER BY user_id",
                (group.0.0, group.1.as_str()),
                |row| row.get::<StoredUserId>(0).map(|StoredUserId(user_id)| user_id),
            )
            .await
    }

    async fn groups_of(&mut self, tenant_id: TenantId, user_id: UserId) -> Answered<Vec<GroupKey>> {
        groups_of(self.sql, tenant_id, user_id).await
    }

    async fn add_member(&mut self, group: GroupName<'_>, user_id: UserId) -> Answered<bool> {
        self.sql
            .touched(
                "INSERT INTO group_members (tenant_id, group_key, user_id) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING",
                (group.0.0, group.1.as_str(), user_id.get()),
            )
            .await
    }

    async fn remove_member(&mut self, group: GroupName<'_>, user_id: UserId) -> Answered<bool> {
        self.sql
            .touched(
                "DELETE FROM group_members WHERE tenant_id = $1 AND group_key = $2 AND user_id = $3",
                (group.0.0, group.1.as_str(), user_id.get()),
            )
            .await
    }

    async fn standing(&mut self, group: GroupName<'_>) -> Answered<Vec<PoolName>> {
        standing(self.sql, group).await
    }

    async fn add_standing(&mut self, group: GroupName<'_>, pool: &PoolName) -> Answered<bool> {
        let (tenant_id, seat_type, namespace) = pool_key(pool);
        self.sql
            .touched(
                "INSERT INTO standing_assignments (tenant_id, group_key, seat_type, namespace)
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                (tenant_id, group.1.as_str(), seat_type, namespace),
            )
            .await
    }

    async fn remove_standing(&mut self, group: GroupName<'_>, pool: &PoolName) -> Answered<bool> {
        let (tenant_id, seat_type, namespace) = pool_key(pool);
        self.sql
            .touched(
                "DELETE FROM standing_assignments
                 WHERE tenant_id = $1 AND group_key = $2 AND seat_type = $3 AND namespace = $4",
                (tenant_id, group.1.as_str(), seat_type, namespace),
            )
            .await
    }

    async fn is_given_by_group(&mut self, seat: &SeatName) -> Answered<bool> {
        self.sql
            .exists(
                "SELECT 1 FROM group_members AS member
                 JOIN standing_assignments AS standing USING (tenant_id, group_key)
                 WHERE member.tenant_id = $1 AND standing.seat_type = $2 AND member.user_id = $3
                   AND standing.namespace = $4",
                seat_key(seat),
            )
            .await
    }
}
