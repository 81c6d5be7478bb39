//! Clients, their secrets and where they are installed.

use crate::sql::Sql;
use usher_seats::{ClientId, TenantId};
use usher_store::{Client, Effect, Rejection, TokenHash, identity::ClientRegistration};

use usher_ledger::words::{client_kind, joined_scopes};

use super::{Outcome, Unchanged, execute, exists, put as put_row, require_tenant};

/// Makes a client or brings it to the given state.
pub(crate) async fn put(connection: &Sql, client: &Client) -> Outcome {
    require_tenant(connection, client.tenant_id).await?;
    let owner: Option<i64> = connection
        .optional(
            "SELECT tenant_id FROM clients WHERE client_id = $1",
            [client.client_id.as_str()],
            |row| row.get(0),
        )
        .await?;
    if owner.is_some_and(|tenant_id| tenant_id != client.tenant_id.0) {
        return Err(Rejection::ClientIdTaken.into());
    }
    put_row(
        connection,
        owner.is_some(),
        "INSERT INTO clients (client_id, tenant_id, name, kind, scopes, enabled)
         VALUES ($1, $2, $3, $4, $5, $6)",
        "UPDATE clients SET name = $3, kind = $4, scopes = $5, enabled = $6
         WHERE client_id = $1 AND tenant_id = $2
           AND (name <> $3 OR kind <> $4 OR scopes <> $5 OR enabled <> $6)",
        &[
            &client.client_id.as_str(),
            &client.tenant_id.0,
            &client.name,
            &client_kind(client.kind),
            &joined_scopes(&client.scopes),
            &client.enabled,
        ],
    )
    .await
}

async fn require_client(
    connection: &Sql,
    tenant_id: TenantId,
    client_id: &ClientId,
) -> Result<(), Unchanged> {
    let found = exists(
        connection,
        "SELECT 1 FROM clients WHERE client_id = $1 AND tenant_id = $2",
        (client_id.as_str(), tenant_id.0),
    )
    .await?;
    if found {
        Ok(())
    } else {
        Err(Rejection::ClientUnknown.into())
    }
}

/// Says how a client may be reached.
pub(super) async fn register(
    connection: &Sql,
    tenant_id: TenantId,
    client_id: &ClientId,
    registration: &ClientRegistration,
) -> Outcome {
    require_client(connection, tenant_id, client_id).await?;
    execute(
        connection,
        "UPDATE clients SET redirect_uris = $2, refresh_allowed = $3, ticket_url = $4
         WHERE client_id = $1
           AND (redirect_uris <> $2 OR refresh_allowed <> $3 OR ticket_url IS DISTINCT FROM $4)",
        (
            client_id.as_str(),
            registration.redirect_uris.join("\n"),
            registration.refresh_allowed,
            &registration.ticket_url,
        ),
    )
    .await
}

/// Adds a secret. The others end soon, and those that have ended are forgotten.
pub(super) async fn add_secret(
    connection: &Sql,
    (tenant_id, client_id): (TenantId, &ClientId),
    secret_hash: TokenHash,
    older_expire_at_ms: i64,
    at_ms: i64,
) -> Outcome {
    require_client(connection, tenant_id, client_id).await?;
    connection
        .execute(
            "DELETE FROM client_secrets WHERE client_id = $1 AND expires_at_ms <= $2",
            (client_id.as_str(), at_ms),
        )
        .await?;
    connection.execute("UPDATE client_secrets SET expires_at_ms = least(coalesce(expires_at_ms, $2), $2) WHERE client_id = $1", (client_id.as_str(), older_expire_at_ms)).await?;
    connection
        .execute(
            "INSERT INTO client_secrets (client_id, secret_hash, created_at_ms) VALUES ($1, $2, $3)",
            (client_id.as_str(), secret_hash.0.as_slice(), at_ms),
        )
        .await?;
    Ok(Effect::Created)
}

/// Lets a store client act in a tenant. One that is not a store client looks like a missing one.
pub(super) async fn install(connection: &Sql, tenant_id: TenantId, client_id: &ClientId) -> Outcome {
    require_tenant(connection, tenant_id).await?;
    let found = exists(
        connection,
        "SELECT 1 FROM clients WHERE client_id = $1 AND kind = 'store'",
        [client_id.as_str()],
    )
    .await?;
    if !found {
        return Err(Rejection::ClientUnknown.into());
    }
    let added = connection
        .execute(
            "INSERT INTO installs (tenant_id, client_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            (tenant_id.0, client_id.as_str()),
        )
        .await?;
    Ok(if added == 0 {
        Effect::Unchanged
    } else {
        Effect::Created
    })
}

/// Ends that, with every token the client has there: a later install begins anew.
pub(super) async fn uninstall(connection: &Sql, tenant_id: TenantId, client_id: &ClientId) -> Outcome {
    let place = (tenant_id.0, client_id.as_str());
    let removed = connection
        .execute(
            "DELETE FROM installs WHERE tenant_id = $1 AND client_id = $2",
            place,
        )
        .await?;
    if removed == 0 {
        return Ok(Effect::Unchanged);
    }
    for statement in [
        "UPDATE tokens SET revoked = TRUE WHERE tenant_id = $1 AND client_id = $2",
        "UPDATE refresh_tokens SET revoked = TRUE WHERE tenant_id = $1 AND client_id = $2",
        "UPDATE authorization_codes SET spent = TRUE WHERE tenant_id = $1 AND client_id = $2",
        "DELETE FROM grants WHERE tenant_id = $1 AND client_id = $2",
    ] {
        connection.execute(statement, place).await?;
    }
    Ok(Effect::Updated)
}
