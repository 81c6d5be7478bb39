//! `GET /open-apis/apaas/v1/seat_assignments`: who holds or held which seat.

use axum::{http::request::Parts, response::Response};
use serde::Serialize;
use usher_seats::{Namespace, SeatStatus, UserId};
use usher_store::AssignmentRow;

use crate::{
    edge::Edge,
    open_apis::{Call, paging::Asked},
    wire::WireError,
};

/// Which call this file answers.
const CALL: Call = Call::SeatAssignments;

/// One row on the wire.
#[derive(Serialize)]
struct Item {
    user_id: UserId,
    /// A platform seat is bound to no app, so it has no such key; never an empty text.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<Namespace>,
    status: SeatStatus,
}

impl From<AssignmentRow> for Item {
    fn from(row: AssignmentRow) -> Self {
        Self {
            user_id: row.user_id,
            namespace: row.namespace,
            status: row.status,
        }
    }
}

/// Answers the call.
pub(super) async fn list(edge: &Edge, request: &Parts) -> Result<Response, WireError> {
    let asked = Asked::read(edge, CALL, request).await?;
    let page = edge.store.assignments(asked.query.clone()).await?;
    asked.answer::<_, Item>(edge, page, AssignmentRow::key)
}
