//! Groups: people whom an organisation treats alike, and the seats that this gives them.

use crate::sql::{Answered, Sql};
use serde::Serialize;
use usher_seats::{GroupKey, TenantId, UserId};
use usher_store::{AuditObject, Effect, PoolName, Rejection, SeatName};

use super::{
    give::{self, By},
    pool,
    row::{self, Holding},
    take, waiting,
};
use crate::{
    changes::{self, Outcome, Unchanged},
    changing::{Changing, Note, as_json},
    numbers::{Parsed, SeatNamespace, StoredSeatType, StoredUserId},
};

/// Names a group.
type Name<'a> = (TenantId, &'a GroupKey);

/// Makes a group that is not there yet.
pub(super) async fn create(changing: &mut Changing<'_>, group: Name<'_>, name: &str) -> Outcome {
    if exists(changing.connection, group).await? {
        return Err(Rejection::GroupKeyTaken.into());
    }
    put(changing, group, name).await
}

/// Makes a group or renames it.
pub(super) async fn put(changing: &mut Changing<'_>, group: Name<'_>, name: &str) -> Outcome {
    changes::require_tenant(changing.connection, group.0).await?;
    let before: Option<String> = changing
        .connection
        .optional(
            "SELECT name FROM groups WHERE tenant_id = $1 AND group_key = $2",
            (group.0.0, group.1.as_str()),
            |row| row.get(0),
        )
        .await?;
    if before.as_deref() == Some(name) {
        return Ok(Effect::Unchanged);
    }
    changing
        .connection
        .execute(
            "INSERT INTO groups (tenant_id, group_key, name) VALUES ($1, $2, $3)
             ON CONFLICT (tenant_id, group_key) DO UPDATE SET name = excluded.name",
            (group.0.0, group.1.as_str(), name),
        )
        .await?;
    let after = Named { name };
    let before = before.as_deref().map(|name| Named { name });
    note(changing, group, "group.set", before.as_ref(), Some(&after))?;
    Ok(if before.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}

/// Takes a group away with everything that it gave.
pub(super) async fn delete(changing: &mut Changing<'_>, group: Name<'_>) -> Outcome {
    if !exists(changing.connection, group).await? {
        return Ok(Effect::Unchanged);
    }
    let members = members(changing.connection, group).await?;
    for user_id in &members {
        leave(changing, group, *user_id).await?;
    }
    let pools = standing(changing.connection, group).await?;
    for statement in [
        "DELETE FROM standing_assignments WHERE tenant_id = $1 AND group_key = $2",
        "DELETE FROM groups WHERE tenant_id = $1 AND group_key = $2",
    ] {
        changing
            .connection
            .execute(statement, (group.0.0, group.1.as_str()))
            .await?;
    }
    let before = Whole {
        members: members.len(),
        standing_assignments: pools.iter().map(ToString::to_string).collect(),
    };
    note(changing, group, "group.deleted", Some(&before), None::<&Whole>)?;
    Ok(Effect::Updated)
}

/// Takes a person into a group; its standing assignments give them seats or places in the waiting lists.
pub(super) async fn join(changing: &mut Changing<'_>, group: Name<'_>, user_id: UserId) -> Outcome {
    require(changing.connection, group).await?;
    if !changes::user_exists(changing.connection, group.0, user_id).await? {
        return Err(Rejection::UserUnknown.into());
    }
    let added = changing
        .connection
        .execute(
            "INSERT INTO group_members (tenant_id, group_key, user_id) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            (group.0.0, group.1.as_str(), user_id.get()),
        )
        .await?;
    if added == 0 {
        return Ok(Effect::Unchanged);
    }
    note(changing, group, "group.joined", None, Some(&Member { user_id }))?;
    for pool in standing(changing.connection, group).await? {
        give::or_wait(changing, &SeatName { pool, user_id }, None, By::Group).await?;
    }
    Ok(Effect::Created)
}

/// Takes a person out of a group, with the seats that only this group gave them.
pub(super) async fn leave(changing: &mut Changing<'_>, group: Name<'_>, user_id: UserId) -> Outcome {
    let gone = changing
        .connection
        .execute(
            "DELETE FROM group_members WHERE tenant_id = $1 AND group_key = $2 AND user_id = $3",
            (group.0.0, group.1.as_str(), user_id.get()),
        )
        .await?;
    if gone == 0 {
        require(changing.connection, group).await?;
        return Ok(Effect::Unchanged);
    }
    note(
        changing,
        group,
        "group.left",
        Some(&Member { user_id }),
        None::<&Member>,
    )?;
    for pool in standing(changing.connection, group).await? {
        no_longer_given(changing, &SeatName { pool, user_id }).await?;
    }
    Ok(Effect::Updated)
}

/// Takes a person out of every group, before they leave the directory.
pub(crate) async fn leave_all(
    changing: &mut Changing<'_>,
    tenant_id: TenantId,
    user_id: UserId,
) -> Result<(), Unchanged> {
    let groups = groups_of(changing.connection, tenant_id, user_id).await?;
    for group_key in &groups {
        leave(changing, (tenant_id, group_key), user_id).await?;
    }
    Ok(())
}

/// The groups a person is in.
pub(crate) async fn groups_of(
    connection: &Sql,
    tenant_id: TenantId,
    user_id: UserId,
) -> Answered<Vec<GroupKey>> {
    connection
        .rows(
            "SELECT group_key FROM group_members WHERE tenant_id = $1 AND user_id = $2 ORDER BY group_key",
            (tenant_id.0, user_id.get()),
            |row| row.get::<Parsed<GroupKey>>(0).map(|Parsed(group_key)| group_key),
        )
        .await
}

/// Lets a group give its members seats of a pool, beginning with those who are in it.
pub(super) async fn put_standing(
    changing: &mut Changing<'_>,
    group_key: &GroupKey,
    pool: &PoolName,
) -> Outcome {
    let group = (pool.tenant_id, group_key);
    require(changing.connection, group).await?;
    pool::require(changing.connection, pool).await?;
    let (tenant_id, seat_type, namespace) = pool::key(pool);
    let added = changing
        .connection
        .execute(
            "INSERT INTO standing_assignments (tenant_id, group_key, seat_type, namespace)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            (tenant_id, group_key.as_str(), seat_type, namespace),
        )
        .await?;
    if added == 0 {
        return Ok(Effect::Unchanged);
    }
    note(
        changing,
        group,
        "group.standing_assignment_set",
        None,
        Some(&Standing::of(pool)),
    )?;
    for user_id in members(changing.connection, group).await? {
        let seat = SeatName {
            pool: pool.clone(),
            user_id,
        };
        give::or_wait(changing, &seat, None, By::Group).await?;
    }
    Ok(Effect::Created)
}

/// Ends a standing assignment, with the seats that only it gave.
pub(super) async fn remove_standing(
    changing: &mut Changing<'_>,
    group_key: &GroupKey,
    pool: &PoolName,
) -> Outcome {
    let group = (pool.tenant_id, group_key);
    require(changing.connection, group).await?;
    let (tenant_id, seat_type, namespace) = pool::key(pool);
    let gone = changing
        .connection
        .execute(
            "DELETE FROM standing_assignments
             WHERE tenant_id = $1 AND group_key = $2 AND seat_type = $3 AND namespace = $4",
            (tenant_id, group_key.as_str(), seat_type, namespace),
        )
        .await?;
    if gone == 0 {
        return Ok(Effect::Unchanged);
    }
    note(
        changing,
        group,
        "group.standing_assignment_removed",
        Some(&Standing::of(pool)),
        None::<&Standing>,
    )?;
    for user_id in members(changing.connection, group).await? {
        let seat = SeatName {
            pool: pool.clone(),
            user_id,
        };
        no_longer_given(changing, &seat).await?;
    }
    Ok(Effect::Updated)
}

/// Ends a seat that no group gives any more and nobody gave by hand. A protected one stays, as if given by hand: whoever
/// protected it said that it is not to be lost by accident.
async fn no_longer_given(changing: &mut Changing<'_>, seat: &SeatName) -> Answered<()> {
    if still_given(changing.connection, seat).await? {
        return Ok(());
    }
    waiting::leave_with_group(changing, seat).await?;
    let Some(before) = row::read(changing.connection, seat).await? else {
        return Ok(());
    };
    if !before.held || before.given_directly {
        return Ok(());
    }
    if before.protected_reason.is_some() {
        let after = Holding {
            given_directly: true,
            ..before.clone()
        };
        return row::write(changing, seat, (Some(&before), &after), "seat.changed").await;
    }
    take::end(changing, seat, &before, "seat.released_with_group").await?;
    waiting::serve(changing, &seat.pool).await
}

async fn still_given(connection: &Sql, seat: &SeatName) -> Answered<bool> {
    connection
        .exists(
            "SELECT 1 FROM group_members AS member
             JOIN standing_assignments AS standing USING (tenant_id, group_key)
             WHERE member.tenant_id = $1 AND standing.seat_type = $2 AND member.user_id = $3
               AND standing.namespace = $4",
            row::key(seat),
        )
        .await
}

/// The people in a group.
async fn members(connection: &Sql, group: Name<'_>) -> Answered<Vec<UserId>> {
    connection
        .rows(
            "SELECT user_id FROM group_members WHERE tenant_id = $1 AND group_key = $2 ORDER BY user_id",
            (group.0.0, group.1.as_str()),
            |row| row.get::<StoredUserId>(0).map(|StoredUserId(user_id)| user_id),
        )
        .await
}

/// The pools of which a group gives seats.
pub(crate) async fn standing(connection: &Sql, group: Name<'_>) -> Answered<Vec<PoolName>> {
    connection
        .rows(
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

async fn exists(connection: &Sql, group: Name<'_>) -> Answered<bool> {
    connection
        .exists(
            "SELECT 1 FROM groups WHERE tenant_id = $1 AND group_key = $2",
            (group.0.0, group.1.as_str()),
        )
        .await
}

async fn require(connection: &Sql, group: Name<'_>) -> Result<(), Unchanged> {
    if exists(connection, group).await? {
        Ok(())
    } else {
        Err(Rejection::GroupUnknown.into())
    }
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Member {
    user_id: UserId,
}

#[derive(Serialize)]
struct Standing {
    pool: String,
}

impl Standing {
    fn of(pool: &PoolName) -> Self {
        Self {
            pool: pool.to_string(),
        }
    }
}

#[derive(Serialize)]
struct Whole {
    members: usize,
    standing_assignments: Vec<String>,
}

fn note<Thing: Serialize>(
    changing: &mut Changing<'_>,
    group: Name<'_>,
    action: &'static str,
    before: Option<&Thing>,
    after: Option<&Thing>,
) -> Answered<()> {
    changing.notes.push(Note {
        tenant_id: Some(group.0),
        action,
        object: AuditObject::Group,
        object_name: group.1.as_str().to_owned(),
        before: before.map(as_json).transpose()?,
        after: after.map(as_json).transpose()?,
    });
    Ok(())
}
