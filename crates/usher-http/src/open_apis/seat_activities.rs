//! `GET /open-apis/apaas/v1/seat_activities`: the newest admitted access per (seat type, user, app).

use axum::{http::request::Parts, response::Response};
use serde::Serialize;
use usher_seats::{Namespace, SeatStatus, UserId};
use usher_store::ActivityRow;
use utoipa::ToSchema;

use crate::{
    edge::Edge,
    manage::schemas::{Moment, NamespaceText, Refusals, SeatPageQuery, SeatStatusText, UserNumber},
    open_apis::{
        Call,
        paging::{Asked, Data},
    },
    wire::{WireError, envelope::SuccessBody},
};

/// Which call this file answers.
const CALL: Call = Call::SeatActivities;

/// One row on the wire.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivityItem)]
pub(crate) struct Item {
    #[schema(value_type = UserNumber)]
    user_id: UserId,
    #[schema(value_type = NamespaceText)]
    namespace: Namespace,
    #[schema(value_type = SeatStatusText)]
    status: SeatStatus,
    /// When, in milliseconds since 1970.
    #[schema(value_type = Moment)]
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

/// List who used which app when. For system administrators.
#[utoipa::path(get, path = "/open-apis/apaas/v1/seat_activities", tag = "seats", operation_id = "list_seat_activities",
    params(SeatPageQuery),
    responses((status = 200, description = "A page of rows.", body = SuccessBody<Data<Item>>), Refusals))]
pub(crate) async fn list(edge: &Edge, request: &Parts) -> Result<Response, WireError> {
    let asked = Asked::read(edge, CALL, request).await?;
    let page = edge.store.activities(asked.query.clone()).await?;
    asked.answer::<_, Item>(edge, page, ActivityRow::key)
}
