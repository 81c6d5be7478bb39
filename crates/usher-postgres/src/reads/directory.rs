//! Tenants, users and apps.

use crate::sql::{Answered, Failure, Row, Sql};
use usher_seats::{Namespace, TenantId, TenantKey, TimeZoneName, UserId};
use usher_store::{App, AppRoute, Tenant, User};

use super::limit;
use crate::numbers::{NamesText, Parsed, StoredUserId};

pub(crate) async fn tenant(connection: &Sql, tenant_key: &TenantKey) -> Answered<Option<Tenant>> {
    connection.optional("SELECT tenant_id, tenant_key, name, enabled, time_zone, history_days FROM tenants WHERE tenant_key = $1", [tenant_key.as_str()], tenant_row).await
}

pub(crate) async fn tenant_by_id(connection: &Sql, tenant_id: TenantId) -> Answered<Option<Tenant>> {
    connection.optional("SELECT tenant_id, tenant_key, name, enabled, time_zone, history_days FROM tenants WHERE tenant_id = $1", [tenant_id.0], tenant_row).await
}

pub(crate) async fn tenants(
    connection: &Sql,
    after: Option<&TenantKey>,
    rows_max: usize,
) -> Answered<Vec<Tenant>> {
    connection
        .rows(
            "SELECT tenant_id, tenant_key, name, enabled, time_zone, history_days FROM tenants
             WHERE tenant_key > $1 ORDER BY tenant_key LIMIT $2",
            (after.map_or("", TenantKey::as_str), limit(rows_max)),
            tenant_row,
        )
        .await
}

fn tenant_row(row: &Row) -> Answered<Tenant> {
    Ok(Tenant {
        tenant_id: TenantId(row.get(0)?),
        tenant_key: row.get::<Parsed<TenantKey>>(1)?.0,
        name: row.get(2)?,
        enabled: row.get(3)?,
        time_zone: row.get::<Parsed<TimeZoneName>>(4)?.0,
        history_days: row
            .get::<Option<i64>>(5)?
            .map(u32::try_from)
            .transpose()
            .map_err(Failure::damaged)?,
    })
}

pub(crate) async fn user(connection: &Sql, tenant_id: TenantId, user_id: UserId) -> Answered<Option<User>> {
    connection
        .optional(
            "SELECT tenant_id, user_id, name, enabled, system_administrator, external_id FROM users
             WHERE tenant_id = $1 AND user_id = $2",
            (tenant_id.0, user_id.get()),
            user_row,
        )
        .await
}

pub(crate) async fn first_administrator(connection: &Sql, tenant_id: TenantId) -> Answered<Option<User>> {
    connection.optional("SELECT tenant_id, user_id, name, enabled, system_administrator, external_id FROM users
             WHERE tenant_id = $1 AND system_administrator = TRUE AND enabled = TRUE ORDER BY user_id LIMIT 1", [tenant_id.0], user_row).await
}

/// Reads a user from six columns, of which the tenant's is the first.
pub(super) fn user_row(row: &Row) -> Answered<User> {
    Ok(User {
        tenant_id: TenantId(row.get(0)?),
        user_id: row.get::<StoredUserId>(1)?.0,
        name: row.get(2)?,
        enabled: row.get(3)?,
        system_administrator: row.get(4)?,
        external_id: row.get(5)?,
    })
}

pub(crate) async fn users(
    connection: &Sql,
    tenant_id: TenantId,
    after: Option<UserId>,
    rows_max: usize,
) -> Answered<Vec<User>> {
    connection
        .rows(
            "SELECT tenant_id, user_id, name, enabled, system_administrator, external_id FROM users
             WHERE tenant_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3",
            (tenant_id.0, after.map_or(0, UserId::get), limit(rows_max)),
            user_row,
        )
        .await
}

/// Finds people by their numbers, in order.
pub(crate) async fn users_numbered(
    connection: &Sql,
    tenant_id: TenantId,
    user_ids: &[UserId],
) -> Answered<Vec<User>> {
    let numbers: Vec<i64> = user_ids.iter().map(|user_id| user_id.get()).collect();
    connection
        .rows(
            "SELECT tenant_id, user_id, name, enabled, system_administrator, external_id FROM users
             WHERE tenant_id = $1 AND user_id = ANY($2) ORDER BY user_id",
            (tenant_id.0, numbers),
            user_row,
        )
        .await
}

pub(crate) async fn app(
    connection: &Sql,
    tenant_id: TenantId,
    namespace: &Namespace,
) -> Answered<Option<App>> {
    connection
        .optional(
            "SELECT namespace, name, enabled, names FROM apps WHERE tenant_id = $1 AND namespace = $2",
            (tenant_id.0, namespace.as_str()),
            |row| app_row(tenant_id, row),
        )
        .await
}

pub(crate) async fn apps(
    connection: &Sql,
    tenant_id: TenantId,
    after: Option<&Namespace>,
    rows_max: usize,
) -> Answered<Vec<App>> {
    connection
        .rows(
            "SELECT namespace, name, enabled, names FROM apps
             WHERE tenant_id = $1 AND namespace > $2 ORDER BY namespace LIMIT $3",
            (tenant_id.0, after.map_or("", Namespace::as_str), limit(rows_max)),
            |row| app_row(tenant_id, row),
        )
        .await
}

fn app_row(tenant_id: TenantId, row: &Row) -> Answered<App> {
    Ok(App {
        tenant_id,
        namespace: row.get::<Parsed<Namespace>>(0)?.0,
        name: row.get(1)?,
        enabled: row.get(2)?,
        names: row.get::<NamesText>(3)?.0,
    })
}

pub(crate) async fn app_routes(connection: &Sql) -> Answered<Vec<AppRoute>> {
    connection
        .rows(
            "SELECT host, path_prefix, tenant_id, namespace FROM app_routes ORDER BY host, path_prefix",
            [0_i64; 0],
            route_row,
        )
        .await
}

pub(crate) async fn app_routes_between(
    connection: &Sql,
    tenant_id: TenantId,
    first: &Namespace,
    last: &Namespace,
) -> Answered<Vec<AppRoute>> {
    connection
        .rows(
            "SELECT host, path_prefix, tenant_id, namespace FROM app_routes
             WHERE tenant_id = $1 AND namespace BETWEEN $2 AND $3 ORDER BY namespace, host, path_prefix",
            (tenant_id.0, first.as_str(), last.as_str()),
            route_row,
        )
        .await
}

fn route_row(row: &Row) -> Answered<AppRoute> {
    Ok(AppRoute {
        host: row.get(0)?,
        path_prefix: row.get(1)?,
        tenant_id: TenantId(row.get(2)?),
        namespace: row.get::<Parsed<Namespace>>(3)?.0,
    })
}
