//! Grants, codes and refresh tokens.

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{ClientId, Enablement, TenantId, UserId};
use usher_store::{
    TokenHash,
    identity::{AuthorizationCode, FamilyId, Grant, RefreshToken, Standing},
};

use usher_ledger::words::{challenge_method_of, split_scopes};

use super::{clients::client_installed, directory::user};
use crate::numbers::{Parsed, StoredUserId};

/// Finds what a user has granted a client.
pub(crate) fn grant(
    connection: &Connection,
    tenant_id: TenantId,
    user_id: UserId,
    client_id: &ClientId,
) -> rusqlite::Result<Option<Grant>> {
    connection
        .prepare_cached(
            "SELECT scopes, granted_at_ms FROM grants WHERE tenant_id = ?1 AND user_id = ?2 AND client_id = ?3",
        )?
        .query_row((tenant_id.0, user_id.get(), client_id.as_str()), |row| {
            let scopes = split_scopes(row.get_ref(0)?.as_str()?);
            Ok(Grant { tenant_id, user_id, client_id: client_id.clone(), scopes, granted_at_ms: row.get(1)? })
        })
        .optional()
}

/// Finds a code.
pub(crate) fn authorization_code(
    connection: &Connection,
    code_hash: TokenHash,
) -> rusqlite::Result<Option<Standing<AuthorizationCode>>> {
    let snapshot = connection.unchecked_transaction()?;
    let found = snapshot
        .prepare_cached(
            "SELECT family_id, client_id, tenant_id, user_id, redirect_uri, scopes, challenge, challenge_method,
                    expires_at_ms, spent
             FROM authorization_codes WHERE code_hash = ?1",
        )?
        .query_row([code_hash.0], |row| {
            let challenge: Option<String> = row.get(6)?;
            let method = row.get_ref(7)?.as_str_or_null()?.and_then(challenge_method_of);
            Ok(AuthorizationCode {
                code_hash,
                family_id: FamilyId(row.get(0)?),
                client_id: row.get::<_, Parsed<ClientId>>(1)?.0,
                tenant_id: TenantId(row.get(2)?),
                user_id: row.get::<_, StoredUserId>(3)?.0,
                redirect_uri: row.get(4)?,
                scopes: split_scopes(row.get_ref(5)?.as_str()?),
                challenge: challenge.zip(method),
                expires_at_ms: row.get(8)?,
                spent: row.get(9)?,
            })
        })
        .optional()?;
    found
        .map(|code| {
            let owner = (code.tenant_id, code.user_id, code.client_id.clone());
            standing(&snapshot, code, owner)
        })
        .transpose()
}

/// Finds a refresh token.
pub(crate) fn refresh_token(
    connection: &Connection,
    token_hash: TokenHash,
) -> rusqlite::Result<Option<Standing<RefreshToken>>> {
    let snapshot = connection.unchecked_transaction()?;
    let found = snapshot
        .prepare_cached(
            "SELECT family_id, client_id, tenant_id, user_id, scopes, expires_at_ms, spent_at_ms, spent_key_hash,
                    revoked
             FROM refresh_tokens WHERE token_hash = ?1",
        )?
        .query_row([token_hash.0], |row| {
            Ok(RefreshToken {
                token_hash,
                family_id: FamilyId(row.get(0)?),
                client_id: row.get::<_, Parsed<ClientId>>(1)?.0,
                tenant_id: TenantId(row.get(2)?),
                user_id: row.get::<_, StoredUserId>(3)?.0,
                scopes: split_scopes(row.get_ref(4)?.as_str()?),
                expires_at_ms: row.get(5)?,
                spent_at_ms: row.get(6)?,
                spent_key_hash: row.get::<_, Option<[u8; 32]>>(7)?.map(TokenHash),
                revoked: row.get(8)?,
            })
        })
        .optional()?;
    found
        .map(|token| {
            let owner = (token.tenant_id, token.user_id, token.client_id.clone());
            standing(&snapshot, token, owner)
        })
        .transpose()
}

/// Adds what is around a thing now.
fn standing<T>(
    connection: &Connection,
    what: T,
    (tenant_id, user_id, client_id): (TenantId, UserId, ClientId),
) -> rusqlite::Result<Standing<T>> {
    let enabled: Option<bool> = connection
        .prepare_cached("SELECT enabled FROM tenants WHERE tenant_id = ?1")?
        .query_row([tenant_id.0], |row| row.get(0))
        .optional()?;
    let installed = client_installed(connection, tenant_id, &client_id)?;
    let user = user(connection, tenant_id, user_id)?;
    Ok(Standing {
        what,
        tenant: Enablement::from_row(enabled),
        user,
        installed,
    })
}
