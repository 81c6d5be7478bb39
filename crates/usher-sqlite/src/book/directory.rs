//! Tenants, people, apps and routes.

use rusqlite::{Connection, OptionalExtension};
use usher_ledger::Directory;
use usher_seats::{Namespace, TenantId, TenantKey, TimeZoneName, UserId};
use usher_store::{App, AppRoute, Tenant, User};

use super::{FileBook, execute, now, run};
use crate::{
    numbers::{NamesText, Parsed, StoredUserId},
    reads,
    search_keys::{self, Called},
};

/// Whether a tenant is there.
pub(crate) fn has_tenant(connection: &Connection, tenant_id: TenantId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM tenants WHERE tenant_id = ?1")?
        .exists([tenant_id.0])
}

/// Whether an app is there.
pub(super) fn has_app(
    connection: &Connection,
    tenant_id: TenantId,
    namespace: &Namespace,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM apps WHERE tenant_id = ?1 AND namespace = ?2")?
        .exists((tenant_id.0, namespace.as_str()))
}

/// Whether a person is there.
pub(crate) fn has_user(
    connection: &Connection,
    tenant_id: TenantId,
    user_id: UserId,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM users WHERE tenant_id = ?1 AND user_id = ?2")?
        .exists((tenant_id.0, user_id.get()))
}

/// Keeps the keys under which a person is found; to be called before their row changes.
fn keep_search_keys(connection: &Connection, user: &User) -> rusqlite::Result<()> {
    let called = Called {
        name: &user.name,
        external_id: user.external_id.as_deref(),
    };
    search_keys::rewrite(connection, (user.tenant_id, user.user_id), Some(called))
}

/// Makes a person, who gets the number they had before they left, or else the tenant's next one.
fn add_user(connection: &Connection, user: &User) -> rusqlite::Result<()> {
    let person = (user.tenant_id.0, user.user_id.get());
    keep_search_keys(connection, user)?;
    run(
        connection,
        "INSERT INTO users (tenant_id, user_id, name, enabled, system_administrator, external_id, person_number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, coalesce(
           (SELECT person_number FROM departed_people WHERE tenant_id = ?1 AND user_id = ?2),
           (SELECT people_numbered FROM tenants WHERE tenant_id = ?1)))",
        (
            person.0,
            person.1,
            &user.name,
            user.enabled,
            user.system_administrator,
            &user.external_id,
        ),
    )?;
    let returned = execute(
        connection,
        "DELETE FROM departed_people WHERE tenant_id = ?1 AND user_id = ?2",
        person,
    )?;
    if returned {
        return Ok(());
    }
    run(
        connection,
        "UPDATE tenants SET people_numbered = people_numbered + 1 WHERE tenant_id = ?1",
        [person.0],
    )
}

fn remove_user(connection: &Connection, tenant_id: TenantId, user_id: UserId) -> rusqlite::Result<bool> {
    search_keys::rewrite(connection, (tenant_id, user_id), None)?;
    let person = (tenant_id.0, user_id.get());
    for statement in [
        "INSERT INTO departed_people (tenant_id, user_id, person_number)
         SELECT tenant_id, user_id, person_number FROM users WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM leaves WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM seats WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM credentials WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM identity_links WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM sessions WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM links WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM grants WHERE tenant_id = ?1 AND user_id = ?2",
        "UPDATE authorization_codes SET spent = 1 WHERE tenant_id = ?1 AND user_id = ?2",
        "UPDATE refresh_tokens SET revoked = 1 WHERE tenant_id = ?1 AND user_id = ?2",
        "UPDATE tokens SET revoked = 1 WHERE tenant_id = ?1 AND user_id = ?2",
    ] {
        run(connection, statement, person)?;
    }
    execute(
        connection,
        "DELETE FROM users WHERE tenant_id = ?1 AND user_id = ?2",
        person,
    )
}

impl Directory for FileBook<'_> {
    fn tenant_named(
        &mut self,
        tenant_key: &TenantKey,
    ) -> impl Future<Output = rusqlite::Result<Option<Tenant>>> + Send {
        now(|| reads::tenant(self.connection, tenant_key))
    }

    fn tenant(
        &mut self,
        tenant_id: TenantId,
    ) -> impl Future<Output = rusqlite::Result<Option<Tenant>>> + Send {
        now(|| reads::tenant_by_id(self.connection, tenant_id))
    }

    fn has_tenant(&mut self, tenant_id: TenantId) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| has_tenant(self.connection, tenant_id))
    }

    fn add_tenant(
        &mut self,
        tenant_key: &TenantKey,
        name: &str,
        time_zone: &TimeZoneName,
    ) -> impl Future<Output = rusqlite::Result<TenantId>> + Send {
        now(|| {
            run(
                self.connection,
                "INSERT INTO tenants (tenant_key, name, enabled, time_zone) VALUES (?1, ?2, 1, ?3)",
                (tenant_key.as_str(), name, time_zone.as_str()),
            )?;
            Ok(TenantId(self.connection.last_insert_rowid()))
        })
    }

    fn write_tenant(&mut self, tenant: &Tenant) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(
                self.connection,
                "UPDATE tenants SET name = ?2, enabled = ?3, time_zone = ?4, history_days = ?5
                 WHERE tenant_id = ?1",
                (
                    tenant.tenant_id.0,
                    &tenant.name,
                    tenant.enabled,
                    tenant.time_zone.as_str(),
                    tenant.history_days,
                ),
            )
        })
    }

    fn user(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = rusqlite::Result<Option<User>>> + Send {
        now(|| reads::user(self.connection, tenant_id, user_id))
    }

    fn has_user(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| has_user(self.connection, tenant_id, user_id))
    }

    fn user_of_external_id(
        &mut self,
        tenant_id: TenantId,
        external_id: &str,
    ) -> impl Future<Output = rusqlite::Result<Option<UserId>>> + Send {
        now(|| {
            self.connection
                .prepare_cached("SELECT user_id FROM users WHERE tenant_id = ?1 AND external_id = ?2")?
                .query_row((tenant_id.0, external_id), |row| {
                    row.get::<_, StoredUserId>(0).map(|StoredUserId(user_id)| user_id)
                })
                .optional()
        })
    }

    fn add_user(&mut self, user: &User) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| add_user(self.connection, user))
    }

    fn write_user(&mut self, user: &User) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| {
            keep_search_keys(self.connection, user)?;
            execute(
                self.connection,
                "UPDATE users SET name = ?3, enabled = ?4, system_administrator = ?5, external_id = ?6
                 WHERE tenant_id = ?1 AND user_id = ?2
                   AND (name <> ?3 OR enabled <> ?4 OR system_administrator <> ?5 OR external_id IS NOT ?6)",
                (
                    user.tenant_id.0,
                    user.user_id.get(),
                    &user.name,
                    user.enabled,
                    user.system_administrator,
                    &user.external_id,
                ),
            )
        })
    }

    fn remove_user(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| remove_user(self.connection, tenant_id, user_id))
    }

    fn app(
        &mut self,
        tenant_id: TenantId,
        namespace: &Namespace,
    ) -> impl Future<Output = rusqlite::Result<Option<App>>> + Send {
        now(|| reads::app(self.connection, tenant_id, namespace))
    }

    fn has_app(
        &mut self,
        tenant_id: TenantId,
        namespace: &Namespace,
    ) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| has_app(self.connection, tenant_id, namespace))
    }

    fn add_app(&mut self, app: &App) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(
                self.connection,
                "INSERT INTO apps (tenant_id, namespace, name, enabled, names) VALUES (?1, ?2, ?3, ?4, ?5)",
                (
                    app.tenant_id.0,
                    app.namespace.as_str(),
                    &app.name,
                    app.enabled,
                    NamesText(app.names.clone()),
                ),
            )
        })
    }

    fn write_app(&mut self, app: &App) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| {
            execute(
                self.connection,
                "UPDATE apps SET name = ?3, enabled = ?4, names = ?5
                 WHERE tenant_id = ?1 AND namespace = ?2 AND (name <> ?3 OR enabled <> ?4 OR names <> ?5)",
                (
                    app.tenant_id.0,
                    app.namespace.as_str(),
                    &app.name,
                    app.enabled,
                    NamesText(app.names.clone()),
                ),
            )
        })
    }

    fn routed_app(
        &mut self,
        host: &str,
        path_prefix: &str,
    ) -> impl Future<Output = rusqlite::Result<Option<(TenantId, Namespace)>>> + Send {
        now(|| {
            self.connection
                .prepare_cached(
                    "SELECT tenant_id, namespace FROM app_routes WHERE host = ?1 AND path_prefix = ?2",
                )?
                .query_row((host, path_prefix), |row| {
                    let Parsed(namespace) = row.get(1)?;
                    Ok((TenantId(row.get(0)?), namespace))
                })
                .optional()
        })
    }

    fn add_route(&mut self, route: &AppRoute) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(
                self.connection,
                "INSERT INTO app_routes (host, path_prefix, tenant_id, namespace) VALUES (?1, ?2, ?3, ?4)",
                (
                    &route.host,
                    &route.path_prefix,
                    route.tenant_id.0,
                    route.namespace.as_str(),
                ),
            )
        })
    }

    fn remove_route(
        &mut self,
        host: &str,
        path_prefix: &str,
    ) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| {
            execute(
                self.connection,
                "DELETE FROM app_routes WHERE host = ?1 AND path_prefix = ?2",
                (host, path_prefix),
            )
        })
    }
}
