//! An organisation's own identity provider, and whose account there is whose.

use serde_json::{Value, json};

use crate::support::{ADMINISTRATOR, House};

const PROVIDER: &str = "/usher/v1/identity-provider?tenant_key=default";
const SECRET: &str = "known-there-only";

fn whole() -> Value {
    json!({
        "name": "Company login", "name_zh": "公司登录", "issuer": "https://login.example.com",
        "client_id": "usher", "client_secret": SECRET,
    })
}

fn shown() -> Value {
    json!({
        "tenant_key": "default", "name": "Company login", "name_zh": "公司登录",
        "issuer": "https://login.example.com", "client_id": "usher", "enabled": true,
        "redirect_path": "/sign-in/provider/callback",
    })
}

async fn sealed(house: &House) -> Vec<u8> {
    let found = house.store.identity_provider(house.tenant_id).await.unwrap();
    found.unwrap().client_secret_sealed
}

#[tokio::test]
async fn an_operator_sets_changes_and_removes_it_and_nobody_sees_the_secret() {
    let house = House::open().await;
    let (operator, manager) = (house.operator().await, house.manager().await);
    let missing = house.manage(&operator, "GET", PROVIDER, Value::Null).await;
    assert_eq!((missing.status.as_u16(), missing.code()), (404, 2_329_021));
    assert_eq!(house.managed(&operator, "PUT", PROVIDER, whole()).await, shown());
    assert_eq!(house.managed(&operator, "PUT", PROVIDER, whole()).await, shown());
    let own = "/usher/v1/identity-provider";
    assert_eq!(house.managed(&manager, "GET", own, Value::Null).await, shown());
    let first = sealed(&house).await;
    assert!(!String::from_utf8_lossy(&first).contains(SECRET));
    let patch = json!({"name": "Login", "name_zh": null, "enabled": false});
    let changed = house.managed(&operator, "PATCH", PROVIDER, patch).await;
    assert_eq!(
        (&changed["name"], &changed["name_zh"], &changed["enabled"]),
        (&json!("Login"), &Value::Null, &json!(false))
    );
    assert_eq!(
        sealed(&house).await,
        first,
        "the secret stays where nothing moved"
    );
    for moved in [
        json!({"issuer": "https://evil.example"}),
        json!({"client_id": "other"}),
    ] {
        let answer = house.manage(&operator, "PATCH", PROVIDER, moved.clone()).await;
        assert_eq!(answer.violated_fields(), ["client_secret"], "{moved}");
    }
    let moved = json!({"issuer": "https://new.example", "client_secret": "another"});
    let changed = house.managed(&operator, "PATCH", PROVIDER, moved).await;
    assert_eq!(changed["issuer"], "https://new.example");
    assert_ne!(sealed(&house).await, first);
    house.managed(&operator, "DELETE", PROVIDER, Value::Null).await;
    let gone = house.manage(&operator, "DELETE", PROVIDER, Value::Null).await;
    assert_eq!((gone.status.as_u16(), gone.code()), (404, 2_329_021));
}

#[tokio::test]
async fn an_administrator_sees_it_and_does_not_set_it() {
    let house = House::open().await;
    let manager = house.manager().await;
    for method in ["PUT", "PATCH", "DELETE"] {
        let answer = house
            .manage(&manager, method, "/usher/v1/identity-provider", whole())
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (403, 2_320_005),
            "{method}"
        );
    }
    assert_eq!(house.store.identity_provider(house.tenant_id).await, Ok(None));
}

#[tokio::test]
async fn what_does_not_fit_is_named_without_the_secret() {
    let house = House::open().await;
    let operator = house.operator().await;
    for (field, value) in [
        ("issuer", json!("http://login.example.com")),
        ("issuer", json!("https://login.example.com?x=1")),
        ("client_id", json!("a b")),
        ("client_secret", json!("two\nlines")),
        ("client_secret", json!("席".repeat(9))),
        ("name", json!("")),
        ("colour", json!("red")),
    ] {
        let mut body = whole();
        body[field] = value;
        let answer = house.manage(&operator, "PUT", PROVIDER, body.clone()).await;
        assert_eq!(answer.violated_fields(), [field], "{body}: {answer}");
        assert!(
            !answer.text.contains(SECRET) && !answer.text.contains("lines"),
            "{answer}"
        );
    }
    assert_eq!(house.store.identity_provider(house.tenant_id).await, Ok(None));
}

#[tokio::test]
async fn a_person_is_linked_with_their_one_account() {
    let house = House::open().await;
    house.change(vec![house.user(7, true, false)]).await;
    let (operator, manager) = (house.operator().await, house.manager().await);
    let link = |user: i64| format!("/usher/v1/users/{user}/identity-link");
    let early = house
        .manage(&manager, "PUT", &link(7), json!({"subject": "lei"}))
        .await;
    assert_eq!(early.code(), 2_329_021);
    house.managed(&operator, "PUT", PROVIDER, whole()).await;
    let none = house.managed(&manager, "GET", &link(7), Value::Null).await;
    assert_eq!(
        none,
        json!({"user_id": 7, "issuer": "https://login.example.com", "subject": null})
    );
    for subject in ["lei", "lei", "lei-2"] {
        let linked = house
            .managed(&manager, "PUT", &link(7), json!({"subject": subject}))
            .await;
        assert_eq!(linked["subject"], subject);
    }
    let taken = house
        .manage(&manager, "PUT", &link(ADMINISTRATOR), json!({"subject": "lei-2"}))
        .await;
    assert_eq!(
        (taken.code(), taken.violated_fields()),
        (2_329_013, vec!["subject".to_owned()])
    );
    let missing = house
        .manage(&manager, "PUT", &link(8), json!({"subject": "x"}))
        .await;
    assert_eq!(missing.code(), 2_320_004);
    for wrong in ["", "a\nb", &"席".repeat(86)] {
        let answer = house
            .manage(&manager, "PUT", &link(7), json!({"subject": wrong}))
            .await;
        assert_eq!(answer.violated_fields(), ["subject"], "{wrong:?}");
    }
    for _ in 0..2 {
        house.managed(&manager, "DELETE", &link(7), Value::Null).await;
    }
    let none = house.managed(&manager, "GET", &link(7), Value::Null).await;
    assert_eq!(none["subject"], Value::Null);
}
