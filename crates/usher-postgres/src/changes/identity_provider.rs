//! A tenant's identity provider, and which of its accounts is whose.

use crate::sql::Sql;
use tokio_postgres::types::ToSql;
use usher_seats::{TenantId, UserId};
use usher_store::{
    Effect, Rejection,
    identity::{IdentityLink, IdentityProvider},
};

use crate::book::has_user;

use super::{Outcome, execute, put as put_row, require_tenant};

/// Sets the provider.
pub(super) async fn put(connection: &Sql, provider: &IdentityProvider) -> Outcome {
    require_tenant(connection, provider.tenant_id).await?;
    let found = connection
        .exists(
            "SELECT 1 FROM identity_providers WHERE tenant_id = $1",
            [provider.tenant_id.0],
        )
        .await?;
    let values: [&(dyn ToSql + Sync); 7] = [
        &provider.tenant_id.0,
        &provider.name,
        &provider.name_chinese,
        &provider.issuer,
        &provider.client_id,
        &provider.client_secret_sealed,
        &provider.enabled,
    ];
    put_row(
        connection,
        found,
        "INSERT INTO identity_providers
             (tenant_id, name, name_chinese, issuer, client_id, client_secret_sealed, enabled)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        "UPDATE identity_providers
         SET name = $2, name_chinese = $3, issuer = $4, client_id = $5, client_secret_sealed = $6, enabled = $7
         WHERE tenant_id = $1
           AND (name <> $2 OR name_chinese IS DISTINCT FROM $3 OR issuer <> $4 OR client_id <> $5
                OR client_secret_sealed <> $6 OR enabled <> $7)",
        &values,
    ).await
}

/// Takes the provider away with every link, so that a provider set later finds nobody linked by an earlier one.
pub(super) async fn remove(connection: &Sql, tenant_id: TenantId) -> Outcome {
    execute(
        connection,
        "DELETE FROM identity_links WHERE tenant_id = $1",
        [tenant_id.0],
    )
    .await?;
    execute(
        connection,
        "DELETE FROM identity_providers WHERE tenant_id = $1",
        [tenant_id.0],
    )
    .await
}

/// Links a person with an account at the provider that the tenant has now.
pub(super) async fn link(connection: &Sql, link: &IdentityLink, at_ms: i64) -> Outcome {
    let IdentityLink {
        tenant_id,
        issuer,
        subject,
        user_id,
    } = link;
    if !has_user(connection, *tenant_id, *user_id).await? {
        return Err(Rejection::UserUnknown.into());
    }
    let known = connection
        .exists(
            "SELECT 1 FROM identity_providers WHERE tenant_id = $1 AND issuer = $2",
            (tenant_id.0, issuer),
        )
        .await?;
    if !known {
        return Err(Rejection::IdentityProviderUnknown.into());
    }
    let owner: Option<i64> = connection
        .optional(
            "SELECT user_id FROM identity_links WHERE tenant_id = $1 AND issuer = $2 AND subject = $3",
            (tenant_id.0, issuer, subject),
            |row| row.get(0),
        )
        .await?;
    match owner {
        Some(owner) if owner == user_id.get() => return Ok(Effect::Unchanged),
        Some(_) => return Err(Rejection::SubjectTaken.into()),
        None => {}
    }
    let replaced = execute(
        connection,
        "DELETE FROM identity_links WHERE tenant_id = $1 AND user_id = $2 AND issuer = $3",
        (tenant_id.0, user_id.get(), issuer),
    )
    .await?;
    connection
        .execute(
            "INSERT INTO identity_links (tenant_id, issuer, subject, user_id, linked_at_ms)
             VALUES ($1, $2, $3, $4, $5)",
            (tenant_id.0, issuer, subject, user_id.get(), at_ms),
        )
        .await?;
    Ok(if replaced == Effect::Unchanged {
        Effect::Created
    } else {
        Effect::Updated
    })
}

/// Takes every link of a person away.
pub(super) async fn unlink(connection: &Sql, tenant_id: TenantId, user_id: UserId) -> Outcome {
    execute(
        connection,
        "DELETE FROM identity_links WHERE tenant_id = $1 AND user_id = $2",
        (tenant_id.0, user_id.get()),
    )
    .await
}
