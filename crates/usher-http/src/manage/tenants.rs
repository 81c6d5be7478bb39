//! `/usher/v1/tenants`: organisations. For operators alone.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_seats::{TenantKey, TimeZoneName};
use usher_store::{Change, Tenant};
use utoipa::ToSchema;

use super::{
    asked::Asked,
    lists::{Listed, Place},
    once::{Creation, Once},
    schemas::{
        HistoryDaysNumber, KeyHeader, NameText, PageQuery, Refusals, TenantKeyText, TenantPath, TimeZoneText,
    },
    values::{DisplayName, HistoryDays, absent_or_null},
};
use crate::wire::{WireCode, WireError, envelope::SuccessBody, success};

/// An organisation.
#[derive(Serialize, ToSchema)]
pub(super) struct TenantData {
    #[schema(value_type = TenantKeyText)]
    tenant_key: TenantKey,
    /// For people.
    name: String,
    /// False locks out everything of it.
    enabled: bool,
    /// Where its days begin and end.
    #[schema(value_type = TimeZoneText)]
    time_zone: TimeZoneName,
    /// For how many days history is kept; absent when it is kept for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = HistoryDaysNumber, required = false)]
    history_days: Option<u32>,
}

/// A new organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    #[schema(value_type = TenantKeyText)]
    tenant_key: TenantKey,
    /// For people; the key where it is missing.
    #[schema(value_type = Option<NameText>)]
    name: Option<DisplayName>,
    /// Where its days begin and end; UTC where it is missing.
    #[schema(value_type = Option<TimeZoneText>)]
    time_zone: Option<TimeZoneName>,
}

/// A tenant that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct TenantCreated {
    #[serde(flatten)]
    tenant: TenantData,
    /// True when this answer was given before.
    replayed: bool,
}

/// What is to be different; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantPatch {
    /// For people.
    #[schema(value_type = Option<NameText>)]
    name: Option<DisplayName>,
    /// Off ends everything of it at once.
    enabled: Option<bool>,
    /// Where its days begin and end.
    #[schema(value_type = Option<TimeZoneText>)]
    time_zone: Option<TimeZoneName>,
    /// For how many days history is kept; null keeps it for good. What is older goes within the hour, and does not
    /// come back.
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(value_type = Option<HistoryDaysNumber>)]
    history_days: Option<Option<HistoryDays>>,
}

impl From<Tenant> for TenantData {
    fn from(tenant: Tenant) -> Self {
        Self {
            tenant_key: tenant.tenant_key,
            name: tenant.name,
            enabled: tenant.enabled,
            time_zone: tenant.time_zone,
            history_days: tenant.history_days,
        }
    }
}

/// List tenants, in order of their key. For operators.
#[utoipa::path(get, path = "/usher/v1/tenants", tag = "tenants", operation_id = "list_tenants",
    params(PageQuery),
    responses((status = 200, description = "A page of tenants.", body = SuccessBody<Listed<TenantData>>), Refusals))]
pub(super) async fn list(asked: Asked) -> Result<Response, WireError> {
    asked.caller.operator_only()?;
    let place = Place::<TenantKey>::read(&asked, "tenants", "")?;
    let tenants = asked
        .edge
        .store
        .tenants(place.after.clone(), place.rows_asked())
        .await?;
    let page = place.page(tenants);
    place.answer(
        &asked,
        page,
        |tenant| tenant.tenant_key.to_string(),
        TenantData::from,
    )
}

/// Make a tenant. For operators.
#[utoipa::path(post, path = "/usher/v1/tenants", tag = "tenants", operation_id = "create_tenant",
    params(KeyHeader), request_body = NewTenant,
    responses((status = 200, description = "The tenant.", body = SuccessBody<TenantCreated>), Refusals))]
pub(super) async fn create(asked: Asked) -> Result<Response, WireError> {
    asked.caller.operator_only()?;
    let NewTenant {
        tenant_key,
        name,
        time_zone,
    } = asked.body()?;
    let time_zone = time_zone.unwrap_or_default();
    let once = Once::read(&asked, (None, ""))?;
    if let Some(answer) = once.replay(&asked).await? {
        return Ok(answer);
    }
    let name = name.map_or_else(|| tenant_key.to_string(), |name| name.0);
    let creation = Creation {
        changes: vec![Change::CreateTenant {
            tenant_key: tenant_key.clone(),
            name: name.clone(),
            time_zone: time_zone.clone(),
        }],
        data: TenantData {
            tenant_key,
            name,
            enabled: true,
            time_zone,
            history_days: None,
        },
        secrets: Vec::new(),
    };
    once.commit(&asked, creation).await
}

/// Show a tenant. For operators.
#[utoipa::path(get, path = "/usher/v1/tenants/{tenant_key}", tag = "tenants", operation_id = "get_tenant",
    params(TenantPath),
    responses((status = 200, description = "The tenant.", body = SuccessBody<TenantData>), Refusals))]
pub(super) async fn show(asked: Asked) -> Result<Response, WireError> {
    success(TenantData::from(named(&asked).await?))
}

/// Change a tenant: its name, its time zone, for how long history is kept, on or off. Off ends everything of it at once.
/// For operators.
#[utoipa::path(patch, path = "/usher/v1/tenants/{tenant_key}", tag = "tenants", operation_id = "update_tenant",
    params(TenantPath), request_body = TenantPatch,
    responses((status = 200, description = "The tenant.", body = SuccessBody<TenantData>), Refusals))]
pub(super) async fn update(asked: Asked) -> Result<Response, WireError> {
    let tenant_id = named(&asked).await?.tenant_id;
    let TenantPatch {
        name,
        enabled,
        time_zone,
        history_days,
    } = asked.body()?;
    let described = Change::DescribeTenant {
        tenant_id,
        name: name.map(|name| name.0),
        time_zone,
    };
    let switched = enabled.map(|enabled| Change::SetTenantEnabled { tenant_id, enabled });
    let kept = history_days.map(|days| Change::KeepHistory {
        tenant_id,
        days: days.map(|days| days.0),
    });
    let changes = [described].into_iter().chain(switched).chain(kept);
    asked.change(changes.collect()).await?;
    success(TenantData::from(named(&asked).await?))
}

async fn named(asked: &Asked) -> Result<Tenant, WireError> {
    asked.caller.operator_only()?;
    let tenant_key: TenantKey = asked.path("tenant_key")?;
    let tenant = asked.edge.store.tenant(&tenant_key).await?;
    tenant.ok_or(WireCode::TenantUnknown.into())
}
