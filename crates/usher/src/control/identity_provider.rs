//! `/control/v1/identity-provider/...`: an organisation's own identity provider, set by the operator.
//!
//! Questions and answers stand here beside the calls. The client secret comes in over the operator's socket, is sealed
//! at once and never goes out again.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::post};
use serde::{Deserialize, Serialize};
use usher_http::{Edge, edge::draw, sign_in::provider::settings::seal_client_secret};
use usher_identity::Secret;
use usher_seats::TenantKey;
use usher_store::{
    Change, Effect, IdentityChange, Tenant, User,
    identity::{IdentityLink, IdentityProvider},
};

use super::Control;
use crate::{failure::Failure, words};

/// Route of [`SetQuestion`].
pub(crate) const SET: &str = "/control/v1/identity-provider/set";
/// Route of [`TenantQuestion`] that shows.
pub(crate) const SHOW: &str = "/control/v1/identity-provider/show";
/// Route of [`TenantQuestion`] that removes.
pub(crate) const REMOVE: &str = "/control/v1/identity-provider/remove";
/// Route of [`LinkQuestion`].
pub(crate) const LINK: &str = "/control/v1/identity-provider/link";

/// What is known of a provider, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProviderLine {
    /// Whose.
    pub(crate) tenant_key: TenantKey,
    /// For people.
    pub(crate) name: String,
    /// For people who read Chinese, where it differs.
    pub(crate) name_zh: Option<String>,
    /// Its name among providers.
    pub(crate) issuer: String,
    /// Under which name we are known there.
    pub(crate) client_id: String,
    /// Whether people may sign in through it.
    pub(crate) enabled: bool,
}

/// A provider is to be set.
#[derive(Serialize, Deserialize)]
pub(crate) struct SetQuestion {
    /// What.
    pub(crate) provider: ProviderLine,
    /// Our secret there.
    pub(crate) client_secret: String,
}

/// Which tenant's provider.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TenantQuestion {
    /// Whose.
    pub(crate) tenant_key: TenantKey,
}

/// What became of a change.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChangedAnswer {
    /// False when it was so already, or there was nothing to take away.
    pub(crate) changed: bool,
}

/// A person is to be linked, or no longer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LinkQuestion {
    /// Whose.
    pub(crate) tenant_key: TenantKey,
    /// The person, by sign-in name or number.
    pub(crate) login: String,
    /// The account; none takes the link away.
    pub(crate) subject: Option<String>,
}

/// What the calls work on.
type Desk = State<(Arc<Control>, Arc<Edge>)>;

/// The calls of this file.
pub(super) fn routes(control: Arc<Control>, edge: Arc<Edge>) -> Router {
    Router::new()
        .route(SET, post(answer_set))
        .route(SHOW, post(answer_show))
        .route(REMOVE, post(answer_remove))
        .route(LINK, post(answer_link))
        .with_state((control, edge))
}

/// Sets a provider.
async fn answer_set(
    State((control, edge)): Desk,
    Json(question): Json<SetQuestion>,
) -> Result<Json<ChangedAnswer>, Failure> {
    let SetQuestion {
        provider,
        client_secret,
    } = question;
    let tenant_id = control.tenant(&provider.tenant_key).await?.tenant_id;
    let place = (tenant_id, provider.issuer.as_str(), provider.client_id.as_str());
    let nonce = draw(edge.chance.as_ref());
    let sealed = seal_client_secret(&edge.keys, place, &Secret::new(client_secret), nonce);
    let client_secret_sealed = sealed.map_err(|_| {
        Failure::failed(words!(
            "the client secret could not be sealed",
            "无法加密客户端密钥"
        ))
    })?;
    let put = IdentityChange::PutIdentityProvider(IdentityProvider {
        tenant_id,
        name: provider.name,
        name_chinese: provider.name_zh,
        issuer: provider.issuer,
        client_id: provider.client_id,
        client_secret_sealed,
        enabled: provider.enabled,
    });
    change(&control, put).await
}

/// Shows a provider.
async fn answer_show(
    State((control, _)): Desk,
    Json(question): Json<TenantQuestion>,
) -> Result<Json<ProviderLine>, Failure> {
    let tenant = control.tenant(&question.tenant_key).await?;
    let provider = known(&control, &tenant).await?;
    Ok(Json(ProviderLine {
        tenant_key: tenant.tenant_key,
        name: provider.name,
        name_zh: provider.name_chinese,
        issuer: provider.issuer,
        client_id: provider.client_id,
        enabled: provider.enabled,
    }))
}

/// Takes a provider away.
async fn answer_remove(
    State((control, _)): Desk,
    Json(question): Json<TenantQuestion>,
) -> Result<Json<ChangedAnswer>, Failure> {
    let tenant_id = control.tenant(&question.tenant_key).await?.tenant_id;
    change(&control, IdentityChange::RemoveIdentityProvider { tenant_id }).await
}

/// Links a person, or takes their link away.
async fn answer_link(
    State((control, _)): Desk,
    Json(question): Json<LinkQuestion>,
) -> Result<Json<ChangedAnswer>, Failure> {
    let LinkQuestion {
        tenant_key,
        login,
        subject,
    } = question;
    let tenant = control.tenant(&tenant_key).await?;
    let credential = control.store.credential(tenant.tenant_id, &login).await?;
    let credential = credential.ok_or_else(|| {
        Failure::failed(words!(
            "tenant \"{tenant_key}\" has no user \"{login}\"",
            "租户“{tenant_key}”没有用户“{login}”"
        ))
    })?;
    let User {
        tenant_id, user_id, ..
    } = credential.user;
    let asked = match subject {
        None => IdentityChange::UnlinkIdentity { tenant_id, user_id },
        Some(subject) => IdentityChange::LinkIdentity(IdentityLink {
            tenant_id,
            issuer: known(&control, &tenant).await?.issuer,
            subject,
            user_id,
        }),
    };
    change(&control, asked).await
}

async fn known(control: &Control, tenant: &Tenant) -> Result<IdentityProvider, Failure> {
    let provider = control.store.identity_provider(tenant.tenant_id).await?;
    let tenant_key = &tenant.tenant_key;
    provider.ok_or_else(|| {
        Failure::failed(words!(
            "tenant \"{tenant_key}\" has no identity provider",
            "租户“{tenant_key}”没有身份提供方"
        ))
        .next(words!(
            "usher identity-provider set --tenant {tenant_key} --issuer URL --client-id ID",
            "usher identity-provider set --tenant {tenant_key} --issuer URL --client-id ID"
        ))
    })
}

async fn change(control: &Control, change: IdentityChange) -> Result<Json<ChangedAnswer>, Failure> {
    let now_ms = control.clock.now_ms();
    let effects = control.store.change(vec![Change::from(change)], now_ms).await?;
    let changed = effects.iter().any(|effect| *effect != Effect::Unchanged);
    Ok(Json(ChangedAnswer { changed }))
}
