//! A tenant's identity provider, and who is who there.

use crate::sql::{Answered, Sql};
use usher_seats::{TenantId, UserId};
use usher_store::identity::{Credential, IdentityProvider};

use super::sign_in::credential_of;
use crate::numbers::StoredUserId;

/// Finds a tenant's provider.
pub(crate) async fn identity_provider(
    connection: &Sql,
    tenant_id: TenantId,
) -> Answered<Option<IdentityProvider>> {
    connection
        .optional(
            "SELECT name, name_chinese, issuer, client_id, client_secret_sealed, enabled
             FROM identity_providers WHERE tenant_id = $1",
            [tenant_id.0],
            |row| {
                Ok(IdentityProvider {
                    tenant_id,
                    name: row.get(0)?,
                    name_chinese: row.get(1)?,
                    issuer: row.get(2)?,
                    client_id: row.get(3)?,
                    client_secret_sealed: row.get(4)?,
                    enabled: row.get(5)?,
                })
            },
        )
        .await
}

/// Finds the person linked with a subject, as they are now.
pub(crate) async fn linked_person(
    connection: &Sql,
    tenant_id: TenantId,
    issuer: &str,
    subject: &str,
) -> Answered<Option<Credential>> {
    let user_id: Option<StoredUserId> = connection
        .optional(
            "SELECT user_id FROM identity_links WHERE tenant_id = $1 AND issuer = $2 AND subject = $3",
            (tenant_id.0, issuer, subject),
            |row| row.get(0),
        )
        .await?;
    match user_id {
        Some(StoredUserId(user_id)) => credential_of(connection, tenant_id, user_id).await,
        None => Ok(None),
    }
}

/// Finds the subject with which a person is linked.
pub(crate) async fn linked_subject(
    connection: &Sql,
    tenant_id: TenantId,
    user_id: UserId,
    issuer: &str,
) -> Answered<Option<String>> {
    connection
        .optional(
            "SELECT subject FROM identity_links WHERE tenant_id = $1 AND user_id = $2 AND issuer = $3",
            (tenant_id.0, user_id.get(), issuer),
            |row| row.get(0),
        )
        .await
}
