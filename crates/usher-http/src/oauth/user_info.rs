//! `GET /open-apis/authen/v1/user_info`: who a user token acts for (feishu-open-platform.md, section 5.4).
//!
//! People are named by pseudonyms that are the client's own. Usher knows no pictures, so their fields are empty texts:
//! the platform always sends them, and some clients insist. The organisation's own name for a person (`user_id`, which
//! is the external id) is shown where the person granted that scope.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::Method,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use usher_identity::pseudonym::{open_id, union_id};
use usher_store::{Client, TokenHash, TokenKind, TokenStanding, User};

use crate::{
    body,
    edge::Edge,
    oauth::{
        client_auth::counted,
        legacy_refusal::{LegacyCode, LegacyRefusal},
        pair::in_good_standing,
        refusal::OauthCode,
    },
    open_apis::gateway::bearer,
    wire::success,
};

/// The scope for the organisation's own name of a person.
pub const EMPLOYEE_ID_SCOPE: &str = "contact:user.employee_id:readonly";

#[derive(Serialize)]
struct Data {
    name: String,
    en_name: String,
    avatar_url: &'static str,
    avatar_thumb: &'static str,
    avatar_middle: &'static str,
    avatar_big: &'static str,
    open_id: String,
    union_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    tenant_key: String,
}

/// Answers the call. A body is thrown away, whatever it holds: two SDKs send one with every GET.
pub(super) async fn answer(edge: Arc<Edge>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    body::discard(body).await;
    if parts.method != Method::GET {
        return LegacyRefusal::from(OauthCode::Malformed).into_response();
    }
    let bearer = match bearer(&parts.headers) {
        Ok(bearer) => bearer,
        // The gateway's word, as for every call.
        Err(error) => return error.into_response(),
    };
    match describe(&edge, bearer.hash.map(TokenHash)).await {
        Ok(data) => success(data).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn describe(edge: &Edge, token_hash: Option<TokenHash>) -> Result<Data, LegacyRefusal> {
    let token_hash = token_hash.ok_or(LegacyCode::UserTokenInvalid)?;
    let standing = edge.store.token(token_hash).await?;
    let standing = standing
        .filter(|standing| standing.token.kind == TokenKind::User)
        .ok_or(LegacyCode::UserTokenInvalid)?;
    let (client, user) = good(edge, &standing)?;
    counted(edge, "user_info", (&client.client_id, user.tenant_id)).await?;
    let tenant = edge.store.tenant_by_id(user.tenant_id).await?;
    let tenant = tenant.ok_or(OauthCode::UserUnknown)?;
    let knows_employee_id = standing
        .token
        .scopes
        .iter()
        .any(|scope| scope == EMPLOYEE_ID_SCOPE);
    Ok(Data {
        name: user.name.clone(),
        en_name: user.name.clone(),
        avatar_url: "",
        avatar_thumb: "",
        avatar_middle: "",
        avatar_big: "",
        open_id: open_id(&edge.keys, &client.client_id, user.tenant_id, user.user_id),
        union_id: union_id(&edge.keys, client.tenant_id, user.tenant_id, user.user_id),
        user_id: user.external_id.clone().filter(|_| knows_employee_id),
        tenant_key: tenant.tenant_key.as_str().to_owned(),
    })
}

/// The client and the person of a token, if both are in good standing and the token is.
fn good<'a>(edge: &Edge, standing: &'a TokenStanding) -> Result<(&'a Client, &'a User), LegacyRefusal> {
    // Deleting a person takes their tokens back too; that they are gone is the better answer.
    let user = standing.user.as_ref().ok_or(OauthCode::UserUnknown)?;
    let token = &standing.token;
    if token.revoked || edge.clock.now_ms() >= token.expires_at_ms {
        return Err(LegacyCode::UserTokenInvalid.into());
    }
    let client = standing.client.as_ref().ok_or(OauthCode::ClientDisabled)?;
    if !client.enabled {
        return Err(OauthCode::ClientDisabled.into());
    }
    in_good_standing(user, standing.tenant)?;
    Ok((client, user))
}
