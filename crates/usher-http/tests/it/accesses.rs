//! `POST /usher/v1/accesses`: a back end reports that people open apps.

use std::sync::Arc;

use axum::Router;
use usher_door::{Door, DoorLimits};
use usher_http::{Edge, EdgeSettings, router};
use usher_identity::KeyRing;
use usher_seats::{LocalizedNames, SeatType, TenantId};
use usher_store::{App, Change, PageQuery, TokenKind, User};

use crate::support::{ADMINISTRATOR, Answer, Ask, BEGIN_MS, House, TokenOrder, namespace, user_id};

const PATH: &str = "/usher/v1/accesses";
const CRM: &str = "package_35f605__c";
/// Holds a platform seat.
const ANNA: i64 = 1;
/// Holds an app seat for the CRM.
const BO: i64 = 2;
/// Holds nothing.
const CHEN: i64 = 3;

const MISSING: &str = "Missing access token for authorization. Please make a request with token attached.";
const INVALID: &str = "Invalid access token for authorization. Please make a request with token attached.";
const EXPIRED: &str = "Authentication token expired. Please request a new one.";
const BAD: &str = "bad request or invalid parameter";

/// A house with three people and two apps, and a service token of its tenant.
async fn open() -> (House, String) {
    let house = House::open().await;
    house
        .change(vec![
            house.app(CRM),
            house.app("hr"),
            house.user(ANNA, true, false),
            house.user(BO, true, false),
            house.user(CHEN, true, false),
            house.seat(ANNA, None),
            house.seat(BO, Some(CRM)),
        ])
        .await;
    let token = house.token(service(Some(house.tenant_id))).await;
    (house, token)
}

fn service(tenant_id: Option<TenantId>) -> TokenOrder {
    TokenOrder {
        kind: TokenKind::Service,
        tenant_id,
        client: None,
        user: None,
        scopes: Vec::new(),
        life_ms: 3_600_000,
        revoked: false,
    }
}

fn post(body: impl Into<String>) -> Ask {
    Ask::get(PATH).method("POST").body(body)
}

fn one(user: i64, app: &str) -> String {
    format!(r#"{{"user_id":{user},"namespace":"{app}"}}"#)
}

/// Every activity of a tenant: user, app, kind of seat, time.
async fn activities_of(house: &House, tenant_id: TenantId) -> Vec<(i64, String, SeatType, i64)> {
    let mut all = Vec::new();
    for seat_type in SeatType::ALL {
        let query = PageQuery {
            tenant_id,
            seat_type,
            after: None,
            rows_max: 500,
            now_ms: i64::MAX,
        };
        for row in house.store.activities(query).await.unwrap().rows {
            all.push((
                row.user_id.get(),
                row.namespace.to_string(),
                seat_type,
                row.active_time_ms,
            ));
        }
    }
    all
}

async fn activities(house: &House) -> Vec<(i64, String, SeatType, i64)> {
    activities_of(house, house.tenant_id).await
}

/// Status, code and text of a refusal, and that it left no trace.
async fn assert_refused(house: &House, title: &str, ask: Ask, expected: (u16, i64, &str)) -> Answer {
    let answer = house.ask(ask).await;
    answer.assert_common();
    let json = answer.json();
    let found = (
        answer.status.as_u16(),
        json["code"].as_i64().unwrap(),
        json["msg"].as_str().unwrap(),
    );
    assert_eq!(found, expected, "{title}: {answer}");
    assert_eq!(activities(house).await, [], "{title}");
    answer
}

#[tokio::test]
async fn one_access_hears_its_verdict() {
    let (house, token) = open().await;
    let answer = house.ask(post(one(ANNA, CRM)).bearer(&token)).await;
    answer.assert_common();
    let now_ms = BEGIN_MS + 1_000;
    assert_eq!(
        answer.text,
        format!(
            r#"{{"code":0,"msg":"success","data":{{"verdict":"admitted","seat_type":"per_user","active_time":{now_ms}}}}}"#
        )
    );
    let answer = house.ask(post(one(CHEN, CRM)).bearer(&token)).await;
    answer.assert_common();
    assert_eq!(
        answer.text,
        r#"{"code":0,"msg":"success","data":{"verdict":"refused","reason":"no_seat"}}"#
    );
    assert_eq!(
        activities(&house).await,
        [(ANNA, CRM.to_owned(), SeatType::PerUser, now_ms)]
    );
}

/// An app that is switched off.
fn disabled_app(house: &House, name: &str) -> Change {
    Change::PutApp(App {
        tenant_id: house.tenant_id,
        namespace: namespace(name),
        name: name.to_owned(),
        names: LocalizedNames::NONE,
        enabled: false,
    })
}

#[tokio::test]
async fn many_accesses_hear_their_own_verdicts_in_order() {
    let (house, token) = open().await;
    house
        .change(vec![
            disabled_app(&house, "off"),
            house.user(4, false, false),
            house.user(5, true, false),
            house.seat(5, None),
            house.release(5, None),
            house.user(6, true, false),
            Change::AssignSeat {
                tenant_id: house.tenant_id,
                seat_type: SeatType::PerUser,
                user_id: user_id(6),
                namespace: None,
                expires_at_ms: Some(BEGIN_MS + 1_000),
            },
        ])
        .await;
    let accesses = [
        one(BO, CRM),
        one(BO, "hr"),
        one(99, CRM),
        one(4, CRM),
        one(ANNA, "unheard_of"),
        one(ANNA, "off"),
        one(5, CRM),
        one(6, CRM),
        format!(r#"{{"tenant_key":"elsewhere","namespace":"{CRM}","user_id":{ANNA}}}"#),
        one(ANNA, "hr"),
        format!(r#"{{"tenant_key":"default","namespace":"{CRM}","user_id":{ANNA}}}"#),
    ];
    let answer = house
        .ask(post(format!("[{}]", accesses.join(","))).bearer(&token))
        .await;
    answer.assert_common();
    let now_ms = BEGIN_MS + 1_000;
    let refused = |reason: &str| serde_json::json!({"verdict": "refused", "reason": reason});
    let admitted = |seat_type: &str| serde_json::json!({"verdict": "admitted", "seat_type": seat_type, "active_time": now_ms});
    assert_eq!(
        answer.json()["data"],
        serde_json::json!({"items": [
            admitted("per_user_per_app"),
            refused("no_seat"),
            refused("user_unknown"),
            refused("user_disabled"),
            refused("app_unknown"),
            refused("app_disabled"),
            refused("seat_released"),
            refused("seat_expired"),
            refused("tenant_unknown"),
            admitted("per_user"),
            admitted("per_user"),
        ]})
    );
    assert_eq!(
        activities(&house).await,
        [
            (ANNA, "hr".to_owned(), SeatType::PerUser, now_ms),
            (ANNA, CRM.to_owned(), SeatType::PerUser, now_ms),
            (BO, CRM.to_owned(), SeatType::PerUserPerApp, now_ms),
        ]
    );
}

#[tokio::test]
async fn the_content_type_is_nobodys_business() {
    let (house, token) = open().await;
    for content_type in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "\u{1f600}",
    ] {
        let ask = post(one(ANNA, CRM))
            .bearer(&token)
            .header("content-type", content_type);
        let answer = house.ask(ask).await;
        assert_eq!(
            answer.json()["data"]["verdict"],
            "admitted",
            "{content_type}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_back_end_shows_a_service_token() {
    let (house, good) = open().await;
    let user_token = house.administrator_token().await;
    let tenant_token = house
        .token(TokenOrder {
            kind: TokenKind::Tenant,
            user: None,
            ..house.order()
        })
        .await;
    let revoked = house
        .token(TokenOrder {
            revoked: true,
            ..service(Some(house.tenant_id))
        })
        .await;
    let expired = house
        .token(TokenOrder {
            life_ms: 1_000,
            ..service(Some(house.tenant_id))
        })
        .await;
    let body = one(ANNA, CRM);

    let missing = (400, 99_991_661, MISSING);
    assert_refused(&house, "no header", post(&body), missing).await;
    for value in ["", "Bearer ", &good, &format!("bearer {good}"), "Basic czpz"] {
        assert_refused(&house, value, post(&body).header("authorization", value), missing).await;
    }
    let twice = post(&body).bearer(&good).bearer(&good);
    assert_refused(&house, "two headers", twice, missing).await;

    let invalid = (400, 99_991_668, INVALID);
    let unknown = format!("s-{}", "A".repeat(43));
    for token in [
        &unknown,
        "s-",
        "eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
        &format!("{good}A"),
        &revoked,
        "t-abc",
        "席",
    ] {
        let answer = assert_refused(&house, token, post(&body).bearer(token), invalid).await;
        assert!(answer.json()["error"].get("message").is_none());
    }
    for token in [&user_token, &tenant_token] {
        let answer = assert_refused(&house, "wrong kind", post(&body).bearer(token), invalid).await;
        assert_eq!(
            answer.json()["error"]["message"],
            "This call needs a service token (s-...)."
        );
    }
    assert_refused(
        &house,
        "expired",
        post(&body).bearer(&expired),
        (401, 99_991_677, EXPIRED),
    )
    .await;
}

#[tokio::test]
async fn what_is_remembered_of_a_token_ends_with_it() {
    let (house, token) = open().await;
    let ask = || post(one(CHEN, CRM)).bearer(&token);
    assert_eq!(house.ask(ask()).await.code(), 0);
    house.clock.advance(3_600_000);
    assert_refused(&house, "expired", ask(), (401, 99_991_677, EXPIRED)).await;

    let token = house.token(service(Some(house.tenant_id))).await;
    let ask = || post(one(CHEN, CRM)).bearer(&token);
    assert_eq!(house.ask(ask()).await.code(), 0);
    let token_hash = usher_identity::token::hash_token(&usher_identity::Secret::new(token.clone()));
    let revoke = Change::RevokeToken {
        tenant_id: None,
        token_hash: usher_store::TokenHash(token_hash),
    };
    house.change(vec![revoke]).await;
    assert_refused(&house, "taken back", ask(), (400, 99_991_668, INVALID)).await;
}

#[tokio::test]
async fn a_token_reaches_its_own_tenant_and_no_other() {
    let (house, own) = open().await;
    let other_tenant = house.tenant("other").await;
    house
        .change(vec![
            Change::PutUser(User {
                tenant_id: other_tenant,
                user_id: user_id(ANNA),
                name: "Anna there".to_owned(),
                enabled: true,
                system_administrator: false,
                external_id: None,
            }),
            Change::PutApp(App {
                tenant_id: other_tenant,
                namespace: namespace(CRM),
                name: "CRM there".to_owned(),
                names: LocalizedNames::NONE,
                enabled: true,
            }),
            Change::AssignSeat {
                tenant_id: other_tenant,
                seat_type: SeatType::PerUser,
                user_id: user_id(ANNA),
                namespace: None,
                expires_at_ms: None,
            },
        ])
        .await;
    let there = |key: &str| format!(r#"{{"user_id":{ANNA},"namespace":"{CRM}","tenant_key":"{key}"}}"#);

    let foreign = house.ask(post(there("other")).bearer(&own)).await;
    let absent = house.ask(post(there("nowhere")).bearer(&own)).await;
    assert_eq!(
        foreign.text,
        r#"{"code":0,"msg":"success","data":{"verdict":"refused","reason":"tenant_unknown"}}"#
    );
    assert_eq!(
        foreign.text, absent.text,
        "a foreign tenant looks like a missing one"
    );
    assert_eq!(activities_of(&house, other_tenant).await, []);

    let every = house.token(service(None)).await;
    let body = format!("[{},{},{}]", there("other"), there("default"), there("nowhere"));
    let verdicts = house.ask(post(body).bearer(&every)).await.json()["data"]["items"].clone();
    let words: Vec<_> = verdicts
        .as_array()
        .unwrap()
        .iter()
        .map(|verdict| verdict["verdict"].clone())
        .collect();
    assert_eq!(words, ["admitted", "admitted", "refused"]);
    assert_eq!(activities_of(&house, other_tenant).await.len(), 1);
    assert_eq!(activities(&house).await.len(), 1);

    house
        .change(vec![Change::SetTenantEnabled {
            tenant_id: other_tenant,
            enabled: false,
        }])
        .await;
    let disabled = house.ask(post(there("other")).bearer(&every)).await;
    assert_eq!(
        disabled.text, absent.text,
        "a disabled tenant looks like a missing one"
    );
}

#[tokio::test]
async fn a_token_for_all_tenants_must_say_where() {
    let (house, _) = open().await;
    let every = house.token(service(None)).await;
    let bad = (400, 2_320_006, BAD);
    let answer = assert_refused(&house, "one", post(one(ANNA, CRM)).bearer(&every), bad).await;
    assert_eq!(answer.violated_fields(), ["tenant_key"]);
    let body = format!(
        r#"[{{"user_id":1,"namespace":"{CRM}","tenant_key":"default"}},{}]"#,
        one(ANNA, CRM)
    );
    let answer = assert_refused(&house, "many", post(body).bearer(&every), bad).await;
    assert_eq!(
        answer.json()["error"]["field_violations"],
        serde_json::json!([{
            "field": "[1].tenant_key",
            "description": "tenant_key is required with a token for all tenants"
        }])
    );
}

#[tokio::test]
async fn one_malformed_element_keeps_the_whole_call_out() {
    let (house, token) = open().await;
    let bad = (400, 2_320_006, BAD);
    let good = one(ANNA, CRM);
    for (element, field) in [
        (r#"{"namespace":"hr"}"#, "user_id"),
        (r#"{"user_id":"1","namespace":"hr"}"#, "user_id"),
        (r#"{"user_id":1.0,"namespace":"hr"}"#, "user_id"),
        (r#"{"user_id":0,"namespace":"hr"}"#, "user_id"),
        (r#"{"user_id":-1,"namespace":"hr"}"#, "user_id"),
        (r#"{"user_id":9007199254740992,"namespace":"hr"}"#, "user_id"),
        (r#"{"user_id":1}"#, "namespace"),
        (r#"{"user_id":1,"namespace":""}"#, "namespace"),
        (r#"{"user_id":1,"namespace":"a/b"}"#, "namespace"),
        (r#"{"user_id":1,"namespace":7}"#, "namespace"),
        (
            r#"{"user_id":1,"namespace":"hr","tenant_key":null}"#,
            "tenant_key",
        ),
        (
            r#"{"user_id":1,"namespace":"hr","tenant_key":"a b"}"#,
            "tenant_key",
        ),
        (
            r#"{"user_id":1,"namespace":"hr","time_ms":1727199298656}"#,
            "time_ms",
        ),
    ] {
        let answer = assert_refused(&house, element, post(element).bearer(&token), bad).await;
        assert_eq!(answer.violated_fields(), [field], "{element}");
        let among = post(format!("[{good},{good},{good},{element}]")).bearer(&token);
        let answer = assert_refused(&house, element, among, bad).await;
        assert_eq!(answer.violated_fields(), [format!("[3].{field}")], "{element}");
    }
    let answer = assert_refused(
        &house,
        "no object",
        post(format!("[{good},null]")).bearer(&token),
        bad,
    )
    .await;
    assert_eq!(answer.violated_fields(), ["[1]"]);
    let long = format!("[{}]", vec![good.as_str(); 1_001].join(","));
    for body in [
        "",
        "{",
        "null",
        "[]",
        "7",
        "\"\"",
        "user_id=1&namespace=hr",
        "{}{}",
        &long,
    ] {
        let answer = assert_refused(&house, body, post(body).bearer(&token), bad).await;
        let fields = answer.violated_fields();
        assert!(
            fields == ["body"] || fields == ["user_id", "namespace"],
            "{body}: {fields:?}"
        );
    }
}

#[tokio::test]
async fn the_token_comes_before_the_body_and_the_method_before_both() {
    let (house, token) = open().await;
    assert_refused(&house, "no token, no body", post(""), (400, 99_991_661, MISSING)).await;
    let head = house.ask(post("").method("HEAD")).await;
    assert_eq!(
        head.status.as_u16(),
        400,
        "an answer to HEAD has no body to look at"
    );
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        for ask in [post(one(ANNA, CRM)).bearer(&token), post("")] {
            let answer = assert_refused(&house, method, ask.method(method), (400, 2_320_006, BAD)).await;
            assert_eq!(
                answer.json()["error"]["field_violations"],
                serde_json::json!([{"field": "method", "value": method, "description": "method must be POST"}])
            );
        }
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_a_mebibyte() {
    let (house, token) = open().await;
    let padding = " ".repeat(1024 * 1024);
    let too_large = format!("{}{padding}", one(ANNA, CRM));
    let expected = (413, 2_329_002, "request body is too large");
    assert_refused(&house, "too large", post(too_large).bearer(&token), expected).await;
    let access = one(ANNA, CRM);
    let just_fits = format!("{access}{}", &padding[access.len()..]);
    assert_eq!(house.ask(post(just_fits).bearer(&token)).await.code(), 0);
}

/// The same house with a door that holds only so many.
fn with_queue(house: &House, queue_accesses_max: usize) -> Router {
    let limits = DoorLimits {
        queue_accesses_max,
        ..DoorLimits::default()
    };
    router(Arc::new(Edge::new(
        Arc::clone(&house.store),
        Door::open(Arc::clone(&house.store), limits),
        house.clock.clone(),
        Arc::clone(&house.edge.chance),
        KeyRing::from_key_file(&[7; 32]),
        EdgeSettings::default(),
    )))
}

fn assert_busy(answer: &Answer) {
    assert_eq!(answer.status.as_u16(), 503, "{answer}");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.code(), 2_329_001);
    assert_eq!(answer.json()["msg"], "usher is busy, please retry later");
}

#[tokio::test]
async fn a_full_queue_and_a_closed_door_and_store_say_busy_at_once() {
    let (house, token) = open().await;
    let narrow = with_queue(&house, 2);
    let pair = format!("[{0},{0}]", one(ANNA, CRM));
    let crowd = format!("[{0},{0},{0}]", one(ANNA, CRM));
    assert_busy(&Answer::of(&narrow, post(crowd).bearer(&token).request()).await);
    assert_eq!(
        activities(&house).await,
        [],
        "nobody of a call that is turned away is recorded"
    );
    assert_eq!(
        Answer::of(&narrow, post(pair).bearer(&token).request())
            .await
            .code(),
        0
    );

    house.edge.door.close().await;
    assert_busy(&house.ask(post(one(ANNA, CRM)).bearer(&token)).await);
    house.store.close().await;
    let fresh = with_queue(&house, 2);
    assert_busy(&Answer::of(&fresh, post(one(ANNA, CRM)).bearer(&token).request()).await);
}

#[tokio::test]
async fn verdicts_are_counted() {
    let (house, token) = open().await;
    let body = format!("[{},{},{}]", one(ANNA, CRM), one(BO, CRM), one(CHEN, CRM));
    house.ask(post(body).bearer(&token)).await;
    let metrics = house.ask(Ask::get("/metrics").from("127.0.0.1:5000")).await.text;
    for line in [
        "usher_verdicts_total{verdict=\"admitted\",reason=\"per_user\"} 1",
        "usher_verdicts_total{verdict=\"admitted\",reason=\"per_user_per_app\"} 1",
        "usher_verdicts_total{verdict=\"refused\",reason=\"no_seat\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn a_reported_access_is_in_the_list_at_once() {
    let (house, token) = open().await;
    house.ask(post(one(ANNA, CRM)).bearer(&token)).await;
    let administrator = house.administrator_token().await;
    let uri = "/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=10";
    let list = house.ask(Ask::get(uri).bearer(&administrator)).await.json();
    assert_eq!(
        list["data"]["items"],
        serde_json::json!([{
            "user_id": ANNA, "namespace": CRM, "status": "in_use", "active_time": BEGIN_MS + 1_000
        }])
    );
    assert_ne!(ANNA, ADMINISTRATOR);
}
