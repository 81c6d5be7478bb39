//! One house per test: the real engine in a place of its own, the real door, the real routes, and a clock and chance
//! that the test holds in its hand; which engine, the environment says (`engine`). Nothing is mocked, so an answer here is the answer of the product; and nothing is
//! random, so a whole answer with its log id and page token can be written down.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use usher_door::{Door, DoorLimits};
use usher_http::{Chance, Clock, Edge, EdgeSettings, PeerAddress, router};
use usher_identity::{
    KeyRing, Secret, TokenForm, make_token,
    token::{TOKEN_RANDOM_BYTES, hash_token},
};
use usher_seats::{ClientId, LocalizedNames, Namespace, SeatType, TenantId, TenantKey, TimeZoneName, UserId};
use usher_store::{
    Access, App, Change, Client, ClientKind, Effect, IdentityChange, Store, Token, TokenHash, TokenKind, User,
};

use crate::engine::Engine;

/// When every test begins: 2026-01-02T03:04:05Z, 11:04:05 in log ids.
pub const BEGIN_MS: i64 = 1_767_323_045_000;
/// The system administrator of the first tenant.
pub const ADMINISTRATOR: i64 = 1_803_710_089_388_154;
/// The client of the first tenant; it has both scopes open.
pub const CLIENT: &str = "cli_a1b2c3d4e5f60718";
pub const ACTIVITIES: &str = "/open-apis/apaas/v1/seat_activities";
pub const ASSIGNMENTS: &str = "/open-apis/apaas/v1/seat_assignments";
pub const ACTIVITIES_SCOPE: &str = "app_engine:seat_activities:read";
pub const ASSIGNMENTS_SCOPE: &str = "app_engine:seat_assignments:read";

/// A clock moved by hand.
pub struct HandClock {
    now_ms: AtomicI64,
    stepped_ms: AtomicI64,
}

impl HandClock {
    /// Lets time pass.
    pub fn advance(&self, milliseconds: i64) {
        self.now_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// Sets the clock without letting time pass.
    pub fn step(&self, milliseconds: i64) {
        self.advance(milliseconds);
        self.stepped_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn steady_ms(&self) -> i64 {
        self.now_ms() - self.stepped_ms.load(Ordering::SeqCst)
    }
}

/// Chance that counts: every draw differs, and every run is the same.
#[derive(Default)]
pub struct CountingChance(AtomicU64);

impl Chance for CountingChance {
    fn fill(&self, bytes: &mut [u8]) {
        let draw = self.0.fetch_add(1, Ordering::SeqCst);
        bytes.fill(0xAB);
        for (byte, digit) in bytes.iter_mut().rev().zip(draw.to_le_bytes()) {
            *byte = digit;
        }
    }
}

/// A running Usher without its socket.
pub struct House {
    pub store: Arc<dyn Store>,
    pub edge: Arc<Edge>,
    pub clock: Arc<HandClock>,
    pub tenant_id: TenantId,
    pub router: Router,
    tokens_made: AtomicU64,
    pub engine: Engine,
}

/// What a token is to be good for; change what the test is about.
pub struct TokenOrder {
    pub kind: TokenKind,
    pub tenant_id: Option<TenantId>,
    pub client: Option<&'static str>,
    pub user: Option<i64>,
    pub scopes: Vec<&'static str>,
    pub life_ms: i64,
    pub revoked: bool,
}

impl House {
    /// A tenant `default` with one system administrator and one client that has every scope.
    pub async fn open() -> Self {
        Self::open_with(EdgeSettings::default()).await
    }

    /// The same under other settings.
    pub async fn open_with(settings: EdgeSettings) -> Self {
        Self::open_with_door(settings, DoorLimits::default()).await
    }

    /// The same with another door.
    pub async fn open_with_door(settings: EdgeSettings, limits: DoorLimits) -> Self {
        Self::furnish(Engine::open().await, settings, limits).await
    }

    /// The same on SQLite whatever engine was asked for: where a tale moves time, a database that is asked over a socket
    /// would be given up before it can answer.
    pub async fn open_in_file_with_door(settings: EdgeSettings, limits: DoorLimits) -> Self {
        Self::furnish(Engine::in_file(), settings, limits).await
    }

    async fn furnish(
        (engine, store): (Engine, Arc<dyn Store>),
        settings: EdgeSettings,
        limits: DoorLimits,
    ) -> Self {
        let clock = Arc::new(HandClock {
            now_ms: AtomicI64::new(BEGIN_MS),
            stepped_ms: AtomicI64::new(0),
        });
        let edge = Arc::new(Edge::new(
            Arc::clone(&store),
            Door::open(Arc::clone(&store), limits),
            clock.clone(),
            Arc::new(CountingChance::default()),
            KeyRing::from_key_file(&[7; 32]),
            settings,
        ));
        let router = router(Arc::clone(&edge));
        let mut house = Self {
            store,
            edge,
            clock,
            tenant_id: TenantId(0),
            router,
            tokens_made: AtomicU64::new(0),
            engine,
        };
        house.tenant_id = house.tenant("default").await;
        house
            .change(vec![
                house.client(CLIENT, &[ACTIVITIES_SCOPE, ASSIGNMENTS_SCOPE], true),
                house.user(ADMINISTRATOR, true, true),
            ])
            .await;
        house
    }

    /// Makes changes that must fit.
    pub async fn change(&self, changes: Vec<Change>) -> Vec<Effect> {
        self.store.change(changes, self.clock.now_ms()).await.unwrap()
    }

    /// Makes a tenant.
    pub async fn tenant(&self, key: &str) -> TenantId {
        let change = Change::CreateTenant {
            tenant_key: key.parse::<TenantKey>().unwrap(),
            name: key.to_owned(),
            time_zone: TimeZoneName::utc(),
        };
        let tenant_id = match self.change(vec![change]).await[..] {
            [Effect::TenantCreated(tenant_id)] => tenant_id,
            ref effects => panic!("{effects:?}"),
        };
        // The usual client is a store client and serves every tenant, once it is there itself.
        let install = IdentityChange::InstallClient {
            tenant_id,
            client_id: CLIENT.parse().unwrap(),
        };
        let _not_there_yet = self.store.change(vec![install.into()], self.clock.now_ms()).await;
        tenant_id
    }

    pub fn client(&self, client_id: &str, scopes: &[&str], enabled: bool) -> Change {
        Change::PutClient(Client {
            tenant_id: self.tenant_id,
            client_id: client_id.parse().unwrap(),
            name: "Seat report".to_owned(),
            kind: ClientKind::Store,
            scopes: scopes.iter().map(ToString::to_string).collect(),
            enabled,
        })
    }

    pub fn user(&self, number: i64, enabled: bool, system_administrator: bool) -> Change {
        Change::PutUser(User {
            tenant_id: self.tenant_id,
            user_id: user_id(number),
            name: format!("User {number}"),
            enabled,
            system_administrator,
            external_id: None,
        })
    }

    pub fn app(&self, name: &str) -> Change {
        Change::PutApp(App {
            tenant_id: self.tenant_id,
            namespace: namespace(name),
            name: name.to_owned(),
            names: LocalizedNames::NONE,
            enabled: true,
        })
    }

    /// Gives a platform seat, or with an app an app seat.
    pub fn seat(&self, user: i64, app: Option<&str>) -> Change {
        Change::AssignSeat {
            tenant_id: self.tenant_id,
            seat_type: app.map_or(SeatType::PerUser, |_| SeatType::PerUserPerApp),
            user_id: user_id(user),
            namespace: app.map(namespace),
            expires_at_ms: None,
        }
    }

    /// Takes a platform seat back, or with an app an app seat.
    pub fn release(&self, user: i64, app: Option<&str>) -> Change {
        Change::ReleaseSeat {
            tenant_id: self.tenant_id,
            seat_type: app.map_or(SeatType::PerUser, |_| SeatType::PerUserPerApp),
            user_id: user_id(user),
            namespace: app.map(namespace),
        }
    }

    /// Users open apps now; all must be admitted.
    pub async fn access(&self, pairs: &[(i64, &str)]) {
        let accessed_at_ms = self.clock.now_ms();
        let accesses = pairs.iter().map(|(user, app)| Access {
            tenant_id: self.tenant_id,
            user_id: user_id(*user),
            namespace: namespace(app),
            accessed_at_ms,
        });
        for recorded in self.edge.door.pass(accesses.collect()).await.unwrap() {
            assert!(
                matches!(recorded.verdict, usher_seats::Verdict::Admitted { .. }),
                "{recorded:?}"
            );
        }
    }

    /// A user token of the administrator, good for both calls for two hours.
    pub fn order(&self) -> TokenOrder {
        TokenOrder {
            kind: TokenKind::User,
            tenant_id: Some(self.tenant_id),
            client: Some(CLIENT),
            user: Some(ADMINISTRATOR),
            scopes: vec![ACTIVITIES_SCOPE, ASSIGNMENTS_SCOPE],
            life_ms: 7_200_000,
            revoked: false,
        }
    }

    /// Issues a token.
    pub async fn token(&self, order: TokenOrder) -> String {
        let form = match order.kind {
            TokenKind::User => TokenForm::User,
            TokenKind::Tenant => TokenForm::Tenant,
            TokenKind::Service => TokenForm::Service,
            TokenKind::Operator => TokenForm::Operator,
        };
        let mut random = [0x55; TOKEN_RANDOM_BYTES];
        random[..8].copy_from_slice(&self.tokens_made.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        let token: Secret = make_token(form, &random);
        let now_ms = self.clock.now_ms();
        let issued = Token {
            token_hash: TokenHash(hash_token(&token)),
            kind: order.kind,
            tenant_id: order.tenant_id,
            client_id: order.client.map(|client| client.parse::<ClientId>().unwrap()),
            user_id: order.user.map(user_id),
            scopes: order.scopes.iter().map(ToString::to_string).collect(),
            issued_at_ms: now_ms,
            expires_at_ms: now_ms + order.life_ms,
            revoked: order.revoked,
        };
        self.change(vec![Change::IssueToken(issued)]).await;
        token.expose().to_owned()
    }

    /// The administrator's token.
    pub async fn administrator_token(&self) -> String {
        self.token(self.order()).await
    }

    /// Sends one request through the routes, one second after the last, so that rate limits stay out of the way of
    /// tests about something else.
    pub async fn ask(&self, ask: Ask) -> Answer {
        self.clock.advance(1_000);
        self.ask_at_once(ask).await
    }

    /// Sends one request through the routes.
    pub async fn ask_at_once(&self, ask: Ask) -> Answer {
        Answer::of(&self.router, ask.request()).await
    }
}

/// A request.
#[derive(Clone)]
pub struct Ask {
    pub method: Method,
    pub uri: String,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: String,
    pub peer: Option<&'static str>,
}

impl Ask {
    pub fn get(uri: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            uri: uri.into(),
            headers: Vec::new(),
            body: String::new(),
            peer: None,
        }
    }

    pub fn method(mut self, method: &str) -> Self {
        self.method = method.parse().unwrap();
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// As if it had come over TCP from this address.
    pub fn from(mut self, peer: &'static str) -> Self {
        self.peer = Some(peer);
        self
    }

    pub fn request(self) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(self.uri);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some(peer) = self.peer {
            request = request.extension(PeerAddress(peer.parse().unwrap()));
        }
        request.body(Body::from(self.body)).unwrap()
    }
}

/// An answer. Its `Display` is what snapshots hold: status, headers in order of name, body.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(router: &Router, request: Request<Body>) -> Self {
        let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    pub fn code(&self) -> i64 {
        self.json()["code"].as_i64().unwrap()
    }

    /// The fields of `error.field_violations`.
    pub fn violated_fields(&self) -> Vec<String> {
        let json = self.json();
        let violations = json["error"]["field_violations"].as_array().cloned();
        violations
            .unwrap_or_default()
            .iter()
            .map(|violation| violation["field"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What holds of every answer, whatever it says.
    pub fn assert_common(&self) {
        let log_id = self.header("x-tt-logid");
        assert_eq!(log_id.len(), 34, "{self}");
        assert_eq!(self.header("x-request-id"), log_id, "{self}");
        assert_ne!(self.status.as_u16() / 100, 5, "{self}");
        if self.header("content-type").starts_with("text/plain") {
            return;
        }
        assert_eq!(
            self.header("content-type"),
            "application/json; charset=utf-8",
            "{self}"
        );
        let json = self.json();
        if json["code"] == 0 {
            assert_eq!(self.status, 200);
            assert_eq!(json["msg"], "success");
            assert!(json["data"].is_object() && json.get("error").is_none(), "{self}");
            return;
        }
        assert!(self.status.is_client_error(), "{self}");
        assert_eq!(json["error"]["log_id"], log_id, "{self}");
        let troubleshooter = json["error"]["troubleshooter"].as_str().unwrap();
        assert!(
            troubleshooter.starts_with("排查建议查看(Troubleshooting suggestions): ")
                && troubleshooter.contains(log_id),
            "{self}"
        );
        assert!(json.get("data").is_none(), "{self}");
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.status)?;
        let mut names: Vec<_> = self.headers.keys().collect();
        names.sort_by_key(|name| name.as_str());
        for name in names {
            writeln!(formatter, "{name}: {}", self.header(name.as_str()))?;
        }
        write!(formatter, "{}", self.text)
    }
}

pub fn user_id(number: i64) -> UserId {
    UserId::new(number).unwrap()
}

pub fn namespace(text: &str) -> Namespace {
    text.parse().unwrap()
}
