//! Grants, authorization codes, refresh tokens and their families.
//!
//! "Once" is decided by an `UPDATE` that only touches what is still good: whoever comes second touches nothing and is
//! rejected, whatever was read before.

use rusqlite::{Connection, OptionalExtension, params};
use usher_seats::{ClientId, TenantId, UserId};
use usher_store::{
    Effect, Rejection, TokenHash,
    identity::{AuthorizationCode, FamilyId, IssuedPair, RefreshToken},
};

use crate::book::has_user;

use usher_ledger::sweeping::Expiring;

use super::{Outcome, Unchanged, sweep::sweep, tokens};
use usher_ledger::words::{challenge_method, joined_scopes, split_scopes};

/// Adds to what a user has granted a client; nothing is ever taken away by granting less.
pub(super) fn grant(
    connection: &Connection,
    (tenant_id, user_id, client_id): (TenantId, UserId, &ClientId),
    scopes: &[String],
    at_ms: i64,
) -> Outcome {
    if !has_user(connection, tenant_id, user_id)? {
        return Err(Rejection::UserUnknown.into());
    }
    let key = (tenant_id.0, user_id.get(), client_id.as_str());
    let known: Option<String> = connection
        .prepare_cached("SELECT scopes FROM grants WHERE tenant_id = ?1 AND user_id = ?2 AND client_id = ?3")?
        .query_row(key, |row| row.get(0))
        .optional()?;
    let mut all = known.as_deref().map(split_scopes).unwrap_or_default();
    all.extend(scopes.iter().cloned());
    all.sort_unstable();
    all.dedup();
    connection
        .prepare_cached(
            "INSERT INTO grants (tenant_id, user_id, client_id, scopes, granted_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET scopes = excluded.scopes, granted_at_ms = excluded.granted_at_ms",
        )?
        .execute((key.0, key.1, key.2, joined_scopes(&all), at_ms))?;
    Ok(if known.is_some() {
        Effect::Updated
    } else {
        Effect::Created
    })
}

/// Keeps a code.
pub(super) fn issue_code(connection: &Connection, code: &AuthorizationCode, at_ms: i64) -> Outcome {
    sweep(connection, Expiring::AuthorizationCodes, at_ms)?;
    let challenge = code.challenge.as_ref().map(|(challenge, _)| challenge.as_str());
    let method = code
        .challenge
        .as_ref()
        .map(|(_, method)| challenge_method(*method));
    connection
        .prepare_cached(
            "INSERT INTO authorization_codes (code_hash, family_id, client_id, tenant_id, user_id, redirect_uri,
                                              scopes, challenge, challenge_method, expires_at_ms, spent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0)",
        )?
        .execute(params![
            code.code_hash.0,
            code.family_id.0,
            code.client_id.as_str(),
            code.tenant_id.0,
            code.user_id.get(),
            code.redirect_uri,
            joined_scopes(&code.scopes),
            challenge,
            method,
            code.expires_at_ms,
        ])?;
    Ok(Effect::Created)
}

/// Spends a code and keeps what it yields.
pub(super) fn redeem_code(
    connection: &Connection,
    code_hash: TokenHash,
    pair: &IssuedPair,
    at_ms: i64,
) -> Outcome {
    let family: Option<[u8; 16]> = connection
        .prepare_cached(
            "UPDATE authorization_codes SET spent = 1
             WHERE code_hash = ?1 AND spent = 0 AND expires_at_ms > ?2 RETURNING family_id",
        )?
        .query_row((code_hash.0, at_ms), |row| row.get(0))
        .optional()?;
    let family_id = family.map(FamilyId).ok_or(Rejection::Spent)?;
    keep_pair(connection, pair, family_id, at_ms)
}

/// Spends a refresh token and keeps its successors. The old access token lives on until its own end.
pub(super) fn rotate(
    connection: &Connection,
    token_hash: TokenHash,
    key_hash: Option<TokenHash>,
    pair: &IssuedPair,
    at_ms: i64,
) -> Outcome {
    let family: Option<[u8; 16]> = connection
        .prepare_cached(
            "UPDATE refresh_tokens SET spent_at_ms = ?2, spent_key_hash = ?3
             WHERE token_hash = ?1 AND spent_at_ms IS NULL AND revoked = 0 AND expires_at_ms > ?2
             RETURNING family_id",
        )?
        .query_row((token_hash.0, at_ms, key_hash.map(|hash| hash.0)), |row| {
            row.get(0)
        })
        .optional()?;
    let family_id = family.map(FamilyId).ok_or(Rejection::Spent)?;
    keep_pair(connection, pair, family_id, at_ms)
}

fn keep_pair(connection: &Connection, pair: &IssuedPair, family_id: FamilyId, at_ms: i64) -> Outcome {
    tokens::issue(connection, &pair.access, Some(family_id), at_ms)?;
    if let Some(refresh) = &pair.refresh {
        keep_refresh_token(connection, refresh, family_id, at_ms)?;
    }
    Ok(Effect::Created)
}

fn keep_refresh_token(
    connection: &Connection,
    refresh: &RefreshToken,
    family_id: FamilyId,
    at_ms: i64,
) -> Result<(), Unchanged> {
    sweep(connection, Expiring::RefreshTokens, at_ms)?;
    connection
        .prepare_cached(
            "INSERT INTO refresh_tokens (token_hash, family_id, client_id, tenant_id, user_id, scopes,
                                         expires_at_ms, revoked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
        )?
        .execute((
            refresh.token_hash.0,
            family_id.0,
            refresh.client_id.as_str(),
            refresh.tenant_id.0,
            refresh.user_id.get(),
            joined_scopes(&refresh.scopes),
            refresh.expires_at_ms,
        ))?;
    Ok(())
}

/// Revokes every token of a family, and its code if that is still on its way.
pub(super) fn revoke_family(connection: &Connection, family_id: FamilyId) -> Outcome {
    let mut touched = 0;
    for statement in [
        "UPDATE tokens SET revoked = 1 WHERE family_id = ?1 AND revoked = 0",
        "UPDATE refresh_tokens SET revoked = 1 WHERE family_id = ?1 AND revoked = 0",
        "UPDATE authorization_codes SET spent = 1 WHERE family_id = ?1 AND spent = 0",
    ] {
        touched += connection.prepare_cached(statement)?.execute([family_id.0])?;
    }
    Ok(if touched == 0 {
        Effect::Unchanged
    } else {
        Effect::Updated
    })
}
