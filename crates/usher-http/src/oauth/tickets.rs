//! Tickets: how a store client gets the one thing that is not in its registration (feishu-open-platform.md, section 6).
//!
//! Every hour, and when the client asks, its ticket is posted to its ticket address as an event of the platform's first
//! version, so that the event dispatchers of the platform's SDKs take it as it is. `token` in the body and the signature
//! in the headers are made with the client's event keys, which are derived and shown when it is registered: its own
//! secret cannot sign, since only its hash is kept.
//!
//! ```text
//! X-Lark-Signature = hex( SHA-256( X-Lark-Request-Timestamp | X-Lark-Request-Nonce | signing key | body ) )
//! ```
//!
//! A delivery that is not answered with 2xx is repeated after [`RETRY_DELAYS`], always as the same event (`uuid`). A
//! client has at most one delivery on its way; asking for another meanwhile changes nothing. Nothing is kept about
//! deliveries: a restart begins by sending every ticket again, and a client that missed one asks for it.
//!
//! Of many instances one sends the tickets of an hour, under a lease. One that was stalled may send them late and once more,
//! which does no harm: a ticket is not spent by being sent.

use std::{
    collections::HashSet,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use usher_identity::derived::{app_ticket, event_keys};
use usher_seats::{ClientId, Enablement, TenantId, TenantKey};
use usher_store::{ClientKind, Job, LeaseTerms, StoreError, identity::ClientStanding};

use crate::{
    edge::{Edge, draw},
    oauth::delivery::{Address, Letter, Postman},
};

/// Waits between attempts: a hiccup, a restart, a longer outage; after eleven minutes the next hour is near enough.
pub const RETRY_DELAYS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(480),
];
/// Most deliveries at a time: one second each at worst lets sixteen thousand clients be served in a quarter of an hour.
const DELIVERIES_MAX: usize = 16;
/// Tenants and clients that are read at a time on the hourly round.
const ROWS_READ: usize = 500;
const HOUR_MS: i64 = 60 * 60 * 1_000;
/// Setting out takes seconds. Clocks of instances differ, so whoever comes a little late to the hour finds it done.
const TERMS: LeaseTerms = LeaseTerms {
    lasts_ms: 5 * 60 * 1_000,
    every_ms: HOUR_MS / 2,
};

/// Carries tickets.
pub struct Courier {
    postman: Postman,
    places: Semaphore,
    /// Whose ticket is on its way. A std mutex: held for one look into a set, never while waiting.
    on_the_way: Mutex<HashSet<ClientId>>,
}

impl Default for Courier {
    fn default() -> Self {
        Self {
            postman: Postman::default(),
            places: Semaphore::new(DELIVERIES_MAX),
            on_the_way: Mutex::default(),
        }
    }
}

/// The event as the platform sends it.
#[derive(Serialize)]
struct EventBody<'a> {
    ts: String,
    uuid: String,
    token: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    event: Event<'a>,
}

#[derive(Serialize)]
struct Event<'a> {
    app_id: &'a str,
    app_ticket: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A client whose ticket is on its way, until this is dropped.
struct OnTheWay<'a> {
    courier: &'a Courier,
    client_id: ClientId,
}

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        self.courier.set_out().remove(&self.client_id);
    }
}

impl Courier {
    fn set_out(&self) -> std::sync::MutexGuard<'_, HashSet<ClientId>> {
        // The set is whole after a panic elsewhere: it is changed by one call at a time.
        self.on_the_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None when the client's ticket is on its way already.
    fn begin(&self, client_id: &ClientId) -> Option<OnTheWay<'_>> {
        self.set_out().insert(client_id.clone()).then(|| OnTheWay {
            courier: self,
            client_id: client_id.clone(),
        })
    }
}

/// Sends a client its ticket; false when it has no address to send it to. Returns at once.
pub(super) fn resend(edge: &Arc<Edge>, standing: &ClientStanding) -> bool {
    let address = standing.registration.ticket_url.as_deref();
    let Some(address) = address.and_then(Address::parse) else {
        return false;
    };
    let edge = Arc::clone(edge);
    let client_id = standing.client.client_id.clone();
    // Nobody waits for it: it ends with its last attempt, or with the process.
    drop(tokio::spawn(async move {
        deliver(&edge, &client_id, &address, &RETRY_DELAYS).await;
    }));
    true
}

/// Sends one ticket and repeats that after each of `delays` until it is taken; true when it was.
pub async fn deliver(edge: &Edge, client_id: &ClientId, address: &Address, delays: &[Duration]) -> bool {
    let courier = &edge.courier;
    let Some(_on_the_way) = courier.begin(client_id) else {
        return false;
    };
    let letter = letter(edge, client_id);
    for delay in [Duration::ZERO].iter().chain(delays) {
        tokio::time::sleep(*delay).await;
        let Ok(_place) = courier.places.acquire().await else {
            return false;
        };
        match courier.postman.post(address, &letter).await {
            Ok(()) => {
                tracing::info!(client.id = %client_id, "ticket delivered");
                return true;
            }
            Err(error) => tracing::info!(client.id = %client_id, %error, "ticket not taken"),
        }
    }
    tracing::warn!(client.id = %client_id, "ticket given up until the next hour or until the client asks");
    false
}

/// The event with its signature.
fn letter(edge: &Edge, client_id: &ClientId) -> Letter {
    let now_ms = edge.clock.now_ms();
    let keys = event_keys(&edge.keys, client_id);
    let ticket = app_ticket(&edge.keys, client_id, now_ms);
    let body = EventBody {
        ts: format!("{}.{:03}", now_ms.div_euclid(1_000), now_ms.rem_euclid(1_000)),
        uuid: hexadecimal(&draw::<16>(edge.chance.as_ref())),
        token: keys.verification_token.expose(),
        kind: "event_callback",
        event: Event {
            app_id: client_id.as_str(),
            app_ticket: ticket.expose(),
            kind: "app_ticket",
        },
    };
    // Texts always have a JSON form; an empty body would be refused by its receiver.
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let timestamp = now_ms.div_euclid(1_000).to_string();
    let nonce = hexadecimal(&draw::<16>(edge.chance.as_ref()));
    let mut signature = Sha256::new();
    for part in [
        timestamp.as_bytes(),
        nonce.as_bytes(),
        keys.signing_key.expose().as_bytes(),
        &body,
    ] {
        signature.update(part);
    }
    let signature = hexadecimal(&signature.finalize());
    Letter {
        headers: [
            ("X-Lark-Request-Timestamp", timestamp),
            ("X-Lark-Request-Nonce", nonce),
            ("X-Lark-Signature", signature),
        ],
        body: body.into(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Sends every ticket now and at the beginning of every hour, unless another instance has just done so; ends only by being
/// dropped.
pub async fn deliver_every_hour(edge: Arc<Edge>) {
    loop {
        if let Err(error) = deliver_in_turn(&edge).await {
            tracing::warn!(%error, "tickets not sent: the clients could not be read");
        }
        let until_next_ms = HOUR_MS - edge.clock.now_ms().rem_euclid(HOUR_MS);
        tokio::time::sleep(Duration::from_millis(until_next_ms.unsigned_abs())).await;
    }
}

async fn deliver_in_turn(edge: &Arc<Edge>) -> Result<(), StoreError> {
    let (store, clock) = (&edge.store, &edge.clock);
    if let Some(lease) = store.take_lease(Job::SendTickets, TERMS, clock.now_ms()).await? {
        deliver_all(edge).await?;
        store.end_lease(lease, clock.now_ms()).await?;
    }
    Ok(())
}

/// Sends every enabled store client of every enabled tenant its ticket; gives how many are on their way.
///
/// # Errors
/// As the store.
pub async fn deliver_all(edge: &Arc<Edge>) -> Result<usize, StoreError> {
    let (mut sent, mut after): (usize, Option<TenantKey>) = (0, None);
    loop {
        let tenants = edge.store.tenants(after, ROWS_READ).await?;
        let Some(last) = tenants.last() else {
            return Ok(sent);
        };
        after = Some(last.tenant_key.clone());
        for tenant in tenants.iter().filter(|tenant| tenant.enabled) {
            sent += deliver_to_clients_of(edge, tenant.tenant_id).await?;
        }
    }
}

async fn deliver_to_clients_of(edge: &Arc<Edge>, tenant_id: TenantId) -> Result<usize, StoreError> {
    let (mut sent, mut after) = (0, None);
    loop {
        let clients = edge.store.clients(tenant_id, after, ROWS_READ).await?;
        let Some(last) = clients.last() else {
            return Ok(sent);
        };
        after = Some(last.client_id.clone());
        for client in clients.iter().filter(|client| client.kind == ClientKind::Store) {
            sent += usize::from(deliver_to(edge, &client.client_id).await?);
        }
    }
}

async fn deliver_to(edge: &Arc<Edge>, client_id: &ClientId) -> Result<bool, StoreError> {
    let standing = edge.store.client_standing(client_id).await?;
    Ok(standing
        .filter(|standing| standing.client.enabled && standing.tenant == Enablement::Enabled)
        .is_some_and(|standing| resend(edge, &standing)))
}
