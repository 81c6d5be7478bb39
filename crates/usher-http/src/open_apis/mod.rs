//! The Feishu calls (feishu-open-platform.md, section 1; DESIGN sections 4 and 5).
//!
//! - `GET /open-apis/apaas/v1/seat_activities`: who used which app when, by kind of seat
//! - `GET /open-apis/apaas/v1/seat_assignments`: who holds which seat
//! - `GET /open-apis/apaas/v1/apps`: which apps there are
//!
//! All go the same way: [`gateway`] decides whether the caller may ask, [`parameters`] reads what is asked,
//! [`paging`] turns page tokens into places and back, `page_body` writes rows, and the file of the call says how one looks. The order of the checks is
//! part of the wire: an outsider learns nothing about a later one from an earlier one.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::Method,
    response::Response,
    routing::any,
};

use crate::{body, edge::Edge, wire::WireError};

pub(crate) mod apps;
pub mod call;
pub mod gateway;
mod page_body;
pub mod paging;
pub mod parameters;
pub(crate) mod seat_activities;
pub(crate) mod seat_assignments;

pub use call::Call;

/// The routes of this folder. Every method comes in, because a wrong one is answered in the words of this API, and
/// `HEAD` is a wrong one too.
pub fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route(
            Call::SeatActivities.path(),
            any(|State(edge), request| answer(Call::SeatActivities, edge, request)),
        )
        .route(
            Call::SeatAssignments.path(),
            any(|State(edge), request| answer(Call::SeatAssignments, edge, request)),
        )
        .route(
            Call::Apps.path(),
            any(|State(edge), request| answer(Call::Apps, edge, request)),
        )
}

/// Answers one call. A body is read and thrown away, whatever it holds: two SDKs send one with every GET.
async fn answer(call: Call, edge: Arc<Edge>, request: Request) -> Result<Response, WireError> {
    let (parts, body) = request.into_parts();
    let answered = if parts.method == Method::GET {
        match call {
            Call::SeatActivities => seat_activities::list(&edge, &parts).await,
            Call::SeatAssignments => seat_assignments::list(&edge, &parts).await,
            Call::Apps => apps::list(&edge, &parts).await,
        }
    } else {
        Err(WireError::wrong_method(parts.method.as_str(), "GET"))
    };
    body::discard(body).await;
    answered.map_err(|error| match call.method_id() {
        Some(method_id) => error.with_method_id(method_id),
        None => error,
    })
}
