//! A ledger in a folder of its own, behind the real routes, asked without a network.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use usher_door::{Door, DoorLimits};
use usher_http::{Chance, Clock, Edge, EdgeSettings, open_apis::Call, router};
use usher_identity::{KeyRing, TokenForm, make_token, token::hash_token};
use usher_seats::{ClientId, LocalizedNames, SeatType, TenantId, TimeZoneName, UserId, Verdict};
use usher_sqlite::{Holder, SqliteStore};
use usher_store::{
    Access, App, Change, Client, ClientKind, Effect, PageQuery, Store, Token, TokenHash, TokenKind, User,
};

use crate::{BATCH, namespace};

/// People with a seat; more than the rows of a page.
pub const USERS: u64 = 600;
/// Apps, each visited by one in so many people before anything is measured.
const APPS: u64 = 20;
/// Rows of a page.
const PAGE_ROWS: usize = 500;
/// When everybody was there first.
const FIRST_MS: i64 = 1_700_000_000_000;
/// After so long whatever was recorded is due to be folded.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Between two looks whether a fold is done.
const FOLD_PAUSE: std::time::Duration = std::time::Duration::from_millis(2);
const ADMINISTRATOR: u64 = USERS;
const CLIENT: &str = "cli_9b445f5258795107";

/// A clock that is moved by hand.
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

/// The ledger and how it is asked.
pub struct Place {
    store: Arc<SqliteStore>,
    router: Router,
    clock: Arc<HandClock>,
    tenant_id: TenantId,
    service: String,
    reader: String,
    drawn: u64,
    _folder: TempDir,
}

impl Place {
    /// Runs something at a fresh place, on one thread beside the engine's own.
    pub fn run<Done: Future<Output = ()>>(what: impl FnOnce(Self) -> Done) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let place = Self::open().await;
            what(place).await;
        });
    }

    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let holder = Holder {
            process_id: std::process::id(),
            command: "parts".to_owned(),
            since_ms: 0,
            control_socket: None,
        };
        let store = Arc::new(SqliteStore::open(&folder.path().join("usher.db"), &holder).unwrap());
        let tenant_id = settle(&store).await;
        let service = token(&store, tenant_id, TokenForm::Service).await;
        let reader = token(&store, tenant_id, TokenForm::User).await;
        let clock = Arc::new(HandClock(AtomicI64::new(FIRST_MS + 1)));
        let ledger: Arc<dyn Store> = store.clone();
        let edge = Arc::new(Edge::new(
            Arc::clone(&ledger),
            Door::open(ledger, DoorLimits::default()),
            clock.clone(),
            Arc::new(CountingChance::default()),
            KeyRing::from_key_file(&[7; 32]),
            EdgeSettings::default(),
        ));
        let mut place = Self {
            store,
            router: router(edge),
            clock,
            tenant_id,
            service,
            reader,
            drawn: 0,
            _folder: folder,
        };
        for begin in (0..USERS).step_by(usize::try_from(BATCH).unwrap()) {
            let batch = (begin..USERS.min(begin + BATCH)).map(|user| place.access(user, user % APPS));
            place.record_batch(batch.collect()).await;
        }
        place.fold().await;
        place
    }

    fn access(&self, user: u64, app: u64) -> Access {
        Access {
            tenant_id: self.tenant_id,
            user_id: user_id(user),
            namespace: namespace(app),
            accessed_at_ms: self.clock.now_ms(),
        }
    }

    /// The next person and app, drawn evenly, the same ones on every run (splitmix64).
    fn draw(&mut self) -> (u64, u64) {
        self.drawn = self.drawn.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.drawn;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let user = mixed % USERS;
        (user, user % APPS)
    }

    async fn record_batch(&mut self, batch: Vec<Access>) {
        self.clock.0.fetch_add(1, Ordering::Relaxed);
        for recorded in self.store.record(batch).await.unwrap() {
            assert!(
                matches!(recorded.verdict, Verdict::Admitted { .. }),
                "{recorded:?}"
            );
        }
    }

    /// Records so many accesses in batches.
    pub async fn record(&mut self, accesses: u64) {
        for begin in (0..accesses).step_by(usize::try_from(BATCH).unwrap()) {
            let batch = (begin..accesses.min(begin + BATCH)).map(|_| {
                let (user, app) = self.draw();
                self.access(user, app)
            });
            let batch = batch.collect();
            self.record_batch(batch).await;
        }
    }

    /// Brings everything that was recorded into its table, and comes back when that is done.
    pub async fn fold(&mut self) {
        let before = self.store.health().folds_completed;
        // What was recorded counts as waiting from the first time that the engine is told the time.
        self.store.tend(self.clock.now_ms()).await.unwrap();
        let now_ms = self.clock.0.fetch_add(DAY_MS, Ordering::Relaxed) + DAY_MS;
        self.store.tend(now_ms).await.unwrap();
        while self.store.health().folds_completed == before {
            // The engine folds while nobody wants anything else.
            tokio::time::sleep(FOLD_PAUSE).await;
        }
    }

    /// Reports so many accesses over the routes, a batch at once.
    pub async fn report(&mut self, accesses: u64) {
        for begin in (0..accesses).step_by(usize::try_from(BATCH).unwrap()) {
            self.clock.0.fetch_add(1, Ordering::Relaxed);
            let mut answers = JoinSet::new();
            for _ in begin..accesses.min(begin + BATCH) {
                let (user, app) = self.draw();
                let body = format!(
                    r#"{{"user_id":{},"namespace":"{}"}}"#,
                    user_id(user),
                    namespace(app)
                );
                let request = Request::post("/usher/v1/accesses")
                    .header(header::AUTHORIZATION, &self.service)
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(Body::from(body));
                answers.spawn(answer(self.router.clone(), request.unwrap()));
            }
            while let Some(answered) = answers.join_next().await {
                let (status, _) = answered.unwrap();
                assert_eq!(status, 200);
            }
        }
    }

    /// Reads the first page so many times from the engine.
    pub async fn read(&mut self, pages: u64) {
        for _ in 0..pages {
            let query = PageQuery {
                tenant_id: self.tenant_id,
                seat_type: SeatType::PerUser,
                after: None,
                rows_max: PAGE_ROWS,
                now_ms: self.clock.now_ms(),
            };
            let page = self.store.activities(query).await.unwrap();
            assert_eq!(page.rows.len(), PAGE_ROWS);
        }
    }

    /// Fetches the first page so many times over the routes; a second passes between, so that no limit stands in the way.
    pub async fn fetch(&mut self, pages: u64) {
        let path = format!(
            "{}?seat_type=per_user&page_size={PAGE_ROWS}",
            Call::SeatActivities.path()
        );
        for _ in 0..pages {
            self.clock.0.fetch_add(1_000, Ordering::Relaxed);
            let request = Request::get(&path).header(header::AUTHORIZATION, &self.reader);
            let (status, bytes) = answer(self.router.clone(), request.body(Body::empty()).unwrap()).await;
            assert_eq!(status, 200);
            assert!(bytes > 40 * PAGE_ROWS, "{bytes}");
        }
    }
}

/// The status of an answer and the length of its body, which is read to its end.
async fn answer(router: Router, request: Request<Body>) -> (u16, usize) {
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    (
        status,
        answer.into_body().collect().await.unwrap().to_bytes().len(),
    )
}

fn user_id(user: u64) -> UserId {
    UserId::new(1_800_000_000_000_001 + 7 * i64::try_from(user).unwrap()).unwrap()
}

/// One tenant with apps, people with platform seats, an administrator and a client.
async fn settle(store: &SqliteStore) -> TenantId {
    let tenant = Change::CreateTenant {
        tenant_key: "measured".parse().unwrap(),
        name: String::new(),
        time_zone: TimeZoneName::utc(),
    };
    let effects = store.change(vec![tenant], FIRST_MS).await.unwrap();
    let Effect::TenantCreated(tenant_id) = effects[0] else {
        panic!("no tenant was made");
    };
    let mut changes: Vec<Change> = (0..APPS)
        .map(|app| {
            Change::PutApp(App {
                tenant_id,
                namespace: namespace(app),
                name: String::new(),
                names: LocalizedNames::NONE,
                enabled: true,
            })
        })
        .collect();
    changes.push(Change::PutClient(Client {
        tenant_id,
        client_id: CLIENT.parse().unwrap(),
        name: String::new(),
        kind: ClientKind::SelfBuilt,
        scopes: vec![Call::SeatActivities.scope().to_owned()],
        enabled: true,
    }));
    for user in 0..=ADMINISTRATOR {
        changes.push(Change::PutUser(User {
            tenant_id,
            user_id: user_id(user),
            name: String::new(),
            enabled: true,
            system_administrator: user == ADMINISTRATOR,
            external_id: None,
        }));
        changes.push(Change::AssignSeat {
            tenant_id,
            seat_type: SeatType::PerUser,
            user_id: user_id(user),
            namespace: None,
            expires_at_ms: None,
        });
    }
    store.change(changes, FIRST_MS).await.unwrap();
    tenant_id
}

/// The header of somebody who may report accesses, or of the administrator who may read pages.
async fn token(store: &SqliteStore, tenant_id: TenantId, form: TokenForm) -> String {
    let secret = make_token(form, &[form as u8 + 1; 32]);
    let user = matches!(form, TokenForm::User);
    let client_id: ClientId = CLIENT.parse().unwrap();
    let token = Token {
        token_hash: TokenHash(hash_token(&secret)),
        kind: if user { TokenKind::User } else { TokenKind::Service },
        tenant_id: Some(tenant_id),
        client_id: user.then_some(client_id),
        user_id: user.then(|| user_id(ADMINISTRATOR)),
        scopes: if user {
            vec![Call::SeatActivities.scope().to_owned()]
        } else {
            Vec::new()
        },
        issued_at_ms: FIRST_MS,
        expires_at_ms: FIRST_MS + 400 * DAY_MS,
        revoked: false,
    };
    store
        .change(vec![Change::IssueToken(token)], FIRST_MS)
        .await
        .unwrap();
    format!("Bearer {}", secret.expose())
}
