//! How the server is doing.
//!
//! - `GET /livez`: 200 `alive` while the process answers at all; asks nothing of the store
//! - `GET /readyz`: 200 `ready`, or 503 `not ready` while the store cannot admit anybody
//! - `GET /metrics`: Prometheus's text form, for the networks the operator named (this machine alone by default);
//!   anybody else finds no such path, because the numbers are of all tenants together

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{
    edge::{Edge, PeerAddress, lies_in},
    router::not_found,
    telemetry::Moment,
};

type Typed = [(HeaderName, &'static str); 1];
const TEXT: Typed = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
/// Prometheus asks for the version of its text form.
const METRICS_TEXT: Typed = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];

/// The routes of this file.
pub fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn live() -> Response {
    (TEXT, "alive\n").into_response()
}

async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    if edge.store.health().ready {
        (TEXT, "ready\n").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, TEXT, "not ready\n").into_response()
    }
}

async fn metrics(State(edge): State<Arc<Edge>>, peer: Option<Extension<PeerAddress>>) -> Response {
    let allowed =
        peer.is_some_and(|Extension(PeerAddress(address))| lies_in(address, &edge.settings.metrics_networks));
    if !allowed {
        return not_found().await;
    }
    let now_ms = edge.clock.now_ms();
    let moment = Moment {
        door_waiting: edge.door.waiting(),
        door: edge.door.counters(),
        watermark_lag_ms: now_ms.saturating_sub(edge.door.watermark_ms(now_ms)).max(0),
        store: edge.store.health(),
    };
    (METRICS_TEXT, edge.telemetry.render(&moment)).into_response()
}
