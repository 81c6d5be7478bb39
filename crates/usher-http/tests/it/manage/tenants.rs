//! Organisations, for operators.

use serde_json::{Value, json};

use super::walk;
use crate::support::House;

#[tokio::test]
async fn an_operator_makes_lists_and_closes_tenants() {
    let house = House::open().await;
    let operator = house.operator().await;
    let made = house
        .managed(
            &operator,
            "POST",
            "/usher/v1/tenants",
            json!({"tenant_key": "acme", "name": "Acme 公司"}),
        )
        .await;
    assert_eq!(
        made,
        json!({
            "tenant_key": "acme", "name": "Acme 公司", "enabled": true, "time_zone": "UTC", "replayed": false,
        })
    );
    house
        .managed(
            &operator,
            "POST",
            "/usher/v1/tenants",
            json!({"tenant_key": "-b"}),
        )
        .await;
    assert_eq!(
        walk(&house, &operator, "/usher/v1/tenants", 1, "tenant_key").await,
        ["-b", "acme", "default"]
    );
    let manager = house.manager().await;
    let closed = house
        .managed(
            &operator,
            "PATCH",
            "/usher/v1/tenants/default",
            json!({"enabled": false}),
        )
        .await;
    assert_eq!(closed["enabled"], false);
    let answer = house
        .manage(&manager, "GET", "/usher/v1/users", Value::Null)
        .await;
    assert_eq!(answer.code(), 2_320_003, "{answer}");
    let users = house
        .managed(
            &operator,
            "GET",
            "/usher/v1/users?tenant_key=default",
            Value::Null,
        )
        .await;
    assert_eq!(
        users["items"].as_array().unwrap().len(),
        1,
        "an operator still sees it"
    );
    house
        .managed(
            &operator,
            "PATCH",
            "/usher/v1/tenants/default",
            json!({"enabled": true}),
        )
        .await;
    house
        .managed(&manager, "GET", "/usher/v1/users", Value::Null)
        .await;
}

#[tokio::test]
async fn a_tenant_gets_another_name_and_time_zone() {
    let house = House::open().await;
    let operator = house.operator().await;
    let new = json!({"tenant_key": "acme", "time_zone": "asia/shanghai"});
    let made = house.managed(&operator, "POST", "/usher/v1/tenants", new).await;
    assert_eq!(
        made["time_zone"], "Asia/Shanghai",
        "in the spelling of the database"
    );
    let uri = "/usher/v1/tenants/acme";
    let renamed = house
        .managed(&operator, "PATCH", uri, json!({"name": "Acme 公司"}))
        .await;
    let expected = json!({
        "tenant_key": "acme", "name": "Acme 公司", "enabled": true, "time_zone": "Asia/Shanghai",
    });
    assert_eq!(renamed, expected);
    for wrong in [
        json!({"time_zone": "Mars/Olympus"}),
        json!({"time_zone": "+08:00"}),
        json!({"time_zone": 8}),
        json!({"name": "Other", "time_zone": ""}),
    ] {
        let answer = house.manage(&operator, "PATCH", uri, wrong.clone()).await;
        assert_eq!(answer.violated_fields(), ["time_zone"], "{wrong}");
    }
    assert_eq!(house.managed(&operator, "GET", uri, Value::Null).await, expected);
    let moved = json!({"time_zone": "Europe/Berlin", "enabled": false});
    let moved = house.managed(&operator, "PATCH", uri, moved).await;
    assert_eq!(
        (&moved["time_zone"], &moved["enabled"], &moved["name"]),
        (&json!("Europe/Berlin"), &json!(false), &json!("Acme 公司"))
    );
}

#[tokio::test]
async fn what_does_not_fit_is_named_and_changes_nothing() {
    let house = House::open().await;
    let operator = house.operator().await;
    for (body, code, field) in [
        (json!({"tenant_key": "default"}), 2_329_013, "tenant_key"),
        (json!({"tenant_key": "a b"}), 2_320_006, "tenant_key"),
        (json!({"tenant_key": 5}), 2_320_006, "tenant_key"),
        (json!({}), 2_320_006, "body"),
        (json!({"tenant_key": "x", "name": ""}), 2_320_006, "name"),
        (json!({"tenant_key": "x", "name": "a\nb"}), 2_320_006, "name"),
        (json!({"tenant_key": "x", "colour": "red"}), 2_320_006, "colour"),
        (json!([]), 2_320_006, "body"),
        (json!("x".repeat(5_000)), 2_320_006, "body"),
    ] {
        let answer = house
            .manage(&operator, "POST", "/usher/v1/tenants", body.clone())
            .await;
        assert_eq!(answer.code(), code, "{body}: {answer}");
        let fields = answer.violated_fields();
        assert!(fields == [field] || fields == ["body"], "{body}: {fields:?}");
        assert!(answer.text.len() < 2_000, "{}", answer.text.len());
    }
    let unknown = house
        .manage(&operator, "GET", "/usher/v1/tenants/nobody", Value::Null)
        .await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (404, 2_320_003));
    assert_eq!(
        walk(&house, &operator, "/usher/v1/tenants", 9, "tenant_key").await,
        ["default"]
    );
}

#[tokio::test]
async fn whoever_manages_one_tenant_may_not_ask_about_tenants() {
    let house = House::open().await;
    house.tenant("acme").await;
    let manager = house.manager().await;
    for (method, uri) in [
        ("GET", "/usher/v1/tenants"),
        ("POST", "/usher/v1/tenants"),
        ("GET", "/usher/v1/tenants/default"),
        ("GET", "/usher/v1/tenants/acme"),
        ("GET", "/usher/v1/tenants/nobody"),
        ("PATCH", "/usher/v1/tenants/default"),
    ] {
        let answer = house.manage(&manager, method, uri, Value::Null).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (403, 2_320_005),
            "{method} {uri}"
        );
    }
}
