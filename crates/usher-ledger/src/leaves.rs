//! The calendar of leaves.

use usher_seats::{Leave, TenantId, UserId};
use usher_store::{AuditObject, Effect, LeaveChange, Rejection, idle::LEAVES_PER_USER_MAX};

use crate::{
    book::{Answer, Book, Outcome},
    changing::Changing,
    directory,
};

/// Makes one change.
pub(crate) async fn make<B: Book>(changing: &mut Changing<'_, B>, change: &LeaveChange) -> Outcome<B> {
    match change {
        LeaveChange::Put {
            tenant_id,
            user_id,
            leave,
        } => put(changing, (*tenant_id, *user_id), *leave).await,
        LeaveChange::Remove {
            tenant_id,
            user_id,
            from_ms,
        } => remove(changing, (*tenant_id, *user_id), *from_ms).await,
    }
}

async fn put<B: Book>(
    changing: &mut Changing<'_, B>,
    (tenant_id, user_id): (TenantId, UserId),
    leave: Leave,
) -> Outcome<B> {
    directory::require_user(changing.book, tenant_id, user_id).await?;
    if leave.until_ms <= leave.from_ms {
        return Err(Rejection::LeaveNeverBegins.into());
    }
    let before = changing.book.leave(tenant_id, user_id, leave.from_ms).await?;
    if before == Some(leave) {
        return Ok(Effect::Unchanged);
    }
    if before.is_none() && changing.book.count_leaves(tenant_id, user_id).await? >= LEAVES_PER_USER_MAX {
        return Err(Rejection::TooManyLeaves.into());
    }
    changing.book.write_leave(tenant_id, user_id, leave).await?;
    note(
        changing,
        (tenant_id, user_id),
        "user.leave_noted",
        (before, Some(leave)),
    )?;
    Ok(if before.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}

async fn remove<B: Book>(
    changing: &mut Changing<'_, B>,
    (tenant_id, user_id): (TenantId, UserId),
    from_ms: i64,
) -> Outcome<B> {
    directory::require_user(changing.book, tenant_id, user_id).await?;
    let Some(before) = changing.book.leave(tenant_id, user_id, from_ms).await? else {
        return Ok(Effect::Unchanged);
    };
    changing.book.remove_leave(tenant_id, user_id, from_ms).await?;
    note(
        changing,
        (tenant_id, user_id),
        "user.leave_removed",
        (Some(before), None),
    )?;
    Ok(Effect::Updated)
}

fn note<B: Book>(
    changing: &mut Changing<'_, B>,
    (tenant_id, user_id): (TenantId, UserId),
    action: &'static str,
    (before, after): (Option<Leave>, Option<Leave>),
) -> Answer<B, ()> {
    let whose = (tenant_id, AuditObject::User, user_id.to_string());
    changing.note(whose, action, (before.as_ref(), after.as_ref()))
}
