//! A house with a client that has a secret, and people who have said yes to it. Codes are put into the store as the
//! authorize page would put them.

use std::sync::atomic::{AtomicU8, Ordering};

use usher_http::Clock as _;
use usher_identity::{
    RefreshGeneration::{Second, Third},
    hash_secret, make_refresh_token, make_secret, read_refresh_token,
};
use usher_seats::{ClientId, TenantId};
use usher_store::{
    Change, Client, ClientKind, IdentityChange, TokenHash,
    identity::{AuthorizationCode, ChallengeMethod, ClientRegistration, FamilyId, RefreshToken},
};

use crate::support::{ACTIVITIES, ACTIVITIES_SCOPE, ADMINISTRATOR, Answer, Ask, CLIENT, House, user_id};

pub const V2: &str = "/open-apis/authen/v2/oauth/token";
pub const V3: &str = "/oauth/v3/token";
pub const OIDC: &str = "/open-apis/authen/v1/oidc/access_token";
pub const OIDC_REFRESH: &str = "/open-apis/authen/v1/oidc/refresh_access_token";
pub const TENANT_INTERNAL: &str = "/open-apis/auth/v3/tenant_access_token/internal";
pub const USER_INFO: &str = "/open-apis/authen/v1/user_info";
pub const REDIRECT: &str = "https://client.example/callback?from=usher";
pub const OFFLINE: &str = "offline_access";
/// A store client; it belongs to the first tenant.
pub const STORE_CLIENT: &str = "cli_5702e";
/// The verifier of RFC 7636, appendix B, and its S256 challenge.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// The secret of every client here.
pub fn secret() -> String {
    make_secret(&[0x5E; 32]).expose().to_owned()
}

/// A house with clients that have secrets.
pub struct Desk {
    pub house: House,
    codes_made: AtomicU8,
}

/// A code to be; change what the test is about.
pub struct CodeOrder {
    pub client: &'static str,
    pub tenant_id: TenantId,
    pub user: i64,
    pub scopes: Vec<&'static str>,
    pub challenge: Option<(&'static str, ChallengeMethod)>,
    pub life_ms: i64,
    pub family: Option<u8>,
}

/// Fields of a body.
pub type Fields<'a> = Vec<(&'a str, &'a str)>;

impl Desk {
    pub async fn open() -> Self {
        let house = House::open().await;
        let desk = Self {
            house,
            codes_made: AtomicU8::new(0),
        };
        // The house's own client is a store client; here it belongs to the first tenant alone.
        desk.add_client(CLIENT, ClientKind::SelfBuilt).await;
        desk.add_client(STORE_CLIENT, ClientKind::Store).await;
        for client in [CLIENT, STORE_CLIENT] {
            desk.register(client, true, None).await;
            desk.add_secret(client, &secret(), i64::MAX).await;
        }
        desk.grant(CLIENT, ADMINISTRATOR).await;
        desk
    }

    pub async fn add_client(&self, client_id: &str, kind: ClientKind) {
        let client = Client {
            tenant_id: self.house.tenant_id,
            client_id: client_id.parse().unwrap(),
            name: "Another".to_owned(),
            kind,
            scopes: [ACTIVITIES_SCOPE, "b", "c", OFFLINE].map(str::to_owned).to_vec(),
            enabled: true,
        };
        self.house.change(vec![Change::PutClient(client)]).await;
    }

    /// Switches a client on or off.
    pub async fn set_client_enabled(&self, client_id: &str, enabled: bool) {
        let client_id = id(client_id);
        let standing = self
            .house
            .store
            .client_standing(&client_id)
            .await
            .unwrap()
            .unwrap();
        let client = Client {
            enabled,
            ..standing.client
        };
        self.house.change(vec![Change::PutClient(client)]).await;
    }

    pub async fn register(&self, client_id: &str, refresh_allowed: bool, ticket_url: Option<String>) {
        let registration = ClientRegistration {
            redirect_uris: vec![REDIRECT.to_owned()],
            refresh_allowed,
            ticket_url,
        };
        self.identity(IdentityChange::RegisterClient {
            tenant_id: self.house.tenant_id,
            client_id: id(client_id),
            registration,
        })
        .await;
    }

    pub async fn add_secret(&self, client_id: &str, secret: &str, older_expire_at_ms: i64) {
        self.identity(IdentityChange::AddClientSecret {
            tenant_id: self.house.tenant_id,
            client_id: id(client_id),
            secret_hash: TokenHash(hash_secret(secret).unwrap()),
            older_expire_at_ms,
        })
        .await;
    }

    pub async fn identity(&self, change: IdentityChange) {
        self.house.change(vec![Change::from(change)]).await;
    }

    /// A person of the first tenant says yes to everything.
    pub async fn grant(&self, client_id: &str, user: i64) {
        self.grant_in(self.house.tenant_id, client_id, user).await;
    }

    pub async fn grant_in(&self, tenant_id: TenantId, client_id: &str, user: i64) {
        self.identity(IdentityChange::GrantScopes {
            tenant_id,
            user_id: user_id(user),
            client_id: id(client_id),
            scopes: [ACTIVITIES_SCOPE, "b", "c", OFFLINE].map(str::to_owned).to_vec(),
        })
        .await;
    }

    /// A code of the administrator, with offline access and without PKCE.
    pub fn order(&self) -> CodeOrder {
        CodeOrder {
            client: CLIENT,
            tenant_id: self.house.tenant_id,
            user: ADMINISTRATOR,
            scopes: vec![ACTIVITIES_SCOPE, "b", OFFLINE],
            challenge: None,
            life_ms: 5 * 60_000,
            family: None,
        }
    }

    /// Puts a code into the store.
    pub async fn put_code(&self, order: CodeOrder) -> String {
        let number = self.codes_made.fetch_add(1, Ordering::SeqCst);
        let code = make_secret(&[number; 32]);
        let challenge = order.challenge;
        self.identity(IdentityChange::IssueCode(AuthorizationCode {
            code_hash: TokenHash(hash_secret(code.expose()).unwrap()),
            family_id: FamilyId([order.family.unwrap_or(number); 16]),
            client_id: id(order.client),
            tenant_id: order.tenant_id,
            user_id: user_id(order.user),
            redirect_uri: REDIRECT.to_owned(),
            scopes: order.scopes.into_iter().map(str::to_owned).collect(),
            challenge: challenge.map(|(challenge, method)| (challenge.to_owned(), method)),
            expires_at_ms: self.house.clock.now_ms() + order.life_ms,
            spent: false,
        }))
        .await;
        code.expose().to_owned()
    }

    pub async fn code(&self) -> String {
        self.put_code(self.order()).await
    }

    /// Tokens by an endpoint, from a code made for it.
    pub async fn tokens(&self, path: &'static str) -> serde_json::Value {
        let code = self.code().await;
        let answer = self.post(path, &code_fields(&code)).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.json()
    }

    /// A refresh token by an endpoint.
    pub async fn refresh_token(&self, path: &'static str) -> String {
        text(&self.tokens(path).await["refresh_token"])
    }

    /// Posts JSON with the client's id and secret in it.
    pub async fn post(&self, path: &str, fields: &Fields<'_>) -> Answer {
        let secret = secret();
        let mut all = vec![("client_id", CLIENT), ("client_secret", secret.as_str())];
        all.extend(fields);
        self.post_bare(path, &all).await
    }

    /// Posts JSON as it is.
    pub async fn post_bare(&self, path: &str, fields: &Fields<'_>) -> Answer {
        self.house.ask_at_once(json_ask(path, fields)).await
    }

    /// Refreshes and gives the whole answer.
    pub async fn refresh(&self, path: &str, refresh_token: &str) -> Answer {
        self.post(path, &refresh_fields(refresh_token)).await
    }

    /// The client's own tenant token.
    pub async fn tenant_token(&self) -> String {
        let secret = secret();
        let fields = vec![("app_id", CLIENT), ("app_secret", secret.as_str())];
        let answer = self.post_bare(TENANT_INTERNAL, &fields).await;
        assert_eq!(answer.code(), 0, "{answer}");
        text(&answer.json()["tenant_access_token"])
    }

    /// The code with which the seat call answers a user token.
    pub async fn seat_call(&self, token: &str) -> i64 {
        let ask = Ask::get(format!("{ACTIVITIES}?seat_type=per_user&page_size=1")).bearer(token);
        self.house.ask(ask).await.code()
    }

    /// A refresh token as the store has it.
    pub async fn kept(&self, refresh_token: &str) -> RefreshToken {
        let (_, hash) = read_refresh_token(refresh_token).unwrap();
        let standing = self.house.store.refresh_token(TokenHash(hash)).await.unwrap();
        standing.unwrap().what
    }
}

pub fn id(client_id: &str) -> ClientId {
    client_id.parse().unwrap()
}

pub fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

pub fn code_fields(code: &str) -> Fields<'_> {
    vec![("grant_type", "authorization_code"), ("code", code)]
}

pub fn refresh_fields(refresh_token: &str) -> Fields<'_> {
    vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)]
}

pub fn json_ask(path: &str, fields: &Fields<'_>) -> Ask {
    let object: serde_json::Map<_, _> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    Ask::get(path)
        .method("POST")
        .header("content-type", "application/json")
        .body(serde_json::Value::Object(object).to_string())
}

/// A refresh token that nobody issued.
pub fn stray_refresh_token(third: bool) -> String {
    let generation = if third { Third } else { Second };
    make_refresh_token(generation, &[0xEE; 32]).expose().to_owned()
}

/// What holds of every answer of the newer token endpoints.
pub fn assert_flat(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "no-store", "{answer}");
    assert_eq!(
        answer.header("content-type"),
        "application/json; charset=utf-8",
        "{answer}"
    );
    assert_eq!(answer.header("x-tt-logid").len(), 34, "{answer}");
    let json = answer.json();
    assert!(
        json.get("data").is_none() && json.get("msg").is_none(),
        "{answer}"
    );
    if answer.status == 200 {
        assert_eq!(json["code"], 0, "{answer}");
        assert!(json.get("error").is_none(), "{answer}");
    } else {
        let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "error", "error_description"], "{answer}");
    }
}
