//! Tenants, users and apps.

use rusqlite::{Connection, OptionalExtension, Row};
use usher_seats::{Namespace, TenantId, TenantKey, TimeZoneName, UserId};
use usher_store::{App, AppRoute, Tenant, User};

use super::limit;
use crate::numbers::{NamesText, Parsed, StoredUserId};

pub(crate) fn tenant(connection: &Connection, tenant_key: &TenantKey) -> rusqlite::Result<Option<Tenant>> {
    connection
        .prepare_cached(
            "SELECT tenant_id, tenant_key, name, enabled, time_zone, history_days FROM tenants WHERE tenant_key = ?1",
        )?
        .query_row([tenant_key.as_str()], tenant_row)
        .optional()
}

pub(crate) fn tenant_by_id(connection: &Connection, tenant_id: TenantId) -> rusqlite::Result<Option<Tenant>> {
    connection
        .prepare_cached(
            "SELECT tenant_id, tenant_key, name, enabled, time_zone, history_days FROM tenants WHERE tenant_id = ?1",
        )?
        .query_row([tenant_id.0], tenant_row)
        .optional()
}

pub(crate) fn tenants(
    connection: &Connection,
    after: Option<&TenantKey>,
    rows_max: usize,
) -> rusqlite::Result<Vec<Tenant>> {
    connection
        .prepare_cached(
            "SELECT tenant_id, tenant_key, name, enabled, time_zone, history_days FROM tenants
             WHERE tenant_key > ?1 ORDER BY tenant_key LIMIT ?2",
        )?
        .query_map((after.map_or("", TenantKey::as_str), limit(rows_max)), tenant_row)?
        .collect()
}

fn tenant_row(row: &Row<'_>) -> rusqlite::Result<Tenant> {
    Ok(Tenant {
        tenant_id: TenantId(row.get(0)?),
        tenant_key: row.get::<_, Parsed<TenantKey>>(1)?.0,
        name: row.get(2)?,
        enabled: row.get(3)?,
        time_zone: row.get::<_, Parsed<TimeZoneName>>(4)?.0,
        history_days: row.get(5)?,
    })
}

pub(crate) fn user(
    connection: &Connection,
    tenant_id: TenantId,
    user_id: UserId,
) -> rusqlite::Result<Option<User>> {
    connection
        .prepare_cached(
            "SELECT tenant_id, user_id, name, enabled, system_administrator, external_id FROM users
             WHERE tenant_id = ?1 AND user_id = ?2",
        )?
        .query_row((tenant_id.0, user_id.get()), user_row)
        .optional()
}

pub(crate) fn first_administrator(
    connection: &Connection,
    tenant_id: TenantId,
) -> rusqlite::Result<Option<User>> {
    connection
        .prepare_cached(
            "SELECT tenant_id, user_id, name, enabled, system_administrator, external_id FROM users
             WHERE tenant_id = ?1 AND system_administrator = 1 AND enabled = 1 ORDER BY user_id LIMIT 1",
        )?
        .query_row([tenant_id.0], user_row)
        .optional()
}

/// Reads a user from six columns, of which the tenant's is the first.
pub(super) fn user_row(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        tenant_id: TenantId(row.get(0)?),
        user_id: row.get::<_, StoredUserId>(1)?.0,
        name: row.get(2)?,
        enabled: row.get(3)?,
        system_administrator: row.get(4)?,
        external_id: row.get(5)?,
    })
}

pub(crate) fn users(
    connection: &Connection,
    tenant_id: TenantId,
    after: Option<UserId>,
    rows_max: usize,
) -> rusqlite::Result<Vec<User>> {
    connection
        .prepare_cached(
            "SELECT tenant_id, user_id, name, enabled, system_administrator, external_id FROM users
             WHERE tenant_id = ?1 AND user_id > ?2 ORDER BY user_id LIMIT ?3",
        )?
        .query_map(
            (tenant_id.0, after.map_or(0, UserId::get), limit(rows_max)),
            user_row,
        )?
        .collect()
}

/// Finds people by their numbers, in order.
pub(crate) fn users_numbered(
    connection: &Connection,
    tenant_id: TenantId,
    user_ids: &[UserId],
) -> rusqlite::Result<Vec<User>> {
    let mut sorted = user_ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let found = sorted
        .into_iter()
        .map(|user_id| user(connection, tenant_id, user_id));
    found.filter_map(Result::transpose).collect()
}

pub(crate) fn app(
    connection: &Connection,
    tenant_id: TenantId,
    namespace: &Namespace,
) -> rusqlite::Result<Option<App>> {
    connection
        .prepare_cached(
            "SELECT namespace, name, enabled, names FROM apps WHERE tenant_id = ?1 AND namespace = ?2",
        )?
        .query_row((tenant_id.0, namespace.as_str()), |row| app_row(tenant_id, row))
        .optional()
}

pub(crate) fn apps(
    connection: &Connection,
    tenant_id: TenantId,
    after: Option<&Namespace>,
    rows_max: usize,
) -> rusqlite::Result<Vec<App>> {
    connection
        .prepare_cached(
            "SELECT namespace, name, enabled, names FROM apps
             WHERE tenant_id = ?1 AND namespace > ?2 ORDER BY namespace LIMIT ?3",
        )?
        .query_map(
            (tenant_id.0, after.map_or("", Namespace::as_str), limit(rows_max)),
            |row| app_row(tenant_id, row),
        )?
        .collect()
}

fn app_row(tenant_id: TenantId, row: &Row<'_>) -> rusqlite::Result<App> {
    Ok(App {
        tenant_id,
        namespace: row.get::<_, Parsed<Namespace>>(0)?.0,
        name: row.get(1)?,
        enabled: row.get(2)?,
        names: row.get::<_, NamesText>(3)?.0,
    })
}

pub(crate) fn app_routes(connection: &Connection) -> rusqlite::Result<Vec<AppRoute>> {
    connection
        .prepare_cached(
            "SELECT host, path_prefix, tenant_id, namespace FROM app_routes ORDER BY host, path_prefix",
        )?
        .query_map([], route_row)?
        .collect()
}

pub(crate) fn app_routes_between(
    connection: &Connection,
    tenant_id: TenantId,
    first: &Namespace,
    last: &Namespace,
) -> rusqlite::Result<Vec<AppRoute>> {
    connection
        .prepare_cached(
            "SELECT host, path_prefix, tenant_id, namespace FROM app_routes
             WHERE tenant_id = ?1 AND namespace BETWEEN ?2 AND ?3 ORDER BY namespace, host, path_prefix",
        )?
        .query_map((tenant_id.0, first.as_str(), last.as_str()), route_row)?
        .collect()
}

fn route_row(row: &Row<'_>) -> rusqlite::Result<AppRoute> {
    Ok(AppRoute {
        host: row.get(0)?,
        path_prefix: row.get(1)?,
        tenant_id: TenantId(row.get(2)?),
        namespace: row.get::<_, Parsed<Namespace>>(3)?.0,
    })
}
