//! Groups: people whom an organisation treats alike, and the seats that this gives them.

use rusqlite::{Connection, OptionalExtension};
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
pub(super) fn create(changing: &mut Changing<'_>, group: Name<'_>, name: &str) -> Outcome {
    if exists(changing.connection, group)? {
        return Err(Rejection::GroupKeyTaken.into());
    }
    put(changing, group, name)
}

/// Makes a group or renames it.
pub(super) fn put(changing: &mut Changing<'_>, group: Name<'_>, name: &str) -> Outcome {
    changes::require_tenant(changing.connection, group.0)?;
    let before: Option<String> = changing
        .connection
        .prepare_cached("SELECT name FROM groups WHERE tenant_id = ?1 AND group_key = ?2")?
        .query_row((group.0.0, group.1.as_str()), |row| row.get(0))
        .optional()?;
    if before.as_deref() == Some(name) {
        return Ok(Effect::Unchanged);
    }
    changing
        .connection
        .prepare_cached(
            "INSERT INTO groups (tenant_id, group_key, name) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET name = excluded.name",
        )?
        .execute((group.0.0, group.1.as_str(), name))?;
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
pub(super) fn delete(changing: &mut Changing<'_>, group: Name<'_>) -> Outcome {
    if !exists(changing.connection, group)? {
        return Ok(Effect::Unchanged);
    }
    let members = members(changing.connection, group)?;
    for user_id in &members {
        leave(changing, group, *user_id)?;
    }
    let pools = standing(changing.connection, group)?;
    for statement in [
        "DELETE FROM standing_assignments WHERE tenant_id = ?1 AND group_key = ?2",
        "DELETE FROM groups WHERE tenant_id = ?1 AND group_key = ?2",
    ] {
        changing
            .connection
            .prepare_cached(statement)?
            .execute((group.0.0, group.1.as_str()))?;
    }
    let before = Whole {
        members: members.len(),
        standing_assignments: pools.iter().map(ToString::to_string).collect(),
    };
    note(changing, group, "group.deleted", Some(&before), None::<&Whole>)?;
    Ok(Effect::Updated)
}

/// Takes a person into a group; its standing assignments give them seats or places in the waiting lists.
pub(super) fn join(changing: &mut Changing<'_>, group: Name<'_>, user_id: UserId) -> Outcome {
    require(changing.connection, group)?;
    if !changes::user_exists(changing.connection, group.0, user_id)? {
        return Err(Rejection::UserUnknown.into());
    }
    let added = changing
        .connection
        .prepare_cached(
            "INSERT INTO group_members (tenant_id, group_key, user_id) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )?
        .execute((group.0.0, group.1.as_str(), user_id.get()))?;
    if added == 0 {
        return Ok(Effect::Unchanged);
    }
    note(changing, group, "group.joined", None, Some(&Member { user_id }))?;
    for pool in standing(changing.connection, group)? {
        give::or_wait(changing, &SeatName { pool, user_id }, None, By::Group)?;
    }
    Ok(Effect::Created)
}

/// Takes a person out of a group, with the seats that only this group gave them.
pub(super) fn leave(changing: &mut Changing<'_>, group: Name<'_>, user_id: UserId) -> Outcome {
    let gone = changing
        .connection
        .prepare_cached("DELETE FROM group_members WHERE tenant_id = ?1 AND group_key = ?2 AND user_id = ?3")?
        .execute((group.0.0, group.1.as_str(), user_id.get()))?;
    if gone == 0 {
        require(changing.connection, group)?;
        return Ok(Effect::Unchanged);
    }
    note(
        changing,
        group,
        "group.left",
        Some(&Member { user_id }),
        None::<&Member>,
    )?;
    for pool in standing(changing.connection, group)? {
        no_longer_given(changing, &SeatName { pool, user_id })?;
    }
    Ok(Effect::Updated)
}

/// Takes a person out of every group, before they leave the directory.
pub(crate) fn leave_all(
    changing: &mut Changing<'_>,
    tenant_id: TenantId,
    user_id: UserId,
) -> Result<(), Unchanged> {
    let groups = groups_of(changing.connection, tenant_id, user_id)?;
    for group_key in &groups {
        leave(changing, (tenant_id, group_key), user_id)?;
    }
    Ok(())
}

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

/// Lets a group give its members seats of a pool, beginning with those who are in it.
pub(super) fn put_standing(changing: &mut Changing<'_>, group_key: &GroupKey, pool: &PoolName) -> Outcome {
    let group = (pool.tenant_id, group_key);
    require(changing.connection, group)?;
    pool::require(changing.connection, pool)?;
    let (tenant_id, seat_type, namespace) = pool::key(pool);
    let added = changing
        .connection
        .prepare_cached(
            "INSERT INTO standing_assignments (tenant_id, group_key, seat_type, namespace)
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute((tenant_id, group_key.as_str(), seat_type, namespace))?;
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
    for user_id in members(changing.connection, group)? {
        let seat = SeatName {
            pool: pool.clone(),
            user_id,
        };
        give::or_wait(changing, &seat, None, By::Group)?;
    }
    Ok(Effect::Created)
}

/// Ends a standing assignment, with the seats that only it gave.
pub(super) fn remove_standing(changing: &mut Changing<'_>, group_key: &GroupKey, pool: &PoolName) -> Outcome {
    let group = (pool.tenant_id, group_key);
    require(changing.connection, group)?;
    let (tenant_id, seat_type, namespace) = pool::key(pool);
    let gone = changing
        .connection
        .prepare_cached(
            "DELETE FROM standing_assignments
             WHERE tenant_id = ?1 AND group_key = ?2 AND seat_type = ?3 AND namespace = ?4",
        )?
        .execute((tenant_id, group_key.as_str(), seat_type, namespace))?;
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
    for user_id in members(changing.connection, group)? {
        let seat = SeatName {
            pool: pool.clone(),
            user_id,
        };
        no_longer_given(changing, &seat)?;
    }
    Ok(Effect::Updated)
}

/// Ends a seat that no group gives any more and nobody gave by hand. A protected one stays, as if given by hand: whoever
/// protected it said that it is not to be lost by accident.
fn no_longer_given(changing: &mut Changing<'_>, seat: &SeatName) -> rusqlite::Result<()> {
    if still_given(changing.connection, seat)? {
        return Ok(());
    }
    waiting::leave_with_group(changing, seat)?;
    let Some(before) = row::read(changing.connection, seat)? else {
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
        return row::write(changing, seat, (Some(&before), &after), "seat.changed");
    }
    take::end(changing, seat, &before, "seat.released_with_group")?;
    waiting::serve(changing, &seat.pool)
}

fn still_given(connection: &Connection, seat: &SeatName) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM group_members AS member
             JOIN standing_assignments AS standing USING (tenant_id, group_key)
             WHERE member.tenant_id = ?1 AND standing.seat_type = ?2 AND member.user_id = ?3
               AND standing.namespace = ?4",
        )?
        .exists(row::key(seat))
}

/// The people in a group.
fn members(connection: &Connection, group: Name<'_>) -> rusqlite::Result<Vec<UserId>> {
    connection
        .prepare_cached(
            "SELECT user_id FROM group_members WHERE tenant_id = ?1 AND group_key = ?2 ORDER BY user_id",
        )?
        .query_map((group.0.0, group.1.as_str()), |row| {
            row.get::<_, StoredUserId>(0).map(|StoredUserId(user_id)| user_id)
        })?
        .collect()
}

/// The pools of which a group gives seats.
pub(crate) fn standing(connection: &Connection, group: Name<'_>) -> rusqlite::Result<Vec<PoolName>> {
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

fn exists(connection: &Connection, group: Name<'_>) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM groups WHERE tenant_id = ?1 AND group_key = ?2")?
        .exists((group.0.0, group.1.as_str()))
}

fn require(connection: &Connection, group: Name<'_>) -> Result<(), Unchanged> {
    if exists(connection, group)? {
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
) -> rusqlite::Result<()> {
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
