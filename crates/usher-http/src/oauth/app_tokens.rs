//! Tokens for clients themselves (feishu-open-platform.md, sections 5.5 and 6).
//!
//! A client of one tenant shows its id and secret and gets its tenant token (`.../internal`); the app token of such a
//! client is the same text. A store client shows its ticket too and gets an app token, and for that and a tenant's key
//! the token for this tenant. Answers are flat, refusals HTTP 200. Whatever is in `Authorization` is left alone: one
//! client sends the token it has along (client-behaviour.md, section 5).

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use usher_identity::derived::{AppToken, app_ticket_matches};
use usher_seats::TenantKey;
use usher_store::{ClientKind, identity::ClientStanding};

use crate::{
    edge::Edge,
    oauth::{
        client_auth::{counted, enabled, secret_matches},
        fields::Fields,
        legacy_refusal::{LegacyCode, LegacyRefusal},
        refusal::OauthCode,
        shared_token::{self, Shared},
        tickets,
    },
    wire::json_response,
};

/// One of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AppTokenCall {
    /// The tenant token of a client of one tenant.
    TenantInternal,
    /// Its app token, which is the same.
    AppInternal,
    /// The app token of a store client.
    App,
    /// A store client's token for a tenant.
    Tenant,
    /// A store client asks for its ticket.
    ResendTicket,
}

impl AppTokenCall {
    /// The name under which its calls are counted.
    const fn api(self) -> &'static str {
        match self {
            Self::TenantInternal => "tenant_access_token/internal",
            Self::AppInternal => "app_access_token/internal",
            Self::App => "app_access_token",
            Self::Tenant => "tenant_access_token",
            Self::ResendTicket => "app_ticket/resend",
        }
    }
}

#[derive(Serialize)]
struct Data {
    code: u32,
    msg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire: Option<i64>,
}

/// Answers one of the calls.
pub(super) async fn answer(call: AppTokenCall, edge: Arc<Edge>, request: Request) -> Response {
    match give(call, &edge, request).await {
        Ok(data) => json_response(StatusCode::OK, &data).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn give(call: AppTokenCall, edge: &Arc<Edge>, request: Request) -> Result<Data, LegacyRefusal> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return Err(LegacyCode::ParameterInvalid.into());
    }
    let fields = Fields::read(body, &edge.bodies)
        .await
        .map_err(|refusal| match refusal.code {
            OauthCode::Unavailable => LegacyRefusal::from(refusal),
            _ => LegacyCode::ParameterInvalid.into(),
        })?;
    match call {
        AppTokenCall::TenantInternal => {
            let shared = internal(edge, call, &fields).await?;
            Ok(Data::new("ok", None, Some(&shared)))
        }
        AppTokenCall::AppInternal => {
            let shared = internal(edge, call, &fields).await?;
            Ok(Data::new("ok", Some(&shared), Some(&shared)))
        }
        AppTokenCall::App => {
            let shared = store_app(edge, call, &fields).await?;
            Ok(Data::new("success", Some(&shared), None))
        }
        AppTokenCall::Tenant => {
            let shared = store_tenant(edge, call, &fields).await?;
            Ok(Data::new("success", None, Some(&shared)))
        }
        AppTokenCall::ResendTicket => {
            let standing = authenticated(edge, call, &fields).await?;
            if standing.client.kind != ClientKind::Store {
                return Err(LegacyCode::ResendFailed.into());
            }
            // A client without an address for tickets cannot be sent one.
            if !tickets::resend(edge, &standing) {
                return Err(LegacyCode::ResendFailed.into());
            }
            Ok(Data::new("success", None, None))
        }
    }
}

/// The tenant token of a client of one tenant.
async fn internal(edge: &Edge, call: AppTokenCall, fields: &Fields) -> Result<Shared, LegacyRefusal> {
    let standing = authenticated(edge, call, fields).await?;
    if standing.client.kind == ClientKind::Store {
        return Err(LegacyCode::AppUnauthorized.into());
    }
    Ok(shared_token::for_tenant(edge, &standing, standing.client.tenant_id).await?)
}

/// The app token of a store client.
async fn store_app(edge: &Edge, call: AppTokenCall, fields: &Fields) -> Result<Shared, LegacyRefusal> {
    let ticket = required(fields, "app_ticket")?;
    let standing = authenticated(edge, call, fields).await?;
    let good = standing.client.kind == ClientKind::Store
        && app_ticket_matches(
            &edge.keys,
            &standing.client.client_id,
            ticket,
            edge.clock.now_ms(),
        );
    if good {
        Ok(shared_token::for_app(edge, &standing))
    } else {
        Err(LegacyCode::TicketInvalid.into())
    }
}

/// A store client's token for a tenant that has installed it. A tenant that has not, one that is switched off and one
/// that does not exist look the same.
async fn store_tenant(edge: &Edge, call: AppTokenCall, fields: &Fields) -> Result<Shared, LegacyRefusal> {
    let app_token = required(fields, "app_access_token")?;
    let tenant_key = required(fields, "tenant_key")?;
    let app_token = AppToken::open(&edge.keys, app_token, edge.clock.now_ms());
    let client_id = app_token.ok_or(LegacyCode::AppTokenInvalid)?.client_id;
    let standing = edge.store.client_standing(&client_id).await?;
    let standing = standing.ok_or(LegacyCode::AppTokenInvalid)?;
    enabled(&standing).map_err(|_| LegacyCode::AppUnauthorized)?;
    counted(edge, call.api(), (&client_id, standing.client.tenant_id)).await?;
    let tenant = match tenant_key.parse::<TenantKey>() {
        Ok(tenant_key) => edge.store.tenant(&tenant_key).await?,
        Err(_) => None,
    };
    let tenant = tenant
        .filter(|tenant| tenant.enabled)
        .ok_or(LegacyCode::TenantTokenFailed)?;
    if !edge.store.client_installed(tenant.tenant_id, &client_id).await? {
        return Err(LegacyCode::TenantTokenFailed.into());
    }
    Ok(shared_token::for_tenant(edge, &standing, tenant.tenant_id).await?)
}

/// The client that shows its id and secret.
async fn authenticated(
    edge: &Edge,
    call: AppTokenCall,
    fields: &Fields,
) -> Result<ClientStanding, LegacyRefusal> {
    let app_id = required(fields, "app_id")?;
    let app_secret = required(fields, "app_secret")?;
    let client_id = app_id.parse().map_err(|_| LegacyCode::AppUnknown)?;
    let standing = edge.store.client_standing(&client_id).await?;
    let standing = standing.ok_or(LegacyCode::AppUnknown)?;
    if !secret_matches(&standing, app_secret, edge.clock.now_ms()) {
        return Err(LegacyCode::AppSecretInvalid.into());
    }
    enabled(&standing).map_err(|_| LegacyCode::AppUnauthorized)?;
    counted(edge, call.api(), (&client_id, standing.client.tenant_id)).await?;
    Ok(standing)
}

fn required<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, LegacyRefusal> {
    fields
        .required(name)
        .map_err(|_| LegacyCode::ParameterInvalid.into())
}

impl Data {
    fn new(msg: &'static str, app: Option<&Shared>, tenant: Option<&Shared>) -> Self {
        let text = |shared: &Shared| shared.token.expose().to_owned();
        Self {
            code: 0,
            msg,
            app_access_token: app.map(text),
            tenant_access_token: tenant.map(text),
            expire: app.or(tenant).map(|shared| shared.expires_in_seconds),
        }
    }
}
