//! The calendar of leaves.

use crate::sql::{Answered, Sql};
use usher_seats::{Leave, TenantId, UserId};
use usher_store::{AuditObject, Effect, LeaveChange, Rejection, idle::LEAVES_PER_USER_MAX};

use super::{Outcome, Unchanged, user_exists};
use crate::{
    changing::{Changing, Note, as_json},
    numbers::Count,
};

/// Makes one change.
pub(super) async fn make(changing: &mut Changing<'_>, change: &LeaveChange) -> Outcome {
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

async fn put(changing: &mut Changing<'_>, person: (TenantId, UserId), leave: Leave) -> Outcome {
    require(changing.connection, person).await?;
    if leave.until_ms <= leave.from_ms {
        return Err(Rejection::LeaveNeverBegins.into());
    }
    let before = find(changing.connection, person, leave.from_ms).await?;
    if before == Some(leave) {
        return Ok(Effect::Unchanged);
    }
    if before.is_none() && count(changing.connection, person).await? >= LEAVES_PER_USER_MAX {
        return Err(Rejection::TooManyLeaves.into());
    }
    changing
        .connection
        .execute(
            "INSERT INTO leaves (tenant_id, user_id, from_ms, until_ms) VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant_id, user_id, from_ms) DO UPDATE SET until_ms = excluded.until_ms",
            (person.0.0, person.1.get(), leave.from_ms, leave.until_ms),
        )
        .await?;
    note(changing, person, "user.leave_noted", (before, Some(leave)))?;
    Ok(if before.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}

async fn remove(changing: &mut Changing<'_>, person: (TenantId, UserId), from_ms: i64) -> Outcome {
    require(changing.connection, person).await?;
    let Some(before) = find(changing.connection, person, from_ms).await? else {
        return Ok(Effect::Unchanged);
    };
    changing
        .connection
        .execute(
            "DELETE FROM leaves WHERE tenant_id = $1 AND user_id = $2 AND from_ms = $3",
            (person.0.0, person.1.get(), from_ms),
        )
        .await?;
    note(changing, person, "user.leave_removed", (Some(before), None))?;
    Ok(Effect::Updated)
}

async fn require(connection: &Sql, (tenant_id, user_id): (TenantId, UserId)) -> Result<(), Unchanged> {
    if user_exists(connection, tenant_id, user_id).await? {
        Ok(())
    } else {
        Err(Rejection::UserUnknown.into())
    }
}

async fn find(
    connection: &Sql,
    (tenant_id, user_id): (TenantId, UserId),
    from_ms: i64,
) -> Answered<Option<Leave>> {
    connection
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

async fn count(connection: &Sql, (tenant_id, user_id): (TenantId, UserId)) -> Answered<u64> {
    connection
        .one(
            "SELECT count(*) FROM leaves WHERE tenant_id = $1 AND user_id = $2",
            (tenant_id.0, user_id.get()),
            |row| row.get::<Count>(0).map(|Count(leaves)| leaves),
        )
        .await
}

fn note(
    changing: &mut Changing<'_>,
    (tenant_id, user_id): (TenantId, UserId),
    action: &'static str,
    (before, after): (Option<Leave>, Option<Leave>),
) -> Answered<()> {
    changing.notes.push(Note {
        tenant_id: Some(tenant_id),
        action,
        object: AuditObject::User,
        object_name: user_id.to_string(),
        before: before.as_ref().map(as_json).transpose()?,
        after: after.as_ref().map(as_json).transpose()?,
    });
    Ok(())
}
