//! `/usher/v1/groups/{group_key}/standing-assignments`: of which pools a group gives its people seats.

use axum::response::Response;
use serde::Serialize;
use usher_seats::{Namespace, SeatType};
use usher_store::{LedgerChange, PoolName};
use utoipa::ToSchema;

use super::{
    super::{
        asked::Asked,
        lists::{Listed, Place},
        schemas::{
            ChangeQuery, GroupPath, NamespaceText, PageQuery, PoolPath, PoolText, Refusals, SeatTypeText,
            TenantQuery,
        },
    },
    groups::{GroupData, named},
    pools,
    shown::{Changed, Gone, Wish},
};
use crate::wire::{WireCode, WireError, envelope::SuccessBody};

/// A pool of which a group gives seats.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct StandingData {
    /// The name of the pool.
    #[schema(value_type = PoolText)]
    pool: String,
    #[schema(value_type = SeatTypeText)]
    seat_type: SeatType,
    /// The app; null for platform seats.
    #[schema(value_type = Option<NamespaceText>, required = true)]
    namespace: Option<Namespace>,
}

impl From<PoolName> for StandingData {
    fn from(pool: PoolName) -> Self {
        Self {
            pool: pool.to_string(),
            seat_type: pool.seat_type,
            namespace: pool.namespace,
        }
    }
}

/// List the pools of which a group gives its people seats.
#[utoipa::path(get, path = "/usher/v1/groups/{group_key}/standing-assignments", tag = "groups",
    operation_id = "list_standing_assignments", params(GroupPath, TenantQuery, PageQuery),
    responses((status = 200, description = "A page of pools.", body = SuccessBody<Listed<StandingData>>), Refusals))]
pub(in super::super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let (tenant, group) = named(&asked).await?;
    let list = format!("standing-assignments {}", group.group_key);
    let place = Place::<String>::read(&asked, &list, tenant.tenant_key.as_str())?;
    let after = place.after.as_ref();
    let after = after.and_then(|name| PoolName::parse(tenant.tenant_id, name).ok());
    let pools = group.standing_assignments.into_iter();
    let rest = pools.filter(|pool| after.as_ref().is_none_or(|after| pool > after));
    let page = place.page(rest.take(place.rows_asked()).collect());
    place.answer(&asked, page, PoolName::to_string, StandingData::from)
}

/// Let a group give its people seats of a pool, beginning with those who are in it.
#[utoipa::path(put, path = "/usher/v1/groups/{group_key}/standing-assignments/{pool}", tag = "groups",
    operation_id = "set_standing_assignment", params(GroupPath, PoolPath, TenantQuery, ChangeQuery),
    responses((status = 200, description = "The group.", body = SuccessBody<Changed<GroupData>>), Refusals))]
pub(in super::super) async fn set(asked: Asked) -> Result<Response, WireError> {
    let (_, group) = named(&asked).await?;
    let pool = pools::named(&asked).await?;
    let wish = Wish::read(&asked)?;
    let change = LedgerChange::PutStandingAssignment {
        group_key: group.group_key,
        pool,
    };
    let done = wish.make(&asked, change).await?;
    done.answer(async { named(&asked).await.map(|(_, group)| GroupData::from(group)) })
        .await
}

/// End that; people lose the seats that only it gave them.
#[utoipa::path(delete, path = "/usher/v1/groups/{group_key}/standing-assignments/{pool}", tag = "groups",
    operation_id = "delete_standing_assignment", params(GroupPath, PoolPath, TenantQuery, ChangeQuery),
    responses((status = 200, description = "It has ended.", body = SuccessBody<Changed<Gone>>), Refusals))]
pub(in super::super) async fn delete(asked: Asked) -> Result<Response, WireError> {
    let (_, group) = named(&asked).await?;
    let pool = pools::named(&asked).await?;
    let wish = Wish::read(&asked)?;
    let change = LedgerChange::RemoveStandingAssignment {
        group_key: group.group_key,
        pool,
    };
    let done = wish.make(&asked, change).await?;
    done.answer_gone(
        WireError::from(WireCode::PoolUnknown).with_message("The group gives no seats of this pool."),
    )
}
