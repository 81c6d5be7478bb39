//! The audit log: every change that is asked for here leaves who asked, from where and why.

use serde_json::{Value, json};
use usher_http::edge::EdgeSettings;

use super::walk;
use crate::support::{ADMINISTRATOR, Ask, CLIENT, House};

const RECORDS: &str = "/usher/v1/audit-records";

/// Calls that change something, in an order in which all of them fit, and what each does.
const CHANGES: [(&str, &str, &str, &str); 10] = [
    (
        "POST",
        "/usher/v1/users",
        r#"{"user_id":7,"name":"A"}"#,
        "user.created",
    ),
    ("POST", "/usher/v1/users/7/sign-in-link", "", "sign_in.link_made"),
    ("POST", "/usher/v1/apps", r#"{"namespace":"wiki"}"#, "app.created"),
    (
        "PATCH",
        "/usher/v1/apps/wiki",
        r#"{"enabled":false}"#,
        "app.changed",
    ),
    ("POST", "/usher/v1/service-tokens", "", "token.issued"),
    ("PUT", "/usher/v1/pools/per_user", r#"{"bought":5}"#, "pool.set"),
    (
        "POST",
        "/usher/v1/groups",
        r#"{"group_key":"sales"}"#,
        "group.set",
    ),
    (
        "POST",
        "/usher/v1/groups/sales/members",
        r#"{"user_ids":[7]}"#,
        "group.joined",
    ),
    ("DELETE", "/usher/v1/groups/sales", "", "group.deleted"),
    ("DELETE", "/usher/v1/users/7", "", "user.deleted"),
];

/// The newest record of a log.
async fn newest(house: &House, token: &str, query: &str) -> Value {
    let uri = format!("{RECORDS}?page_size=1{query}");
    house.managed(token, "GET", &uri, Value::Null).await["items"][0].clone()
}

#[tokio::test]
async fn a_change_is_told_with_its_author_before_and_after() {
    let house = House::open().await;
    let manager = house.manager().await;
    let new = json!({"user_id": 7, "name": "李雷"});
    house.managed(&manager, "POST", "/usher/v1/users", new).await;
    let made = newest(&house, &manager, "").await;
    assert_eq!(
        (&made["action"], &made["before"]),
        (&json!("user.created"), &Value::Null)
    );

    let ask = Ask::get("/usher/v1/users/7?reason=%E5%8D%87%E8%81%8C")
        .method("PATCH")
        .bearer(&manager)
        .header("x-forwarded-for", "198.51.100.1, 203.0.113.9")
        .from("127.0.0.1:4711")
        .body(json!({"system_administrator": true}).to_string());
    assert_eq!(house.ask_at_once(ask).await.status, 200);
    let told = newest(&house, &manager, "").await;
    let mut expected = json!({
        "sequence": made["sequence"].as_i64().unwrap() + 1,
        "at": made["at"],
        "actor": {"kind": "user", "name": ADMINISTRATOR.to_string()},
        "client_id": CLIENT,
        "address": "203.0.113.9",
        "reason": "升职",
        "action": "user.changed",
        "object": "user",
        "object_name": "7",
        "before": {"name": "李雷", "external_id": null, "enabled": true, "system_administrator": false},
        "after": {"name": "李雷", "external_id": null, "enabled": true, "system_administrator": true},
    });
    expected["hash"] = told["hash"].clone();
    assert_eq!(told, expected);
    assert_eq!(told["hash"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_stranger_cannot_choose_the_address_that_is_kept() {
    let settings = EdgeSettings {
        trusted_proxies: Vec::new(),
        ..EdgeSettings::default()
    };
    let house = House::open_with(settings).await;
    let manager = house.manager().await;
    let ask = Ask::get("/usher/v1/users")
        .method("POST")
        .bearer(&manager)
        .header("x-forwarded-for", "203.0.113.9")
        .from("198.51.100.7:4711")
        .body(r#"{"user_id":7,"name":"A"}"#);
    assert_eq!(house.ask_at_once(ask).await.status, 200);
    assert_eq!(newest(&house, &manager, "").await["address"], "198.51.100.7");
}

#[tokio::test]
async fn every_call_that_changes_something_leaves_a_record_and_no_secret() {
    let house = House::open().await;
    let (manager, operator) = (house.manager().await, house.operator().await);
    let mut secrets = Vec::new();
    for (method, uri, body, action) in CHANGES {
        let body = serde_json::from_str(body).unwrap_or(Value::Null);
        let join = if uri.contains('?') { '&' } else { '?' };
        let data = house
            .managed(&manager, method, &format!("{uri}{join}reason=a+test"), body)
            .await;
        for field in ["link", "service_token", "client_secret"] {
            secrets.extend(data[field].as_str().map(str::to_owned));
        }
        let told = newest(&house, &manager, "").await;
        assert_eq!(
            (&told["action"], &told["reason"]),
            (&json!(action), &json!("a test")),
            "{method} {uri}"
        );
        assert_eq!(told["actor"]["name"], ADMINISTRATOR.to_string());
    }
    let made = house
        .managed(&manager, "POST", "/usher/v1/clients", json!({"name": "reports"}))
        .await;
    secrets.extend(made["client_secret"].as_str().map(str::to_owned));
    assert!(secrets.len() >= 2, "{secrets:?}");
    let all = house
        .managed(
            &operator,
            "GET",
            &format!("{RECORDS}?tenant_key=default&page_size=500"),
            Value::Null,
        )
        .await;
    for secret in secrets {
        let bare = secret.trim_start_matches("/link/");
        assert!(!all.to_string().contains(bare), "{secret}");
    }
}

#[tokio::test]
async fn a_log_is_for_its_own_tenant() {
    let house = House::open().await;
    let (manager, operator) = (house.manager().await, house.operator().await);
    house
        .managed(
            &operator,
            "POST",
            "/usher/v1/tenants",
            json!({"tenant_key": "other"}),
        )
        .await;
    let of_other = newest(&house, &operator, "&tenant_key=other").await;
    assert_eq!(
        (&of_other["sequence"], &of_other["action"]),
        (&json!(1), &json!("tenant.created"))
    );
    assert_eq!(of_other["actor"]["kind"], "operator");
    // The operator's own token concerns no tenant, and nobody else sees that there is one.
    let of_none = newest(&house, &operator, "").await;
    assert_eq!(
        (&of_none["action"], &of_none["after"]["kind"]),
        (&json!("token.issued"), &json!("operator"))
    );
    assert_eq!(
        of_none["object_name"], of_other["actor"]["name"],
        "a token has the same name as what and as who"
    );
    let own = walk(&house, &manager, RECORDS, 3, "action").await;
    assert!(
        !own.is_empty()
            && own.len()
                == walk(
                    &house,
                    &operator,
                    &format!("{RECORDS}?tenant_key=default"),
                    500,
                    "action"
                )
                .await
                .len()
    );
    for tenant in ["other", "nobody"] {
        let answer = house
            .manage(
                &manager,
                "GET",
                &format!("{RECORDS}?tenant_key={tenant}"),
                Value::Null,
            )
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (404, 2_320_003),
            "{tenant}"
        );
    }
}

#[tokio::test]
async fn records_are_found_by_thing_actor_and_time() {
    let house = House::open().await;
    let manager = house.manager().await;
    for number in [7, 8, 9] {
        let new = json!({"user_id": number, "name": "A"});
        house.managed(&manager, "POST", "/usher/v1/users", new).await;
        house.clock.advance(1_000);
    }
    let at = newest(&house, &manager, "&object=user&object_name=8").await["at"]
        .as_i64()
        .unwrap();
    let count =
        async |query: String| walk(&house, &manager, &format!("{RECORDS}?{query}"), 2, "object_name").await;
    assert_eq!(count("object=user&object_name=8".to_owned()).await, ["8"]);
    let mine = format!("actor_kind=user&actor_name={ADMINISTRATOR}");
    assert_eq!(count(mine.clone()).await, ["9", "8", "7"]);
    assert_eq!(count(format!("{mine}&order=oldest")).await, ["7", "8", "9"]);
    assert_eq!(count(format!("{mine}&from={at}")).await, ["9", "8"]);
    assert_eq!(count(format!("{mine}&until={at}")).await, ["7"]);
    assert_eq!(
        count("actor_kind=command_line&actor_name=ann".to_owned()).await,
        Vec::<Value>::new()
    );
    for (query, fields) in [
        ("object=user", vec!["object"]),
        ("object_name=8", vec!["object_name"]),
        ("object=person&object_name=8", vec!["object"]),
        ("actor_kind=user", vec!["actor_kind"]),
        ("actor_kind=user&actor_name=x", vec!["actor_kind"]),
        ("actor_name=8", vec!["actor_name"]),
        (
            "from=-1&until=2026-01-01&order=up",
            vec!["from", "until", "order"],
        ),
        ("page_size=501", vec!["page_size"]),
        ("page_token=x", vec!["page_token"]),
    ] {
        let answer = house
            .manage(&manager, "GET", &format!("{RECORDS}?{query}"), Value::Null)
            .await;
        assert_eq!(
            (answer.code(), answer.violated_fields()),
            (2_320_006, fields.iter().map(ToString::to_string).collect()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_reason_is_a_short_text() {
    let house = House::open().await;
    let manager = house.manager().await;
    for reason in ["", "%00", &"x".repeat(257), "a&reason=b"] {
        let answer = house
            .manage(
                &manager,
                "DELETE",
                &format!("/usher/v1/users/7?reason={reason}"),
                Value::Null,
            )
            .await;
        assert_eq!(
            (answer.code(), answer.violated_fields()),
            (2_320_006, vec!["reason".to_owned()]),
            "{reason}"
        );
    }
}
