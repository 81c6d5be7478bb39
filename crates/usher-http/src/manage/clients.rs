//! `/usher/v1/clients`: programs, what they may open, where they send people back, and their secrets.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use usher_identity::{Secret, derived::event_keys, make_secret, token::hash_token};
use usher_seats::{ClientId, TenantId};
use usher_store::{
    Change, Client, ClientKind, IdentityChange, TokenHash,
    identity::{ClientRegistration, ClientStanding},
};
use utoipa::ToSchema;

use super::{
    asked::Asked,
    lists::{Listed, Place},
    once::{Creation, Once},
    schemas::{
        AddressText, ClientIdText, ClientPath, KeyHeader, Moment, NameText, PageQuery, Refusals, ScopeText,
        TenantQuery,
    },
    values::{DisplayName, RegisteredAddress, Scope, TicketAddress, absent_or_null, yes},
};
use crate::{
    edge::draw,
    wire::{FieldViolation, WireCode, WireError, envelope::SuccessBody, success},
};

/// Most addresses of a client: one for each of its stages and programs.
const REDIRECT_URIS_MAX: usize = 50;
/// How long older secrets stay good after a rotation unless somebody says otherwise, in seconds: a day for a roll-out.
const OVERLAP_SECONDS_DEFAULT: u32 = 24 * 60 * 60;
/// How long they may stay good, in seconds: a month.
const OVERLAP_SECONDS_MAX: u32 = 30 * 24 * 60 * 60;
/// Most secrets that are good at once; more overlap than that means that nobody knows which one is in use.
const SECRETS_MAX: usize = 5;

/// A client in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientSummary {
    #[schema(value_type = ClientIdText)]
    client_id: ClientId,
    /// For people.
    name: String,
    kind: ClientKindData,
    /// The scopes it has opened.
    scopes: Vec<String>,
    /// False ends its tokens at once.
    enabled: bool,
}

/// Who may install it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ClientKindData {
    /// Belongs to one tenant.
    SelfBuilt,
    /// Installed by many.
    Store,
}

/// A client.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientData {
    #[serde(flatten)]
    client: ClientSummary,
    /// Where people are sent back to.
    redirect_uris: Vec<String>,
    /// Whether refresh tokens may be used.
    refresh_allowed: bool,
    /// Where a store client hears of its tickets.
    #[schema(required = true)]
    ticket_url: Option<String>,
    /// Its secrets, newest first, without themselves.
    secrets: Vec<SecretData>,
}

/// What is known of a secret.
#[derive(Serialize, ToSchema)]
pub(super) struct SecretData {
    #[schema(value_type = Moment)]
    created_at_ms: i64,
    /// The first moment at which it is no longer good; null while it has no end.
    #[schema(required = true)]
    expires_at_ms: Option<i64>,
}

/// A new client.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewClient {
    #[schema(value_type = NameText)]
    name: DisplayName,
    #[serde(default = "self_built")]
    kind: ClientKindData,
    #[serde(default)]
    #[schema(value_type = Vec<ScopeText>, max_items = 50)]
    scopes: Vec<Scope>,
    #[serde(default)]
    #[schema(value_type = Vec<AddressText>, max_items = 50)]
    redirect_uris: Vec<RegisteredAddress>,
    #[serde(default = "yes")]
    refresh_allowed: bool,
    #[schema(value_type = Option<AddressText>)]
    ticket_url: Option<TicketAddress>,
    #[serde(default = "yes")]
    enabled: bool,
}

fn self_built() -> ClientKindData {
    ClientKindData::SelfBuilt
}

/// A client that was made, with its secret, this once.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientCreated {
    #[serde(flatten)]
    client: ClientData,
    /// Absent in a repeated answer.
    #[schema(value_type = String, required = false)]
    client_secret: Option<String>,
    /// Of store clients: stands in `token` of every event. Absent in a repeated answer.
    #[schema(value_type = String, required = false)]
    event_verification_token: Option<String>,
    /// Of store clients: signs every event. Absent in a repeated answer.
    #[schema(value_type = String, required = false)]
    event_signing_key: Option<String>,
    /// True when this answer was given before.
    replayed: bool,
}

/// What is to be different; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientPatch {
    #[schema(value_type = Option<NameText>)]
    name: Option<DisplayName>,
    #[schema(value_type = Option<Vec<ScopeText>>, max_items = 50)]
    scopes: Option<Vec<Scope>>,
    #[schema(value_type = Option<Vec<AddressText>>, max_items = 50)]
    redirect_uris: Option<Vec<RegisteredAddress>>,
    refresh_allowed: Option<bool>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(value_type = Option<AddressText>)]
    ticket_url: Option<Option<TicketAddress>>,
    enabled: Option<bool>,
}

/// How secrets overlap.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    /// How long the older secrets stay good, in seconds; a day where it is missing, 0 ends them at once.
    #[schema(maximum = 2_592_000)]
    overlap_seconds: Option<u32>,
}

/// A new secret, this once.
#[derive(Serialize, ToSchema)]
pub(super) struct SecretCreated {
    #[schema(value_type = ClientIdText)]
    client_id: ClientId,
    /// Absent in a repeated answer.
    #[schema(value_type = String, required = false)]
    client_secret: Option<String>,
    /// Of store clients: stands in `token` of every event. Absent in a repeated answer.
    #[schema(value_type = String, required = false)]
    event_verification_token: Option<String>,
    /// Of store clients: signs every event. Absent in a repeated answer.
    #[schema(value_type = String, required = false)]
    event_signing_key: Option<String>,
    /// When the older secrets end.
    #[schema(value_type = Moment)]
    older_expire_at_ms: i64,
    /// True when this answer was given before.
    replayed: bool,
}

/// List a tenant's own clients, in order of their id.
#[utoipa::path(get, path = "/usher/v1/clients", tag = "clients", operation_id = "list_clients",
    params(TenantQuery, PageQuery),
    responses((status = 200, description = "A page of clients.", body = SuccessBody<Listed<ClientSummary>>), Refusals))]
pub(super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let place = Place::<ClientId>::read(&asked, "clients", tenant.tenant_key.as_str())?;
    let clients = asked
        .edge
        .store
        .clients(tenant.tenant_id, place.after.clone(), place.rows_asked())
        .await?;
    let page = place.page(clients);
    place.answer(
        &asked,
        page,
        |client| client.client_id.to_string(),
        ClientSummary::from,
    )
}

/// Make a client. The answer has its secret, this once.
#[utoipa::path(post, path = "/usher/v1/clients", tag = "clients", operation_id = "create_client",
    params(TenantQuery, KeyHeader), request_body = NewClient,
    responses((status = 200, description = "The client and its secret.", body = SuccessBody<ClientCreated>), Refusals))]
pub(super) async fn create(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let new: NewClient = asked.body()?;
    let registration = ClientRegistration {
        redirect_uris: addresses(new.redirect_uris)?,
        refresh_allowed: new.refresh_allowed,
        ticket_url: new.ticket_url.map(|url| url.0),
    };
    let scopes = distinct(new.scopes);
    let once = Once::read(&asked, (Some(tenant.tenant_id), tenant.tenant_key.as_str()))?;
    if let Some(answer) = once.replay(&asked).await? {
        return Ok(answer);
    }
    let client = Client {
        tenant_id: tenant.tenant_id,
        client_id: draw_client_id(&asked)?,
        name: new.name.0,
        kind: match new.kind {
            ClientKindData::SelfBuilt => ClientKind::SelfBuilt,
            ClientKindData::Store => ClientKind::Store,
        },
        scopes,
        enabled: new.enabled,
    };
    let secret = make_secret(&draw(asked.edge.chance.as_ref()));
    let secrets = vec![SecretData {
        created_at_ms: asked.now_ms,
        expires_at_ms: None,
    }];
    let shown_once = shown_once(&asked, &client, secret.clone());
    let creation = Creation {
        changes: vec![
            Change::PutClient(client.clone()),
            registered(&client, registration.clone()),
            add_secret(&client, &secret, asked.now_ms),
        ],
        data: data(client, registration, secrets),
        secrets: shown_once,
    };
    once.commit(&asked, creation).await
}

/// 64 random bits: nobody meets another's.
fn draw_client_id(asked: &Asked) -> Result<ClientId, WireError> {
    let number = u64::from_be_bytes(draw(asked.edge.chance.as_ref()));
    format!("cli_{number:016x}").parse().map_err(WireError::internal)
}

/// Show a client.
#[utoipa::path(get, path = "/usher/v1/clients/{client_id}", tag = "clients", operation_id = "get_client",
    params(ClientPath, TenantQuery),
    responses((status = 200, description = "The client.", body = SuccessBody<ClientData>), Refusals))]
pub(super) async fn show(asked: Asked) -> Result<Response, WireError> {
    let standing = named(&asked).await?;
    let secrets = secrets(&standing);
    success(data(standing.client, standing.registration, secrets))
}

/// Change a client: name, scopes, addresses, on or off. Off ends its tokens at once.
#[utoipa::path(patch, path = "/usher/v1/clients/{client_id}", tag = "clients", operation_id = "update_client",
    params(ClientPath, TenantQuery), request_body = ClientPatch,
    responses((status = 200, description = "The client.", body = SuccessBody<ClientData>), Refusals))]
pub(super) async fn update(asked: Asked) -> Result<Response, WireError> {
    let _turn = asked.edge.management.lock().await;
    let standing = named(&asked).await?;
    let patch: ClientPatch = asked.body()?;
    let secrets = secrets(&standing);
    let (client, registration) = (standing.client, standing.registration);
    let client = Client {
        name: patch.name.map_or(client.name, |name| name.0),
        scopes: patch.scopes.map_or(client.scopes, distinct),
        enabled: patch.enabled.unwrap_or(client.enabled),
        ..client
    };
    let registration = ClientRegistration {
        redirect_uris: match patch.redirect_uris {
            Some(wanted) => addresses(wanted)?,
            None => registration.redirect_uris,
        },
        refresh_allowed: patch.refresh_allowed.unwrap_or(registration.refresh_allowed),
        ticket_url: match patch.ticket_url {
            Some(wanted) => wanted.map(|url| url.0),
            None => registration.ticket_url,
        },
    };
    let changes = vec![
        Change::PutClient(client.clone()),
        registered(&client, registration.clone()),
    ];
    asked.change(changes).await?;
    success(data(client, registration, secrets))
}

/// Make a new secret for a client. The older ones stay good for a while, so that nothing stops during a roll-out.
#[utoipa::path(post, path = "/usher/v1/clients/{client_id}/secrets", tag = "clients",
    operation_id = "create_client_secret", params(ClientPath, TenantQuery, KeyHeader), request_body = Rotation,
    responses((status = 200, description = "The new secret.", body = SuccessBody<SecretCreated>), Refusals))]
pub(super) async fn rotate_secret(asked: Asked) -> Result<Response, WireError> {
    let standing = named(&asked).await?;
    let rotation: Rotation = asked.body()?;
    let overlap = rotation.overlap_seconds.unwrap_or(OVERLAP_SECONDS_DEFAULT);
    let good = standing
        .secrets
        .iter()
        .filter(|secret| secret.expires_at_ms.is_none_or(|end_ms| asked.now_ms < end_ms));
    let tenant_id = standing.client.tenant_id;
    let once = Once::read(&asked, (Some(tenant_id), &tenant_id.0.to_string()))?;
    if let Some(answer) = once.replay(&asked).await? {
        return Ok(answer);
    }
    if overlap > OVERLAP_SECONDS_MAX || (overlap > 0 && good.count() >= SECRETS_MAX) {
        let allowed = format!(
            "overlap_seconds must be 0 to {OVERLAP_SECONDS_MAX}, and 0 while {SECRETS_MAX} secrets are good"
        );
        return Err(WireError::bad_request(vec![FieldViolation::new(
            "overlap_seconds",
            allowed,
        )]));
    }
    let secret = make_secret(&draw(asked.edge.chance.as_ref()));
    let older_expire_at_ms = asked.now_ms.saturating_add(i64::from(overlap) * 1_000);
    let creation = Creation {
        changes: vec![add_secret(&standing.client, &secret, older_expire_at_ms)],
        data: json!({
            "client_id": standing.client.client_id,
            "older_expire_at_ms": older_expire_at_ms,
        }),
        secrets: shown_once(&asked, &standing.client, secret),
    };
    once.commit(&asked, creation).await
}

/// What the answer shows this once: the secret, and what a store client needs to know our events from others'. The
/// event keys are derived and stay the same; whoever may make a secret may see them again.
fn shown_once(asked: &Asked, client: &Client, secret: Secret) -> Vec<(&'static str, Secret)> {
    let mut shown = vec![("client_secret", secret)];
    if client.kind == ClientKind::Store {
        let keys = event_keys(&asked.edge.keys, &client.client_id);
        shown.push(("event_verification_token", keys.verification_token));
        shown.push(("event_signing_key", keys.signing_key));
    }
    shown
}

/// A client of the tenant meant. It is looked for in that tenant, so a foreign one is not found.
async fn named(asked: &Asked) -> Result<ClientStanding, WireError> {
    let tenant_id: TenantId = asked.tenant().await?.tenant_id;
    let client_id: ClientId = asked.path("client_id")?;
    let store = &asked.edge.store;
    if store.client(tenant_id, &client_id).await?.is_none() {
        return Err(WireCode::ClientUnknown.into());
    }
    let standing = store.client_standing(&client_id).await?;
    standing
        .filter(|standing| standing.client.tenant_id == tenant_id)
        .ok_or(WireCode::ClientUnknown.into())
}

fn registered(client: &Client, registration: ClientRegistration) -> Change {
    Change::from(IdentityChange::RegisterClient {
        tenant_id: client.tenant_id,
        client_id: client.client_id.clone(),
        registration,
    })
}

fn add_secret(client: &Client, secret: &Secret, older_expire_at_ms: i64) -> Change {
    Change::from(IdentityChange::AddClientSecret {
        tenant_id: client.tenant_id,
        client_id: client.client_id.clone(),
        secret_hash: TokenHash(hash_token(secret)),
        older_expire_at_ms,
    })
}

fn addresses(addresses: Vec<RegisteredAddress>) -> Result<Vec<String>, WireError> {
    if addresses.len() > REDIRECT_URIS_MAX {
        let allowed = format!("redirect_uris must be at most {REDIRECT_URIS_MAX}");
        return Err(WireError::bad_request(vec![FieldViolation::new(
            "redirect_uris",
            allowed,
        )]));
    }
    Ok(addresses.into_iter().map(|address| address.0).collect())
}

/// Each scope once, in a fixed order.
fn distinct(scopes: Vec<Scope>) -> Vec<String> {
    let mut scopes: Vec<String> = scopes.into_iter().map(|scope| scope.0).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

impl From<Client> for ClientSummary {
    fn from(client: Client) -> Self {
        Self {
            client_id: client.client_id,
            name: client.name,
            kind: match client.kind {
                ClientKind::SelfBuilt => ClientKindData::SelfBuilt,
                ClientKind::Store => ClientKindData::Store,
            },
            scopes: client.scopes,
            enabled: client.enabled,
        }
    }
}

fn secrets(standing: &ClientStanding) -> Vec<SecretData> {
    let secrets = standing.secrets.iter().map(|secret| SecretData {
        created_at_ms: secret.created_at_ms,
        expires_at_ms: secret.expires_at_ms,
    });
    secrets.collect()
}

fn data(client: Client, registration: ClientRegistration, secrets: Vec<SecretData>) -> ClientData {
    ClientData {
        client: ClientSummary::from(client),
        redirect_uris: registration.redirect_uris,
        refresh_allowed: registration.refresh_allowed,
        ticket_url: registration.ticket_url,
        secrets,
    }
}
