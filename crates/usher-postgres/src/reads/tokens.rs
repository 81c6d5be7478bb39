//! Tokens, and everything around one that decides whether its bearer may ask.

use crate::NO_TENANT;
use crate::sql::{Answered, Failure, Row, Sql};
use usher_seats::{ClientId, Enablement, TenantId};
use usher_store::{Token, TokenHash, TokenStanding};

use usher_ledger::words::{split_scopes, token_kind_of};

use super::{clients::client_row, directory::user, limit};
use crate::numbers::{Parsed, StoredUserId};

/// Finds a token; the index compares hashes, so no time tells anything about the token itself.
pub(crate) async fn token(connection: &Sql, token_hash: TokenHash) -> Answered<Option<TokenStanding>> {
    let found = connection.optional("SELECT token_hash, tokens.kind, tokens.tenant_id, tokens.client_id, tokens.user_id, tokens.scopes,
                    issued_at_ms, expires_at_ms, revoked, tenants.enabled,
                    clients.tenant_id, clients.client_id, clients.name, clients.kind, clients.scopes,
                    clients.enabled
             FROM tokens
             LEFT JOIN tenants ON tenants.tenant_id = tokens.tenant_id
             LEFT JOIN clients ON clients.client_id = tokens.client_id
                AND (tokens.tenant_id = 0 OR tokens.tenant_id = clients.tenant_id
                     OR EXISTS (SELECT 1 FROM installs WHERE installs.tenant_id = tokens.tenant_id
                                                         AND installs.client_id = clients.client_id))
             WHERE token_hash = $1", [token_hash.0.as_slice()], |row| {
            let client = if row.get::<Option<&str>>(11)?.is_some() {
                Some(client_row(row, 10)?)
            } else {
                None
            };
            let tenant = Enablement::from_row(row.get(9)?);
            Ok(TokenStanding { token: token_row(row)?, tenant, client, user: None })
        }).await?;
    let Some(mut standing) = found else {
        return Ok(None);
    };
    if let (Some(tenant_id), Some(user_id)) = (standing.token.tenant_id, standing.token.user_id) {
        standing.user = user(connection, tenant_id, user_id).await?;
    }
    Ok(Some(standing))
}

/// Finds a token alone.
pub(crate) async fn token_within(connection: &Sql, token_hash: TokenHash) -> Answered<Option<Token>> {
    connection
        .optional(
            "SELECT token_hash, kind, tenant_id, client_id, user_id, scopes, issued_at_ms, expires_at_ms, revoked
             FROM tokens WHERE token_hash = $1",
            [token_hash.0.as_slice()],
            token_row,
        )
        .await
}

/// Lists the tokens that are good at `now_ms`, newest first.
pub(crate) async fn tokens(
    connection: &Sql,
    tenant_id: Option<TenantId>,
    now_ms: i64,
    rows_max: usize,
) -> Answered<Vec<Token>> {
    connection.rows("SELECT token_hash, kind, tenant_id, client_id, user_id, scopes, issued_at_ms, expires_at_ms, revoked
             FROM tokens
             WHERE expires_at_ms > $1 AND revoked = FALSE AND ($2::bigint IS NULL OR tenant_id = $2)
             ORDER BY issued_at_ms DESC, token_hash LIMIT $3", (now_ms, tenant_id.map(|tenant_id| tenant_id.0), limit(rows_max)), token_row).await
}

/// Lists a tenant's service tokens that are good at `now_ms`. They have neither client nor user, which is where the index
/// finds them together, in order of their hash.
pub(crate) async fn service_tokens(
    connection: &Sql,
    tenant_id: TenantId,
    after: Option<TokenHash>,
    now_ms: i64,
    rows_max: usize,
) -> Answered<Vec<Token>> {
    connection.rows("SELECT token_hash, kind, tenant_id, client_id, user_id, scopes, issued_at_ms, expires_at_ms, revoked
             FROM tokens
             WHERE tenant_id = $1 AND client_id IS NULL AND user_id IS NULL AND token_hash > $2
               AND kind = 'service' AND expires_at_ms > $3 AND revoked = FALSE
             ORDER BY token_hash LIMIT $4", (
                tenant_id.0,
                after.map_or(Vec::new(), |hash| hash.0.to_vec()),
                now_ms,
                limit(rows_max),
            ), token_row).await
}

fn token_row(row: &Row) -> Answered<Token> {
    let kind: &str = row.get(1)?;
    Ok(Token {
        token_hash: row.hash(0)?,
        kind: token_kind_of(kind).ok_or_else(|| Failure::damaged(kind))?,
        tenant_id: row
            .get::<Option<i64>>(2)?
            .filter(|tenant_id| *tenant_id != NO_TENANT)
            .map(TenantId),
        client_id: row
            .get::<Option<Parsed<ClientId>>>(3)?
            .map(|Parsed(client_id)| client_id),
        user_id: row
            .get::<Option<StoredUserId>>(4)?
            .map(|StoredUserId(user_id)| user_id),
        scopes: split_scopes(row.get::<&str>(5)?),
        issued_at_ms: row.get(6)?,
        expires_at_ms: row.get(7)?,
        revoked: row.get(8)?,
    })
}
