//! OAuth 2.0 and its neighbours: how a client gets tokens (feishu-open-platform.md, sections 5 and 6;
//! client-behaviour.md, section 5). The page on which a person says yes is not here.
//!
//! - `POST /oauth/v3/token`: a code, a refresh token or the client alone becomes tokens; flat answers
//! - `POST /oauth/v3/revoke`: a client gives a token back (RFC 7009)
//! - `POST /open-apis/authen/v2/oauth/token`: the same without the client alone, and more lenient about PKCE
//! - `POST /open-apis/authen/v1/oidc/access_token`, `.../oidc/refresh_access_token`: the older form
//! - `GET /open-apis/authen/v1/user_info`: who a user token acts for
//! - `POST /open-apis/auth/v3/tenant_access_token/internal`, `.../app_access_token/internal`: a client's own token
//! - `POST /open-apis/auth/v3/app_access_token`, `.../tenant_access_token`: those of store clients
//! - `POST /open-apis/auth/v3/app_ticket/resend`: a store client asks for its ticket
//! - `GET /.well-known/oauth-authorization-server`: where all this is (RFC 8414)
//!
//! [`refusal`] and [`legacy_refusal`] are the tables of what is refused, [`dialect`] of what the endpoints differ in;
//! [`code_grant`] and [`refresh_grant`] hold the rules. Paths of `auth/v3` work with a slash at the end too, as they do
//! at the platform. Nothing here may be kept by a cache, and nothing the caller sends is logged.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::map_response,
    response::Response,
    routing::any,
};

use crate::edge::Edge;

mod app_tokens;
mod client_auth;
pub mod code_grant;
pub mod delivery;
pub mod dialect;
mod fields;
pub mod legacy_refusal;
mod metadata;
mod oidc;
mod pair;
pub mod refresh_grant;
pub mod refusal;
mod revocation;
mod shared_token;
pub mod tickets;
mod token_endpoint;
pub mod user_info;

use app_tokens::AppTokenCall;
use dialect::Dialect;
use oidc::OidcCall;

/// The routes of this folder. Every method comes in, because a wrong one is answered in the words of each endpoint.
pub fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .merge(user_token_routes())
        .merge(app_token_routes())
        .route(
            "/.well-known/oauth-authorization-server",
            any(|State(edge), request| metadata::answer(edge, request)),
        )
        .layer(map_response(unkept))
}

fn user_token_routes() -> Router<Arc<Edge>> {
    let oidc = |call| any(move |State(edge), request| oidc::answer(call, edge, request));
    let token = |dialect| any(move |State(edge), request| token_endpoint::answer(dialect, edge, request));
    Router::new()
        .route("/oauth/v3/token", token(Dialect::V3))
        .route(
            "/oauth/v3/revoke",
            any(|State(edge), request| revocation::answer(edge, request)),
        )
        .route("/open-apis/authen/v2/oauth/token", token(Dialect::V2))
        .route(
            "/open-apis/authen/v1/oidc/access_token",
            oidc(OidcCall::AccessToken),
        )
        .route(
            "/open-apis/authen/v1/oidc/refresh_access_token",
            oidc(OidcCall::RefreshAccessToken),
        )
        .route(
            "/open-apis/authen/v1/user_info",
            any(|State(edge), request| user_info::answer(edge, request)),
        )
}

fn app_token_routes() -> Router<Arc<Edge>> {
    let calls = [
        ("tenant_access_token/internal", AppTokenCall::TenantInternal),
        ("app_access_token/internal", AppTokenCall::AppInternal),
        ("app_access_token", AppTokenCall::App),
        ("tenant_access_token", AppTokenCall::Tenant),
        ("app_ticket/resend", AppTokenCall::ResendTicket),
    ];
    calls.into_iter().fold(Router::new(), |router, (path, call)| {
        let answer =
            move |State(edge): State<Arc<Edge>>, request: Request| app_tokens::answer(call, edge, request);
        let path = format!("/open-apis/auth/v3/{path}");
        router
            .route(&format!("{path}/"), any(answer))
            .route(&path, any(answer))
    })
}

/// No cache may keep what has a token in it (RFC 6749, section 5.1).
async fn unkept(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}
