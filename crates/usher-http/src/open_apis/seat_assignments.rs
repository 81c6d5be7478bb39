//! `GET /open-apis/apaas/v1/seat_assignments`: who holds or held which seat.

use axum::{http::request::Parts, response::Response};
use serde::Serialize;
use usher_seats::{Namespace, SeatStatus, UserId};
use usher_store::AssignmentRow;
use utoipa::ToSchema;

use crate::{
    edge::Edge,
    manage::schemas::{NamespaceText, Refusals, SeatPageQuery, SeatStatusText, UserNumber},
    open_apis::{
        Call,
        page_body::{WriteRow, write_number},
        paging::{Asked, Data},
    },
    wire::{WireError, envelope::SuccessBody},
};

/// Which call this file answers.
const CALL: Call = Call::SeatAssignments;

/// One row on the wire.
#[derive(Serialize, ToSchema)]
#[schema(as = AssignmentItem)]
pub(crate) struct Item {
    #[schema(value_type = UserNumber)]
    user_id: UserId,
    /// A platform seat is bound to no app, so it has no such key; never an empty text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = NamespaceText, required = false)]
    namespace: Option<Namespace>,
    #[schema(value_type = SeatStatusText)]
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

impl WriteRow for Item {
    fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(br#"{"user_id":"#);
        write_number(self.user_id.get(), into);
        if let Some(namespace) = &self.namespace {
            into.extend_from_slice(br#","namespace":""#);
            into.extend_from_slice(namespace.as_str().as_bytes());
            into.push(b'"');
        }
        into.extend_from_slice(br#","status":""#);
        into.extend_from_slice(self.status.wire_name().as_bytes());
        into.extend_from_slice(br#""}"#);
    }
}

/// List who holds which seat. For system administrators.
#[utoipa::path(get, path = "/open-apis/apaas/v1/seat_assignments", tag = "seats", operation_id = "list_seat_assignments",
    params(SeatPageQuery),
    responses((status = 200, description = "A page of rows.", body = SuccessBody<Data<Item>>), Refusals))]
pub(crate) async fn list(edge: &Edge, request: &Parts) -> Result<Response, WireError> {
    let asked = Asked::read(edge, CALL, request).await?;
    let page = edge.store.assignments(asked.query.clone()).await?;
    asked.answer::<_, Item>(edge, page, AssignmentRow::key)
}
