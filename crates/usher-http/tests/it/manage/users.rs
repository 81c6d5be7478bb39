//! People.

use serde_json::{Value, json};

use super::walk;
use crate::support::{ADMINISTRATOR, Ask, House};

#[tokio::test]
async fn a_person_comes_changes_and_goes() {
    let house = House::open().await;
    let manager = house.manager().await;
    let new = json!({"user_id": 7, "name": "李雷", "external_id": "li.lei@example.com"});
    let made = house.managed(&manager, "POST", "/usher/v1/users", new).await;
    assert_eq!(
        made,
        json!({
            "user_id": 7, "name": "李雷", "external_id": "li.lei@example.com", "enabled": true,
            "system_administrator": false, "replayed": false,
        })
    );
    let patch = json!({"external_id": null, "system_administrator": true});
    let changed = house.managed(&manager, "PATCH", "/usher/v1/users/7", patch).await;
    assert_eq!(
        changed,
        json!({"user_id": 7, "name": "李雷", "external_id": null, "enabled": true, "system_administrator": true})
    );
    assert_eq!(
        house
            .managed(&manager, "GET", "/usher/v1/users/7", Value::Null)
            .await,
        changed
    );
    house
        .managed(&manager, "PATCH", "/usher/v1/users/7", json!({"enabled": false}))
        .await;
    assert_eq!(
        house
            .managed(&manager, "DELETE", "/usher/v1/users/7", Value::Null)
            .await,
        json!({})
    );
    for method in ["GET", "PATCH", "DELETE"] {
        let answer = house
            .manage(&manager, method, "/usher/v1/users/7", Value::Null)
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (404, 2_320_004),
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_number_is_drawn_and_names_are_nobody_elses() {
    let house = House::open().await;
    let manager = house.manager().await;
    let drawn = house
        .managed(&manager, "POST", "/usher/v1/users", json!({"name": "A"}))
        .await;
    assert!(drawn["user_id"].as_i64().unwrap() > 0);
    house
        .managed(
            &manager,
            "POST",
            "/usher/v1/users",
            json!({"user_id": 7, "name": "B", "external_id": "b"}),
        )
        .await;
    for (body, field) in [
        (json!({"user_id": 7, "name": "C"}), "user_id"),
        (
            json!({"user_id": 8, "name": "C", "external_id": "b"}),
            "external_id",
        ),
    ] {
        let answer = house.manage(&manager, "POST", "/usher/v1/users", body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (409, 2_329_013));
        assert_eq!(answer.violated_fields(), [field]);
    }
    let still = house
        .managed(&manager, "GET", "/usher/v1/users/7", Value::Null)
        .await;
    assert_eq!(still["name"], "B");
}

#[tokio::test]
async fn people_are_walked_by_number_and_page_tokens_do_not_travel() {
    let house = House::open().await;
    house.tenant("acme").await;
    let (manager, operator) = (house.manager().await, house.operator().await);
    for user in [30, 4, 200] {
        house.change(vec![house.user(user, true, false)]).await;
    }
    let all = [json!(4), json!(30), json!(200), json!(ADMINISTRATOR)];
    for rows in [1, 2, 3, 4, 500] {
        assert_eq!(
            walk(&house, &manager, "/usher/v1/users", rows, "user_id").await,
            all
        );
    }
    let first = house
        .managed(&manager, "GET", "/usher/v1/users?page_size=1", Value::Null)
        .await;
    let page_token = first["page_token"].as_str().unwrap();
    for (token, list) in [
        (&operator, "/usher/v1/users?tenant_key=default"),
        (&operator, "/usher/v1/users?tenant_key=acme"),
        (&manager, "/usher/v1/apps?"),
        (&manager, "/usher/v1/clients?"),
    ] {
        let answer = house
            .manage(
                token,
                "GET",
                &format!("{list}&page_token={page_token}"),
                Value::Null,
            )
            .await;
        assert_eq!(answer.violated_fields(), ["page_token"], "{list}");
    }
    for wrong in ["501", "-1", "", "5.0", "1&page_size=1"] {
        let answer = house
            .manage(
                &manager,
                "GET",
                &format!("/usher/v1/users?page_size={wrong}"),
                Value::Null,
            )
            .await;
        assert_eq!(answer.violated_fields(), ["page_size"], "{wrong}");
    }
}

#[tokio::test]
async fn a_sign_in_link_is_given_once_and_ends() {
    let house = House::open().await;
    let manager = house.manager().await;
    let uri = format!("/usher/v1/users/{ADMINISTRATOR}/sign-in-link");
    let made = house.managed(&manager, "POST", &uri, Value::Null).await;
    let link = made["link"].as_str().unwrap();
    let secret = link.strip_prefix("/link/").unwrap();
    let hash = usher_identity::token::hash_token(&usher_identity::Secret::new(secret));
    let kept = house
        .store
        .link(usher_store::TokenHash(hash))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.user_id.get(), ADMINISTRATOR);
    assert_eq!(json!(kept.expires_at_ms), made["expires_at_ms"]);
    let nobody = house
        .manage(&manager, "POST", "/usher/v1/users/5/sign-in-link", Value::Null)
        .await;
    assert_eq!(nobody.code(), 2_320_004);
}

#[tokio::test]
async fn a_lost_second_factor_is_taken_away() {
    let house = House::open().await;
    let manager = house.manager().await;
    let user_id = ADMINISTRATOR.to_string().parse().unwrap();
    house
        .change(vec![
            usher_store::IdentityChange::SetTotp {
                tenant_id: house.tenant_id,
                user_id,
                totp_sealed: Some(vec![1, 2, 3]),
            }
            .into(),
        ])
        .await;
    let uri = format!("/usher/v1/users/{ADMINISTRATOR}/second-factor");
    for _ in 0..2 {
        house.managed(&manager, "DELETE", &uri, Value::Null).await;
    }
    let credential = house
        .store
        .credential_of(house.tenant_id, user_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(credential.totp_sealed, None);
}

#[tokio::test]
async fn nothing_hostile_in_a_path_or_a_body_is_more_than_a_mistake() {
    let house = House::open().await;
    let manager = house.manager().await;
    for path in [
        "0",
        "-1",
        "007",
        "9007199254740992",
        "%00",
        "%ff",
        "%2e%2e",
        "7%2f8",
        "a'%20or%20''='",
        "%E5%B8%AD",
    ] {
        let answer = house
            .manage(&manager, "GET", &format!("/usher/v1/users/{path}"), Value::Null)
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (400, 2_320_006),
            "{path}"
        );
    }
    for body in [
        "{",
        "null",
        "[]",
        "\"x\"",
        "{}{}",
        "{\"name\":\"a\"} x",
        "{\"name\":\"a\",\"name\":\"b\"}",
        "{\"name\":\"\\u0000\"}",
        "{\"name\":null}",
        "{\"name\":\"a\",\"user_id\":1.0}",
        "{\"name\":\"a\",\"user_id\":\"1\"}",
        "{\"name\":\"a\",\"user_id\":9007199254740992}",
        "{\"name\":\"a\",\"tenant_id\":1}",
        "{\"name\":\"a\",\"enabled\":1}",
        "\u{feff}{}",
    ] {
        let ask = Ask::get("/usher/v1/users")
            .method("POST")
            .bearer(&manager)
            .body(body);
        let answer = house.ask(ask).await;
        answer.assert_common();
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (400, 2_320_006),
            "{body}"
        );
    }
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let ask = Ask::get("/usher/v1/users")
        .method("POST")
        .bearer(&manager)
        .body(deep);
    assert_eq!(house.ask(ask).await.code(), 2_320_006);
    assert_eq!(
        walk(&house, &manager, "/usher/v1/users", 9, "user_id").await,
        [json!(ADMINISTRATOR)]
    );
}

#[tokio::test]
async fn a_person_is_found_by_sign_in_name() {
    let house = House::open().await;
    let manager = house.manager().await;
    for (number, external_id) in [(7, "lei@example.com"), (8, "7")] {
        let new = json!({"user_id": number, "name": "Somebody", "external_id": external_id});
        house.managed(&manager, "POST", "/usher/v1/users", new).await;
    }
    for (query, found) in [
        ("lei%40example.com", vec![7]),
        ("7", vec![8]),
        ("8", vec![]),
        ("nobody", vec![]),
    ] {
        let uri = format!("/usher/v1/users?external_id={query}");
        let page = house.managed(&manager, "GET", &uri, Value::Null).await;
        let numbers: Vec<_> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["user_id"].clone())
            .collect();
        assert_eq!(numbers, found, "{query}");
        assert_eq!(page["has_more"], false);
    }
    for wrong in ["", "a%20b", "a&external_id=b"] {
        let uri = format!("/usher/v1/users?external_id={wrong}");
        let answer = house.manage(&manager, "GET", &uri, Value::Null).await;
        assert_eq!(answer.violated_fields(), ["external_id"], "{wrong}");
    }
}

#[tokio::test]
async fn people_are_found_as_somebody_types() {
    let house = House::open().await;
    let manager = house.manager().await;
    for (number, name) in [(7, "Anna Müller"), (8, "李雷"), (9, "Ann % Onym")] {
        let new = json!({"user_id": number, "name": name});
        house.managed(&manager, "POST", "/usher/v1/users", new).await;
    }
    for (query, found) in [
        ("ann", vec![7, 9]),
        ("M%C3%9C", vec![7]),
        ("%E9%9B%B7", vec![8]),
        ("8", vec![8]),
        ("%25", vec![]),
        ("'%20OR%201=1", vec![]),
    ] {
        let (mut numbers, mut more) = (Vec::new(), String::new());
        loop {
            let uri = format!("/usher/v1/users?search={query}&page_size=1{more}");
            let page = house.managed(&manager, "GET", &uri, Value::Null).await;
            let items = page["items"].as_array().unwrap();
            numbers.extend(items.iter().map(|item| item["user_id"].clone()));
            assert_eq!(page["has_more"], page.get("page_token").is_some());
            let Some(page_token) = page["page_token"].as_str() else {
                break;
            };
            more = format!("&page_token={page_token}");
        }
        assert_eq!(numbers, found, "{query}");
    }
    let long = "a".repeat(257);
    for wrong in ["", "%20", "a&search=b", "a&external_id=b", &long] {
        let uri = format!("/usher/v1/users?search={wrong}");
        let answer = house.manage(&manager, "GET", &uri, Value::Null).await;
        assert_eq!(answer.violated_fields(), ["search"], "{wrong}");
    }
}
