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
        page_body::{WriteRow, write_number},
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

impl WriteRow for Item {
    fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(br#"{"user_id":"#);
        write_number(self.user_id.get(), into);
        into.extend_from_slice(br#","namespace":""#);
        into.extend_from_slice(self.namespace.as_str().as_bytes());
        into.extend_from_slice(br#"","status":""#);
        into.extend_from_slice(self.status.wire_name().as_bytes());
        into.extend_from_slice(br#"","active_time":"#);
        write_number(self.active_time, into);
        into.push(b'}');
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
