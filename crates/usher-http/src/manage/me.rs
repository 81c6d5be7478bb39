//! `/usher/v1/me`: who a token is. Any good token may ask about itself.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use serde::Serialize;
use usher_seats::{ClientId, TenantKey, UserId};
use usher_store::{TokenKind, TokenStanding};
use utoipa::ToSchema;

use super::{
    caller::OperatorChannel,
    schemas::{ClientIdText, Refusals, TenantKeyText, UserNumber},
};
use crate::{
    body,
    edge::Edge,
    open_apis::gateway,
    wire::{WireCode, WireError, envelope::SuccessBody, success},
};

/// What a token proves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KindData {
    /// `u-`
    User,
    /// `t-`
    Tenant,
    /// `s-`
    Service,
    /// `o-`
    Operator,
}

/// Who a token is. What a kind of token has not is null.
#[derive(Serialize, ToSchema)]
pub(super) struct MeData {
    kind: KindData,
    /// Null means every tenant.
    #[schema(value_type = Option<TenantKeyText>, required = true)]
    tenant_key: Option<TenantKey>,
    #[schema(value_type = Option<ClientIdText>, required = true)]
    client_id: Option<ClientId>,
    #[schema(value_type = Option<UserNumber>, required = true)]
    user_id: Option<UserId>,
    /// The name of the person.
    #[schema(required = true)]
    name: Option<String>,
    /// Whether the person is a system administrator.
    system_administrator: bool,
    /// What the person granted.
    scopes: Vec<String>,
    /// The first moment at which the token is no longer good; null when it has no end.
    #[schema(required = true)]
    expires_at_ms: Option<i64>,
}

/// Show who the token is.
#[utoipa::path(get, path = "/usher/v1/me", tag = "me", operation_id = "get_me",
    responses((status = 200, description = "Who the token is.", body = SuccessBody<MeData>), Refusals))]
pub(super) async fn show(State(edge): State<Arc<Edge>>, request: Request) -> Result<Response, WireError> {
    let (parts, body) = request.into_parts();
    body::discard(body).await;
    if parts.extensions.get::<OperatorChannel>().is_some() {
        return success(MeData {
            kind: KindData::Operator,
            tenant_key: None,
            client_id: None,
            user_id: None,
            name: None,
            system_administrator: false,
            scopes: Vec::new(),
            expires_at_ms: None,
        });
    }
    let bearer = gateway::bearer(&parts.headers)?;
    let standing = gateway::known(&edge, bearer, edge.clock.now_ms()).await?;
    success(about(&edge, standing).await?)
}

async fn about(edge: &Edge, standing: TokenStanding) -> Result<MeData, WireError> {
    gateway::enabled_client(&standing)?;
    let tenant = match standing.token.tenant_id {
        Some(tenant_id) => {
            gateway::enabled_tenant(standing.tenant)?;
            edge.store.tenant_by_id(tenant_id).await?
        }
        None => None,
    };
    let user = standing.user.filter(|user| user.enabled);
    let token = standing.token;
    if token.user_id.is_some() && user.is_none() {
        return Err(WireCode::UserUnknown.into());
    }
    Ok(MeData {
        kind: match token.kind {
            TokenKind::User => KindData::User,
            TokenKind::Tenant => KindData::Tenant,
            TokenKind::Service => KindData::Service,
            TokenKind::Operator => KindData::Operator,
        },
        tenant_key: tenant.map(|tenant| tenant.tenant_key),
        client_id: token.client_id,
        user_id: token.user_id,
        system_administrator: user.as_ref().is_some_and(|user| user.system_administrator),
        name: user.map(|user| user.name),
        scopes: token.scopes,
        expires_at_ms: Some(token.expires_at_ms),
    })
}
