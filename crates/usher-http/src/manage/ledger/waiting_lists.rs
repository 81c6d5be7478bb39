//! `/usher/v1/pools/{pool}/waiting-list`: who asked for a seat when none was free, first in line first.

use axum::response::Response;
use serde::Serialize;
use usher_seats::UserId;
use usher_store::{LedgerChange, SeatName, WaitingRow};
use utoipa::ToSchema;

use super::{
    super::{
        asked::Asked,
        lists::{Listed, Place},
        schemas::{ChangeQuery, Moment, PageQuery, PoolPath, Refusals, TenantQuery, UserNumber, UserPath},
    },
    pools::named,
    shown::{Changed, Gone, Wish},
};
use crate::wire::{WireCode, WireError, envelope::SuccessBody};

/// A person in a waiting list.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct WaitingData {
    #[schema(value_type = UserNumber)]
    user_id: UserId,
    /// Their place, from 1.
    #[schema(minimum = 1)]
    position: u64,
    /// Since when they wait.
    #[schema(value_type = Moment)]
    waiting_since: i64,
    /// When the seat they wait for is to end by itself; null when it is not.
    #[schema(value_type = Option<Moment>, required = true)]
    expires_at: Option<i64>,
}

impl From<WaitingRow> for WaitingData {
    fn from(row: WaitingRow) -> Self {
        Self {
            user_id: row.user_id,
            position: row.position,
            waiting_since: row.waiting_since_ms,
            expires_at: row.expires_at_ms,
        }
    }
}

/// List who waits for a seat of a pool, first in line first.
#[utoipa::path(get, path = "/usher/v1/pools/{pool}/waiting-list", tag = "pools", operation_id = "list_waiting",
    params(PoolPath, TenantQuery, PageQuery),
    responses((status = 200, description = "A page of people.", body = SuccessBody<Listed<WaitingData>>), Refusals))]
pub(in super::super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let name = named(&asked).await?;
    let store = &asked.edge.store;
    if store.pool(name.clone(), asked.now_ms).await?.is_none() {
        return Err(WireCode::PoolUnknown.into());
    }
    let (list, tenant) = (format!("waiting {name}"), name.tenant_id.0.to_string());
    let place = Place::<i64>::read(&asked, &list, &tenant)?;
    let rows = store.waiting(name, place.after, place.rows_asked()).await?;
    let page = place.page(rows);
    place.answer(&asked, page, |row| row.ticket.to_string(), WaitingData::from)
}

/// Take a person out of a waiting list.
#[utoipa::path(delete, path = "/usher/v1/pools/{pool}/waiting-list/{user_id}", tag = "pools",
    operation_id = "delete_waiting", params(PoolPath, UserPath, TenantQuery, ChangeQuery),
    responses((status = 200, description = "They wait no longer.", body = SuccessBody<Changed<Gone>>), Refusals))]
pub(in super::super) async fn delete(asked: Asked) -> Result<Response, WireError> {
    let pool = named(&asked).await?;
    let user_id = asked.path("user_id")?;
    let wish = Wish::read(&asked)?;
    let seat = SeatName { pool, user_id };
    let done = wish.make(&asked, LedgerChange::LeaveWaitingList { seat }).await?;
    done.answer_gone(
        WireError::from(WireCode::UserUnknown).with_message("The user is not in this waiting list."),
    )
}
