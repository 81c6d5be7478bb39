//! `GET /.well-known/oauth-authorization-server`: where the endpoints are and what they can do (RFC 8414).
//!
//! The addresses are those under which the caller reached us, because a client must find in `issuer` the very address
//! it asked (RFC 8414, section 3.3). Behind a gateway that we trust this is what the gateway says about the request.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header, request::Parts, uri::Authority},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use crate::{
    edge::{Edge, PeerAddress, lies_in},
    manage::scopes::KNOWN_SCOPES,
    oauth::{dialect::Dialect, token_endpoint::grant_types},
    wire::{FieldViolation, WireError, json_response},
};

#[derive(Serialize)]
struct Document {
    authorization_endpoint: String,
    token_endpoint: String,
    issuer: String,
    scopes_supported: [&'static str; KNOWN_SCOPES.len()],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: &'static [&'static str],
    token_endpoint_auth_methods_supported: [&'static str; 3],
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
    let origin = origin(edge, request).ok_or_else(|| {
        WireError::bad_request(vec![FieldViolation::new("Host", "Host must name this server")])
    })?;
    let document = Document {
        authorization_endpoint: format!("{origin}/open-apis/authen/v1/authorize"),
        token_endpoint: format!("{origin}/oauth/v3/token"),
        issuer: origin,
        scopes_supported: KNOWN_SCOPES,
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: grant_types(Dialect::V3),
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
        code_challenge_methods_supported: ["S256", "plain"],
    };
    json_response(StatusCode::OK, &document)
}

/// Scheme and authority under which the caller reached us; none when no header names a host.
pub(crate) fn origin(edge: &Edge, request: &Parts) -> Option<String> {
    let trusts = |address: SocketAddr| lies_in(address, &edge.settings.trusted_proxies);
    let behind = request
        .extensions
        .get::<PeerAddress>()
        .is_some_and(|PeerAddress(address)| trusts(*address));
    let said = |name: &str| single(&request.headers, name).filter(|_| behind);
    let scheme = match said("x-forwarded-proto") {
        Some("https") => "https",
        _ => "http",
    };
    let host = said("x-forwarded-host")
        .or_else(|| single(&request.headers, header::HOST.as_str()))
        .or_else(|| request.uri.authority().map(Authority::as_str))?;
    let authority: Authority = host.parse().ok()?;
    (!authority.as_str().contains('@')).then(|| format!("{scheme}://{authority}"))
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
