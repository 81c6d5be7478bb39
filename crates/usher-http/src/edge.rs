//! What the routes are given.
//!
//! The outside world enters here and nowhere else: the binary makes one [`Edge`] from a store, a door, a clock and a
//! source of chance, and every route reads it as axum state. A test makes one with a clock it moves by hand.

use std::{net::SocketAddr, sync::Arc};

use ipnet::IpNet;
use usher_door::Door;
use usher_identity::{KeyRing, Secret};
use usher_store::Store;

use crate::{
    access::{self, gateway_visits::GatewayVisits},
    body_room::BodyRoom,
    oauth::tickets::Courier,
    reached::WebOrigin,
    sign_in::SignIn,
    telemetry::Telemetry,
};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00:00Z. May step back.
    fn now_ms(&self) -> i64;

    /// Milliseconds since some moment, by a clock that nobody sets and that goes on while the machine sleeps. What the
    /// two have moved apart is what the first has jumped. A clock moved by hand only ever goes, so it may stay with its
    /// own time.
    fn steady_ms(&self) -> i64 {
        self.now_ms()
    }
}

/// Draws random bytes.
pub trait Chance: Send + Sync + 'static {
    /// Fills `bytes` with bytes nobody can foretell.
    fn fill(&self, bytes: &mut [u8]);

    /// Fills `bytes` with bytes that only have to differ from all others, as in the name of a request. Nothing may be kept
    /// safe by them, so they may be drawn in stock.
    fn fill_name(&self, bytes: &mut [u8]) {
        self.fill(bytes);
    }
}

/// `N` random bytes.
#[must_use]
pub fn draw<const N: usize>(chance: &dyn Chance) -> [u8; N] {
    let mut bytes = [0; N];
    chance.fill(&mut bytes);
    bytes
}

/// Where a request's connection comes from; an extension of every request that came through [`crate::serve`] over
/// TCP. A request without it came from inside the process or over a Unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// What an operator may set about the edge.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// Networks whose `X-Forwarded-...` and user headers the door believes.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which a gateway names the user.
    pub user_header: String,
    /// What a gateway must also show in `X-Usher-Gateway-Secret`; none when its address is enough.
    pub gateway_secret: Option<Secret>,
    /// Networks that may read `/metrics`: its numbers are of all tenants together and nobody else's business.
    pub metrics_networks: Vec<IpNet>,
    /// Where this server is found from outside; none when it is where callers say they found it.
    pub public_origin: Option<WebOrigin>,
}

/// The header in which a gateway names the user unless the operator says otherwise.
pub const USER_HEADER_DEFAULT: &str = "X-Forwarded-User";

impl Default for EdgeSettings {
    /// Believes and shows numbers to this machine alone.
    fn default() -> Self {
        Self {
            trusted_proxies: loopback(),
            user_header: USER_HEADER_DEFAULT.to_owned(),
            gateway_secret: None,
            metrics_networks: loopback(),
            public_origin: None,
        }
    }
}

/// The networks of this machine itself, in both families.
#[must_use]
pub fn loopback() -> Vec<IpNet> {
    use std::net::{Ipv4Addr, Ipv6Addr};
    vec![
        IpNet::new_assert(Ipv4Addr::new(127, 0, 0, 0).into(), 8),
        IpNet::new_assert(Ipv6Addr::LOCALHOST.into(), 128),
    ]
}

/// True when `address` lies in one of `networks`; an IPv4 address that arrives mapped into IPv6, as it does on a socket
/// that serves both families, counts as IPv4.
#[must_use]
pub fn lies_in(address: SocketAddr, networks: &[IpNet]) -> bool {
    let address = address.ip().to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// Everything a route may use; handed to routes as axum `State(Arc<Edge>)`.
pub struct Edge {
    /// The ledger.
    pub store: Arc<dyn Store>,
    /// Where accesses go.
    pub door: Door,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the clock showed at the beginning, in milliseconds: by the time that may be set, and by the steady one.
    pub began_ms: (i64, i64),
    /// Randomness.
    pub chance: Arc<dyn Chance>,
    /// Keys for everything that is sealed or derived.
    pub keys: KeyRing,
    /// What the operator set.
    pub settings: EdgeSettings,
    /// Carries tickets to store clients.
    pub courier: Courier,
    /// What signing in remembers.
    pub sign_in: SignIn,
    /// Counters and gauges.
    pub telemetry: Telemetry,
    /// Memory for the bodies of requests.
    pub bodies: BodyRoom,
    /// What gateways asked last.
    pub(crate) gateway_visits: GatewayVisits,
    /// What the entrances of the door remember of the store.
    pub(crate) access_memory: access::Memory,
    /// Held by whoever reads a thing to change a part of it, so that two such changes do not lose one another.
    pub management: tokio::sync::Mutex<()>,
}

impl Edge {
    /// Puts the parts together, with fresh counters.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        door: Door,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        keys: KeyRing,
        settings: EdgeSettings,
    ) -> Self {
        Self {
            store,
            door,
            began_ms: (clock.now_ms(), clock.steady_ms()),
            clock,
            chance,
            keys,
            settings,
            courier: Courier::default(),
            sign_in: SignIn::default(),
            telemetry: Telemetry::new(&access::PATHS),
            bodies: BodyRoom::default(),
            gateway_visits: GatewayVisits::default(),
            access_memory: access::Memory::default(),
            management: tokio::sync::Mutex::new(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_this_machine_in_every_spelling() {
        for (address, expected) in [
            ("127.0.0.1:80", true),
            ("127.9.9.9:80", true),
            ("[::1]:80", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("10.0.0.1:80", false),
            ("[::ffff:10.0.0.1]:80", false),
            ("[fe80::1]:80", false),
        ] {
            assert_eq!(
                lies_in(address.parse().unwrap(), &loopback()),
                expected,
                "{address}"
            );
        }
    }
}
