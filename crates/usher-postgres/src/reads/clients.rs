//! Clients, their secrets and where they are installed.

use crate::sql::{Answered, Failure, Row, Sql};
use usher_seats::{ClientId, Enablement, TenantId};
use usher_store::{
    Client,
    identity::{ClientRegistration, ClientSecret, ClientStanding},
};

use usher_ledger::words::{client_kind_of, split_scopes};

use super::limit;
use crate::numbers::Parsed;

pub(crate) async fn clients(
    connection: &Sql,
    tenant_id: TenantId,
    after: Option<&ClientId>,
    rows_max: usize,
) -> Answered<Vec<Client>> {
    connection
        .rows(
            "SELECT tenant_id, client_id, name, kind, scopes, enabled FROM clients
             WHERE tenant_id = $1 AND client_id > $2 ORDER BY client_id LIMIT $3",
            (tenant_id.0, after.map_or("", ClientId::as_str), limit(rows_max)),
            |row| client_row(row, 0),
        )
        .await
}

pub(crate) async fn client(
    connection: &Sql,
    tenant_id: TenantId,
    client_id: &ClientId,
) -> Answered<Option<Client>> {
    connection
        .optional(
            "SELECT tenant_id, client_id, name, kind, scopes, enabled FROM clients
             WHERE tenant_id = $1 AND client_id = $2",
            (tenant_id.0, client_id.as_str()),
            |row| client_row(row, 0),
        )
        .await
}

/// Reads a client from six columns beginning at `column`.
pub(super) fn client_row(row: &Row, column: usize) -> Answered<Client> {
    let kind: &str = row.get(column + 3)?;
    Ok(Client {
        tenant_id: TenantId(row.get(column)?),
        client_id: row.get::<Parsed<ClientId>>(column + 1)?.0,
        name: row.get(column + 2)?,
        kind: client_kind_of(kind).ok_or_else(|| Failure::damaged(kind))?,
        scopes: split_scopes(row.get::<&str>(column + 4)?),
        enabled: row.get(column + 5)?,
    })
}

pub(crate) async fn installed_clients(
    connection: &Sql,
    tenant_id: TenantId,
    after: Option<&ClientId>,
    rows_max: usize,
) -> Answered<Vec<Client>> {
    connection
        .rows(
            "SELECT clients.tenant_id, clients.client_id, name, kind, scopes, enabled
             FROM installs JOIN clients ON clients.client_id = installs.client_id
             WHERE installs.tenant_id = $1 AND installs.client_id > $2 ORDER BY installs.client_id LIMIT $3",
            (tenant_id.0, after.map_or("", ClientId::as_str), limit(rows_max)),
            |row| client_row(row, 0),
        )
        .await
}

/// True when a client is the tenant's own or installed there.
pub(crate) async fn client_installed(
    connection: &Sql,
    tenant_id: TenantId,
    client_id: &ClientId,
) -> Answered<bool> {
    connection
        .exists(
            "SELECT 1 FROM clients WHERE client_id = $2 AND tenant_id = $1
             UNION ALL SELECT 1 FROM installs WHERE client_id = $2 AND tenant_id = $1",
            (tenant_id.0, client_id.as_str()),
        )
        .await
}

/// Finds a client with what decides whether it may act.
pub(crate) async fn client_standing(
    connection: &Sql,
    client_id: &ClientId,
) -> Answered<Option<ClientStanding>> {
    let found = connection
        .optional(
            "SELECT clients.tenant_id, client_id, clients.name, kind, scopes, clients.enabled,
                    redirect_uris, refresh_allowed, ticket_url, tenants.enabled
             FROM clients JOIN tenants ON tenants.tenant_id = clients.tenant_id
             WHERE client_id = $1",
            [client_id.as_str()],
            |row| {
                Ok(ClientStanding {
                    client: client_row(row, 0)?,
                    registration: ClientRegistration {
                        redirect_uris: row.get::<&str>(6)?.lines().map(str::to_owned).collect(),
                        refresh_allowed: row.get(7)?,
                        ticket_url: row.get(8)?,
                    },
                    secrets: Vec::new(),
                    tenant: Enablement::from_row(row.get(9)?),
                })
            },
        )
        .await?;
    let Some(mut standing) = found else {
        return Ok(None);
    };
    standing.secrets = secrets(connection, client_id).await?;
    Ok(Some(standing))
}

async fn secrets(connection: &Sql, client_id: &ClientId) -> Answered<Vec<ClientSecret>> {
    connection
        .rows(
            "SELECT secret_hash, created_at_ms, expires_at_ms FROM client_secrets
             WHERE client_id = $1 ORDER BY expires_at_ms IS NULL DESC, created_at_ms DESC",
            [client_id.as_str()],
            |row| {
                Ok(ClientSecret {
                    secret_hash: row.hash(0)?,
                    created_at_ms: row.get(1)?,
                    expires_at_ms: row.get(2)?,
                })
            },
        )
        .await
}
