//! `grant_type=refresh_token`: a refresh token becomes its successor and a new access token, once.
//!
//! Two goals pull at a spent token that comes again. It may be stolen, and then everything of its family has to end at
//! once (RFC 9700, section 4.14.2). Or its client lost the answer, or ran two refreshes at a time, as real ones do, and
//! then ending the family would sign people out for nothing. The choice:
//!
//! ```text
//!                      within REPEAT_WINDOW_MS                    later
//! same Idempotency-Key the very same pair again                   refused, family revoked
//! other or no key      refused; the family lives                  refused, family revoked
//! ```
//!
//! A pair that can be given again is *derived* from the spent token and the key (`usher_identity::derived`), so nothing
//! secret is kept for it: the store knows hashes only, and whoever cannot show the spent token and the key gets
//! nothing. It is given again only while its refresh token is still unspent, so at no time are there two live refresh
//! tokens in a family. "Once" is the store's: of any number of refreshes at a time, on any number of instances, one wins.
//!
//! The old access token lives on to its own end (feishu-open-platform.md, section 5.2). A year after the person last
//! granted, they have to be asked again.

use axum::http::HeaderMap;
use sha2::{Digest as _, Sha256};
use usher_identity::{RefreshGeneration, derived::refreshed_pair, read_refresh_token, token::hash_token};
use usher_store::{
    Change, IdentityChange, Rejection, TokenHash,
    identity::{RefreshToken, Standing},
};

use crate::{
    edge::Edge,
    oauth::{
        client_auth::Caller,
        code_grant::revoke_family,
        dialect::Dialect,
        fields::Fields,
        pair::{Order, Texts, Told, in_good_standing, issue, narrowed, reachable, seconds_until},
        refusal::{OauthCode, OauthRefusal},
    },
};

/// For how long a refresh may be repeated, in milliseconds: longer than a client waits before it tries again, shorter
/// than a thief needs to make use of a token he just got.
pub const REPEAT_WINDOW_MS: i64 = 10_000;
/// How long after the person's last grant refreshing ends, in milliseconds (feishu-open-platform.md, section 5.2).
pub const GRANT_LIFE_MS: i64 = 365 * 24 * 60 * 60 * 1_000;
/// Longest idempotency key in bytes: a UUID has 36.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// The header that names one refresh, however often it is sent.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What a call offers.
struct Offer<'a> {
    text: &'a str,
    hash: TokenHash,
    scope: Option<&'a str>,
    key: Option<&'a str>,
}

impl Offer<'_> {
    /// SHA-256 of everything that makes two calls the same one: the key, and what the key was used for.
    fn key_hash(&self, generation: RefreshGeneration) -> Option<TokenHash> {
        let key = self.key?;
        let generation = match generation {
            RefreshGeneration::Second => "2",
            RefreshGeneration::Third => "3",
        };
        let parts = [key, self.scope.unwrap_or_default(), generation];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Some(TokenHash(hash.finalize().into()))
    }

    /// The texts of the new tokens: derived when the call may be repeated, else drawn.
    fn texts(&self, edge: &Edge, dialect: Dialect) -> Texts {
        let Some(key) = self.key else {
            return Texts::drawn(edge, dialect);
        };
        let (access, refresh) = refreshed_pair(&edge.keys, self.text, key, dialect.generation());
        Texts { access, refresh }
    }
}

/// Exchanges a refresh token.
///
/// # Errors
/// 20001, 20063, 20026, 20074, 20024, 20008, 20009, 20010, 20064, 20073, 20037, 20066, 20067, 20068.
pub(super) async fn refresh(
    edge: &Edge,
    dialect: Dialect,
    caller: &Caller,
    (headers, fields): (&HeaderMap, &Fields),
) -> Result<Told, OauthRefusal> {
    let text = fields.required("refresh_token")?;
    let (generation, hash) = read_refresh_token(text).ok_or(OauthCode::RefreshTokenInvalid)?;
    if !dialect.generation().takes(generation) {
        return Err(OauthCode::RefreshTokenInvalid.into());
    }
    if !caller.standing.registration.refresh_allowed {
        return Err(OauthCode::RefreshNotAllowed.into());
    }
    let offer = Offer {
        text,
        hash: TokenHash(hash),
        scope: fields.optional("scope")?,
        key: idempotency_key(headers)?,
    };
    let standing = known(edge, caller, &offer).await?;
    if standing.what.spent_at_ms.is_some() {
        return repeated(edge, dialect, &offer, &standing).await;
    }
    match rotate(edge, dialect, &offer, &standing).await? {
        Some(told) => Ok(told),
        // Somebody was faster: another refresh, or what ended the family.
        None => {
            let standing = known(edge, caller, &offer).await?;
            repeated(edge, dialect, &offer, &standing).await
        }
    }
}

/// The token as the store knows it: this client's, its person there, its family not revoked.
async fn known(
    edge: &Edge,
    caller: &Caller,
    offer: &Offer<'_>,
) -> Result<Standing<RefreshToken>, OauthRefusal> {
    let standing = edge.store.refresh_token(offer.hash).await?;
    let standing = standing.ok_or(OauthCode::RefreshTokenInvalid)?;
    if standing.what.client_id != *caller.client_id() {
        return Err(OauthCode::ClientMismatch.into());
    }
    reachable(&standing, caller)?;
    if standing.what.revoked {
        return Err(OauthCode::RefreshTokenRevoked.into());
    }
    Ok(standing)
}

/// Spends the token and keeps its successors; none when somebody was faster.
async fn rotate(
    edge: &Edge,
    dialect: Dialect,
    offer: &Offer<'_>,
    standing: &Standing<RefreshToken>,
) -> Result<Option<Told>, OauthRefusal> {
    let now_ms = edge.clock.now_ms();
    let token = &standing.what;
    let grant_ends_at_ms = grant_end(edge, token).await?;
    if now_ms >= token.expires_at_ms.min(grant_ends_at_ms) {
        return Err(OauthCode::RefreshTokenExpired.into());
    }
    let user = standing.user.as_ref().ok_or(OauthCode::UserUnknown)?;
    in_good_standing(user, standing.tenant)?;
    let life_ends_at_ms = now_ms.saturating_add(dialect.refresh_life_ms());
    let order = Order {
        family_id: token.family_id,
        client_id: token.client_id.clone(),
        tenant_id: token.tenant_id,
        user_id: token.user_id,
        granted: token.scopes.clone(),
        asked: narrowed(&token.scopes, offer.scope)?,
        refresh_expires_at_ms: life_ends_at_ms.min(grant_ends_at_ms),
    };
    let (pair, told) = issue(offer.texts(edge, dialect), order, now_ms)?;
    let change = IdentityChange::RotateRefreshToken {
        token_hash: offer.hash,
        key_hash: offer.key_hash(dialect.generation()),
        pair,
    };
    match edge.store.change(vec![Change::from(change)], now_ms).await {
        Ok(_) => Ok(Some(told)),
        Err(error) if error.rejection() == Some(Rejection::Spent) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The first moment at which the person has to be asked again. A grant that is gone was taken back.
async fn grant_end(edge: &Edge, token: &RefreshToken) -> Result<i64, OauthRefusal> {
    let grant = edge
        .store
        .grant(token.tenant_id, token.user_id, &token.client_id)
        .await?;
    let grant = grant.ok_or(OauthCode::RefreshTokenRevoked)?;
    Ok(grant.granted_at_ms.saturating_add(GRANT_LIFE_MS))
}

/// A spent token that comes again.
async fn repeated(
    edge: &Edge,
    dialect: Dialect,
    offer: &Offer<'_>,
    standing: &Standing<RefreshToken>,
) -> Result<Told, OauthRefusal> {
    let now_ms = edge.clock.now_ms();
    let token = &standing.what;
    let Some(spent_at_ms) = token.spent_at_ms else {
        // It lost to something that did not spend it, such as its own end.
        return Err(OauthCode::RefreshTokenExpired.into());
    };
    // A clock that was set back a little makes a refresh look as if it were still to come.
    if now_ms.abs_diff(spent_at_ms) >= REPEAT_WINDOW_MS.unsigned_abs() {
        revoke_family(edge, token.family_id).await?;
        return Err(OauthRefusal::noted(
            OauthCode::RefreshTokenUsed,
            "a refresh token was used twice; its family is revoked",
        ));
    }
    let key_hash = offer.key_hash(dialect.generation());
    if key_hash.is_none() || key_hash != token.spent_key_hash {
        return Err(OauthCode::RefreshTokenUsed.into());
    }
    let user = standing.user.as_ref().ok_or(OauthCode::UserUnknown)?;
    in_good_standing(user, standing.tenant)?;
    let told = given_before(edge, offer.texts(edge, dialect), now_ms).await?;
    told.ok_or_else(|| OauthCode::RefreshTokenUsed.into())
}

/// What the first call was told, while all of it is still good.
async fn given_before(edge: &Edge, texts: Texts, now_ms: i64) -> Result<Option<Told>, OauthRefusal> {
    let Some((_, refresh_hash)) = read_refresh_token(texts.refresh.expose()) else {
        return Ok(None);
    };
    let access = edge.store.token(TokenHash(hash_token(&texts.access))).await?;
    let refresh = edge.store.refresh_token(TokenHash(refresh_hash)).await?;
    let access = access
        .map(|standing| standing.token)
        .filter(|token| !token.revoked);
    let refresh = refresh
        .map(|standing| standing.what)
        .filter(|token| !token.revoked && token.spent_at_ms.is_none());
    let (Some(access), Some(refresh)) = (access, refresh) else {
        return Ok(None);
    };
    Ok(Some(Told {
        access_token: texts.access,
        expires_in_seconds: seconds_until(access.expires_at_ms, now_ms),
        refresh: Some((texts.refresh, seconds_until(refresh.expires_at_ms, now_ms))),
        scopes: access.scopes,
    }))
}

/// The idempotency key of a call, if it has one.
///
/// # Errors
/// 20063 for two of them, or one that is no visible ASCII text of at most [`IDEMPOTENCY_KEY_BYTES_MAX`] bytes.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, OauthRefusal> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().ok(),
        (Some(_), Some(_)) => None,
    };
    key.filter(|key| !key.is_empty() && key.len() <= IDEMPOTENCY_KEY_BYTES_MAX)
        .map(Some)
        .ok_or_else(|| OauthCode::Malformed.into())
}
