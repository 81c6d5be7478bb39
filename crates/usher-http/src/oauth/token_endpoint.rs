//! `POST /open-apis/authen/v2/oauth/token` and `POST /oauth/v3/token` (feishu-open-platform.md, sections 5.2, 5.3).

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use usher_store::ClientKind;

use crate::{
    edge::Edge,
    oauth::{
        client_auth::{Caller, Proof, authenticate},
        code_grant,
        dialect::Dialect,
        fields::Fields,
        pair::Told,
        refresh_grant,
        refusal::{OauthCode, OauthRefusal},
        shared_token,
    },
    wire::json_response,
};

/// What every token of ours is.
pub(super) const TOKEN_TYPE: &str = "Bearer";

/// The flat body of a success.
#[derive(Serialize)]
struct FlatBody {
    code: u32,
    access_token: String,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token_expires_in: Option<i64>,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// Answers one of the two endpoints.
pub(super) async fn answer(dialect: Dialect, edge: Arc<Edge>, request: Request) -> Response {
    match exchange(dialect, &edge, request).await {
        Ok(body) => json_response(StatusCode::OK, &body).into_response(),
        Err(refusal) => refusal.flat(),
    }
}

async fn exchange(dialect: Dialect, edge: &Edge, request: Request) -> Result<FlatBody, OauthRefusal> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return Err(OauthCode::Malformed.into());
    }
    let fields = Fields::read(body, &edge.bodies).await?;
    let grant_type = fields.required("grant_type")?;
    if !grant_types(dialect).contains(&grant_type) {
        return Err(OauthCode::GrantTypeUnsupported.into());
    }
    let caller = authenticate(edge, dialect.api(), &parts.headers, &fields).await?;
    match grant_type {
        "authorization_code" => code_grant::redeem(edge, dialect, &caller, &fields)
            .await
            .map(FlatBody::from),
        "refresh_token" => refresh_grant::refresh(edge, dialect, &caller, (&parts.headers, &fields))
            .await
            .map(FlatBody::from),
        _ => client_credentials(edge, &caller).await,
    }
}

/// The grant types of an endpoint.
pub(super) const fn grant_types(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Legacy | Dialect::V2 => &["authorization_code", "refresh_token"],
        Dialect::V3 => &["authorization_code", "refresh_token", "client_credentials"],
    }
}

/// A token for the client's own tenant. A store client acts in many tenants and has to name one, which this call has no
/// parameter for.
async fn client_credentials(edge: &Edge, caller: &Caller) -> Result<FlatBody, OauthRefusal> {
    if caller.proof == Proof::None {
        return Err(OauthCode::ParameterMissing.into());
    }
    if caller.standing.client.kind == ClientKind::Store {
        return Err(OauthCode::NotInstalled.into());
    }
    let tenant_id = caller.standing.client.tenant_id;
    let shared = shared_token::for_tenant(edge, &caller.standing, tenant_id).await?;
    Ok(FlatBody {
        code: 0,
        access_token: shared.token.expose().to_owned(),
        expires_in: shared.expires_in_seconds,
        refresh_token: None,
        refresh_token_expires_in: None,
        token_type: TOKEN_TYPE,
        scope: None,
    })
}

impl From<Told> for FlatBody {
    fn from(told: Told) -> Self {
        let (refresh_token, refresh_token_expires_in) = told
            .refresh
            .map(|(token, seconds)| (token.expose().to_owned(), seconds))
            .unzip();
        Self {
            code: 0,
            access_token: told.access_token.expose().to_owned(),
            expires_in: told.expires_in_seconds,
            refresh_token,
            refresh_token_expires_in,
            token_type: TOKEN_TYPE,
            scope: Some(told.scopes.join(" ")),
        }
    }
}
