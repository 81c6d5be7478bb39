//! How the audit log shows things: one function per kind, without a secret in any.

use serde_json::{Value, json};
use usher_seats::{ClientId, TenantId, UserId};
use usher_store::{Tenant, TokenHash};

use super::{Route, Thing, is_given_by_hand};
use crate::book::{Answer, Credentials, Directory};

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

type Found<B> = Answer<B, Option<Picture>>;

/// Looks at a thing; none when it is not there.
pub(super) async fn take<B: Directory + Credentials>(book: &mut B, thing: &Thing<'_>) -> Found<B> {
    match thing {
        Thing::TenantNamed(tenant_key) => {
            Ok(book.tenant_named(tenant_key).await?.map(|known| tenant(&known)))
        }
        Thing::Tenant(tenant_id) => Ok(book.tenant(*tenant_id).await?.map(|known| tenant(&known))),
        Thing::HistoryDays(tenant_id) => {
            let known = book.tenant(*tenant_id).await?;
            Ok(known.map(|known| {
                let shown = json!({ "history_days": known.history_days });
                Picture::of(*tenant_id, HISTORY_DAYS, &shown)
            }))
        }
        Thing::User(tenant_id, user_id) => user(book, *tenant_id, *user_id).await,
        Thing::App(tenant_id, namespace) => {
            let app = book.app(*tenant_id, namespace).await?;
            Ok(app.map(|app| {
                let shown = json!({ "name": app.name, "names": app.names, "enabled": app.enabled });
                Picture::of(*tenant_id, namespace.as_str(), &shown)
            }))
        }
        Thing::Route(route) => of_route(book, route).await,
        Thing::Client(tenant_id, client_id) => client(book, *tenant_id, client_id).await,
        Thing::Install(tenant_id, client_id) => {
            let installed = book.has_install(*tenant_id, client_id).await?;
            let shown = json!({ "installed": true });
            Ok(installed.then(|| Picture::of(*tenant_id, client_id.as_str(), &shown)))
        }
        Thing::Grant(tenant_id, user_id, client_id) => {
            let grant = book.grant(*tenant_id, *user_id, client_id).await?;
            Ok(grant.map(|grant| {
                let shown = json!({ "user_id": user_id, "scopes": grant.scopes });
                Picture::of(*tenant_id, client_id.as_str(), &shown)
            }))
        }
        Thing::Token(token_hash) => token(book, *token_hash).await,
        Thing::SignIn(tenant_id, user_id) => sign_in(book, *tenant_id, *user_id).await,
        Thing::Link(link_hash) => link(book, *link_hash).await,
        Thing::IdentityProvider(tenant_id) => identity_provider(book, *tenant_id).await,
    }
}

fn tenant(tenant: &Tenant) -> Picture {
    let shown = json!({ "name": tenant.name, "time_zone": tenant.time_zone, "enabled": tenant.enabled });
    Picture::of(tenant.tenant_id, tenant.tenant_key.as_str(), &shown)
}

async fn user<B: Directory>(book: &mut B, tenant_id: TenantId, user_id: UserId) -> Found<B> {
    let user = book.user(tenant_id, user_id).await?;
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

async fn of_route<B: Directory>(book: &mut B, route: &Route<'_>) -> Found<B> {
    let found = book.routed_app(route.host, route.path_prefix).await?;
    let is_there = found
        .is_some_and(|(tenant_id, namespace)| (tenant_id, &namespace) == (route.tenant_id, &route.namespace));
    let shown = json!({ "host": route.host, "path_prefix": route.path_prefix });
    Ok(is_there.then(|| Picture::of(route.tenant_id, route.namespace.as_str(), &shown)))
}

async fn client<B: Credentials>(book: &mut B, tenant_id: TenantId, client_id: &ClientId) -> Found<B> {
    let standing = book.client_standing(client_id).await?;
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

/// Shows a service or operator token; another kind is not in the log.
async fn token<B: Credentials>(book: &mut B, token_hash: TokenHash) -> Found<B> {
    let token = book.token(token_hash).await?;
    let token = token.filter(|token| is_given_by_hand(token.kind));
    Ok(token.map(|token| {
        let shown = json!({
            "kind": token.kind,
            "issued_at_ms": token.issued_at_ms,
            "expires_at_ms": token.expires_at_ms,
            "revoked": token.revoked,
        });
        Picture {
            tenant_id: token.tenant_id,
            name: token_hash.token_id(),
            shown: shown.to_string(),
            hidden: Vec::new(),
        }
    }))
}

/// Shows how a person may sign in; none for who cannot.
async fn sign_in<B: Credentials>(book: &mut B, tenant_id: TenantId, user_id: UserId) -> Found<B> {
    let ways_in = book.ways_in(tenant_id, user_id).await?;
    let (password, second_factor) = (ways_in.password_hash, ways_in.totp_sealed);
    if password.is_none() && second_factor.is_none() && ways_in.accounts.is_empty() {
        return Ok(None);
    }
    let accounts: Vec<Value> = ways_in
        .accounts
        .iter()
        .map(|(issuer, subject)| json!({ "issuer": issuer, "subject": subject }))
        .collect();
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

async fn link<B: Credentials>(book: &mut B, link_hash: TokenHash) -> Found<B> {
    let link = book.link(link_hash).await?;
    Ok(link.map(|link| {
        let shown = json!({ "purpose": link.purpose, "expires_at_ms": link.expires_at_ms });
        Picture::of(link.tenant_id, link.user_id.to_string(), &shown)
    }))
}

async fn identity_provider<B: Credentials>(book: &mut B, tenant_id: TenantId) -> Found<B> {
    let found = book.identity_provider(tenant_id).await?;
    Ok(found.map(|(provider, linked)| {
        let shown = json!({
            "name": provider.name,
            "name_chinese": provider.name_chinese,
            "issuer": provider.issuer,
            "client_id": provider.client_id,
            "enabled": provider.enabled,
            "linked_accounts": linked,
        });
        let hidden = vec![provider.client_secret_sealed];
        Picture::of(tenant_id, IDENTITY_PROVIDER, &shown).hiding(hidden)
    }))
}
