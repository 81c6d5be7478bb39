//! Groups, who is in them, and of which pools they give seats.

use rusqlite::{Connection, OptionalExtension};
use usher_ledger::{GroupName, Groups};
use usher_seats::{GroupKey, TenantId, UserId};
use usher_store::{PoolName, SeatName};

use super::{FileBook, execute, now, run};
use crate::numbers::{Parsed, SeatNamespace, StoredSeatType, StoredUserId, pool_key, seat_key};

/// The groups a person is in.
pub(crate) fn groups_of(
    connection: &Connection,
    tenant_id: TenantId,
    user_id: UserId,
) -> rusqlite::Result<Vec<GroupKey>> {
    connection
        .prepare_cached(
            "SELECT group_key FROM group_members WHERE tenant_id = ?1 AND user_id = ?2 ORDER BY group_key",
        )?
        .query_map((tenant_id.0, user_id.get()), |row| {
            row.get::<_, Parsed<GroupKey>>(0)
                .map(|Parsed(group_key)| group_key)
        })?
        .collect()
}

/// The pools of which a group gives seats.
pub(crate) fn standing(connection: &Connection, group: GroupName<'_>) -> rusqlite::Result<Vec<PoolName>> {
    connection
        .prepare_cached(
            "SELECT seat_type, namespace FROM standing_assignments
             WHERE tenant_id = ?1 AND group_key = ?2 ORDER BY seat_type, namespace",
        )?
        .query_map((group.0.0, group.1.as_str()), |row| {
            Ok(PoolName {
                tenant_id: group.0,
                seat_type: row.get::<_, StoredSeatType>(0)?.0,
                namespace: row.get::<_, SeatNamespace>(1)?.0,
            })
        })?
        .collect()
}

impl Groups for FileBook<'_> {
    fn group_called(
        &mut self,
        group: GroupName<'_>,
    ) -> impl Future<Output = rusqlite::Result<Option<String>>> + Send {
        now(|| {
            self.connection
                .prepare_cached("SELECT name FROM groups WHERE tenant_id = ?1 AND group_key = ?2")?
                .query_row((group.0.0, group.1.as_str()), |row| row.get(0))
                .optional()
        })
    }

    fn write_group(
        &mut self,
        group: GroupName<'_>,
        name: &str,
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(
                self.connection,
                "INSERT INTO groups (tenant_id, group_key, name) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET name = excluded.name",
                (group.0.0, group.1.as_str(), name),
            )
        })
    }

    fn remove_group(&mut self, group: GroupName<'_>) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            for statement in [
                "DELETE FROM standing_assignments WHERE tenant_id = ?1 AND group_key = ?2",
                "DELETE FROM groups WHERE tenant_id = ?1 AND group_key = ?2",
            ] {
                run(self.connection, statement, (group.0.0, group.1.as_str()))?;
            }
            Ok(())
        })
    }

    fn members(
        &mut self,
        group: GroupName<'_>,
    ) -> impl Future<Output = rusqlite::Result<Vec<UserId>>> + Send {
        now(|| {
            self.connection
                .prepare_cached(
                    "SELECT user_id FROM group_members WHERE tenant_id = ?1 AND group_key = ?2 ORDER BY user_id",
                )?
                .query_map((group.0.0, group.1.as_str()), |row| {
                    row.get::<_, StoredUserId>(0).map(|StoredUserId(user_id)| user_id)
                })?
                .collect()
        })
    }

    fn groups_of(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = rusqlite::Result<Vec<GroupKey>>> + Send {
        now(|| groups_of(self.connection, tenant_id, user_id))
    }

    fn add_member(
        &mut self,
        group: GroupName<'_>,
        user_id: UserId,
    ) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| {
            execute(
                self.connection,
                "INSERT INTO group_members (tenant_id, group_key, user_id) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
                (group.0.0, group.1.as_str(), user_id.get()),
            )
        })
    }

    fn remove_member(
        &mut self,
        group: GroupName<'_>,
        user_id: UserId,
    ) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| {
            execute(
                self.connection,
                "DELETE FROM group_members WHERE tenant_id = ?1 AND group_key = ?2 AND user_id = ?3",
                (group.0.0, group.1.as_str(), user_id.get()),
            )
        })
    }

    fn standing(
        &mut self,
        group: GroupName<'_>,
    ) -> impl Future<Output = rusqlite::Result<Vec<PoolName>>> + Send {
        now(|| standing(self.connection, group))
    }

    fn add_standing(
        &mut self,
        group: GroupName<'_>,
        pool: &PoolName,
    ) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        let (tenant_id, seat_type, namespace) = pool_key(pool);
        now(|| {
            execute(
                self.connection,
                "INSERT INTO standing_assignments (tenant_id, group_key, seat_type, namespace)
                 VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                (tenant_id, group.1.as_str(), seat_type, namespace),
            )
        })
    }

    fn remove_standing(
        &mut self,
        group: GroupName<'_>,
        pool: &PoolName,
    ) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        let (tenant_id, seat_type, namespace) = pool_key(pool);
        now(|| {
            execute(
                self.connection,
                "DELETE FROM standing_assignments
                 WHERE tenant_id = ?1 AND group_key = ?2 AND seat_type = ?3 AND namespace = ?4",
                (tenant_id, group.1.as_str(), seat_type, namespace),
            )
        })
    }

    fn is_given_by_group(&mut self, seat: &SeatName) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| {
            self.connection
                .prepare_cached(
                    "SELECT 1 FROM group_members AS member
                     JOIN standing_assignments AS standing USING (tenant_id, group_key)
                     WHERE member.tenant_id = ?1 AND standing.seat_type = ?2 AND member.user_id = ?3
                       AND standing.namespace = ?4",
                )?
                .exists(seat_key(seat))
        })
    }
}
