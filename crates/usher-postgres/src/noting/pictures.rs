//! How the audit log shows things: one function per kind, without a secret in any.

use crate::NO_TENANT;
use crate::sql::{Answered, Sql};
use serde_json::{Value, json};
use usher_seats::{ClientId, TenantId, UserId};
use usher_store::{Tenant, TokenHash};

use super::{Route, Thing};
use crate::reads;

/// The name of a tenant's identity provider in its log; there is at most one.
const IDENTITY_PROVIDER: &str = "identity_provider";
/// The name of the setting for how many days history is kept.
const HISTORY_DAYS: &str = "history_days";

/// A thing at a moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// Whose log it belongs into.
    pub(super) tenant_id: Option<TenantId>,
    /// Its name there.
    pub(super) name: String,
    /// What the log shows, as JSON.
    pub(super) shown: String,
    /// What must not be shown and yet tells one state from another: a new password leaves everything else as it was.
    hidden: Vec<Vec<u8>>,
}

impl Picture {
    fn of(tenant_id: TenantId, name: impl Into<String>, shown: &Value) -> Self {
        Self {
            tenant_id: Some(tenant_id),
            name: name.into(),
            shown: shown.to_string(),
            hidden: Vec::new(),
        }
    }

    fn hiding(self, hidden: Vec<Vec<u8>>) -> Self {
        Self { hidden, ..self }
    }
}

type Found = Answered<Option<Picture>>;

/// Looks at a thing; none when it is not there.
pub(super) async fn take(connection: &Sql, thing: &Thing<'_>) -> Found {
    match thing {
        Thing::TenantNamed(tenant_key) => Ok(reads::tenant(connection, tenant_key)
            .await?
            .map(|known| tenant(&known))),
        Thing::Tenant(tenant_id) => Ok(reads::tenant_by_id(connection, *tenant_id)
            .await?
            .map(|known| tenant(&known))),
        Thing::HistoryDays(tenant_id) => history_days(connection, *tenant_id).await,
        Thing::User(tenant_id, user_id) => user(connection, *tenant_id, *user_id).await,
        Thing::App(tenant_id, namespace) => {
            let app = reads::app(connection, *tenant_id, namespace).await?;
            Ok(app.map(|app| {
                let shown = json!({ "name": app.name, "names": app.names, "enabled": app.enabled });
                Picture::of(*tenant_id, namespace.as_str(), &shown)
            }))
        }
        Thing::Route(route) => of_route(connection, route).await,
        Thing::Client(tenant_id, client_id) => client(connection, *tenant_id, client_id).await,
        Thing::Install(tenant_id, client_id) => install(connection, *tenant_id, client_id).await,
        Thing::Grant(tenant_id, user_id, client_id) => {
            grant(connection, *tenant_id, *user_id, client_id).await
        }
        Thing::Token(token_hash) => token(connection, *token_hash).await,
        Thing::SignIn(tenant_id, user_id) => sign_in(connection, *tenant_id, *user_id).await,
        Thing::Link(link_hash) => link(connection, *link_hash).await,
        Thing::IdentityProvider(tenant_id) => identity_provider(connection, *tenant_id).await,
    }
}

fn tenant(tenant: &Tenant) -> Picture {
    let shown = json!({ "name": tenant.name, "time_zone": tenant.time_zone, "enabled": tenant.enabled });
    Picture::of(tenant.tenant_id, tenant.tenant_key.as_str(), &shown)
}

async fn history_days(connection: &Sql, tenant_id: TenantId) -> Found {
    connection
        .optional(
            "SELECT history_days FROM tenants WHERE tenant_id = $1",
            [tenant_id.0],
            |row| {
                let days: Option<i64> = row.get(0)?;
                Ok(Picture::of(
                    tenant_id,
                    HISTORY_DAYS,
                    &json!({ "history_days": days }),
                ))
            },
        )
        .await
}

async fn user(connection: &Sql, tenant_id: TenantId, user_id: UserId) -> Found {
    let user = reads::user(connection, tenant_id, user_id).await?;
    Ok(user.map(|user| {
        let shown = json!({
            "name": user.name,
            "external_id": user.external_id,
            "enabled": user.enabled,
            "system_administrator": user.system_administrator,
        });
        Picture::of(tenant_id, user_id.to_string(), &shown)
    }))
}

async fn of_route(connection: &Sql, route: &Route<'_>) -> Found {
    let found = connection.exists("SELECT 1 FROM app_routes WHERE host = $1 AND path_prefix = $2 AND tenant_id = $3 AND namespace = $4", (route.host, route.path_prefix, route.tenant_id.0, route.namespace.as_str())).await?;
    let shown = json!({ "host": route.host, "path_prefix": route.path_prefix });
    Ok(found.then(|| Picture::of(route.tenant_id, route.namespace.as_str(), &shown)))
}

async fn client(connection: &Sql, tenant_id: TenantId, client_id: &ClientId) -> Found {
    let standing = reads::client_standing_within(connection, client_id).await?;
    let Some(standing) = standing.filter(|standing| standing.client.tenant_id == tenant_id) else {
        return Ok(None);
    };
    let secrets: Vec<Value> = standing
        .secrets
        .iter()
        .map(|secret| json!({ "created_at_ms": secret.created_at_ms, "expires_at_ms": secret.expires_at_ms }))
        .collect();
    let shown = json!({
        "name": standing.client.name,
        "kind": standing.client.kind,
        "scopes": standing.client.scopes,
        "enabled": standing.client.enabled,
        "redirect_uris": standing.registration.redirect_uris,
        "refresh_allowed": standing.registration.refresh_allowed,
        "ticket_url": standing.registration.ticket_url,
        "secrets": secrets,
    });
    let hidden = standing
        .secrets
        .iter()
        .map(|secret| secret.secret_hash.0.to_vec())
        .collect();
    Ok(Some(
        Picture::of(tenant_id, client_id.as_str(), &shown).hiding(hidden),
    ))
}

async fn install(connection: &Sql, tenant_id: TenantId, client_id: &ClientId) -> Found {
    let installed = connection
        .exists(
            "SELECT 1 FROM installs WHERE tenant_id = $1 AND client_id = $2",
            (tenant_id.0, client_id.as_str()),
        )
        .await?;
    Ok(installed.then(|| Picture::of(tenant_id, client_id.as_str(), &json!({ "installed": true }))))
}

async fn grant(connection: &Sql, tenant_id: TenantId, user_id: UserId, client_id: &ClientId) -> Found {
    let grant = reads::grant(connection, tenant_id, user_id, client_id).await?;
    Ok(grant.map(|grant| {
        let shown = json!({ "user_id": user_id, "scopes": grant.scopes });
        Picture::of(tenant_id, client_id.as_str(), &shown)
    }))
}

/// Shows a service or operator token; another kind is not in the log.
async fn token(connection: &Sql, token_hash: TokenHash) -> Found {
    connection
        .optional(
            "SELECT tenant_id, kind, issued_at_ms, expires_at_ms, revoked FROM tokens
             WHERE token_hash = $1 AND kind IN ('service', 'operator')",
            [token_hash.0.as_slice()],
            |row| {
                let shown = json!({
                    "kind": row.get::<String>(1)?,
                    "issued_at_ms": row.get::<i64>(2)?,
                    "expires_at_ms": row.get::<i64>(3)?,
                    "revoked": row.get::<bool>(4)?,
                });
                Ok(Picture {
                    tenant_id: row
                        .get::<Option<i64>>(0)?
                        .filter(|tenant_id| *tenant_id != NO_TENANT)
                        .map(TenantId),
                    name: token_hash.token_id(),
                    shown: shown.to_string(),
                    hidden: Vec::new(),
                })
            },
        )
        .await
}

/// Shows how a person may sign in; none for who cannot.
async fn sign_in(connection: &Sql, tenant_id: TenantId, user_id: UserId) -> Found {
    let person = (tenant_id.0, user_id.get());
    let (password, second_factor): (Option<Vec<u8>>, Option<Vec<u8>>) = connection.optional("SELECT convert_to(password_hash, 'UTF8'), totp_sealed FROM credentials WHERE tenant_id = $1 AND user_id = $2", person, |row| Ok((row.get(0)?, row.get(1)?))).await?
        .unwrap_or_default();
    let accounts = connection.rows("SELECT issuer, subject FROM identity_links WHERE tenant_id = $1 AND user_id = $2 ORDER BY issuer", person, |row| {
            Ok(json!({ "issuer": row.get::<String>(0)?, "subject": row.get::<String>(1)? }))
        }).await?;
    if password.is_none() && second_factor.is_none() && accounts.is_empty() {
        return Ok(None);
    }
    let shown = json!({
        "password": password.is_some(),
        "second_factor": second_factor.is_some(),
        "linked_accounts": accounts,
    });
    let hidden = vec![password.unwrap_or_default(), second_factor.unwrap_or_default()];
    Ok(Some(
        Picture::of(tenant_id, user_id.to_string(), &shown).hiding(hidden),
    ))
}

async fn link(connection: &Sql, link_hash: TokenHash) -> Found {
    connection
        .optional(
            "SELECT tenant_id, user_id, purpose, expires_at_ms FROM links WHERE link_hash = $1",
            [link_hash.0.as_slice()],
            |row| {
                let shown = json!({
                    "purpose": row.get::<String>(2)?,
                    "expires_at_ms": row.get::<i64>(3)?,
                });
                let name = row.get::<i64>(1)?.to_string();
                Ok(Picture::of(TenantId(row.get(0)?), name, &shown))
            },
        )
        .await
}

async fn identity_provider(connection: &Sql, tenant_id: TenantId) -> Found {
    let Some(provider) = reads::identity_provider(connection, tenant_id).await? else {
        return Ok(None);
    };
    let linked: i64 = connection
        .one(
            "SELECT count(*) FROM identity_links WHERE tenant_id = $1",
            [tenant_id.0],
            |row| row.get(0),
        )
        .await?;
    let shown = json!({
        "name": provider.name,
        "name_chinese": provider.name_chinese,
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "enabled": provider.enabled,
        "linked_accounts": linked,
    });
    let hidden = vec![provider.client_secret_sealed];
    Ok(Some(
        Picture::of(tenant_id, IDENTITY_PROVIDER, &shown).hiding(hidden),
    ))
}
