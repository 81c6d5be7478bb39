//! Every call × every role × own, foreign and missing: the allowed cells work, all others answer as the design says, and a
//! foreign thing answers exactly as a missing one.

use serde_json::{Value, json};
use usher_seats::{GroupKey, Leave, SeatType, TenantId};
use usher_store::{Change, LeaveChange, LedgerChange, PoolName, TokenKind};

use super::{MANAGEMENT_SCOPE, without_log_id};
use crate::support::{
    ACTIVITIES_SCOPE, ADMINISTRATOR, ASSIGNMENTS_SCOPE, Answer, Ask, CLIENT, House, TokenOrder, namespace,
    user_id,
};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Nobody,
    User,
    Ungranted,
    Administrator,
    ForeignAdministrator,
    Operator,
    Service,
    Tenant,
}

pub const ROLES: [Role; 8] = [
    Role::Nobody,
    Role::User,
    Role::Ungranted,
    Role::Administrator,
    Role::ForeignAdministrator,
    Role::Operator,
    Role::Service,
    Role::Tenant,
];

/// Which things a call has in its path or body, and who may make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    Operators,
    OperatorsInTenant,
    Managers,
}

/// What the client may do, and what is granted to it.
const SCOPES: [&str; 4] = [
    MANAGEMENT_SCOPE,
    ACTIVITIES_SCOPE,
    ASSIGNMENTS_SCOPE,
    "app_engine:apps:read",
];

/// `{...}` in the path stand for things of the first tenant.
pub const CALLS: &[(&str, &str, For, &str)] = &[
    ("GET", "/usher/v1/tenants", For::Operators, ""),
    (
        "POST",
        "/usher/v1/tenants",
        For::Operators,
        r#"{"tenant_key":"new"}"#,
    ),
    ("GET", "/usher/v1/tenants/default", For::Operators, ""),
    (
        "PATCH",
        "/usher/v1/tenants/default",
        For::Operators,
        r#"{"enabled":true}"#,
    ),
    ("GET", "/usher/v1/audit-records", For::Managers, ""),
    ("GET", "/usher/v1/users", For::Managers, ""),
    ("POST", "/usher/v1/users", For::Managers, r#"{"name":"New"}"#),
    ("GET", "/usher/v1/users/{user}", For::Managers, ""),
    (
        "PATCH",
        "/usher/v1/users/{user}",
        For::Managers,
        r#"{"name":"Changed"}"#,
    ),
    ("POST", "/usher/v1/users/{user}/sign-in-link", For::Managers, ""),
    ("GET", "/usher/v1/users/{user}/active-days", For::Managers, ""),
    ("GET", "/usher/v1/reports/usage", For::Managers, ""),
    (
        "DELETE",
        "/usher/v1/users/{user}/second-factor",
        For::Managers,
        "",
    ),
    ("GET", "/usher/v1/users/{user}/identity-link", For::Managers, ""),
    (
        "PUT",
        "/usher/v1/users/{user}/identity-link",
        For::Managers,
        r#"{"subject":"lei"}"#,
    ),
    (
        "DELETE",
        "/usher/v1/users/{user}/identity-link",
        For::Managers,
        "",
    ),
    ("GET", "/usher/v1/identity-provider", For::Managers, ""),
    (
        "PUT",
        "/usher/v1/identity-provider",
        For::OperatorsInTenant,
        PROVIDER,
    ),
    (
        "PATCH",
        "/usher/v1/identity-provider",
        For::OperatorsInTenant,
        r#"{"name":"Changed"}"#,
    ),
    ("GET", "/usher/v1/apps", For::Managers, ""),
    ("POST", "/usher/v1/apps", For::Managers, r#"{"namespace":"new"}"#),
    ("GET", "/usher/v1/apps/{app}", For::Managers, ""),
    (
        "PATCH",
        "/usher/v1/apps/{app}",
        For::Managers,
        r#"{"name":"Changed"}"#,
    ),
    ("GET", "/usher/v1/clients", For::Managers, ""),
    ("POST", "/usher/v1/clients", For::Managers, r#"{"name":"New"}"#),
    ("GET", "/usher/v1/clients/{client}", For::Managers, ""),
    (
        "PATCH",
        "/usher/v1/clients/{client}",
        For::Managers,
        r#"{"name":"Changed"}"#,
    ),
    ("POST", "/usher/v1/clients/{client}/secrets", For::Managers, ""),
    ("GET", "/usher/v1/installs", For::Managers, ""),
    (
        "POST",
        "/usher/v1/installs",
        For::Managers,
        r#"{"client_id":"cli_a1b2c3d4e5f60718"}"#,
    ),
    ("DELETE", "/usher/v1/installs/{client}", For::Managers, ""),
    ("GET", "/usher/v1/service-tokens", For::Managers, ""),
    ("POST", "/usher/v1/service-tokens", For::Managers, ""),
    ("DELETE", "/usher/v1/service-tokens/{token}", For::Managers, ""),
    ("GET", "/usher/v1/reports/idle_seats", For::Managers, ""),
    ("GET", "/usher/v1/users/{user}/leaves", For::Managers, ""),
    (
        "POST",
        "/usher/v1/users/{user}/leaves",
        For::Managers,
        r#"{"starts_at":3000,"ends_at":4000}"#,
    ),
    ("DELETE", "/usher/v1/users/{user}/leaves/1000", For::Managers, ""),
    ("GET", "/usher/v1/pools", For::Managers, ""),
    ("GET", "/usher/v1/pools/per_user_per_app:{app}", For::Managers, ""),
    (
        "PUT",
        "/usher/v1/pools/per_user_per_app:{app}",
        For::Managers,
        r#"{"bought":1}"#,
    ),
    (
        "PUT",
        "/usher/v1/pools/per_user_per_app:{app}/price",
        For::Managers,
        r#"{"amount":"30.00","currency":"CNY","per":"month"}"#,
    ),
    (
        "DELETE",
        "/usher/v1/pools/per_user_per_app:{app}/price",
        For::Managers,
        "",
    ),
    (
        "GET",
        "/usher/v1/pools/per_user_per_app:{app}/waiting-list",
        For::Managers,
        "",
    ),
    (
        "DELETE",
        "/usher/v1/pools/per_user_per_app:{app}/waiting-list/{user}",
        For::Managers,
        "",
    ),
    ("GET", "/usher/v1/seats?seat_type=per_user", For::Managers, ""),
    ("GET", "/usher/v1/seats/per_user:{user}", For::Managers, ""),
    ("POST", "/usher/v1/seats/assign", For::Managers, SEAT),
    ("POST", "/usher/v1/seats/release", For::Managers, SEAT),
    ("POST", "/usher/v1/seats/restore", For::Managers, SEAT),
    (
        "POST",
        "/usher/v1/seats/transfer",
        For::Managers,
        r#"{"items":[{"user_id":7,"seat_type":"per_user","to_user_id":1803710089388154}]}"#,
    ),
    (
        "POST",
        "/usher/v1/seats/extend",
        For::Managers,
        r#"{"items":[{"user_id":7,"seat_type":"per_user","expires_at":null}]}"#,
    ),
    (
        "POST",
        "/usher/v1/seats/protect",
        For::Managers,
        r#"{"items":[{"user_id":7,"seat_type":"per_user"}],"reason":"leave"}"#,
    ),
    ("POST", "/usher/v1/seats/unprotect", For::Managers, SEAT),
    ("GET", "/usher/v1/groups", For::Managers, ""),
    (
        "POST",
        "/usher/v1/groups",
        For::Managers,
        r#"{"group_key":"new"}"#,
    ),
    ("GET", "/usher/v1/groups/{group}", For::Managers, ""),
    (
        "PATCH",
        "/usher/v1/groups/{group}",
        For::Managers,
        r#"{"name":"Changed"}"#,
    ),
    ("GET", "/usher/v1/groups/{group}/members", For::Managers, ""),
    (
        "POST",
        "/usher/v1/groups/{group}/members",
        For::Managers,
        r#"{"user_ids":[7]}"#,
    ),
    (
        "DELETE",
        "/usher/v1/groups/{group}/members/{user}",
        For::Managers,
        "",
    ),
    (
        "GET",
        "/usher/v1/groups/{group}/standing-assignments",
        For::Managers,
        "",
    ),
    (
        "PUT",
        "/usher/v1/groups/{group}/standing-assignments/per_user",
        For::Managers,
        "",
    ),
    (
        "DELETE",
        "/usher/v1/groups/{group}/standing-assignments/per_user_per_app:{app}",
        For::Managers,
        "",
    ),
    ("DELETE", "/usher/v1/groups/{group}", For::Managers, ""),
    ("GET", "/usher/v1/me", For::Operators, ""),
    ("DELETE", "/usher/v1/users/{user}", For::Managers, ""),
    (
        "DELETE",
        "/usher/v1/identity-provider",
        For::OperatorsInTenant,
        "",
    ),
];

/// A platform seat.
const SEAT: &str = r#"{"items":[{"user_id":7,"seat_type":"per_user"}]}"#;

/// An identity provider.
const PROVIDER: &str =
    r#"{"name":"Login","issuer":"https://login.example.com","client_id":"usher","client_secret":"secret"}"#;

/// Two tenants with the same kinds of things, and a token for every role.
pub struct Street {
    pub house: House,
    token_id: String,
}

impl Street {
    pub async fn open() -> Self {
        let mut house = House::open().await;
        let first = house.tenant_id;
        house.tenant_id = house.tenant("other").await;
        house.change(vec![house.user(ADMINISTRATOR, true, true)]).await;
        house.tenant_id = first;
        house
            .change(vec![
                house.client(CLIENT, &SCOPES, true),
                house.user(7, true, false),
                house.app("crm"),
                house.seat(7, None),
                usher_store::IdentityChange::InstallClient {
                    tenant_id: first,
                    client_id: CLIENT.parse().unwrap(),
                }
                .into(),
            ])
            .await;
        house.access(&[(7, "crm")]).await;
        house.change(pool_and_group(first)).await;
        let operator = house.operator().await;
        let made = house
            .managed(
                &operator,
                "POST",
                "/usher/v1/service-tokens?tenant_key=default",
                Value::Null,
            )
            .await;
        let provider = "/usher/v1/identity-provider?tenant_key=default";
        let body = serde_json::from_str(PROVIDER).unwrap();
        house.managed(&operator, "PUT", provider, body).await;
        let token_id = made["token_id"].as_str().unwrap().to_owned();
        Self { house, token_id }
    }

    pub async fn token(&self, role: Role) -> Option<String> {
        let house = &self.house;
        let scopes = SCOPES.to_vec();
        let order = TokenOrder {
            scopes,
            ..house.order()
        };
        let other = house
            .store
            .tenant(&"other".parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        let kind = |kind| TokenOrder {
            kind,
            client: None,
            user: None,
            scopes: Vec::new(),
            ..house.order()
        };
        let order = match role {
            Role::Nobody => return None,
            Role::User => TokenOrder {
                user: Some(7),
                ..order
            },
            Role::Ungranted => TokenOrder {
                scopes: vec!["offline_access"],
                ..order
            },
            Role::Administrator => order,
            Role::ForeignAdministrator => TokenOrder {
                tenant_id: Some(other.tenant_id),
                ..order
            },
            Role::Operator => return Some(house.operator().await),
            Role::Service => kind(TokenKind::Service),
            Role::Tenant => TokenOrder {
                client: Some(CLIENT),
                ..kind(TokenKind::Tenant)
            },
        };
        Some(house.token(order).await)
    }

    async fn ask(&self, role: Role, method: &str, uri: &str, body: &str) -> Answer {
        let answer = self.answer(role, Ask::get(uri).method(method).body(body)).await;
        answer.assert_common();
        answer
    }

    /// Asks anything as a role.
    pub async fn answer(&self, role: Role, mut ask: Ask) -> Answer {
        if let Some(token) = self.token(role).await {
            ask = ask.bearer(&token);
        }
        ask.peer = Some("127.0.0.1:50000");
        self.house.ask(ask).await
    }

    /// The path with things of the first tenant, or with things that nobody has.
    pub fn path(&self, path: &str, there: bool) -> String {
        let choose = |own: &str, missing: &str| if there { own.to_owned() } else { missing.to_owned() };
        path.replace("{user}", &choose("7", "8"))
            .replace("{app}", &choose("crm", "nothing"))
            .replace("{group}", &choose("sales", "nothing"))
            .replace("{client}", &choose(CLIENT, "cli_nobody"))
            .replace("{token}", &choose(&self.token_id, "0123456789abcdef"))
    }
}

/// A pool without seats for which somebody waits, and a group that would give them.
fn pool_and_group(tenant_id: TenantId) -> Vec<Change> {
    let pool = PoolName {
        tenant_id,
        seat_type: SeatType::PerUserPerApp,
        namespace: Some(namespace("crm")),
    };
    let group_key: GroupKey = "sales".parse().unwrap();
    [
        LedgerChange::PutPool {
            pool: pool.clone(),
            bought: Some(0),
            valid_from_ms: None,
            valid_until_ms: None,
            overdraft_allowed: false,
        },
        LedgerChange::CreateGroup {
            tenant_id,
            group_key: group_key.clone(),
            name: "Sales".to_owned(),
        },
        LedgerChange::JoinGroup {
            tenant_id,
            group_key: group_key.clone(),
            user_id: user_id(7),
        },
        LedgerChange::PutStandingAssignment { group_key, pool },
    ]
    .into_iter()
    .map(Change::from)
    .chain([on_leave(tenant_id)])
    .collect()
}

/// The person was on leave once.
fn on_leave(tenant_id: TenantId) -> Change {
    let leave = Leave {
        from_ms: 1_000,
        until_ms: 2_000,
    };
    let user_id = user_id(7);
    LeaveChange::Put {
        tenant_id,
        user_id,
        leave,
    }
    .into()
}

/// A path, perhaps with a query, that names the tenant meant.
pub fn in_tenant(path: &str, tenant: &str) -> String {
    let join = if path.contains('?') { '&' } else { '?' };
    format!("{path}{join}tenant_key={tenant}")
}

/// What a role that may not do it hears.
fn refusal(role: Role, call: For, own_tenant: bool) -> Option<(u16, i64)> {
    match (role, call) {
        (Role::Nobody, _) => Some((400, 99_991_661)),
        (Role::User, _) => Some((403, 2_320_005)),
        (Role::Ungranted, _) => Some((400, 99_991_679)),
        (Role::Service, _) => Some((400, 99_991_668)),
        (Role::Tenant, _) => Some((400, 99_991_663)),
        (Role::Administrator | Role::ForeignAdministrator, For::Operators | For::OperatorsInTenant) => {
            Some((403, 2_320_005))
        }
        (Role::Administrator, For::Managers) if !own_tenant => Some((404, 2_320_003)),
        (Role::ForeignAdministrator, For::Managers) if own_tenant => Some((404, 2_320_003)),
        _ => None,
    }
}

#[tokio::test]
async fn only_the_allowed_cells_work() {
    // Whoever is refused changes nothing, so the refused share a street; whoever is not gets one of their own.
    let shared = Street::open().await;
    for role in ROLES {
        for (method, path, call, body) in CALLS.iter().filter(|call| call.1 != "/usher/v1/me") {
            for tenant in ["default", "other", "nobody"] {
                let expected = refusal(role, *call, tenant == "default");
                let own;
                let street = if expected.is_some() {
                    &shared
                } else {
                    own = Street::open().await;
                    &own
                };
                let uri = in_tenant(&street.path(path, true), tenant);
                let answer = street.ask(role, method, &uri, body).await;
                let got = (answer.status.as_u16(), answer.code());
                let title = format!("{role:?} {method} {uri}: {answer}");
                if let Some(expected) = expected {
                    assert_eq!(got, expected, "{title}");
                } else if *call == For::Operators || tenant == "default" {
                    assert_eq!(got, (200, 0), "{title}");
                } else if tenant == "nobody" {
                    assert_eq!(got, (404, 2_320_003), "{title}");
                } else if path.contains('{') && !path.contains("installs") {
                    assert_eq!(got.0, 404, "{title}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_foreign_thing_answers_exactly_as_a_missing_one() {
    let street = Street::open().await;
    for (method, path, _, body) in CALLS.iter().filter(|call| call.1.contains('{')) {
        // The other tenant installed the same store client; taking that away is its own affair.
        if path.contains("installs") {
            continue;
        }
        let foreign = street
            .ask(Role::ForeignAdministrator, method, &street.path(path, true), body)
            .await;
        let missing = street
            .ask(
                Role::ForeignAdministrator,
                method,
                &street.path(path, false),
                body,
            )
            .await;
        assert_eq!(foreign.status, 404, "{method} {path}: {foreign}");
        assert_eq!(
            without_log_id(&foreign),
            without_log_id(&missing),
            "{method} {path}"
        );
    }
    let named = |tenant: &str| format!("/usher/v1/users?tenant_key={tenant}");
    let foreign = street
        .ask(Role::ForeignAdministrator, "GET", &named("default"), "")
        .await;
    let missing = street
        .ask(Role::ForeignAdministrator, "GET", &named("nobody"), "")
        .await;
    assert_eq!(without_log_id(&foreign), without_log_id(&missing));
    let kept = street
        .house
        .store
        .user(street.house.tenant_id, user_id(7))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.name, "User 7", "nothing was touched");
}

#[tokio::test]
async fn everybody_with_a_good_token_may_ask_who_it_is() {
    let street = Street::open().await;
    for (role, expected) in [
        (
            Role::User,
            json!({"kind": "user", "tenant_key": "default", "user_id": 7, "name": "User 7"}),
        ),
        (
            Role::Administrator,
            json!({"kind": "user", "system_administrator": true, "client_id": CLIENT}),
        ),
        (Role::ForeignAdministrator, json!({"tenant_key": "other"})),
        (
            Role::Operator,
            json!({"kind": "operator", "tenant_key": null, "user_id": null}),
        ),
        (
            Role::Service,
            json!({"kind": "service", "tenant_key": "default", "scopes": []}),
        ),
        (Role::Tenant, json!({"kind": "tenant", "client_id": CLIENT})),
    ] {
        let data = street.ask(role, "GET", "/usher/v1/me", "").await.json()["data"].clone();
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&data[field], value, "{role:?} {field}: {data}");
        }
    }
    assert_eq!(
        street.ask(Role::Nobody, "GET", "/usher/v1/me", "").await.code(),
        99_991_661
    );
}
