//! People in the directory.

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{TenantId, UserId};
use usher_store::{Effect, Rejection, User};

use crate::{
    changing::Changing,
    search_keys::{self, Called},
    seating,
};

use super::{Existing, Outcome, Unchanged, put as put_row, require_tenant, user_exists};

/// Makes a person or brings them to the given state.
pub(super) fn put(connection: &Connection, user: &User, existing: Existing) -> Outcome {
    require_tenant(connection, user.tenant_id)?;
    let found = user_exists(connection, user.tenant_id, user.user_id)?;
    match existing {
        Existing::Refused if found => return Err(Rejection::UserIdTaken.into()),
        Existing::Kept if found => return Ok(Effect::Unchanged),
        _ => {}
    }
    require_free_external_id(connection, user)?;
    let called = Called {
        name: &user.name,
        external_id: user.external_id.as_deref(),
    };
    search_keys::rewrite(connection, (user.tenant_id, user.user_id), Some(called))?;
    let effect = put_row(
        connection,
        found,
        "INSERT INTO users (tenant_id, user_id, name, enabled, system_administrator, external_id, person_number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, coalesce(
           (SELECT person_number FROM departed_people WHERE tenant_id = ?1 AND user_id = ?2),
           (SELECT people_numbered FROM tenants WHERE tenant_id = ?1)))",
        "UPDATE users SET name = ?3, enabled = ?4, system_administrator = ?5, external_id = ?6
         WHERE tenant_id = ?1 AND user_id = ?2
           AND (name <> ?3 OR enabled <> ?4 OR system_administrator <> ?5 OR external_id IS NOT ?6)",
        &[
            &user.tenant_id.0,
            &user.user_id.get(),
            &user.name,
            &user.enabled,
            &user.system_administrator,
            &user.external_id,
        ],
    )?;
    if effect == Effect::Created {
        number_is_given(connection, user)?;
    }
    Ok(effect)
}

/// Notes that a person got the number they had before they left, or else the tenant's next one.
fn number_is_given(connection: &Connection, user: &User) -> rusqlite::Result<()> {
    let returned = connection
        .prepare_cached("DELETE FROM departed_people WHERE tenant_id = ?1 AND user_id = ?2")?
        .execute((user.tenant_id.0, user.user_id.get()))?;
    if returned == 0 {
        connection
            .prepare_cached("UPDATE tenants SET people_numbered = people_numbered + 1 WHERE tenant_id = ?1")?
            .execute([user.tenant_id.0])?;
    }
    Ok(())
}

fn require_free_external_id(connection: &Connection, user: &User) -> Result<(), Unchanged> {
    let Some(external_id) = &user.external_id else {
        return Ok(());
    };
    let owner: Option<i64> = connection
        .prepare_cached("SELECT user_id FROM users WHERE tenant_id = ?1 AND external_id = ?2")?
        .query_row((user.tenant_id.0, external_id), |row| row.get(0))
        .optional()?;
    match owner {
        Some(owner) if owner != user.user_id.get() => Err(Rejection::ExternalIdTaken.into()),
        _ => Ok(()),
    }
}

/// Takes a person out with everything that lets them or a client of theirs act. Activity stays: it is history.
pub(super) fn delete(changing: &mut Changing<'_>, tenant_id: TenantId, user_id: UserId) -> Outcome {
    seating::vacate(changing, tenant_id, user_id)?;
    let connection = changing.connection;
    let person = (tenant_id.0, user_id.get());
    search_keys::rewrite(connection, (tenant_id, user_id), None)?;
    for statement in [
        "INSERT INTO departed_people (tenant_id, user_id, person_number)
         SELECT tenant_id, user_id, person_number FROM users WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM leaves WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM seats WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM credentials WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM identity_links WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM sessions WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM links WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM grants WHERE tenant_id = ?1 AND user_id = ?2",
        "UPDATE authorization_codes SET spent = 1 WHERE tenant_id = ?1 AND user_id = ?2",
        "UPDATE refresh_tokens SET revoked = 1 WHERE tenant_id = ?1 AND user_id = ?2",
        "UPDATE tokens SET revoked = 1 WHERE tenant_id = ?1 AND user_id = ?2",
    ] {
        connection.prepare_cached(statement)?.execute(person)?;
    }
    let gone = connection
        .prepare_cached("DELETE FROM users WHERE tenant_id = ?1 AND user_id = ?2")?
        .execute(person)?;
    Ok(if gone == 0 {
        Effect::Unchanged
    } else {
        Effect::Updated
    })
}
