//! A tenant's identity provider, and who is who there.

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{TenantId, UserId};
use usher_store::identity::{Credential, IdentityProvider};

use super::sign_in::credential_of;
use crate::numbers::StoredUserId;

/// Finds a tenant's provider.
pub(crate) fn identity_provider(
    connection: &Connection,
    tenant_id: TenantId,
) -> rusqlite::Result<Option<IdentityProvider>> {
    connection
        .prepare_cached(
            "SELECT name, name_chinese, issuer, client_id, client_secret_sealed, enabled
             FROM identity_providers WHERE tenant_id = ?1",
        )?
        .query_row([tenant_id.0], |row| {
            Ok(IdentityProvider {
                tenant_id,
                name: row.get(0)?,
                name_chinese: row.get(1)?,
                issuer: row.get(2)?,
                client_id: row.get(3)?,
                client_secret_sealed: row.get(4)?,
                enabled: row.get(5)?,
            })
        })
        .optional()
}

/// Finds the person linked with a subject, as they are now.
pub(crate) fn linked_person(
    connection: &Connection,
    tenant_id: TenantId,
    issuer: &str,
    subject: &str,
) -> rusqlite::Result<Option<Credential>> {
    let snapshot = connection.unchecked_transaction()?;
    let user_id: Option<StoredUserId> = snapshot
        .prepare_cached(
            "SELECT user_id FROM identity_links WHERE tenant_id = ?1 AND issuer = ?2 AND subject = ?3",
        )?
        .query_row((tenant_id.0, issuer, subject), |row| row.get(0))
        .optional()?;
    match user_id {
        Some(StoredUserId(user_id)) => credential_of(&snapshot, tenant_id, user_id),
        None => Ok(None),
    }
}

/// Finds the subject with which a person is linked.
pub(crate) fn linked_subject(
    connection: &Connection,
    tenant_id: TenantId,
    user_id: UserId,
    issuer: &str,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(
            "SELECT subject FROM identity_links WHERE tenant_id = ?1 AND user_id = ?2 AND issuer = ?3",
        )?
        .query_row((tenant_id.0, user_id.get(), issuer), |row| row.get(0))
        .optional()
}
