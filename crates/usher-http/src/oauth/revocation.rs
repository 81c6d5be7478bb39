//! `POST /oauth/v3/revoke`: a client gives a token back (RFC 7009), as when somebody signs out of a program.
//!
//! A refresh token takes everything of its authorization along; an access token goes alone. Whether there was such a
//! token, and whether it was another client's, is not told: the answer is the same, and nothing of another client's
//! is touched.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use usher_identity::{Secret, read_refresh_token, token::hash_token};
use usher_store::{Change, TokenHash};

use crate::{
    edge::Edge,
    oauth::{
        client_auth::{Caller, authenticate},
        code_grant::revoke_family,
        fields::Fields,
        refusal::{OauthCode, OauthRefusal},
    },
    wire::json_response,
};

#[derive(Serialize)]
struct Body {
    code: u32,
}

/// Answers the call.
pub(super) async fn answer(edge: Arc<Edge>, request: Request) -> Response {
    match revoke(&edge, request).await {
        Ok(()) => json_response(StatusCode::OK, &Body { code: 0 }).into_response(),
        Err(refusal) => refusal.flat(),
    }
}

async fn revoke(edge: &Edge, request: Request) -> Result<(), OauthRefusal> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return Err(OauthCode::Malformed.into());
    }
    let fields = Fields::read(body, &edge.bodies).await?;
    let caller = authenticate(edge, "revoke", &parts.headers, &fields).await?;
    // `token_type_hint` would only say what the token itself says.
    let token = fields.required("token")?;
    match read_refresh_token(token) {
        Some((_, hash)) => refresh_token(edge, &caller, TokenHash(hash)).await,
        None => access_token(edge, &caller, token).await,
    }
}

async fn refresh_token(edge: &Edge, caller: &Caller, hash: TokenHash) -> Result<(), OauthRefusal> {
    let standing = edge.store.refresh_token(hash).await?;
    match standing.map(|standing| standing.what) {
        Some(token) if token.client_id == *caller.client_id() && !token.revoked => {
            Ok(revoke_family(edge, token.family_id).await?)
        }
        _ => Ok(()),
    }
}

async fn access_token(edge: &Edge, caller: &Caller, text: &str) -> Result<(), OauthRefusal> {
    let token_hash = TokenHash(hash_token(&Secret::new(text)));
    let standing = edge.store.token(token_hash).await?;
    let own = standing
        .map(|standing| standing.token)
        .filter(|token| token.client_id.as_ref() == Some(caller.client_id()) && !token.revoked);
    let Some(token) = own else {
        return Ok(());
    };
    let change = Change::RevokeToken {
        tenant_id: token.tenant_id,
        token_hash,
    };
    edge.store.change(vec![change], edge.clock.now_ms()).await?;
    Ok(())
}
