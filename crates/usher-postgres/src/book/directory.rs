//! Tenants, people, apps and routes.

use usher_ledger::Directory;
use usher_seats::{Namespace, TenantId, TenantKey, TimeZoneName, UserId};
use usher_store::{App, AppRoute, Tenant, User};

use super::DatabaseBook;
use crate::{
    numbers::{NamesText, Parsed, StoredUserId},
    reads,
    search_keys::{self, Called},
    sql::{Answered, Sql},
    tallies,
};

/// Whether a tenant is there.
pub(crate) async fn has_tenant(sql: &Sql, tenant_id: TenantId) -> Answered<bool> {
    sql.exists("SELECT 1 FROM tenants WHERE tenant_id = $1", [tenant_id.0])
        .await
}

/// Whether a person is there.
pub(crate) async fn has_user(sql: &Sql, tenant_id: TenantId, user_id: UserId) -> Answered<bool> {
    sql.exists(
        "SELECT 1 FROM users WHERE tenant_id = $1 AND user_id = $2",
        (tenant_id.0, user_id.get()),
    )
    .await
}

/// Keeps the keys under which a person is found; to be called before their row changes.
async fn keep_search_keys(sql: &Sql, user: &User) -> Answered<()> {
    let called = Called {
        name: &user.name,
        external_id: user.external_id.as_deref(),
    };
    search_keys::rewrite(sql, (user.tenant_id, user.user_id), Some(called)).await
}

impl Directory for DatabaseBook<'_> {
    async fn tenant_named(&mut self, tenant_key: &TenantKey) -> Answered<Option<Tenant>> {
        reads::tenant(self.sql, tenant_key).await
    }

    async fn tenant(&mut self, tenant_id: TenantId) -> Answered<Option<Tenant>> {
        reads::tenant_by_id(self.sql, tenant_id).await
    }

    async fn has_tenant(&mut self, tenant_id: TenantId) -> Answered<bool> {
        has_tenant(self.sql, tenant_id).await
    }

    /// The number 0 stands for what concerns no tenant, so the sequence begins at 1.
    async fn add_tenant(
        &mut self,
        tenant_key: &TenantKey,
        name: &str,
        time_zone: &TimeZoneName,
    ) -> Answered<TenantId> {
        self.sql
            .one(
                "INSERT INTO tenants (tenant_key, name, enabled, time_zone) VALUES ($1, $2, TRUE, $3)
                 RETURNING tenant_id",
                (tenant_key.as_str(), name, time_zone.as_str()),
                |row| row.get(0).map(TenantId),
            )
            .await
    }

    async fn write_tenant(&mut self, tenant: &Tenant) -> Answered<()> {
        self.sql.later(
            "UPDATE tenants SET name = $2, enabled = $3, time_zone = $4, history_days = $5 WHERE tenant_id = $1",
            owned![
                tenant.tenant_id.0,
                tenant.name.clone(),
                tenant.enabled,
                tenant.time_zone.as_str().to_owned(),
                tenant.history_days.map(i64::from),
            ],
        );
        Ok(())
    }

    async fn user(&mut self, tenant_id: TenantId, user_id: UserId) -> Answered<Option<User>> {
        reads::user(self.sql, tenant_id, user_id).await
    }

    async fn has_user(&mut self, tenant_id: TenantId, user_id: UserId) -> Answered<bool> {
        has_user(self.sql, tenant_id, user_id).await
    }

    async fn user_of_external_id(
        &mut self,
        tenant_id: TenantId,
        external_id: &str,
    ) -> Answered<Option<UserId>> {
        self.sql
            .optional(
                "SELECT user_id FROM users WHERE tenant_id = $1 AND external_id = $2",
                (tenant_id.0, external_id),
                |row| row.get::<StoredUserId>(0).map(|StoredUserId(user_id)| user_id),
            )
            .await
    }

    async fn add_user(&mut self, user: &User) -> Answered<()> {
        keep_search_keys(self.sql, user).await?;
        self.sql.later(
            "INSERT INTO users (tenant_id, user_id, name, enabled, system_administrator, external_id)
             VALUES ($1, $2, $3, $4, $5, $6)",
            owned![
                user.tenant_id.0,
                user.user_id.get(),
                user.name.clone(),
                user.enabled,
                user.system_administrator,
                user.external_id.clone(),
            ],
        );
        Ok(())
    }

    async fn write_user(&mut self, user: &User) -> Answered<bool> {
        keep_search_keys(self.sql, user).await?;
        self.sql
            .touched(
                "UPDATE users SET name = $3, enabled = $4, system_administrator = $5, external_id = $6
                 WHERE tenant_id = $1 AND user_id = $2
                   AND (name <> $3 OR enabled <> $4 OR system_administrator <> $5
                        OR external_id IS DISTINCT FROM $6)",
                (
                    user.tenant_id.0,
                    user.user_id.get(),
                    &user.name,
                    user.enabled,
                    user.system_administrator,
                    &user.external_id,
                ),
            )
            .await
    }

    async fn remove_user(&mut self, tenant_id: TenantId, user_id: UserId) -> Answered<bool> {
        search_keys::rewrite(self.sql, (tenant_id, user_id), None).await?;
        tallies::remove_seats(self.sql, tenant_id, user_id).await?;
        for statement in [
            "DELETE FROM leaves WHERE tenant_id = $1 AND user_id = $2",
            "DELETE FROM credentials WHERE tenant_id = $1 AND user_id = $2",
            "DELETE FROM identity_links WHERE tenant_id = $1 AND user_id = $2",
            "DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2",
            "DELETE FROM links WHERE tenant_id = $1 AND user_id = $2",
            "DELETE FROM grants WHERE tenant_id = $1 AND user_id = $2",
            "UPDATE authorization_codes SET spent = TRUE WHERE tenant_id = $1 AND user_id = $2",
            "UPDATE refresh_tokens SET revoked = TRUE WHERE tenant_id = $1 AND user_id = $2",
            "UPDATE tokens SET revoked = TRUE WHERE tenant_id = $1 AND user_id = $2",
        ] {
            self.sql.later(statement, owned![tenant_id.0, user_id.get()]);
        }
        self.sql
            .touched(
                "DELETE FROM users WHERE tenant_id = $1 AND user_id = $2",
                (tenant_id.0, user_id.get()),
            )
            .await
    }

    async fn app(&mut self, tenant_id: TenantId, namespace: &Namespace) -> Answered<Option<App>> {
        reads::app(self.sql, tenant_id, namespace).await
    }

    async fn has_app(&mut self, tenant_id: TenantId, namespace: &Namespace) -> Answered<bool> {
        self.sql
            .exists(
                "SELECT 1 FROM apps WHERE tenant_id = $1 AND namespace = $2",
                (tenant_id.0, namespace.as_str()),
            )
            .await
    }

    async fn add_app(&mut self, app: &App) -> Answered<()> {
        self.sql.later(
            "INSERT INTO apps (tenant_id, namespace, name, enabled, names) VALUES ($1, $2, $3, $4, $5)",
            owned![
                app.tenant_id.0,
                app.namespace.as_str().to_owned(),
                app.name.clone(),
                app.enabled,
                NamesText(app.names.clone()),
            ],
        );
        Ok(())
    }

    async fn write_app(&mut self, app: &App) -> Answered<bool> {
        self.sql
            .touched(
                "UPDATE apps SET name = $3, enabled = $4, names = $5
                 WHERE tenant_id = $1 AND namespace = $2 AND (name <> $3 OR enabled <> $4 OR names <> $5)",
                (
                    app.tenant_id.0,
                    app.namespace.as_str(),
                    &app.name,
                    app.enabled,
                    NamesText(app.names.clone()),
                ),
            )
            .await
    }

    async fn routed_app(&mut self, host: &str, path_prefix: &str) -> Answered<Option<(TenantId, Namespace)>> {
        self.sql
            .optional(
                "SELECT tenant_id, namespace FROM app_routes WHERE host = $1 AND path_prefix = $2",
                (host, path_prefix),
                |row| {
                    let Parsed(namespace) = row.get(1)?;
                    Ok((TenantId(row.get(0)?), namespace))
                },
            )
            .await
    }

    async fn add_route(&mut self, route: &AppRoute) -> Answered<()> {
        self.sql.later(
            "INSERT INTO app_routes (host, path_prefix, tenant_id, namespace) VALUES ($1, $2, $3, $4)",
            owned![
                route.host.clone(),
                route.path_prefix.clone(),
                route.tenant_id.0,
                route.namespace.as_str().to_owned(),
            ],
        );
        Ok(())
    }

    async fn remove_route(&mut self, host: &str, path_prefix: &str) -> Answered<bool> {
        self.sql
            .touched(
                "DELETE FROM app_routes WHERE host = $1 AND path_prefix = $2",
                (host, path_prefix),
            )
            .await
    }
}
