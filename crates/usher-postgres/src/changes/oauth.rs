//! Grants, authorization codes, refresh tokens and their families.
//!
//! "Once" is decided by an `UPDATE` that only touches what is still good: whoever comes second touches nothing and is
//! rejected, whatever was read before.

use crate::sql::Sql;
use usher_seats::{ClientId, TenantId, UserId};
use usher_store::{
    Effect, Rejection, TokenHash,
    identity::{AuthorizationCode, FamilyId, IssuedPair, RefreshToken},
};

use usher_ledger::sweeping::Expiring;

use crate::book::has_user;

use super::{Outcome, Unchanged, sweep::sweep, tokens};
use usher_ledger::words::{challenge_method, joined_scopes, split_scopes};

/// Adds to what a user has granted a client; nothing is ever taken away by granting less.
pub(super) async fn grant(
    connection: &Sql,
    (tenant_id, user_id, client_id): (TenantId, UserId, &ClientId),
    scopes: &[String],
    at_ms: i64,
) -> Outcome {
    if !has_user(connection, tenant_id, user_id).await? {
        return Err(Rejection::UserUnknown.into());
    }
    let key = (tenant_id.0, user_id.get(), client_id.as_str());
    let known: Option<String> = connection
        .optional(
            "SELECT scopes FROM grants WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3",
            key,
            |row| row.get(0),
        )
        .await?;
    let mut all = known.as_deref().map(split_scopes).unwrap_or_default();
    all.extend(scopes.iter().cloned());
    all.sort_unstable();
    all.dedup();
    connection.execute("INSERT INTO grants (tenant_id, user_id, client_id, scopes, granted_at_ms) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (tenant_id, user_id, client_id) DO UPDATE SET scopes = excluded.scopes, granted_at_ms = excluded.granted_at_ms", (key.0, key.1, key.2, joined_scopes(&all), at_ms)).await?;
    Ok(if known.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}

/// Keeps a code.
pub(super) async fn issue_code(connection: &Sql, code: &AuthorizationCode, at_ms: i64) -> Outcome {
    sweep(connection, Expiring::AuthorizationCodes, at_ms).await?;
    let challenge = code.challenge.as_ref().map(|(challenge, _)| challenge.as_str());
    let method = code
        .challenge
        .as_ref()
        .map(|(_, method)| challenge_method(*method));
    connection.execute("INSERT INTO authorization_codes (code_hash, family_id, client_id, tenant_id, user_id, redirect_uri,
                                              scopes, challenge, challenge_method, expires_at_ms, spent)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, FALSE)", list![
            code.code_hash.0.as_slice(),
            code.family_id.0.as_slice(),
            code.client_id.as_str(),
            code.tenant_id.0,
            code.user_id.get(),
            code.redirect_uri,
            joined_scopes(&code.scopes),
            challenge,
            method,
            code.expires_at_ms,
        ]).await?;
    Ok(Effect::Created)
}

/// Spends a code and keeps what it yields.
pub(super) async fn redeem_code(
    connection: &Sql,
    code_hash: TokenHash,
    pair: &IssuedPair,
    at_ms: i64,
) -> Outcome {
    let family = connection
        .optional(
            "UPDATE authorization_codes SET spent = TRUE
             WHERE code_hash = $1 AND spent = FALSE AND expires_at_ms > $2 RETURNING family_id",
            (code_hash.0.as_slice(), at_ms),
            |row| row.family(0),
        )
        .await?;
    let family_id = family.ok_or(Rejection::Spent)?;
    keep_pair(connection, pair, family_id, at_ms).await
}

/// Spends a refresh token and keeps its successors. The old access token lives on until its own end.
pub(super) async fn rotate(
    connection: &Sql,
    token_hash: TokenHash,
    key_hash: Option<TokenHash>,
    pair: &IssuedPair,
    at_ms: i64,
) -> Outcome {
    let family = connection
        .optional(
            "UPDATE refresh_tokens SET spent_at_ms = $2, spent_key_hash = $3
             WHERE token_hash = $1 AND spent_at_ms IS NULL AND revoked = FALSE AND expires_at_ms > $2
             RETURNING family_id",
            (
                token_hash.0.as_slice(),
                at_ms,
                key_hash.as_ref().map(|hash| hash.0.as_slice()),
            ),
            |row| row.family(0),
        )
        .await?;
    let family_id = family.ok_or(Rejection::Spent)?;
    keep_pair(connection, pair, family_id, at_ms).await
}

async fn keep_pair(connection: &Sql, pair: &IssuedPair, family_id: FamilyId, at_ms: i64) -> Outcome {
    tokens::issue(connection, &pair.access, Some(family_id), at_ms).await?;
    if let Some(refresh) = &pair.refresh {
        keep_refresh_token(connection, refresh, family_id, at_ms).await?;
    }
    Ok(Effect::Created)
}

async fn keep_refresh_token(
    connection: &Sql,
    refresh: &RefreshToken,
    family_id: FamilyId,
    at_ms: i64,
) -> Result<(), Unchanged> {
    sweep(connection, Expiring::RefreshTokens, at_ms).await?;
    connection
        .execute(
            "INSERT INTO refresh_tokens (token_hash, family_id, client_id, tenant_id, user_id, scopes,
                                         expires_at_ms, revoked)
             VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE)",
            (
                refresh.token_hash.0.as_slice(),
                family_id.0.as_slice(),
                refresh.client_id.as_str(),
                refresh.tenant_id.0,
                refresh.user_id.get(),
                joined_scopes(&refresh.scopes),
                refresh.expires_at_ms,
            ),
        )
        .await?;
    Ok(())
}

/// Revokes every token of a family, and its code if that is still on its way.
pub(super) async fn revoke_family(connection: &Sql, family_id: FamilyId) -> Outcome {
    let mut touched = 0;
    for statement in [
        "UPDATE tokens SET revoked = TRUE WHERE family_id = $1 AND revoked = FALSE",
        "UPDATE refresh_tokens SET revoked = TRUE WHERE family_id = $1 AND revoked = FALSE",
        "UPDATE authorization_codes SET spent = TRUE WHERE family_id = $1 AND spent = FALSE",
    ] {
        touched += connection.execute(statement, [family_id.0.as_slice()]).await?;
    }
    Ok(if touched == 0 {
        Effect::Unchanged
    } else {
        Effect::Updated
    })
}
