//! What people sign in with, and who is signed in.

use crate::sql::{Answered, Row, Sql};
use usher_seats::{Enablement, TenantId, UserId};
use usher_store::{
    TokenHash,
    identity::{Credential, Link, LinkPurpose, Session, SessionStanding},
};

use super::{
    can_be_kept,
    directory::{user, user_row},
};
use crate::numbers::StoredUserId;

/// What a credential is read from; a condition follows.
const CREDENTIAL: &str =
    "SELECT users.tenant_id, users.user_id, users.name, users.enabled, system_administrator,
           external_id, tenants.enabled, password_hash, totp_sealed
    FROM users
    JOIN tenants ON tenants.tenant_id = users.tenant_id
    LEFT JOIN credentials ON credentials.tenant_id = users.tenant_id
                         AND credentials.user_id = users.user_id";

/// Finds a person by external id, else by number: an external id that looks like a number is somebody's own choice
/// and goes first.
pub(crate) async fn credential(
    connection: &Sql,
    tenant_id: TenantId,
    login: &str,
) -> Answered<Option<Credential>> {
    if !can_be_kept(login) {
        return Ok(None);
    }
    let found = connection
        .optional(
            &format!("{CREDENTIAL} WHERE users.tenant_id = $1 AND external_id = $2"),
            (tenant_id.0, login),
            credential_row,
        )
        .await?;
    // Two searches and not one with an OR, for which SQLite would read every person of the tenant.
    match login.parse::<UserId>() {
        Ok(user_id) if found.is_none() => credential_of(connection, tenant_id, user_id).await,
        _ => Ok(found),
    }
}

/// Finds a person by number alone.
pub(crate) async fn credential_of(
    connection: &Sql,
    tenant_id: TenantId,
    user_id: UserId,
) -> Answered<Option<Credential>> {
    connection
        .optional(
            &format!("{CREDENTIAL} WHERE users.tenant_id = $1 AND users.user_id = $2"),
            (tenant_id.0, user_id.get()),
            credential_row,
        )
        .await
}

fn credential_row(row: &Row) -> Answered<Credential> {
    Ok(Credential {
        user: user_row(row)?,
        tenant: Enablement::from_row(row.get(6)?),
        password_hash: row.get(7)?,
        totp_sealed: row.get(8)?,
    })
}

/// Whether anybody has chosen a password. Rows without one are few: they belong to second factors and to passwords
/// taken away.
pub(crate) async fn passwords_exist(connection: &Sql) -> Answered<bool> {
    connection
        .exists(
            "SELECT 1 FROM credentials WHERE password_hash IS NOT NULL LIMIT 1",
            [0_i64; 0],
        )
        .await
}

/// Finds a session with its person as they are now.
pub(crate) async fn session(connection: &Sql, session_hash: TokenHash) -> Answered<Option<SessionStanding>> {
    let found = connection
        .optional(
            "SELECT sessions.tenant_id, user_id, created_at_ms, expires_at_ms, tenants.enabled
             FROM sessions LEFT JOIN tenants ON tenants.tenant_id = sessions.tenant_id
             WHERE session_hash = $1",
            [session_hash.0.as_slice()],
            |row| {
                let session = Session {
                    session_hash,
                    tenant_id: TenantId(row.get(0)?),
                    user_id: row.get::<StoredUserId>(1)?.0,
                    created_at_ms: row.get(2)?,
                    expires_at_ms: row.get(3)?,
                };
                Ok(SessionStanding {
                    session,
                    tenant: Enablement::from_row(row.get(4)?),
                    user: None,
                })
            },
        )
        .await?;
    let Some(mut standing) = found else {
        return Ok(None);
    };
    standing.user = user(connection, standing.session.tenant_id, standing.session.user_id).await?;
    Ok(Some(standing))
}

/// Finds a link.
pub(crate) async fn link(connection: &Sql, link_hash: TokenHash) -> Answered<Option<Link>> {
    connection
        .optional(
            "SELECT tenant_id, user_id, expires_at_ms FROM links WHERE link_hash = $1",
            [link_hash.0.as_slice()],
            |row| {
                Ok(Link {
                    link_hash,
                    purpose: LinkPurpose::ChoosePassword,
                    tenant_id: TenantId(row.get(0)?),
                    user_id: row.get::<StoredUserId>(1)?.0,
                    expires_at_ms: row.get(2)?,
                })
            },
        )
        .await
}
