//! Grants, codes and refresh tokens.

use crate::sql::{Answered, Sql};
use usher_seats::{ClientId, Enablement, TenantId, UserId};
use usher_store::{
    TokenHash,
    identity::{AuthorizationCode, Grant, RefreshToken, Standing},
};

use usher_ledger::words::{challenge_method_of, split_scopes};

use super::{clients::client_installed, directory::user};
use crate::numbers::{Parsed, StoredUserId};

/// Finds what a user has granted a client.
pub(crate) async fn grant(
    connection: &Sql,
    tenant_id: TenantId,
    user_id: UserId,
    client_id: &ClientId,
) -> Answered<Option<Grant>> {
    connection.optional("SELECT scopes, granted_at_ms FROM grants WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3", (tenant_id.0, user_id.get(), client_id.as_str()), |row| {
            let scopes = split_scopes(row.get::<&str>(0)?);
            Ok(Grant { tenant_id, user_id, client_id: client_id.clone(), scopes, granted_at_ms: row.get(1)? })
        }).await
}

/// Finds a code.
pub(crate) async fn authorization_code(
    connection: &Sql,
    code_hash: TokenHash,
) -> Answered<Option<Standing<AuthorizationCode>>> {
    let found = connection.optional("SELECT family_id, client_id, tenant_id, user_id, redirect_uri, scopes, challenge, challenge_method,
                    expires_at_ms, spent
             FROM authorization_codes WHERE code_hash = $1", [code_hash.0.as_slice()], |row| {
            let challenge: Option<String> = row.get(6)?;
            let method = row.get::<Option<&str>>(7)?.and_then(challenge_method_of);
            Ok(AuthorizationCode {
                code_hash,
                family_id: row.family(0)?,
                client_id: row.get::<Parsed<ClientId>>(1)?.0,
                tenant_id: TenantId(row.get(2)?),
                user_id: row.get::<StoredUserId>(3)?.0,
                redirect_uri: row.get(4)?,
                scopes: split_scopes(row.get::<&str>(5)?),
                challenge: challenge.zip(method),
                expires_at_ms: row.get(8)?,
                spent: row.get(9)?,
            })
        }).await?;
    let Some(code) = found else {
        return Ok(None);
    };
    let owner = (code.tenant_id, code.user_id, code.client_id.clone());
    standing(connection, code, owner).await.map(Some)
}

/// Finds a refresh token.
pub(crate) async fn refresh_token(
    connection: &Sql,
    token_hash: TokenHash,
) -> Answered<Option<Standing<RefreshToken>>> {
    let found = connection.optional("SELECT family_id, client_id, tenant_id, user_id, scopes, expires_at_ms, spent_at_ms, spent_key_hash,
                    revoked
             FROM refresh_tokens WHERE token_hash = $1", [token_hash.0.as_slice()], |row| {
            Ok(RefreshToken {
                token_hash,
                family_id: row.family(0)?,
                client_id: row.get::<Parsed<ClientId>>(1)?.0,
                tenant_id: TenantId(row.get(2)?),
                user_id: row.get::<StoredUserId>(3)?.0,
                scopes: split_scopes(row.get::<&str>(4)?),
                expires_at_ms: row.get(5)?,
                spent_at_ms: row.get(6)?,
                spent_key_hash: match row.get::<Option<&[u8]>>(7)? {
                    Some(_) => Some(row.hash(7)?),
                    None => None,
                },
                revoked: row.get(8)?,
            })
        }).await?;
    let Some(token) = found else {
        return Ok(None);
    };
    let owner = (token.tenant_id, token.user_id, token.client_id.clone());
    standing(connection, token, owner).await.map(Some)
}

/// Adds what is around a thing now.
async fn standing<T>(
    connection: &Sql,
    what: T,
    (tenant_id, user_id, client_id): (TenantId, UserId, ClientId),
) -> Answered<Standing<T>> {
    let enabled: Option<bool> = connection
        .optional(
            "SELECT enabled FROM tenants WHERE tenant_id = $1",
            [tenant_id.0],
            |row| row.get(0),
        )
        .await?;
    let installed = client_installed(connection, tenant_id, &client_id).await?;
    let user = user(connection, tenant_id, user_id).await?;
    Ok(Standing {
        what,
        tenant: Enablement::from_row(enabled),
        user,
        installed,
    })
}
