//! `/usher/v1/users/{user_id}/leaves`: when a person is not expected to come.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_seats::{IdentifierError, Leave, TenantId, UserId};
use usher_store::LeaveChange;
use utoipa::ToSchema;

use super::{
    super::{
        asked::Asked,
        idle_seats::schemas::LeavePath,
        schemas::{ChangeQuery, Moment, MomentNumber, Refusals, TenantQuery, UserPath},
        values::MomentMs,
    },
    shown::{Changed, Gone, Wish},
};
use crate::wire::{WireCode, WireError, envelope::SuccessBody, success};

const MOMENT_ALLOWED: &str = "the beginning of a leave in milliseconds, from 0 to 9999999999999";

/// A leave.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct LeaveData {
    /// The first moment of it.
    #[schema(value_type = Moment)]
    starts_at: i64,
    /// The first moment after it.
    #[schema(value_type = Moment)]
    ends_at: i64,
}

impl From<Leave> for LeaveData {
    fn from(leave: Leave) -> Self {
        Self {
            starts_at: leave.from_ms,
            ends_at: leave.until_ms,
        }
    }
}

/// The leaves of a person.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct Leaves {
    /// In order of their beginning.
    #[schema(max_items = 100)]
    items: Vec<LeaveData>,
}

/// A leave to note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewLeave {
    /// The first moment of it.
    #[schema(value_type = MomentNumber)]
    starts_at: MomentMs,
    /// The first moment after it.
    #[schema(value_type = MomentNumber)]
    ends_at: MomentMs,
}

/// List when a person is or was on leave.
#[utoipa::path(get, path = "/usher/v1/users/{user_id}/leaves", tag = "users", operation_id = "list_leaves",
    params(UserPath, TenantQuery),
    responses((status = 200, description = "All leaves that are kept.", body = SuccessBody<Leaves>), Refusals))]
pub(in super::super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let (tenant_id, user_id) = person(&asked).await?;
    let leaves = asked.edge.store.leaves(tenant_id, user_id).await?;
    success(Leaves {
        items: leaves.into_iter().map(LeaveData::from).collect(),
    })
}

/// Note a leave. One that begins at the same moment gets the new end; a person has at most a hundred.
#[utoipa::path(post, path = "/usher/v1/users/{user_id}/leaves", tag = "users", operation_id = "put_leave",
    params(UserPath, TenantQuery, ChangeQuery), request_body = NewLeave,
    responses((status = 200, description = "The leave.", body = SuccessBody<Changed<LeaveData>>), Refusals))]
pub(in super::super) async fn put(asked: Asked) -> Result<Response, WireError> {
    let (tenant_id, user_id) = person(&asked).await?;
    let NewLeave { starts_at, ends_at } = asked.body()?;
    let leave = Leave {
        from_ms: starts_at.0,
        until_ms: ends_at.0,
    };
    let put = LeaveChange::Put {
        tenant_id,
        user_id,
        leave,
    };
    let done = Wish::read(&asked)?.make(&asked, put).await?;
    done.answer(async { Ok(LeaveData::from(leave)) }).await
}

/// Take a leave away.
#[utoipa::path(delete, path = "/usher/v1/users/{user_id}/leaves/{starts_at}", tag = "users",
    operation_id = "delete_leave", params(UserPath, LeavePath, TenantQuery, ChangeQuery),
    responses((status = 200, description = "It is gone.", body = SuccessBody<Changed<Gone>>), Refusals))]
pub(in super::super) async fn remove(asked: Asked) -> Result<Response, WireError> {
    let (tenant_id, user_id) = person(&asked).await?;
    let MomentMs(from_ms) = asked.path_by("starts_at", moment)?;
    let remove = LeaveChange::Remove {
        tenant_id,
        user_id,
        from_ms,
    };
    let done = Wish::read(&asked)?.make(&asked, remove).await?;
    let missing = "The user has no leave that begins at this moment.";
    done.answer_gone(WireError::from(WireCode::UserUnknown).with_message(missing))
}

async fn person(asked: &Asked) -> Result<(TenantId, UserId), WireError> {
    let tenant_id = asked.tenant().await?.tenant_id;
    let user_id = asked.path("user_id")?;
    let user = asked.edge.store.user(tenant_id, user_id).await?;
    user.map(|user| (tenant_id, user.user_id))
        .ok_or(WireCode::UserUnknown.into())
}

fn moment(text: &str) -> Result<MomentMs, IdentifierError> {
    let digits = Some(text).filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|text| text.parse::<i64>().ok())
        .and_then(|number| MomentMs::try_from(number).ok())
        .ok_or(IdentifierError {
            field: "starts_at",
            allowed: MOMENT_ALLOWED,
        })
}
