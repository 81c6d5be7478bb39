//! Issuing and revoking tokens.

use rusqlite::{Connection, params};
use usher_seats::{ClientId, TenantId, UserId};
use usher_store::{Effect, Rejection, Token, TokenHash, identity::FamilyId};

use crate::book::has_user;

use usher_ledger::{
    sweeping::Expiring,
    words::{joined_scopes, token_kind},
};

use super::{Outcome, execute, exists, require_tenant, sweep::sweep};

/// Keeps a token's hash unless it is kept already, and sweeps away some that expired long ago.
pub(crate) fn issue(
    connection: &Connection,
    token: &Token,
    family_id: Option<FamilyId>,
    at_ms: i64,
) -> Outcome {
    if let Some(tenant_id) = token.tenant_id {
        require_tenant(connection, tenant_id)?;
        if let Some(user_id) = token.user_id
            && !has_user(connection, tenant_id, user_id)?
        {
            return Err(Rejection::UserUnknown.into());
        }
    }
    if let Some(client_id) = &token.client_id
        && !exists(
            connection,
            "SELECT 1 FROM clients WHERE client_id = ?1",
            [client_id.as_str()],
        )?
    {
        return Err(Rejection::ClientUnknown.into());
    }
    sweep(connection, Expiring::Tokens, at_ms)?;
    let added = connection
        .prepare_cached(
            "INSERT INTO tokens (token_hash, kind, tenant_id, client_id, user_id, scopes, issued_at_ms,
                                 expires_at_ms, revoked, family_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (token_hash) DO NOTHING",
        )?
        .execute(params![
            token.token_hash.0,
            token_kind(token.kind),
            token.tenant_id.map(|tenant_id| tenant_id.0),
            token.client_id.as_ref().map(ClientId::as_str),
            token.user_id.map(UserId::get),
            joined_scopes(&token.scopes),
            token.issued_at_ms,
            token.expires_at_ms,
            token.revoked,
            family_id.map(|family_id| family_id.0),
        ])?;
    Ok(if added == 0 {
        Effect::Unchanged
    } else {
        Effect::Created
    })
}

/// Takes a token back, if it is the tenant's own.
pub(crate) fn revoke(connection: &Connection, tenant_id: Option<TenantId>, token_hash: TokenHash) -> Outcome {
    execute(
        connection,
        "UPDATE tokens SET revoked = 1
         WHERE token_hash = ?1 AND revoked = 0 AND (?2 IS NULL OR tenant_id = ?2)",
        (token_hash.0, tenant_id.map(|tenant_id| tenant_id.0)),
    )
}
