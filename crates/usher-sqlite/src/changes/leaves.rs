//! The calendar of leaves.

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{Leave, TenantId, UserId};
use usher_store::{AuditObject, Effect, LeaveChange, Rejection, idle::LEAVES_PER_USER_MAX};

use super::{Outcome, Unchanged, user_exists};
use crate::{
    changing::{Changing, Note, as_json},
    numbers::Count,
};

/// Makes one change.
pub(super) fn make(changing: &mut Changing<'_>, change: &LeaveChange) -> Outcome {
    match change {
        LeaveChange::Put {
            tenant_id,
            user_id,
            leave,
        } => put(changing, (*tenant_id, *user_id), *leave),
        LeaveChange::Remove {
            tenant_id,
            user_id,
            from_ms,
        } => remove(changing, (*tenant_id, *user_id), *from_ms),
    }
}

fn put(changing: &mut Changing<'_>, person: (TenantId, UserId), leave: Leave) -> Outcome {
    require(changing.connection, person)?;
    if leave.until_ms <= leave.from_ms {
        return Err(Rejection::LeaveNeverBegins.into());
    }
    let before = find(changing.connection, person, leave.from_ms)?;
    if before == Some(leave) {
        return Ok(Effect::Unchanged);
    }
    if before.is_none() && count(changing.connection, person)? >= LEAVES_PER_USER_MAX {
        return Err(Rejection::TooManyLeaves.into());
    }
    changing
        .connection
        .prepare_cached(
            "INSERT INTO leaves (tenant_id, user_id, from_ms, until_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET until_ms = excluded.until_ms",
        )?
        .execute((person.0.0, person.1.get(), leave.from_ms, leave.until_ms))?;
    note(changing, person, "user.leave_noted", (before, Some(leave)))?;
    Ok(if before.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}

fn remove(changing: &mut Changing<'_>, person: (TenantId, UserId), from_ms: i64) -> Outcome {
    require(changing.connection, person)?;
    let Some(before) = find(changing.connection, person, from_ms)? else {
        return Ok(Effect::Unchanged);
    };
    changing
        .connection
        .prepare_cached("DELETE FROM leaves WHERE tenant_id = ?1 AND user_id = ?2 AND from_ms = ?3")?
        .execute((person.0.0, person.1.get(), from_ms))?;
    note(changing, person, "user.leave_removed", (Some(before), None))?;
    Ok(Effect::Updated)
}

fn require(connection: &Connection, (tenant_id, user_id): (TenantId, UserId)) -> Result<(), Unchanged> {
    if user_exists(connection, tenant_id, user_id)? {
        Ok(())
    } else {
        Err(Rejection::UserUnknown.into())
    }
}

fn find(
    connection: &Connection,
    (tenant_id, user_id): (TenantId, UserId),
    from_ms: i64,
) -> rusqlite::Result<Option<Leave>> {
    connection
        .prepare_cached("SELECT until_ms FROM leaves WHERE tenant_id = ?1 AND user_id = ?2 AND from_ms = ?3")?
        .query_row((tenant_id.0, user_id.get(), from_ms), |row| {
            Ok(Leave {
                from_ms,
                until_ms: row.get(0)?,
            })
        })
        .optional()
}

fn count(connection: &Connection, (tenant_id, user_id): (TenantId, UserId)) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT count(*) FROM leaves WHERE tenant_id = ?1 AND user_id = ?2")?
        .query_row((tenant_id.0, user_id.get()), |row| {
            row.get::<_, Count>(0).map(|Count(leaves)| leaves)
        })
}

fn note(
    changing: &mut Changing<'_>,
    (tenant_id, user_id): (TenantId, UserId),
    action: &'static str,
    (before, after): (Option<Leave>, Option<Leave>),
) -> rusqlite::Result<()> {
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
