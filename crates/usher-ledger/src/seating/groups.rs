//! Groups: people whom an organisation treats alike, and the seats that this gives them.

use serde::Serialize;
use usher_seats::{GroupKey, TenantId, UserId};
use usher_store::{AuditObject, Effect, PoolName, Rejection, SeatName};

use super::{By, Holding, give, pools, take, waiting, write};
use crate::{
    book::{Answer, Book, Engine, GroupName, Outcome},
    changing::Changing,
    directory,
};

/// Makes a group that is not there yet.
pub(super) async fn create<B: Book>(
    changing: &mut Changing<'_, B>,
    group: GroupName<'_>,
    name: &str,
) -> Outcome<B> {
    if changing.book.group_called(group).await?.is_some() {
        return Err(Rejection::GroupKeyTaken.into());
    }
    put(changing, group, name).await
}

/// Makes a group or renames it.
pub(super) async fn put<B: Book>(
    changing: &mut Changing<'_, B>,
    group: GroupName<'_>,
    name: &str,
) -> Outcome<B> {
    directory::require_tenant(changing.book, group.0).await?;
    let before = changing.book.group_called(group).await?;
    if before.as_deref() == Some(name) {
        return Ok(Effect::Unchanged);
    }
    changing.book.write_group(group, name).await?;
    let after = Named { name };
    let before = before.as_deref().map(|name| Named { name });
    note(changing, group, "group.set", (before.as_ref(), Some(&after)))?;
    Ok(if before.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}

/// Takes a group away with everything that it gave.
pub(super) async fn delete<B: Book>(changing: &mut Changing<'_, B>, group: GroupName<'_>) -> Outcome<B> {
    if changing.book.group_called(group).await?.is_none() {
        return Ok(Effect::Unchanged);
    }
    let members = changing.book.members(group).await?;
    for user_id in &members {
        leave(changing, group, *user_id).await?;
    }
    let pools = changing.book.standing(group).await?;
    changing.book.remove_group(group).await?;
    let before = Whole {
        members: members.len(),
        standing_assignments: pools.iter().map(ToString::to_string).collect(),
    };
    note(changing, group, "group.deleted", (Some(&before), None))?;
    Ok(Effect::Updated)
}

/// Takes a person into a group; its standing assignments give them seats or places in the waiting lists.
pub(super) async fn join<B: Book>(
    changing: &mut Changing<'_, B>,
    group: GroupName<'_>,
    user_id: UserId,
) -> Outcome<B> {
    require(changing, group).await?;
    directory::require_user(changing.book, group.0, user_id).await?;
    if !changing.book.add_member(group, user_id).await? {
        return Ok(Effect::Unchanged);
    }
    note(changing, group, "group.joined", (None, Some(&Member { user_id })))?;
    for pool in changing.book.standing(group).await? {
        give::or_wait(changing, &SeatName { pool, user_id }, None, By::Group).await?;
    }
    Ok(Effect::Created)
}

/// Takes a person out of a group, with the seats that only this group gave them.
pub(super) async fn leave<B: Book>(
    changing: &mut Changing<'_, B>,
    group: GroupName<'_>,
    user_id: UserId,
) -> Outcome<B> {
    if !changing.book.remove_member(group, user_id).await? {
        require(changing, group).await?;
        return Ok(Effect::Unchanged);
    }
    note(changing, group, "group.left", (Some(&Member { user_id }), None))?;
    for pool in changing.book.standing(group).await? {
        no_longer_given(changing, &SeatName { pool, user_id }).await?;
    }
    Ok(Effect::Updated)
}

/// Takes a person out of every group, before they leave the directory.
pub(super) async fn leave_all<B: Book>(
    changing: &mut Changing<'_, B>,
    tenant_id: TenantId,
    user_id: UserId,
) -> Result<(), <B as Engine>::Unchanged> {
    for group_key in changing.book.groups_of(tenant_id, user_id).await? {
        leave(changing, (tenant_id, &group_key), user_id).await?;
    }
    Ok(())
}

/// Lets a group give its members seats of a pool, beginning with those who are in it.
pub(super) async fn put_standing<B: Book>(
    changing: &mut Changing<'_, B>,
    group_key: &GroupKey,
    pool: &PoolName,
) -> Outcome<B> {
    let group = (pool.tenant_id, group_key);
    require(changing, group).await?;
    pools::require(changing, pool).await?;
    if !changing.book.add_standing(group, pool).await? {
        return Ok(Effect::Unchanged);
    }
    let standing = Standing::of(pool);
    note(
        changing,
        group,
        "group.standing_assignment_set",
        (None, Some(&standing)),
    )?;
    for user_id in changing.book.members(group).await? {
        let pool = pool.clone();
        give::or_wait(changing, &SeatName { pool, user_id }, None, By::Group).await?;
    }
    Ok(Effect::Created)
}

/// Ends a standing assignment, with the seats that only it gave.
pub(super) async fn remove_standing<B: Book>(
    changing: &mut Changing<'_, B>,
    group_key: &GroupKey,
    pool: &PoolName,
) -> Outcome<B> {
    let group = (pool.tenant_id, group_key);
    require(changing, group).await?;
    if !changing.book.remove_standing(group, pool).await? {
        return Ok(Effect::Unchanged);
    }
    let standing = Standing::of(pool);
    note(
        changing,
        group,
        "group.standing_assignment_removed",
        (Some(&standing), None),
    )?;
    for user_id in changing.book.members(group).await? {
        let pool = pool.clone();
        no_longer_given(changing, &SeatName { pool, user_id }).await?;
    }
    Ok(Effect::Updated)
}

/// Ends a seat that no group gives any more and nobody gave by hand. A protected one stays, as if given by hand: whoever
/// protected it said that it is not to be lost by accident.
async fn no_longer_given<B: Book>(changing: &mut Changing<'_, B>, seat: &SeatName) -> Answer<B, ()> {
    if changing.book.is_given_by_group(seat).await? {
        return Ok(());
    }
    waiting::leave_with_group(changing, seat).await?;
    let Some(before) = changing.book.seat(seat).await? else {
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
        return write(changing, seat, (Some(&before), &after), "seat.changed").await;
    }
    take::end(changing, seat, &before, "seat.released_with_group").await?;
    waiting::serve(changing, &seat.pool).await
}

async fn require<B: Book>(
    changing: &mut Changing<'_, B>,
    group: GroupName<'_>,
) -> Result<(), <B as Engine>::Unchanged> {
    if changing.book.group_called(group).await?.is_some() {
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

fn note<B: Book, Thing: Serialize>(
    changing: &mut Changing<'_, B>,
    group: GroupName<'_>,
    action: &'static str,
    states: (Option<&Thing>, Option<&Thing>),
) -> Answer<B, ()> {
    let whose = (group.0, AuditObject::Group, group.1.as_str().to_owned());
    changing.note(whose, action, states)
}
