//! `/usher/v1/users/{user_id}/active-days`: the days of one person.

use axum::response::Response;
use serde::Serialize;
use usher_seats::{Day, TimeZoneName, UserId};
use usher_store::ActiveDaysQuery;
use utoipa::ToSchema;

use super::{
    super::{
        asked::Asked,
        schemas::{
            DateText, DaysQuery, HistoryScopeQuery, Moment, Refusals, TenantQuery, TimeZoneText, UserPath,
        },
    },
    question::Question,
};
use crate::wire::{WireCode, WireError, envelope::SuccessBody, success};

/// The days on which a person was active.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct ActiveDaysData {
    /// Everything before this moment is counted.
    #[schema(value_type = Moment)]
    as_of: i64,
    /// Where the days begin and end.
    #[schema(value_type = TimeZoneText)]
    time_zone: TimeZoneName,
    /// In order.
    #[schema(value_type = Vec<DateText>, max_items = 400)]
    items: Vec<Day>,
}

/// List the days on which a person was active; with seat_type (and namespace for an app seat), the days of one seat.
#[utoipa::path(get, path = "/usher/v1/users/{user_id}/active-days", tag = "users",
    operation_id = "list_active_days",
    params(UserPath, TenantQuery, HistoryScopeQuery, DaysQuery),
    responses((status = 200, description = "The days.", body = SuccessBody<ActiveDaysData>), Refusals))]
pub(in crate::manage) async fn list(asked: Asked) -> Result<Response, WireError> {
    let user_id: UserId = asked.path("user_id")?;
    let question = Question::read(&asked).await?;
    let query = ActiveDaysQuery {
        scope: question.scope,
        user_id,
        days: question.days,
    };
    let store = &asked.edge.store;
    let items = store.active_days(query).await?;
    // Whoever has left has a history all the same; who has neither was never here.
    if items.is_empty() && store.user(question.tenant.tenant_id, user_id).await?.is_none() {
        return Err(WireCode::UserUnknown.into());
    }
    success(ActiveDaysData {
        as_of: question.as_of_ms,
        time_zone: question.tenant.time_zone,
        items,
    })
}
