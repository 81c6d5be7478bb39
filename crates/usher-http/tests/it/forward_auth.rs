//! `GET /usher/v1/forward-auth`: a gateway asks whether the person in front of it may enter.

mod ambiguous;

use usher_http::EdgeSettings;
use usher_identity::Secret;
use usher_seats::{LocalizedNames, SeatType, TenantId};
use usher_store::{App, AppRoute, Change, PageQuery, User};

use crate::support::{Answer, Ask, BEGIN_MS, House, namespace, user_id};

const PATH: &str = "/usher/v1/forward-auth";
const GATEWAY: &str = "127.0.0.1:40000";
const STRANGER: &str = "192.0.2.66:40000";
/// Holds a platform seat.
const ANNA: i64 = 1_803_710_089_388_154;
/// Holds an app seat for `crm`.
const BO: i64 = 2;
/// Holds nothing.
const CHEN: i64 = 3;

/// Three people; `crm` has a host to itself, `portal`, `hr` and `hr_admin` share one.
async fn open_with(settings: EdgeSettings) -> House {
    let house = House::open_with(settings).await;
    let mut changes = Vec::new();
    for app in ["crm", "portal", "hr", "hr_admin"] {
        changes.push(house.app(app));
    }
    for user in [ANNA, BO, CHEN] {
        changes.push(house.user(user, true, false));
    }
    changes.extend([house.seat(ANNA, None), house.seat(BO, Some("crm"))]);
    for (host, path_prefix, app) in [
        ("crm.example.com", "/", "crm"),
        ("apps.example.com", "/", "portal"),
        ("apps.example.com", "/hr", "hr"),
        ("apps.example.com", "/hr/admin", "hr_admin"),
    ] {
        changes.push(route(house.tenant_id, host, path_prefix, app));
    }
    house.change(changes).await;
    house
}

async fn open() -> House {
    open_with(EdgeSettings::default()).await
}

fn route(tenant_id: TenantId, host: &str, path_prefix: &str, app: &str) -> Change {
    Change::PutAppRoute(AppRoute {
        host: host.to_owned(),
        path_prefix: path_prefix.to_owned(),
        tenant_id,
        namespace: namespace(app),
    })
}

/// What an honest gateway asks.
fn question(host: &str, uri: &str, user: i64) -> Ask {
    nameless(host, uri).header("x-forwarded-user", user.to_string())
}

fn nameless(host: &str, uri: &str) -> Ask {
    Ask::get(PATH)
        .from(GATEWAY)
        .header("x-forwarded-host", host)
        .header("x-forwarded-uri", uri)
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-method", "POST")
        .header("x-forwarded-for", "192.0.2.1")
}

async fn activities(house: &House) -> Vec<(i64, String, SeatType)> {
    let mut all = Vec::new();
    for seat_type in SeatType::ALL {
        let query = PageQuery {
            tenant_id: house.tenant_id,
            seat_type,
            after: None,
            rows_max: 500,
            now_ms: i64::MAX,
        };
        for row in house.store.activities(query).await.unwrap().rows {
            all.push((row.user_id.get(), row.namespace.to_string(), seat_type));
        }
    }
    all
}

/// The answer is a no with this status and reason, in plain words, not to be kept, and nothing was recorded.
async fn assert_denied(house: &House, title: &str, ask: Ask, status: u16, reason: &str) -> Answer {
    let before = activities(house).await;
    let answer = house.ask(ask).await;
    answer.assert_common();
    let found = (answer.status.as_u16(), answer.header("x-usher-reason"));
    assert_eq!(found, (status, reason), "{title}: {answer}");
    assert_eq!(answer.header("cache-control"), "no-store", "{title}");
    for name in [
        "x-usher-user",
        "x-usher-tenant",
        "x-usher-app",
        "www-authenticate",
    ] {
        assert_eq!(answer.header(name), "", "{title}: {name}");
    }
    assert_eq!(activities(house).await, before, "{title}");
    answer
}

#[tokio::test]
async fn a_seat_holder_enters_and_the_app_learns_who_it_is() {
    let house = open().await;
    let answer = house
        .ask(question("CRM.Example.com.:8443", "/deals?id=7", ANNA))
        .await;
    assert_eq!(answer.status.as_u16(), 200, "{answer}");
    let active_time = (BEGIN_MS + 1_000).to_string();
    for (name, value) in [
        ("x-usher-tenant", "default"),
        ("x-usher-user", "1803710089388154"),
        ("x-usher-app", "crm"),
        ("x-usher-seat-type", "per_user"),
        ("x-usher-active-time", active_time.as_str()),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert_eq!(answer.text, "");
    let answer = house
        .ask(question("crm.example.com", "/", BO).method("HEAD"))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-usher-seat-type")),
        (200, "per_user_per_app")
    );
    assert_eq!(
        activities(&house).await,
        [
            (ANNA, "crm".to_owned(), SeatType::PerUser),
            (BO, "crm".to_owned(), SeatType::PerUserPerApp),
        ]
    );
}

#[tokio::test]
async fn a_host_of_one_app_needs_no_path() {
    let house = open().await;
    let pathless = Ask::get(PATH)
        .from(GATEWAY)
        .header("x-forwarded-host", "crm.example.com")
        .header("x-forwarded-user", ANNA.to_string());
    assert_eq!(house.ask(pathless).await.status.as_u16(), 200);
    for uri in ["/../etc", "//x", "/a%2fb", "/%2e%2e/", "/a;b=c", "/a\\b", "/%25"] {
        let answer = house.ask(question("crm.example.com", uri, ANNA)).await;
        assert_eq!(answer.status.as_u16(), 200, "{uri}: {answer}");
    }
}

#[tokio::test]
async fn host_and_path_say_which_app() {
    let house = open().await;
    for (uri, app) in [
        ("/", "portal"),
        ("/hr", "hr"),
        ("/hr/people?x=/admin", "hr"),
        ("/%68r/%61dmin", "hr_admin"),
        ("/hr/administration", "hr"),
        ("/hrx", "portal"),
        ("/docs/a%2fb", "portal"),
        ("/hr/admin/x;y//z", "hr_admin"),
    ] {
        let answer = house.ask(question("apps.example.com", uri, ANNA)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-usher-app")),
            (200, app),
            "{uri}: {answer}"
        );
    }
}

#[tokio::test]
async fn without_a_user_the_answer_is_401() {
    let house = open().await;
    let missing = nameless("crm.example.com", "/");
    let answer = assert_denied(&house, "none", missing.clone(), 401, "user_missing").await;
    assert_eq!(answer.text, "Please sign in first.\n");
    assert_denied(
        &house,
        "empty",
        missing.clone().header("x-forwarded-user", ""),
        401,
        "user_missing",
    )
    .await;
    let elsewhere = nameless("unknown.example.com", "/");
    assert_denied(
        &house,
        "an outsider learns no host",
        elsewhere,
        401,
        "user_missing",
    )
    .await;
}

#[tokio::test]
async fn every_reason_of_the_rule_is_a_403() {
    let house = open().await;
    let other = house.tenant("other").await;
    let app_of_other = App {
        tenant_id: other,
        namespace: namespace("crm"),
        name: "CRM there".to_owned(),
        names: LocalizedNames::NONE,
        enabled: true,
    };
    let disabled_app = App {
        tenant_id: house.tenant_id,
        namespace: namespace("off"),
        name: "Off".to_owned(),
        names: LocalizedNames::NONE,
        enabled: false,
    };
    house
        .change(vec![
            Change::PutApp(app_of_other),
            Change::PutApp(disabled_app),
            route(other, "there.example.com", "/", "crm"),
            route(house.tenant_id, "off.example.com", "/", "off"),
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
                expires_at_ms: Some(BEGIN_MS),
            },
            Change::SetTenantEnabled {
                tenant_id: other,
                enabled: false,
            },
        ])
        .await;
    for (host, user, reason) in [
        ("there.example.com", ANNA, "tenant_unknown"),
        ("crm.example.com", 99, "user_unknown"),
        ("crm.example.com", 4, "user_disabled"),
        ("nowhere.example.com", ANNA, "app_unknown"),
        ("off.example.com", ANNA, "app_disabled"),
        ("crm.example.com", CHEN, "no_seat"),
        ("crm.example.com", 5, "seat_released"),
        ("crm.example.com", 6, "seat_expired"),
        ("apps.example.com", BO, "no_seat"),
    ] {
        assert_denied(&house, host, question(host, "/", user), 403, reason).await;
    }
    for user in ["alice", "0", "+2", "9007199254740992", "2.0", "0x2"] {
        let ask = nameless("crm.example.com", "/").header("x-forwarded-user", user);
        assert_denied(&house, user, ask, 403, "user_unknown").await;
    }
}

#[tokio::test]
async fn a_user_of_one_tenant_is_nobody_in_another() {
    let house = open().await;
    let other = house.tenant("other").await;
    let put = |user: i64| {
        Change::PutUser(User {
            tenant_id: other,
            user_id: user_id(user),
            name: "There".to_owned(),
            enabled: true,
            system_administrator: false,
            external_id: None,
        })
    };
    let app = App {
        tenant_id: other,
        namespace: namespace("crm"),
        name: "CRM there".to_owned(),
        names: LocalizedNames::NONE,
        enabled: true,
    };
    house
        .change(vec![
            put(77),
            Change::PutApp(app),
            route(other, "there.example.com", "/", "crm"),
        ])
        .await;
    assert_denied(
        &house,
        "a guest",
        question("there.example.com", "/", ANNA),
        403,
        "user_unknown",
    )
    .await;
    assert_denied(
        &house,
        "at home",
        question("there.example.com", "/", 77),
        403,
        "no_seat",
    )
    .await;
}

#[tokio::test]
async fn nobody_but_a_trusted_gateway_is_believed() {
    let house = open().await;
    for peer in [STRANGER, "[2001:db8::1]:40000", "[::ffff:192.0.2.66]:40000"] {
        let ask = question("crm.example.com", "/", ANNA).from(peer);
        assert_denied(&house, peer, ask, 403, "request_untrusted").await;
    }
    let through_no_socket = Ask {
        peer: None,
        ..question("crm.example.com", "/", ANNA)
    };
    assert_denied(&house, "no address", through_no_socket, 403, "request_untrusted").await;
    // Nothing it says is looked at, so nothing it says changes the answer.
    let ask = Ask::get(PATH).from(STRANGER).header("x_forwarded_user", "1");
    assert_denied(&house, "hostile", ask, 403, "request_untrusted").await;
    for peer in ["127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        let answer = house.ask(question("crm.example.com", "/", ANNA).from(peer)).await;
        assert_eq!(answer.status.as_u16(), 200, "{peer}");
    }
}

#[tokio::test]
async fn with_a_secret_the_address_alone_is_not_enough() {
    let house = open_with(EdgeSettings {
        gateway_secret: Some(Secret::new("correct horse")),
        ..EdgeSettings::default()
    })
    .await;
    let ask = || question("crm.example.com", "/", ANNA);
    assert_denied(&house, "none", ask(), 403, "request_untrusted").await;
    for secret in ["", "correct", "correct horse battery", "Correct horse"] {
        let ask = ask().header("x-usher-gateway-secret", secret);
        assert_denied(&house, secret, ask, 403, "request_untrusted").await;
    }
    let right = || ask().header("x-usher-gateway-secret", "correct horse");
    let twice = right().header("x-usher-gateway-secret", "correct horse");
    assert_denied(&house, "twice", twice, 403, "request_untrusted").await;
    assert_denied(
        &house,
        "from elsewhere",
        right().from(STRANGER),
        403,
        "request_untrusted",
    )
    .await;
    assert_eq!(house.ask(right()).await.status.as_u16(), 200);
}

#[tokio::test]
async fn the_operator_may_name_proxies_and_the_user_header() {
    let house = open_with(EdgeSettings {
        trusted_proxies: vec!["192.0.2.64/26".parse().unwrap()],
        user_header: "X-Remote-Id".to_owned(),
        ..EdgeSettings::default()
    })
    .await;
    let ask = nameless("crm.example.com", "/").header("x-remote-id", ANNA.to_string());
    assert_eq!(house.ask(ask.clone().from(STRANGER)).await.status.as_u16(), 200);
    assert_denied(&house, "loopback", ask.clone(), 403, "request_untrusted").await;
    let with_alias = ask.from(STRANGER).header("x_remote.id", "3");
    assert_denied(&house, "alias", with_alias, 403, "request_ambiguous").await;
    let usual = question("crm.example.com", "/", ANNA).from(STRANGER);
    assert_denied(
        &house,
        "the usual header means nothing",
        usual,
        401,
        "user_missing",
    )
    .await;
}

#[tokio::test]
async fn routes_follow_the_store_at_once() {
    let house = open().await;
    let ask = || question("new.example.com", "/", ANNA);
    assert_denied(&house, "before", ask(), 403, "app_unknown").await;
    house
        .change(vec![route(house.tenant_id, "new.example.com", "/", "hr")])
        .await;
    assert_eq!(house.ask(ask()).await.header("x-usher-app"), "hr");
    let remove = Change::RemoveAppRoute {
        host: "new.example.com".to_owned(),
        path_prefix: "/".to_owned(),
    };
    house.change(vec![remove]).await;
    assert_denied(&house, "after", ask(), 403, "app_unknown").await;
    house.change(vec![house.release(ANNA, None)]).await;
    assert_denied(
        &house,
        "released",
        question("crm.example.com", "/", ANNA),
        403,
        "seat_released",
    )
    .await;
}

#[tokio::test]
async fn a_no_speaks_the_language_and_form_that_is_asked_for() {
    let house = open().await;
    let ask = || question("crm.example.com", "/", CHEN);
    let chinese = ask().header("accept-language", "zh-CN,zh;q=0.9,en;q=0.8");
    for (title, ask, content_type, text) in [
        (
            "english",
            ask(),
            "text/plain; charset=utf-8",
            "You have no seat for this application. Please ask your administrator for one.\n",
        ),
        (
            "chinese",
            chinese.clone(),
            "text/plain; charset=utf-8",
            "您没有该应用的席位，请联系管理员分配。\n",
        ),
        (
            "json",
            chinese.header("accept", "application/json, */*;q=0.1"),
            "application/json; charset=utf-8",
            r#"{"verdict":"refused","reason":"no_seat","message":"您没有该应用的席位，请联系管理员分配。"}"#,
        ),
    ] {
        let answer = house.ask(ask).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-usher-reason")),
            (403, "no_seat"),
            "{title}"
        );
        assert_eq!(
            (answer.header("content-type"), answer.text.as_str()),
            (content_type, text),
            "{title}"
        );
    }
}

#[tokio::test]
async fn only_get_and_head_are_questions() {
    let house = open().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        for peer in [GATEWAY, STRANGER] {
            let answer = house
                .ask(question("crm.example.com", "/", ANNA).method(method).from(peer))
                .await;
            answer.assert_common();
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (400, 2_320_006),
                "{method}: {answer}"
            );
            assert_eq!(
                answer.json()["error"]["field_violations"],
                serde_json::json!([{"field": "method", "value": method, "description": "method must be GET or HEAD"}])
            );
        }
    }
    assert_eq!(activities(&house).await, []);
}

#[tokio::test]
async fn a_door_that_cannot_answer_lets_nobody_in() {
    let house = open().await;
    house.edge.door.close().await;
    let answer = house.ask(question("crm.example.com", "/", ANNA)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (503, 2_329_001),
        "{answer}"
    );
    assert_eq!(
        (answer.header("retry-after"), answer.header("x-usher-user")),
        ("1", "")
    );
    house.store.close().await;
    house.clock.advance(1);
    let answer = house.ask(question("apps.example.com", "/", ANNA)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (503, 2_329_001),
        "{answer}"
    );
}
