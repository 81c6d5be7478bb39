//! Clients, their secrets and where they are installed.

use rusqlite::{Connection, OptionalExtension, Row, types::FromSqlError};
use usher_seats::{ClientId, Enablement, TenantId};
use usher_store::{
    Client, TokenHash,
    identity::{ClientRegistration, ClientSecret, ClientStanding},
};

use usher_ledger::words::{client_kind_of, split_scopes};

use super::limit;
use crate::numbers::Parsed;

pub(crate) fn clients(
    connection: &Connection,
    tenant_id: TenantId,
    after: Option<&ClientId>,
    rows_max: usize,
) -> rusqlite::Result<Vec<Client>> {
    connection
        .prepare_cached(
            "SELECT tenant_id, client_id, name, kind, scopes, enabled FROM clients
             WHERE tenant_id = ?1 AND client_id > ?2 ORDER BY client_id LIMIT ?3",
        )?
        .query_map(
            (tenant_id.0, after.map_or("", ClientId::as_str), limit(rows_max)),
            |row| client_row(row, 0),
        )?
        .collect()
}

pub(crate) fn client(
    connection: &Connection,
    tenant_id: TenantId,
    client_id: &ClientId,
) -> rusqlite::Result<Option<Client>> {
    connection
        .prepare_cached(
            "SELECT tenant_id, client_id, name, kind, scopes, enabled FROM clients
             WHERE tenant_id = ?1 AND client_id = ?2",
        )?
        .query_row((tenant_id.0, client_id.as_str()), |row| client_row(row, 0))
        .optional()
}

/// Reads a client from six columns beginning at `column`.
pub(super) fn client_row(row: &Row<'_>, column: usize) -> rusqlite::Result<Client> {
    Ok(Client {
        tenant_id: TenantId(row.get(column)?),
        client_id: row.get::<_, Parsed<ClientId>>(column + 1)?.0,
        name: row.get(column + 2)?,
        kind: client_kind_of(row.get_ref(column + 3)?.as_str()?).ok_or(FromSqlError::InvalidType)?,
        scopes: split_scopes(row.get_ref(column + 4)?.as_str()?),
        enabled: row.get(column + 5)?,
    })
}

pub(crate) fn installed_clients(
    connection: &Connection,
    tenant_id: TenantId,
    after: Option<&ClientId>,
    rows_max: usize,
) -> rusqlite::Result<Vec<Client>> {
    connection
        .prepare_cached(
            "SELECT clients.tenant_id, clients.client_id, name, kind, scopes, enabled
             FROM installs JOIN clients ON clients.client_id = installs.client_id
             WHERE installs.tenant_id = ?1 AND installs.client_id > ?2 ORDER BY installs.client_id LIMIT ?3",
        )?
        .query_map(
            (tenant_id.0, after.map_or("", ClientId::as_str), limit(rows_max)),
            |row| client_row(row, 0),
        )?
        .collect()
}

/// True when a client is the tenant's own or installed there.
pub(crate) fn client_installed(
    connection: &Connection,
    tenant_id: TenantId,
    client_id: &ClientId,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM clients WHERE client_id = ?2 AND tenant_id = ?1
             UNION ALL SELECT 1 FROM installs WHERE client_id = ?2 AND tenant_id = ?1",
        )?
        .exists((tenant_id.0, client_id.as_str()))
}

pub(crate) fn client_standing(
    connection: &Connection,
    client_id: &ClientId,
) -> rusqlite::Result<Option<ClientStanding>> {
    let snapshot = connection.unchecked_transaction()?;
    client_standing_within(&snapshot, client_id)
}

/// The same within a transaction that is under way.
pub(crate) fn client_standing_within(
    connection: &Connection,
    client_id: &ClientId,
) -> rusqlite::Result<Option<ClientStanding>> {
    let found = connection
        .prepare_cached(
            "SELECT clients.tenant_id, client_id, clients.name, kind, scopes, clients.enabled,
                    redirect_uris, refresh_allowed, ticket_url, tenants.enabled
             FROM clients JOIN tenants ON tenants.tenant_id = clients.tenant_id
             WHERE client_id = ?1",
        )?
        .query_row([client_id.as_str()], |row| {
            Ok(ClientStanding {
                client: client_row(row, 0)?,
                registration: ClientRegistration {
                    redirect_uris: row.get_ref(6)?.as_str()?.lines().map(str::to_owned).collect(),
                    refresh_allowed: row.get(7)?,
                    ticket_url: row.get(8)?,
                },
                secrets: Vec::new(),
                tenant: Enablement::from_row(row.get(9)?),
            })
        })
        .optional()?;
    let Some(mut standing) = found else {
        return Ok(None);
    };
    standing.secrets = secrets(connection, client_id)?;
    Ok(Some(standing))
}

fn secrets(connection: &Connection, client_id: &ClientId) -> rusqlite::Result<Vec<ClientSecret>> {
    connection
        .prepare_cached(
            "SELECT secret_hash, created_at_ms, expires_at_ms FROM client_secrets
             WHERE client_id = ?1 ORDER BY expires_at_ms IS NULL DESC, created_at_ms DESC",
        )?
        .query_map([client_id.as_str()], |row| {
            Ok(ClientSecret {
                secret_hash: TokenHash(row.get(0)?),
                created_at_ms: row.get(1)?,
                expires_at_ms: row.get(2)?,
            })
        })?
        .collect()
}
