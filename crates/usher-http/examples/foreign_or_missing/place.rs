//! Two tenants in a folder of their own, behind the real routes; and one route that leaks.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{Request, StatusCode, header},
    routing::get,
};
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tower::ServiceExt as _;
use usher_door::{Door, DoorLimits};
use usher_http::{Chance, Clock, Edge, EdgeSettings, manage::MANAGEMENT_SCOPE, router};
use usher_identity::{KeyRing, Secret, TokenForm, make_token, password::hash_password, token::hash_token};
use usher_seats::{ClientId, LocalizedNames, TenantId, TimeZoneName, UserId};
use usher_sqlite::{Holder, SqliteStore};
use usher_store::{
    App, Change, Client, ClientKind, Effect, IdentityChange, Store, Token, TokenHash, TokenKind, User,
};

/// Things of each kind that the other tenant has.
pub(crate) const THINGS: usize = 1_000;
const HOUR_MS: i64 = 60 * 60 * 1_000;
const ADMINISTRATOR: i64 = 1;
/// A token outlives the hours that pass between the attempts to sign in.
const TOKEN_LIFE_MS: i64 = 1_000_000 * HOUR_MS;

struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Default)]
struct CountingChance(AtomicU64);

impl Chance for CountingChance {
    fn fill(&self, bytes: &mut [u8]) {
        let draw = self.0.fetch_add(1, Ordering::Relaxed);
        for (byte, digit) in bytes.iter_mut().rev().zip(draw.to_le_bytes()) {
            *byte = digit;
        }
    }
}

/// What is measured.
pub(crate) struct Place {
    router: Router,
    token: String,
    clock: Arc<HandClock>,
    _folder: TempDir,
}

/// A route that looks into the other tenant too, and once more where it finds something.
#[derive(Clone)]
struct Careless {
    store: Arc<dyn Store>,
    asking: TenantId,
    other: TenantId,
}

async fn leaky(State(careless): State<Careless>, Path(number): Path<i64>) -> StatusCode {
    let user_id = UserId::new(number).unwrap();
    let user = async |tenant_id| careless.store.user(tenant_id, user_id).await.unwrap();
    if user(careless.asking).await.is_none() && user(careless.other).await.is_some() {
        let _looked_again = user(careless.other).await;
    }
    StatusCode::NOT_FOUND
}

impl Place {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let holder = Holder {
            process_id: std::process::id(),
            command: "foreign_or_missing".to_owned(),
            since_ms: 0,
            control_socket: None,
        };
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("usher.db"), &holder).unwrap());
        let other = tenant(&store, "other").await;
        let asking = tenant(&store, "asking").await;
        furnish(&store, other).await;
        let token = administrator(&store, asking).await;
        let clock = Arc::new(HandClock(AtomicI64::new(HOUR_MS)));
        let edge = Arc::new(Edge::new(
            Arc::clone(&store),
            Door::open(Arc::clone(&store), DoorLimits::default()),
            clock.clone(),
            Arc::new(CountingChance::default()),
            KeyRing::from_key_file(&[7; 32]),
            EdgeSettings::default(),
        ));
        let careless = Careless { store, asking, other };
        let leaky = Router::new()
            .route("/leaky/{number}", get(leaky))
            .with_state(careless);
        Self {
            router: router(edge).merge(leaky),
            token,
            clock,
            _folder: folder,
        }
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &'static str) -> Request<Body> {
        // A second per request, so that no limit of calls stands in the way.
        self.clock.0.fetch_add(1_000, Ordering::Relaxed);
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::AUTHORIZATION, &self.token);
        request.body(Body::from(body)).unwrap()
    }

    /// The status of an answer that was read to its end.
    pub(crate) async fn answer(&self, request: Request<Body>) -> u16 {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        answer.into_body().collect().await.unwrap();
        status
    }

    /// A form that signs a number of the other tenant in, with a password that is not theirs.
    pub(crate) async fn sign_in(&self, name: usize) -> Request<Body> {
        let page = self
            .router
            .clone()
            .oneshot(Request::get("/sign-in").body(Body::empty()).unwrap());
        let (parts, body) = page.await.unwrap().into_parts();
        let cookie = parts.headers[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let form_token = page.split("name=\"form_token\" value=\"").nth(1).unwrap();
        let form_token = form_token.split('"').next().unwrap();
        let form =
            format!("form_token={form_token}&organisation=other&name={name}&password=not+the+password");
        Request::post("/sign-in")
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap()
    }

    /// Whoever failed to sign in is forgiven.
    pub(crate) fn let_an_hour_pass(&self) {
        self.clock.0.fetch_add(2 * HOUR_MS, Ordering::Relaxed);
    }
}

async fn change(store: &Arc<dyn Store>, changes: Vec<Change>) -> Vec<Effect> {
    store.change(changes, 0).await.unwrap()
}

async fn tenant(store: &Arc<dyn Store>, key: &str) -> TenantId {
    let create = Change::CreateTenant {
        tenant_key: key.parse().unwrap(),
        name: key.to_owned(),
        time_zone: TimeZoneName::utc(),
    };
    match change(store, vec![create]).await[..] {
        [Effect::TenantCreated(tenant_id)] => tenant_id,
        ref effects => panic!("{effects:?}"),
    }
}

fn user(tenant_id: TenantId, number: i64) -> User {
    User {
        tenant_id,
        user_id: UserId::new(number).unwrap(),
        name: format!("Person {number}"),
        external_id: None,
        enabled: true,
        system_administrator: number == ADMINISTRATOR,
    }
}

fn client(tenant_id: TenantId, client_id: &str) -> Client {
    Client {
        tenant_id,
        client_id: client_id.parse().unwrap(),
        name: client_id.to_owned(),
        kind: ClientKind::SelfBuilt,
        scopes: vec![MANAGEMENT_SCOPE.to_owned()],
        enabled: true,
    }
}

/// Persons with passwords, apps, clients and tenants, all with the even numbers of four digits.
async fn furnish(store: &Arc<dyn Store>, tenant_id: TenantId) {
    let phc = hash_password(&Secret::new("the password of everybody"), &[5; 16]).unwrap();
    for which in 0..i64::try_from(THINGS).unwrap() {
        let number = 1_000 + 2 * which;
        let person = user(tenant_id, number);
        let password = IdentityChange::SetPassword {
            tenant_id,
            user_id: person.user_id,
            password_hash: Some(phc.clone()),
        };
        let app = App {
            tenant_id,
            namespace: format!("app{number}").parse().unwrap(),
            name: number.to_string(),
            names: LocalizedNames::NONE,
            enabled: true,
        };
        let client = client(tenant_id, &format!("cli_{number}"));
        let changes = vec![
            Change::PutUser(person),
            password.into(),
            Change::PutApp(app),
            Change::PutClient(client),
        ];
        change(store, changes).await;
        tenant(store, &format!("t{number}")).await;
    }
}

/// The administrator who asks; gives the header of their token.
async fn administrator(store: &Arc<dyn Store>, tenant_id: TenantId) -> String {
    let token = make_token(TokenForm::User, &[3; 32]);
    let client_id: ClientId = "cli_asking".parse().unwrap();
    let issued = Token {
        token_hash: TokenHash(hash_token(&token)),
        kind: TokenKind::User,
        tenant_id: Some(tenant_id),
        client_id: Some(client_id.clone()),
        user_id: Some(UserId::new(ADMINISTRATOR).unwrap()),
        scopes: vec![MANAGEMENT_SCOPE.to_owned()],
        issued_at_ms: 0,
        expires_at_ms: TOKEN_LIFE_MS,
        revoked: false,
    };
    let changes = vec![
        Change::PutUser(user(tenant_id, ADMINISTRATOR)),
        Change::PutClient(client(tenant_id, client_id.as_str())),
        Change::IssueToken(issued),
    ];
    change(store, changes).await;
    format!("Bearer {}", token.expose())
}
