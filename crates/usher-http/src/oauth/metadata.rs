//! `GET /.well-known/oauth-authorization-server`: where the endpoints are and what they can do (RFC 8414).
//!
//! The addresses are those under which we are found, because a client must find in `issuer` the very address it asked
//! (RFC 8414, section 3.3).

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{Method, StatusCode, request::Parts},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use crate::{
    edge::Edge,
    manage::scopes::KNOWN_SCOPES,
    oauth::{dialect::Dialect, token_endpoint::grant_types},
    reached::Reached,
    wire::{FieldViolation, WireError, json_response},
};

/// How a client may prove itself.
const CLIENT_PROOFS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

#[derive(Serialize)]
struct Document {
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    issuer: String,
    scopes_supported: [&'static str; KNOWN_SCOPES.len()],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: &'static [&'static str],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 2],
}

/// Answers the call.
pub(super) async fn answer(edge: Arc<Edge>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    describe(&edge, &parts).into_response()
}

fn describe(edge: &Edge, request: &Parts) -> Result<Response, WireError> {
    if request.method != Method::GET {
        return Err(WireError::wrong_method(request.method.as_str(), "GET"));
    }
    let origin = Reached::by(request, &edge.settings).base.ok_or_else(|| {
        WireError::bad_request(vec![FieldViolation::new("Host", "Host must name this server")])
    })?;
    let document = Document {
        authorization_endpoint: format!("{origin}/open-apis/authen/v1/authorize"),
        token_endpoint: format!("{origin}/oauth/v3/token"),
        revocation_endpoint: format!("{origin}/oauth/v3/revoke"),
        issuer: origin,
        scopes_supported: KNOWN_SCOPES,
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: grant_types(Dialect::V3),
        token_endpoint_auth_methods_supported: CLIENT_PROOFS,
        revocation_endpoint_auth_methods_supported: CLIENT_PROOFS,
        code_challenge_methods_supported: ["S256", "plain"],
    };
    json_response(StatusCode::OK, &document)
}
