//! `GET /open-apis/apaas/v1/seat_activities`: the newest admitted access per (seat type, user, app).

use axum::{http::request::Parts, response::Response};
use serde::Serialize;
use usher_seats::{Namespace, SeatStatus, UserId};
use usher_store::ActivityRow;

use crate::{
    edge::Edge,
    open_apis::{Call, paging::Asked},
    wire::WireError,
};

/// Which call this file answers.
const CALL: Call = Call::SeatActivities;

/// One row on the wire.
#[derive(Serialize)]
struct Item {
    user_id: UserId,
    namespace: Namespace,
    status: SeatStatus,
    active_time: i64,
}

impl From<ActivityRow> for Item {
    fn from(row: ActivityRow) -> Self {
        Self {
            user_id: row.user_id,
            namespace: row.namespace,
            status: row.status,
            active_time: row.active_time_ms,
        }
    }
}

/// Answers the call.
pub(super) async fn list(edge: &Edge, request: &Parts) -> Result<Response, WireError> {
    let asked = Asked::read(edge, CALL, request).await?;
    let page = edge.store.activities(asked.query.clone()).await?;
    asked.answer::<_, Item>(edge, page, ActivityRow::key)
}
