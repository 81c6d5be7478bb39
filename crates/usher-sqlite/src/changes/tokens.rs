//! Issuing and revoking tokens.

use rusqlite::Connection;
use usher_seats::{ClientId, TenantId, UserId};
use usher_store::{Effect, Rejection, Token, TokenHash, TokenKind};

use super::{Outcome, execute, exists, require_tenant, user_exists};

/// Expired tokens are kept this long, so that their bearer hears "expired" and not "unknown": a week.
const EXPIRED_TOKENS_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Most old tokens swept away when one is issued; more than one, so that the table cannot grow for ever.
const TOKENS_SWEPT_MAX: i64 = 32;

/// Keeps a token's hash, and sweeps away some that expired long ago.
pub(super) fn issue(connection: &Connection, token: &Token, at_ms: i64) -> Outcome {
    if let Some(tenant_id) = token.tenant_id {
        require_tenant(connection, tenant_id)?;
        if let Some(user_id) = token.user_id
            && !user_exists(connection, tenant_id, user_id)?
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
    connection
        .prepare_cached(
            "DELETE FROM tokens WHERE token_hash IN
               (SELECT token_hash FROM tokens WHERE expires_at_ms < ?1 ORDER BY expires_at_ms LIMIT ?2)",
        )?
        .execute((at_ms.saturating_sub(EXPIRED_TOKENS_KEPT_MS), TOKENS_SWEPT_MAX))?;
    connection
        .prepare_cached(
            "INSERT INTO tokens (token_hash, kind, tenant_id, client_id, user_id, scopes, issued_at_ms,
                                 expires_at_ms, revoked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            token.token_hash.0,
            token_kind_name(token.kind),
            token.tenant_id.map(|tenant_id| tenant_id.0),
            token.client_id.as_ref().map(ClientId::as_str),
            token.user_id.map(UserId::get),
            token.scopes.join(" "),
            token.issued_at_ms,
            token.expires_at_ms,
            token.revoked,
        ))?;
    Ok(Effect::Created)
}

fn token_kind_name(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::User => "user",
        TokenKind::Tenant => "tenant",
        TokenKind::Service => "service",
    }
}

/// Takes a token back, if it is the tenant's own.
pub(super) fn revoke(connection: &Connection, tenant_id: Option<TenantId>, token_hash: TokenHash) -> Outcome {
    execute(
        connection,
        "UPDATE tokens SET revoked = 1
         WHERE token_hash = ?1 AND revoked = 0 AND (?2 IS NULL OR tenant_id = ?2)",
        (token_hash.0, tenant_id.map(|tenant_id| tenant_id.0)),
    )
}
