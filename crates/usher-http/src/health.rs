//! How the server is doing.
//!
//! - `GET /livez`: 200 `alive` while the process answers at all; asks nothing of the store
//! - `GET /readyz`: 200 `ready`; 200 `spooling` while the database is away and people seen recently are admitted all the same;
//!   503 `not ready` while nobody can be admitted
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
    let spooled = edge.door.spooled();
    if edge.store.health().ready {
        (TEXT, "ready\n").into_response()
    } else if spooled.may_spool && !spooled.full {
        // Taken out of service, this instance could not admit whom it has seen.
        (TEXT, "spooling\n").into_response()
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
    let health = edge.store.health();
    let own_ms = edge.door.watermark_ms(now_ms);
    // As it was when this instance last spoke: who watches from outside must not wait for the database.
    let watermark_ms = health.others_watermark_ms.map_or(own_ms, |ms| ms.min(own_ms));
    let moment = Moment {
        door_waiting: edge.door.waiting(),
        door: edge.door.counters(),
        watermark_lag_ms: now_ms.saturating_sub(watermark_ms).max(0),
        store: health,
        spooled: edge.door.spooled(),
    };
    (METRICS_TEXT, edge.telemetry.render(&moment)).into_response()
}
