//! `POST /open-apis/authen/v1/oidc/access_token` and `.../refresh_access_token` (feishu-open-platform.md, section 5.6).
//!
//! The client proves itself by a token it got for itself before: an app token, or a tenant token, which one SDK sends
//! instead (client-behaviour.md, section 5). Answers are in an envelope; refusals are HTTP 200.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, Method, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use usher_identity::{Bearer, TokenForm, derived::AppToken};
use usher_seats::ClientId;
use usher_store::{TokenHash, TokenKind};

use crate::{
    edge::Edge,
    oauth::{
        client_auth::{Caller, Proof, counted, enabled},
        code_grant,
        dialect::Dialect,
        fields::Fields,
        legacy_refusal::{LegacyCode, LegacyRefusal},
        pair::Told,
        refresh_grant,
        refusal::{OauthCode, OauthRefusal},
        token_endpoint::TOKEN_TYPE,
    },
    wire::success,
};

/// What the scheme of the header must be, to the letter (feishu-open-platform.md, section 3.3).
const SCHEME: &str = "Bearer ";

/// One of the two endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OidcCall {
    /// A code becomes tokens.
    AccessToken,
    /// A refresh token becomes its successor.
    RefreshAccessToken,
}

impl OidcCall {
    const fn grant_type(self) -> &'static str {
        match self {
            Self::AccessToken => "authorization_code",
            Self::RefreshAccessToken => "refresh_token",
        }
    }
}

#[derive(Serialize)]
struct Data {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_expires_in: Option<i64>,
    scope: String,
}

/// Answers one of the two endpoints.
pub(super) async fn answer(call: OidcCall, edge: Arc<Edge>, request: Request) -> Response {
    match exchange(call, &edge, request).await {
        Ok(told) => success(Data::from(told)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn exchange(call: OidcCall, edge: &Edge, request: Request) -> Result<Told, LegacyRefusal> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return Err(OauthCode::Malformed.into());
    }
    let fields = Fields::read(body, &edge.bodies).await?;
    let caller = caller(edge, &parts.headers).await?;
    if fields.required("grant_type")? != call.grant_type() {
        return Err(OauthCode::GrantTypeUnsupported.into());
    }
    let told = match call {
        OidcCall::AccessToken => code_grant::redeem(edge, Dialect::Legacy, &caller, &fields).await,
        OidcCall::RefreshAccessToken => {
            refresh_grant::refresh(edge, Dialect::Legacy, &caller, (&parts.headers, &fields)).await
        }
    };
    told.map_err(LegacyRefusal::from)
}

/// The client whose token is shown.
///
/// # Errors
/// 20014 whatever is wrong with the token, 20042 when the client is switched off.
async fn caller(edge: &Edge, headers: &HeaderMap) -> Result<Caller, LegacyRefusal> {
    let client_id = proven(edge, headers).await?.ok_or(LegacyCode::AppTokenInvalid)?;
    let standing = edge.store.client_standing(&client_id).await?;
    let standing = standing.ok_or(LegacyCode::AppTokenInvalid)?;
    enabled(&standing)?;
    let client = &standing.client;
    counted(edge, Dialect::Legacy.api(), (&client.client_id, client.tenant_id)).await?;
    Ok(Caller {
        standing,
        proof: Proof::Secret,
    })
}

/// The client that the token in the header was given to; none when there is no good token.
async fn proven(edge: &Edge, headers: &HeaderMap) -> Result<Option<ClientId>, OauthRefusal> {
    let Some(text) = bearer_text(headers) else {
        return Ok(None);
    };
    let now_ms = edge.clock.now_ms();
    if let Some(app_token) = AppToken::open(&edge.keys, text, now_ms) {
        return Ok(Some(app_token.client_id));
    }
    let bearer = Bearer::read(text.as_bytes());
    let Some(hash) = bearer.hash.filter(|_| bearer.form == TokenForm::Tenant) else {
        return Ok(None);
    };
    let standing = edge.store.token(TokenHash(hash)).await?;
    Ok(standing
        .filter(|standing| {
            let token = &standing.token;
            token.kind == TokenKind::Tenant && !token.revoked && now_ms < token.expires_at_ms
        })
        // None when the client was uninstalled from the token's tenant since.
        .and_then(|standing| standing.client)
        .map(|client| client.client_id))
}

fn bearer_text(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok()?.strip_prefix(SCHEME),
        _ => None,
    }
}

impl From<Told> for Data {
    fn from(told: Told) -> Self {
        let (refresh_token, refresh_expires_in) = told
            .refresh
            .map(|(token, seconds)| (token.expose().to_owned(), seconds))
            .unzip();
        Self {
            access_token: told.access_token.expose().to_owned(),
            refresh_token,
            token_type: TOKEN_TYPE,
            expires_in: told.expires_in_seconds,
            refresh_expires_in,
            scope: told.scopes.join(" "),
        }
    }
}
