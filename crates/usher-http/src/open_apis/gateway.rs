//! Whether the caller may ask.
//!
//! The checks stand in the order of DESIGN section 4: token, client enabled, token kind, client scope, user's grant,
//! rate limit, tenant, user, administrator (route and method come before, parameters after). Each is a function of what
//! the store said in one reading, so the verdict is of one moment.
//!
//! A token taken back looks exactly like one that never was; an expired one is named, because its owner holds it
//! rightfully and has to act. "Wrong kind" has the words of "invalid" on the wire; `error.message` adds what is needed,
//! which spares useless refreshes (feishu-open-platform.md, section 9).

use axum::http::{HeaderMap, HeaderValue, header};
use usher_identity::{Bearer, TokenForm};
use usher_seats::{ClientId, Enablement, TenantId};
use usher_store::{Client, RateKey, RateLimit, Token, TokenHash, TokenKind, TokenStanding, User};

use crate::{
    edge::Edge,
    open_apis::call::Call,
    wire::{WireCode, WireError},
};

/// What the scheme of the header must be, to the letter (feishu-open-platform.md, section 3.3).
const SCHEME: &[u8] = b"Bearer ";

/// A caller who passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Whose lists.
    pub tenant_id: TenantId,
    /// Through which client.
    pub client_id: ClientId,
}

/// Lets a caller in or says why not.
///
/// # Errors
/// The first check that fails, as the table in [`WireCode`] words it.
pub async fn admit(edge: &Edge, call: Call, headers: &HeaderMap, now_ms: i64) -> Result<Asker, WireError> {
    let bearer = bearer(headers)?;
    let standing = known(edge, bearer, now_ms).await?;
    let client = enabled_client(&standing)?;
    let client = user_client(&standing.token, client)?;
    scope(call.scope(), client, &standing.token)?;
    // A user token without a tenant cannot be issued; if there were one, it would belong to no tenant we know.
    let tenant_id = standing.token.tenant_id.ok_or(WireCode::TenantUnknown)?;
    let limit = RateLimit::a_second(call.calls_per_second_max());
    rate(edge, (call.name(), limit), (&client.client_id, tenant_id), now_ms).await?;
    enabled_tenant(standing.tenant)?;
    administrator(standing.user.as_ref())?;
    Ok(Asker {
        tenant_id,
        client_id: client.client_id.clone(),
    })
}

/// The bearer text, if there is exactly one `Authorization` header and it is `Bearer ` and something. Two headers are
/// as none: nobody can say which one a proxy in between would have believed.
///
/// # Errors
/// 99991661.
pub fn bearer(headers: &HeaderMap) -> Result<Bearer, WireError> {
    let values = headers.get_all(header::AUTHORIZATION).iter();
    bearer_text(values.map(HeaderValue::as_bytes)).map(Bearer::read)
}

/// The same before it is read, from the values of all `Authorization` headers.
///
/// # Errors
/// 99991661.
pub(crate) fn bearer_text<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Result<&'a [u8], WireError> {
    let text = match (values.next(), values.next()) {
        (Some(value), None) => value.strip_prefix(SCHEME),
        _ => None,
    };
    text.filter(|text| !text.is_empty())
        .ok_or_else(|| WireCode::TokenMissing.into())
}

/// Everything around a token that is known, not taken back and not over.
pub(crate) async fn known(edge: &Edge, bearer: Bearer, now_ms: i64) -> Result<TokenStanding, WireError> {
    let unknown = match bearer.form {
        TokenForm::Tenant => WireCode::TenantTokenInvalid,
        _ => WireCode::TokenInvalid,
    };
    let hash = bearer.hash.ok_or(unknown)?;
    let standing = edge.store.token(TokenHash(hash)).await?;
    let standing = standing
        .filter(|standing| !standing.token.revoked)
        .ok_or(unknown)?;
    if now_ms < standing.token.expires_at_ms {
        return Ok(standing);
    }
    // Only user tokens have a code of their own for this (feishu-open-platform.md, section 3.3).
    Err(match standing.token.kind {
        TokenKind::User => WireCode::TokenExpired,
        TokenKind::Tenant | TokenKind::Service | TokenKind::Operator => unknown,
    }
    .into())
}

/// The client, which must be there and switched on. Service and operator tokens have none, and fail at the next check.
pub(crate) fn enabled_client(standing: &TokenStanding) -> Result<Option<&Client>, WireError> {
    match &standing.client {
        Some(client) if client.enabled => Ok(Some(client)),
        None if matches!(standing.token.kind, TokenKind::Service | TokenKind::Operator) => Ok(None),
        Some(_) | None => Err(WireCode::ClientDisabled.into()),
    }
}

/// Only a user may ask, through a client.
fn user_client<'a>(token: &Token, client: Option<&'a Client>) -> Result<&'a Client, WireError> {
    let code = match (token.kind, client) {
        (TokenKind::User, Some(client)) => return Ok(client),
        (TokenKind::Tenant, _) => WireCode::TenantTokenInvalid,
        (TokenKind::User | TokenKind::Service | TokenKind::Operator, _) => WireCode::TokenInvalid,
    };
    Err(WireError::from(code).with_message("This call needs a user access token (u-...)."))
}

/// Opened by the client, and granted by the user.
pub(crate) fn scope(scope: &str, client: &Client, token: &Token) -> Result<(), WireError> {
    let among = |scopes: &[String]| scopes.iter().any(|known| known == scope);
    if !among(&client.scopes) {
        return Err(WireError::scope_not_opened(scope, client.client_id.as_str()));
    }
    if !among(&token.scopes) {
        return Err(WireError::scope_not_granted(scope, client.client_id.as_str()));
    }
    Ok(())
}

/// Counts a call of a client for a tenant; everything refused before did not count.
///
/// # Errors
/// 99991400; as any call does that the store cannot serve.
pub(crate) async fn rate(
    edge: &Edge,
    (api, limit): (&'static str, RateLimit),
    (client_id, tenant_id): (&ClientId, TenantId),
    now_ms: i64,
) -> Result<(), WireError> {
    let key = RateKey {
        api,
        client_id: client_id.clone(),
        tenant_id,
    };
    let counted = edge.store.count_call(key, limit, now_ms).await?;
    counted.map_err(|exceeded| {
        edge.telemetry.rate_refused(api);
        WireError::rate_limited(exceeded)
    })
}

pub(crate) fn enabled_tenant(tenant: Enablement) -> Result<(), WireError> {
    match tenant {
        Enablement::Enabled => Ok(()),
        Enablement::Unknown | Enablement::Disabled => Err(WireCode::TenantUnknown.into()),
    }
}

/// The user is there, switched on, and a system administrator.
pub(crate) fn administrator(user: Option<&User>) -> Result<(), WireError> {
    match user.filter(|user| user.enabled) {
        None => Err(WireCode::UserUnknown.into()),
        Some(user) if user.system_administrator => Ok(()),
        Some(_) => Err(WireCode::NotAllowed.into()),
    }
}
