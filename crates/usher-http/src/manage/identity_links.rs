//! `/usher/v1/users/{user_id}/identity-link`: which account at the tenant's identity provider is a person's.
//!
//! Whoever signs in with that account is signed in as the person, so this is as much as making them a sign-in link, and
//! for the same callers.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_seats::{TenantId, UserId};
use usher_store::{IdentityChange, identity::IdentityLink};
use utoipa::ToSchema;

use super::{
    asked::Asked,
    identity_provider::known,
    schemas::{Refusals, SubjectText, TenantQuery, UserNumber, UserPath},
    users::Nothing,
    values::Subject,
};
use crate::wire::{WireCode, WireError, envelope::SuccessBody, success};

/// A person's account at the identity provider.
#[derive(Serialize, ToSchema)]
pub(super) struct IdentityLinkData {
    #[schema(value_type = UserNumber)]
    user_id: UserId,
    /// The provider.
    issuer: String,
    /// The provider's name for the account, the claim `sub`; null while there is no link.
    #[schema(required = true)]
    subject: Option<String>,
}

/// The account to link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewIdentityLink {
    /// The provider's name for the account: the claim `sub` of its ID tokens.
    #[schema(value_type = SubjectText)]
    subject: Subject,
}

/// Show a person's account at the identity provider.
#[utoipa::path(get, path = "/usher/v1/users/{user_id}/identity-link", tag = "identity provider",
    operation_id = "get_identity_link", params(UserPath, TenantQuery),
    responses((status = 200, description = "The account, if there is one.", body = SuccessBody<IdentityLinkData>), Refusals))]
pub(super) async fn show(asked: Asked) -> Result<Response, WireError> {
    let (tenant_id, user_id) = named(&asked).await?;
    let issuer = known(&asked, tenant_id).await?.issuer;
    let store = &asked.edge.store;
    let subject = store.linked_subject(tenant_id, user_id, &issuer).await?;
    success(IdentityLinkData {
        user_id,
        issuer,
        subject,
    })
}

/// Link a person with their account at the identity provider, in place of an earlier one.
#[utoipa::path(put, path = "/usher/v1/users/{user_id}/identity-link", tag = "identity provider",
    operation_id = "set_identity_link", params(UserPath, TenantQuery), request_body = NewIdentityLink,
    responses((status = 200, description = "The account.", body = SuccessBody<IdentityLinkData>), Refusals))]
pub(super) async fn set(asked: Asked) -> Result<Response, WireError> {
    let (tenant_id, user_id) = named(&asked).await?;
    let NewIdentityLink { subject } = asked.body()?;
    let issuer = known(&asked, tenant_id).await?.issuer;
    let link = IdentityLink {
        tenant_id,
        issuer: issuer.clone(),
        subject: subject.0.clone(),
        user_id,
    };
    asked
        .change(vec![IdentityChange::LinkIdentity(link).into()])
        .await?;
    success(IdentityLinkData {
        user_id,
        issuer,
        subject: Some(subject.0),
    })
}

/// Take a person's link away; that there was none is as good.
#[utoipa::path(delete, path = "/usher/v1/users/{user_id}/identity-link", tag = "identity provider",
    operation_id = "delete_identity_link", params(UserPath, TenantQuery),
    responses((status = 200, description = "There is no link.", body = SuccessBody<Nothing>), Refusals))]
pub(super) async fn delete(asked: Asked) -> Result<Response, WireError> {
    let (tenant_id, user_id) = named(&asked).await?;
    let change = IdentityChange::UnlinkIdentity { tenant_id, user_id };
    asked.change(vec![change.into()]).await?;
    success(Nothing {})
}

/// The person meant, who must be there.
async fn named(asked: &Asked) -> Result<(TenantId, UserId), WireError> {
    let tenant_id = asked.tenant().await?.tenant_id;
    let user_id: UserId = asked.path("user_id")?;
    let user = asked.edge.store.user(tenant_id, user_id).await?;
    user.map(|_| (tenant_id, user_id))
        .ok_or(WireCode::UserUnknown.into())
}
