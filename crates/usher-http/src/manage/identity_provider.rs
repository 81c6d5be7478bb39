//! `/usher/v1/identity-provider`: an organisation's own way to sign in, one or none for each tenant.
//!
//! The server calls the address that is set here, from inside the network it stands in. So only an operator sets it, as
//! only an operator says where gateways serve an app; an administrator sees their own. Our secret at the provider is
//! sealed as it comes in, bound to tenant, issuer and client id, and in no answer: with another issuer or client id a
//! secret must come along, because the present one was given to somebody else.

use axum::response::Response;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use usher_identity::Secret;
use usher_seats::{TenantId, TenantKey};
use usher_store::{Effect, IdentityChange, Tenant, identity::IdentityProvider};
use utoipa::ToSchema;

use super::{
    asked::Asked,
    caller::Caller,
    schemas::{
        ClientSecretText, IssuerText, NameText, ProviderClientIdText, Refusals, TenantKeyText, TenantQuery,
    },
    users::Nothing,
    values::{DisplayName, Issuer, ProviderClientId, absent_or_null, yes},
};
use crate::{
    edge::draw,
    sign_in::provider::{
        CALLBACK_PATH,
        settings::{check_client_secret, seal_client_secret},
    },
    wire::{FieldViolation, WireCode, WireError, envelope::SuccessBody, success},
};

const SECRET_NEEDED: &str =
    "client_secret is required with another issuer or client_id: the present one belongs to the present ones";

/// An organisation's own identity provider, without our secret there.
#[derive(Serialize, ToSchema)]
pub(super) struct ProviderData {
    #[schema(value_type = TenantKeyText)]
    tenant_key: TenantKey,
    /// For people.
    name: String,
    /// For people who read Chinese; null where it is the same.
    #[schema(required = true)]
    name_zh: Option<String>,
    /// Its name among providers, compared byte for byte.
    issuer: String,
    /// Under which name we are known there.
    client_id: String,
    /// False lets nobody sign in through it; links stay.
    enabled: bool,
    /// The path on this server to which the provider sends people back; to be registered there.
    redirect_path: &'static str,
}

/// Our secret at a provider. It has no other form than this, so that no answer and no log can hold it.
pub(super) struct ClientSecret(Secret);

impl<'de> Deserialize<'de> for ClientSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secret = Secret::new(String::deserialize(deserializer)?);
        check_client_secret(&secret).map_err(D::Error::custom)?;
        Ok(Self(secret))
    }
}

/// The whole of an identity provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WholeProvider {
    #[schema(value_type = NameText)]
    name: DisplayName,
    #[schema(value_type = Option<NameText>)]
    name_zh: Option<DisplayName>,
    #[schema(value_type = IssuerText)]
    issuer: Issuer,
    #[schema(value_type = ProviderClientIdText)]
    client_id: ProviderClientId,
    #[schema(value_type = ClientSecretText)]
    client_secret: ClientSecret,
    #[serde(default = "yes")]
    enabled: bool,
}

/// What is to be different; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderPatch {
    #[schema(value_type = Option<NameText>)]
    name: Option<DisplayName>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(value_type = Option<NameText>)]
    name_zh: Option<Option<DisplayName>>,
    #[schema(value_type = Option<IssuerText>)]
    issuer: Option<Issuer>,
    #[schema(value_type = Option<ProviderClientIdText>)]
    client_id: Option<ProviderClientId>,
    /// Needed with another issuer or client_id.
    #[schema(value_type = Option<ClientSecretText>)]
    client_secret: Option<ClientSecret>,
    enabled: Option<bool>,
}

/// Show the identity provider of a tenant, without our secret there.
#[utoipa::path(get, path = "/usher/v1/identity-provider", tag = "identity provider",
    operation_id = "get_identity_provider", params(TenantQuery),
    responses((status = 200, description = "The provider.", body = SuccessBody<ProviderData>), Refusals))]
pub(super) async fn show(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let provider = known(&asked, tenant.tenant_id).await?;
    success(data(tenant, provider))
}

/// Set the identity provider of a tenant, in place of the present one. For operators.
#[utoipa::path(put, path = "/usher/v1/identity-provider", tag = "identity provider",
    operation_id = "set_identity_provider", params(TenantQuery), request_body = WholeProvider,
    responses((status = 200, description = "The provider.", body = SuccessBody<ProviderData>), Refusals))]
pub(super) async fn set(asked: Asked) -> Result<Response, WireError> {
    only_operator_sets(&asked)?;
    let tenant = asked.tenant().await?;
    let whole: WholeProvider = asked.body()?;
    let provider = IdentityProvider {
        tenant_id: tenant.tenant_id,
        name: whole.name.0,
        name_chinese: whole.name_zh.map(|name| name.0),
        issuer: whole.issuer.0,
        client_id: whole.client_id.0,
        client_secret_sealed: Vec::new(),
        enabled: whole.enabled,
    };
    let provider = sealed(&asked, provider, &whole.client_secret)?;
    put(&asked, tenant, provider).await
}

/// Change the identity provider of a tenant. For operators.
#[utoipa::path(patch, path = "/usher/v1/identity-provider", tag = "identity provider",
    operation_id = "update_identity_provider", params(TenantQuery), request_body = ProviderPatch,
    responses((status = 200, description = "The provider.", body = SuccessBody<ProviderData>), Refusals))]
pub(super) async fn update(asked: Asked) -> Result<Response, WireError> {
    only_operator_sets(&asked)?;
    let _turn = asked.edge.management.lock().await;
    let tenant = asked.tenant().await?;
    let old = known(&asked, tenant.tenant_id).await?;
    let patch: ProviderPatch = asked.body()?;
    let provider = IdentityProvider {
        name: patch.name.map_or_else(|| old.name.clone(), |name| name.0),
        name_chinese: match patch.name_zh {
            None => old.name_chinese.clone(),
            Some(name) => name.map(|name| name.0),
        },
        issuer: patch.issuer.map_or_else(|| old.issuer.clone(), |issuer| issuer.0),
        client_id: patch.client_id.map_or_else(|| old.client_id.clone(), |id| id.0),
        enabled: patch.enabled.unwrap_or(old.enabled),
        ..old.clone()
    };
    let moved = provider.issuer != old.issuer || provider.client_id != old.client_id;
    let provider = match patch.client_secret {
        Some(secret) => sealed(&asked, provider, &secret)?,
        None if moved => {
            let needed = FieldViolation::new("client_secret", SECRET_NEEDED);
            return Err(WireError::bad_request(vec![needed]));
        }
        None => provider,
    };
    put(&asked, tenant, provider).await
}

/// Take the identity provider of a tenant away, with every link. For operators.
#[utoipa::path(delete, path = "/usher/v1/identity-provider", tag = "identity provider",
    operation_id = "delete_identity_provider", params(TenantQuery),
    responses((status = 200, description = "It is gone.", body = SuccessBody<Nothing>), Refusals))]
pub(super) async fn delete(asked: Asked) -> Result<Response, WireError> {
    only_operator_sets(&asked)?;
    let tenant_id = asked.tenant().await?.tenant_id;
    let change = IdentityChange::RemoveIdentityProvider { tenant_id };
    if asked
        .change(vec![change.into()])
        .await?
        .contains(&Effect::Unchanged)
    {
        return Err(WireCode::IdentityProviderUnknown.into());
    }
    success(Nothing {})
}

fn only_operator_sets(asked: &Asked) -> Result<(), WireError> {
    match asked.caller {
        Caller::Operator(_) => Ok(()),
        Caller::Administrator { .. } => Err(WireError::from(WireCode::NotAllowed)
            .with_message("Only an operator sets the identity provider: the server calls its address.")),
    }
}

/// The provider of a tenant.
pub(super) async fn known(asked: &Asked, tenant_id: TenantId) -> Result<IdentityProvider, WireError> {
    let provider = asked.edge.store.identity_provider(tenant_id).await?;
    provider.ok_or(WireCode::IdentityProviderUnknown.into())
}

fn sealed(
    asked: &Asked,
    provider: IdentityProvider,
    ClientSecret(secret): &ClientSecret,
) -> Result<IdentityProvider, WireError> {
    let place = (
        provider.tenant_id,
        provider.issuer.as_str(),
        provider.client_id.as_str(),
    );
    let nonce = draw(asked.edge.chance.as_ref());
    let client_secret_sealed =
        seal_client_secret(&asked.edge.keys, place, secret, nonce).map_err(WireError::internal)?;
    Ok(IdentityProvider {
        client_secret_sealed,
        ..provider
    })
}

async fn put(asked: &Asked, tenant: Tenant, provider: IdentityProvider) -> Result<Response, WireError> {
    let change = IdentityChange::PutIdentityProvider(provider.clone());
    asked.change(vec![change.into()]).await?;
    success(data(tenant, provider))
}

fn data(tenant: Tenant, provider: IdentityProvider) -> ProviderData {
    ProviderData {
        tenant_key: tenant.tenant_key,
        name: provider.name,
        name_zh: provider.name_chinese,
        issuer: provider.issuer,
        client_id: provider.client_id,
        enabled: provider.enabled,
        redirect_path: CALLBACK_PATH,
    }
}
