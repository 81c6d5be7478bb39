//! `/usher/v1/installs`: store clients that may act in a tenant.
//!
//! A client that is not a store client, or that nobody has, answers alike: there is no such client to install.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_seats::ClientId;
use usher_store::{Effect, IdentityChange};
use utoipa::ToSchema;

use super::{
    asked::Asked,
    clients::ClientSummary,
    lists::{Listed, Place},
    once::{Creation, Once},
    schemas::{ClientIdText, ClientPath, KeyHeader, PageQuery, Refusals, TenantQuery},
    users::Nothing,
};
use crate::wire::{WireCode, WireError, envelope::SuccessBody, success};

/// A store client to install.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInstall {
    #[schema(value_type = ClientIdText)]
    client_id: ClientId,
}

/// A store client that is installed.
#[derive(Serialize, ToSchema)]
pub(super) struct InstallData {
    #[schema(value_type = ClientIdText)]
    client_id: ClientId,
}

/// A store client that was installed.
#[derive(Serialize, ToSchema)]
pub(super) struct InstallCreated {
    #[serde(flatten)]
    install: InstallData,
    /// True when this answer was given before.
    replayed: bool,
}

/// List the store clients installed in a tenant, in order of their id.
#[utoipa::path(get, path = "/usher/v1/installs", tag = "installs", operation_id = "list_installs",
    params(TenantQuery, PageQuery),
    responses((status = 200, description = "A page of clients.", body = SuccessBody<Listed<ClientSummary>>), Refusals))]
pub(super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let place = Place::<ClientId>::read(&asked, "installs", tenant.tenant_key.as_str())?;
    let clients = asked
        .edge
        .store
        .installed_clients(tenant.tenant_id, place.after.clone(), place.rows_asked())
        .await?;
    let page = place.page(clients);
    place.answer(
        &asked,
        page,
        |client| client.client_id.to_string(),
        ClientSummary::from,
    )
}

/// Install a store client: people of the tenant may then let it act for them. Installing twice is installing once.
#[utoipa::path(post, path = "/usher/v1/installs", tag = "installs", operation_id = "create_install",
    params(TenantQuery, KeyHeader), request_body = NewInstall,
    responses((status = 200, description = "It is installed.", body = SuccessBody<InstallCreated>), Refusals))]
pub(super) async fn create(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let NewInstall { client_id } = asked.body()?;
    let once = Once::read(&asked, (Some(tenant.tenant_id), tenant.tenant_key.as_str()))?;
    if let Some(answer) = once.replay(&asked).await? {
        return Ok(answer);
    }
    let change = IdentityChange::InstallClient {
        tenant_id: tenant.tenant_id,
        client_id: client_id.clone(),
    };
    let creation = Creation {
        changes: vec![change.into()],
        data: InstallData { client_id },
        secrets: Vec::new(),
    };
    once.commit(&asked, creation).await
}

/// Uninstall a store client; its tokens in the tenant end at once.
#[utoipa::path(delete, path = "/usher/v1/installs/{client_id}", tag = "installs", operation_id = "delete_install",
    params(ClientPath, TenantQuery),
    responses((status = 200, description = "It is not installed.", body = SuccessBody<Nothing>), Refusals))]
pub(super) async fn delete(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let change = IdentityChange::UninstallClient {
        tenant_id: tenant.tenant_id,
        client_id: asked.path("client_id")?,
    };
    let effects = asked.change(vec![change.into()]).await?;
    if effects.contains(&Effect::Unchanged) {
        return Err(WireCode::ClientUnknown.into());
    }
    success(Nothing {})
}
