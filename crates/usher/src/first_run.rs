//! What a fresh store is given, so that nothing needs to be configured.
//!
//! One tenant, `default`, with one system administrator and one built-in client that has every known scope open.
//! That is enough to issue a token and read both lists. The built-in client marks that the work was done: it is made
//! in one transaction with the administrator, so a crash between the tenant and the two is mended by the next
//! start, and an administrator whom somebody later switches off does not come back.

use usher_http::{Chance, edge::draw, manage::scopes::KNOWN_SCOPES, open_apis::Call};
use usher_seats::{ClientId, TenantId, TenantKey, TimeZoneName, UserId};
use usher_store::{
    Change, Client, ClientKind, Effect, KeptAnswer, Rejection, Store, StoreError, TokenHash, User,
};

use crate::{failure::Failure, identifiers::DEFAULT_TENANT, sign_in::login_client, words};

/// The name by which the built-in client is found again.
pub(crate) const BUILT_IN_CLIENT_NAME: &str = "Usher command line";
/// The number of the administrator of a fresh store: the first.
const ADMINISTRATOR_ID: i64 = 1;
/// Most clients of a tenant that are searched for the built-in one. It is made first, and tenants have a handful.
const CLIENTS_SEARCHED_MAX: usize = 500;
/// Under which name the first run is done once; no hash of a call is this text.
const FIRST_RUN: TokenHash = TokenHash(*b"usher: first run on this ledger.");
/// Instances that start within this time start together: longer than a start takes, and than their clocks differ.
const TOGETHER_MS: i64 = 10 * 60 * 1_000;
/// The scopes of the calls about seats, for the first token.
pub(crate) const SEAT_SCOPES: [&str; 2] = [Call::SeatActivities.scope(), Call::SeatAssignments.scope()];

/// Gives a fresh store its tenant, administrator and client; does nothing to any other.
///
/// # Errors
/// As the store.
pub(crate) async fn ensure(store: &dyn Store, chance: &dyn Chance, now_ms: i64) -> Result<(), Failure> {
    let tenant_key: TenantKey = crate::identifiers::tenant_key(None)?;
    let tenant_id = match store.tenant(&tenant_key).await? {
        Some(tenant) => tenant.tenant_id,
        None => create_tenant(store, &tenant_key, now_ms).await?,
    };
    login_client::ensure(store, tenant_id, now_ms).await?;
    if find_built_in(store, tenant_id).await?.is_some() {
        return Ok(());
    }
    let client = new_client(tenant_id, chance)?;
    let administrator = User {
        tenant_id,
        user_id: UserId::new(ADMINISTRATOR_ID)
            .map_err(|error| Failure::usage(crate::identifiers::words_of(&error)))?,
        name: "System administrator 系统管理员".to_owned(),
        enabled: true,
        system_administrator: true,
        external_id: None,
    };
    let changes = vec![
        Change::EnsureUser(administrator),
        Change::PutClient(client),
        alone(now_ms),
    ];
    match store.change(changes, now_ms).await {
        // Somebody else, who started at the same time, has done all of it.
        Err(error) if error.rejection() == Some(Rejection::IdempotencyKeyTaken) => Ok(()),
        made => Ok(made.map(|_| ())?),
    }
}

/// What only one of several instances can do that start together on an empty database.
fn alone(now_ms: i64) -> Change {
    Change::KeepAnswer(KeptAnswer {
        tenant_id: None,
        key_hash: FIRST_RUN,
        request_hash: FIRST_RUN,
        answer: String::new(),
        results: Vec::new(),
        expires_at_ms: now_ms.saturating_add(TOGETHER_MS),
    })
}

/// The built-in client of a tenant, made when the tenant has none yet.
///
/// # Errors
/// As the store.
pub(crate) async fn built_in_client(
    store: &dyn Store,
    tenant_id: TenantId,
    chance: &dyn Chance,
    now_ms: i64,
) -> Result<Client, Failure> {
    if let Some(client) = find_built_in(store, tenant_id).await? {
        return Ok(client);
    }
    let client = new_client(tenant_id, chance)?;
    store
        .change(vec![Change::PutClient(client.clone())], now_ms)
        .await?;
    Ok(client)
}

async fn find_built_in(store: &dyn Store, tenant_id: TenantId) -> Result<Option<Client>, Failure> {
    let clients = store.clients(tenant_id, None, CLIENTS_SEARCHED_MAX).await?;
    Ok(clients
        .into_iter()
        .find(|client| client.name == BUILT_IN_CLIENT_NAME))
}

async fn create_tenant(store: &dyn Store, tenant_key: &TenantKey, now_ms: i64) -> Result<TenantId, Failure> {
    let name = "Default 默认".to_owned();
    let changes = vec![Change::CreateTenant {
        tenant_key: tenant_key.clone(),
        name,
        time_zone: TimeZoneName::utc(),
    }];
    let made = match store.change(changes, now_ms).await {
        Ok(effects) => effects.into_iter().find_map(|effect| match effect {
            Effect::TenantCreated(tenant_id) => Some(tenant_id),
            _ => None,
        }),
        // Somebody who started at the same time came first.
        Err(StoreError::Rejected { .. }) => store.tenant(tenant_key).await?.map(|tenant| tenant.tenant_id),
        Err(error) => return Err(error.into()),
    };
    made.ok_or_else(|| {
        Failure::failed(words!(
            "the tenant {DEFAULT_TENANT} could not be made",
            "无法创建租户 {DEFAULT_TENANT}"
        ))
    })
}

fn new_client(tenant_id: TenantId, chance: &dyn Chance) -> Result<Client, Failure> {
    let number = u64::from_be_bytes(draw(chance));
    let client_id: ClientId = crate::identifiers::parse(&format!("cli_{number:016x}"))?;
    Ok(Client {
        tenant_id,
        client_id,
        name: BUILT_IN_CLIENT_NAME.to_owned(),
        kind: ClientKind::SelfBuilt,
        scopes: KNOWN_SCOPES.map(str::to_owned).to_vec(),
        enabled: true,
    })
}
