//! Which seats lie idle, and what says so.
//!
//! | Route | Methods |
//! | --- | --- |
//! | `/usher/v1/reports/idle_seats` | GET: a page, as JSON or CSV |
//!
//! **Pages.** A page costs the same in every organisation, because the ledger looks at no more than two thousand seats for
//! it. Where few seats fit, a page has fewer rows than asked for, or none, and `has_more` is true all the same: whoever
//! wants everything goes on until it is false. (The lists that Feishu has never do that; this one is our own.)
//!
//! **Trust.** A seat may be taken away for what stands here. So the report says up to when it is true, and is refused while
//! it could be wrong (`as_of`).

use std::sync::Arc;

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use usher_seats::IdlePolicy;
use usher_store::IdlePage;
use utoipa::ToSchema;

use super::{
    as_of::as_of,
    asked::Asked,
    lists::Place,
    schemas::{Moment, PageQuery, Refusals, TenantQuery},
};
use crate::{
    edge::Edge,
    wire::{WireError, envelope::SuccessBody, success},
};

mod question;
mod row;
pub(super) mod schemas;
mod table;

pub(crate) use question::SeatPlace;
pub use table::COLUMNS;

use question::{Filter, Format};
use row::IdleSeatData;
use schemas::IdleSeatsQuery;

/// The routes of this folder.
pub(super) fn routes() -> Router<Arc<Edge>> {
    Router::new().route("/usher/v1/reports/idle_seats", get(report))
}

/// By which days seats are judged.
#[derive(Serialize, ToSchema)]
pub(super) struct PolicyData {
    /// Idle from so many days on.
    idle_after_days: u32,
    /// New for so many days after the assignment.
    new_for_days: u32,
}

/// A page of seats.
#[derive(Serialize, ToSchema)]
pub(super) struct IdleSeatsData {
    /// Every access before this moment is counted.
    #[schema(value_type = Moment)]
    as_of: i64,
    policy: PolicyData,
    /// From when on refused attempts were counted: since Usher started.
    #[schema(value_type = Moment)]
    refused_attempts_since: i64,
    /// In the order asked for; perhaps fewer than asked for, or none, although more follow.
    #[schema(max_items = 500)]
    items: Vec<IdleSeatData>,
    /// Where the next page begins; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    page_token: Option<String>,
    /// Whether there is a next page.
    has_more: bool,
}

/// List seats in use with how idle they are and what says so, the longest idle first.
#[utoipa::path(get, path = "/usher/v1/reports/idle_seats", tag = "reports", operation_id = "report_idle_seats",
    params(TenantQuery, IdleSeatsQuery, PageQuery),
    responses((status = 200, description = "A page of seats. In CSV, `X-Usher-As-Of` says up to when it is true and \
        `X-Usher-Page-Token`, unless it is the last page, where the next one begins.", content(
        (SuccessBody<IdleSeatsData> = "application/json"), (String = "text/csv"))), Refusals))]
pub(super) async fn report(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let as_of_ms = as_of(&asked.edge, asked.now_ms).await?;
    let filter = Filter::read(&asked)?;
    let list = filter.list();
    let place = Place::<SeatPlace>::read(&asked, &list, tenant.tenant_key.as_str())?;
    filter.require_known(&asked, tenant.tenant_id).await?;
    let after = place.after.as_ref().map(|SeatPlace(key)| key.clone());
    let query = filter.query((tenant.tenant_id, asked.now_ms), after, place.rows_max);
    let IdlePage { rows, next } = asked.edge.store.idle_seats(query).await?;
    let page_token = next
        .map(|key| place.token(&asked, &SeatPlace(key).to_string()))
        .transpose()?;
    if filter.format == Format::Csv {
        return table::answer(as_of_ms, page_token, &rows).map(IntoResponse::into_response);
    }
    let policy = IdlePolicy::default();
    success(IdleSeatsData {
        as_of: as_of_ms,
        policy: PolicyData {
            idle_after_days: policy.idle_after_days,
            new_for_days: policy.new_for_days,
        },
        refused_attempts_since: asked.edge.began_ms.0,
        items: rows.into_iter().map(IdleSeatData::from).collect(),
        has_more: page_token.is_some(),
        page_token,
    })
}
