//! The tokens that an exchange yields: what is kept of them and what is told.

use usher_identity::{
    Secret, TokenForm, hash_secret, make_refresh_token, make_token, read_refresh_token,
    scope_list::{OFFLINE_ACCESS, parse_scope_list},
    token::hash_token,
};
use usher_seats::{ClientId, Enablement, TenantId, UserId};
use usher_store::{
    Token, TokenHash, TokenKind, User,
    identity::{FamilyId, IssuedPair, RefreshToken, Standing},
};

use crate::{
    edge::{Edge, draw},
    oauth::{
        client_auth::Caller,
        dialect::{Dialect, USER_TOKEN_LIFE_MS},
        refusal::{OauthCode, OauthRefusal},
    },
};
use usher_store::ClientKind;

/// What the client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) access_token: Secret,
    pub(super) expires_in_seconds: i64,
    /// The refresh token and its life in seconds, where there is one.
    pub(super) refresh: Option<(Secret, i64)>,
    pub(super) scopes: Vec<String>,
}

/// The texts of the two tokens, before they are known to anybody.
pub(super) struct Texts {
    pub(super) access: Secret,
    pub(super) refresh: Secret,
}

impl Texts {
    /// Drawn by chance.
    pub(super) fn drawn(edge: &Edge, dialect: Dialect) -> Self {
        let chance = edge.chance.as_ref();
        Self {
            access: make_token(TokenForm::User, &draw(chance)),
            refresh: make_refresh_token(dialect.generation(), &draw(chance)),
        }
    }
}

/// Whose tokens are made, and how far they reach.
pub(super) struct Order {
    pub(super) family_id: FamilyId,
    pub(super) client_id: ClientId,
    pub(super) tenant_id: TenantId,
    pub(super) user_id: UserId,
    /// What the person granted in this authorization: what the refresh token stands for.
    pub(super) granted: Vec<String>,
    /// What was asked for of it this time: what the access token may do.
    pub(super) asked: Vec<String>,
    /// When the refresh token ends, in milliseconds.
    pub(super) refresh_expires_at_ms: i64,
}

/// Puts together what the store keeps and what the client is told. There is a refresh token exactly when offline
/// access was granted, whatever was asked for this time: asking for less narrows one access token and nothing else.
pub(super) fn issue(texts: Texts, order: Order, now_ms: i64) -> Result<(IssuedPair, Told), OauthRefusal> {
    let access = Token {
        token_hash: TokenHash(hash_token(&texts.access)),
        kind: TokenKind::User,
        tenant_id: Some(order.tenant_id),
        client_id: Some(order.client_id.clone()),
        user_id: Some(order.user_id),
        scopes: order.asked.clone(),
        issued_at_ms: now_ms,
        expires_at_ms: now_ms.saturating_add(USER_TOKEN_LIFE_MS),
        revoked: false,
    };
    let offline = order.granted.iter().any(|scope| scope == OFFLINE_ACCESS);
    let refresh = offline.then_some(texts.refresh);
    let told = Told {
        access_token: texts.access,
        expires_in_seconds: seconds_until(access.expires_at_ms, now_ms),
        refresh: refresh
            .clone()
            .map(|text| (text, seconds_until(order.refresh_expires_at_ms, now_ms))),
        scopes: order.asked.clone(),
    };
    let refresh = refresh.map(|text| kept(&text, order)).transpose()?;
    Ok((IssuedPair { access, refresh }, told))
}

fn kept(text: &Secret, order: Order) -> Result<RefreshToken, OauthRefusal> {
    let (_, hash) = read_refresh_token(text.expose()).ok_or(OauthCode::ServerError)?;
    Ok(RefreshToken {
        token_hash: TokenHash(hash),
        family_id: order.family_id,
        client_id: order.client_id,
        tenant_id: order.tenant_id,
        user_id: order.user_id,
        scopes: order.granted,
        expires_at_ms: order.refresh_expires_at_ms,
        spent_at_ms: None,
        spent_key_hash: None,
        revoked: false,
    })
}

/// Whole seconds left; a client that counts on them is never late.
pub(super) fn seconds_until(end_ms: i64, now_ms: i64) -> i64 {
    end_ms.saturating_sub(now_ms).max(0) / 1_000
}

/// The scopes that are asked for: all that were granted, or fewer.
///
/// # Errors
/// 20067, 20068, 20063.
pub(super) fn narrowed(granted: &[String], asked: Option<&str>) -> Result<Vec<String>, OauthRefusal> {
    let asked = parse_scope_list(asked.unwrap_or_default())?;
    if asked.is_empty() {
        return Ok(granted.to_vec());
    }
    if asked.iter().all(|scope| granted.contains(scope)) {
        Ok(asked)
    } else {
        Err(OauthCode::ScopeNotPermitted.into())
    }
}

/// The person is still there, and the client may act in their tenant. These come before anything about the code or
/// token itself: a deletion and an uninstallation have spent and revoked all of them, and their reason is the better
/// answer.
///
/// # Errors
/// 20008, 20009, 20010.
pub(super) fn reachable<'a, T>(standing: &'a Standing<T>, caller: &Caller) -> Result<&'a User, OauthRefusal> {
    let user = standing.user.as_ref().ok_or(OauthCode::UserUnknown)?;
    match caller.standing.client.kind {
        _ if standing.installed => Ok(user),
        ClientKind::Store => Err(OauthCode::NotInstalled.into()),
        ClientKind::SelfBuilt => Err(OauthCode::UserNotPermitted.into()),
    }
}

/// The person and their tenant are switched on.
///
/// # Errors
/// 20066.
pub(super) fn in_good_standing(user: &User, tenant: Enablement) -> Result<(), OauthRefusal> {
    if user.enabled && tenant == Enablement::Enabled {
        Ok(())
    } else {
        Err(OauthCode::UserDisabled.into())
    }
}

/// SHA-256 of a code that was offered; none when it cannot be one of ours.
pub(super) fn code_hash(offered: &str) -> Option<TokenHash> {
    hash_secret(offered).map(TokenHash)
}
