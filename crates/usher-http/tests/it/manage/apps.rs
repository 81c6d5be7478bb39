//! Apps, and where gateways serve them.

use serde_json::{Value, json};

use super::walk;
use crate::support::{ADMINISTRATOR, Ask, CLIENT, House, TokenOrder};

const OF_DEFAULT: &str = "/usher/v1/apps?tenant_key=default";

#[tokio::test]
async fn an_operator_says_where_an_app_is_and_the_door_knows() {
    let house = House::open().await;
    let operator = house.operator().await;
    let new = json!({"namespace": "crm", "routes": [{"host": "CRM.Example.com", "path_prefix": "/a/"}]});
    let made = house.managed(&operator, "POST", OF_DEFAULT, new).await;
    assert_eq!(
        made,
        json!({
            "namespace": "crm", "name": "crm", "names": {}, "enabled": true, "replayed": false,
            "routes": [{"host": "crm.example.com", "path_prefix": made["routes"][0]["path_prefix"]}],
        })
    );
    house.change(vec![house.seat(ADMINISTRATOR, None)]).await;
    let ask = |uri: &'static str| {
        Ask::get("/usher/v1/forward-auth")
            .from("127.0.0.1:1")
            .header("x-forwarded-host", "crm.example.com")
            .header("x-forwarded-uri", uri)
            .header("x-forwarded-user", ADMINISTRATOR.to_string())
    };
    assert_eq!(house.ask(ask("/a/x")).await.status, 200);
    let moved = json!({"routes": [{"host": "crm.example.com", "path_prefix": "/b"}, {"host": "crm.example.com", "path_prefix": "/b"}]});
    let changed = house
        .managed(&operator, "PATCH", "/usher/v1/apps/crm?tenant_key=default", moved)
        .await;
    assert_eq!(changed["routes"].as_array().unwrap().len(), 1);
    assert_eq!(house.ask(ask("/a/x")).await.status, 403);
    assert_eq!(house.ask(ask("/b/x")).await.status, 200);
    let off = json!({"enabled": false, "name": "客户 CRM"});
    let changed = house
        .managed(&operator, "PATCH", "/usher/v1/apps/crm?tenant_key=default", off)
        .await;
    assert_eq!(
        (&changed["name"], &changed["enabled"]),
        (&json!("客户 CRM"), &json!(false))
    );
    assert_eq!(house.ask(ask("/b/x")).await.status, 403);
}

#[tokio::test]
async fn an_administrator_manages_apps_but_not_where_they_are() {
    let house = House::open().await;
    let (operator, manager) = (house.operator().await, house.manager().await);
    house
        .managed(
            &manager,
            "POST",
            "/usher/v1/apps",
            json!({"namespace": "crm", "name": "CRM"}),
        )
        .await;
    let routes = json!({"routes": [{"host": "a.example.com"}]});
    let refused = house
        .manage(&manager, "PATCH", "/usher/v1/apps/crm", routes.clone())
        .await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, 2_320_005));
    let new = json!({"namespace": "hr", "routes": [{"host": "a.example.com"}]});
    let refused = house.manage(&manager, "POST", "/usher/v1/apps", new).await;
    assert_eq!(refused.code(), 2_320_005);
    house
        .managed(
            &operator,
            "PATCH",
            "/usher/v1/apps/crm?tenant_key=default",
            routes.clone(),
        )
        .await;
    let seen = house
        .managed(&manager, "GET", "/usher/v1/apps/crm", Value::Null)
        .await;
    assert_eq!(
        seen["routes"],
        json!([{"host": "a.example.com", "path_prefix": "/"}])
    );
    house
        .managed(&manager, "POST", "/usher/v1/apps", json!({"namespace": "hr"}))
        .await;
    let taken = house
        .manage(&operator, "PATCH", "/usher/v1/apps/hr?tenant_key=default", routes)
        .await;
    assert_eq!(
        (taken.status.as_u16(), taken.violated_fields()),
        (409, vec!["routes".to_owned()])
    );
    assert_eq!(
        walk(&house, &manager, "/usher/v1/apps", 1, "namespace").await,
        ["crm", "hr"]
    );
    for (body, field) in [
        (json!({"routes": [{"host": "a b"}]}), "routes[0].host"),
        (
            json!({"routes": [{"host": "a", "path_prefix": "/../x"}]}),
            "routes[0].path_prefix",
        ),
        (json!({"routes": vec![json!({"host": "a"}); 101]}), "routes"),
        (json!({"routes": [{"port": 1}]}), "routes[0].port"),
    ] {
        let answer = house
            .manage(
                &operator,
                "PATCH",
                "/usher/v1/apps/hr?tenant_key=default",
                body.clone(),
            )
            .await;
        assert_eq!(answer.violated_fields(), [field], "{body}");
    }
}

#[tokio::test]
async fn an_app_has_a_name_in_each_language() {
    let house = House::open().await;
    let manager = house.manager().await;
    let new = json!({"namespace": "crm", "name": "CRM", "names": {"zh-cn": "客户管理", "de": "Kunden"}});
    let made = house.managed(&manager, "POST", "/usher/v1/apps", new).await;
    assert_eq!(made["names"], json!({"zh-CN": "客户管理", "de": "Kunden"}));
    let patch = json!({"names": {"de": null, "en-US": "Customers"}});
    let changed = house
        .managed(&manager, "PATCH", "/usher/v1/apps/crm", patch)
        .await;
    let expected = json!({"zh-CN": "客户管理", "en-US": "Customers"});
    assert_eq!((&changed["name"], &changed["names"]), (&json!("CRM"), &expected));
    let many: serde_json::Map<_, _> = (b'a'..=b'z')
        .flat_map(|first| {
            [
                format!("{}a", char::from(first)),
                format!("{}b", char::from(first)),
            ]
        })
        .map(|language| (language, json!("n")))
        .collect();
    for (names, place) in [
        (json!({"": "x"}), "names"),
        (json!({"english": "x"}), "names"),
        (json!({"x-private": "x"}), "names"),
        (json!({"en": ""}), "names"),
        (json!({"en": "a\nb"}), "names"),
        (json!({"en": 5}), "names"),
        (json!(["en"]), "names"),
        (Value::Object(many), "names"),
    ] {
        let body = json!({"names": names});
        let answer = house.manage(&manager, "PATCH", "/usher/v1/apps/crm", body).await;
        assert_eq!(answer.code(), 2_320_006, "{names}");
        assert!(
            answer.violated_fields()[0].starts_with(place),
            "{names}: {answer}"
        );
        let body = json!({"namespace": "other", "names": names});
        let answer = house.manage(&manager, "POST", "/usher/v1/apps", body).await;
        assert_eq!(answer.code(), 2_320_006, "{names}");
    }
    let kept = house
        .managed(&manager, "GET", "/usher/v1/apps/crm", Value::Null)
        .await;
    assert_eq!(kept["names"], expected);
}

#[tokio::test]
async fn the_feishu_call_answers_the_names_in_feishus_languages() {
    let house = House::open().await;
    let scope = "app_engine:apps:read";
    let manager = house.manager().await;
    for new in [
        json!({"namespace": "a", "name": "A"}),
        json!({"namespace": "b", "name": "B", "names": {"zh-Hans": "乙", "ja": "ビー", "gsw": "Be"}}),
        json!({"namespace": "c", "name": "C", "names": {"en": "Sea", "zh-TW": "丙"}}),
    ] {
        house.managed(&manager, "POST", "/usher/v1/apps", new).await;
    }
    house.change(vec![house.client(CLIENT, &[scope], true)]).await;
    let token = house
        .token(TokenOrder {
            scopes: vec![scope],
            ..house.order()
        })
        .await;
    let answer = house
        .ask(Ask::get("/open-apis/apaas/v1/apps").bearer(&token))
        .await;
    let items = answer.json()["data"]["items"].clone();
    let text = |code: &str, text: &str| json!({"language_code": code, "text": text});
    assert_eq!(items[0]["name"], json!([text("2052", "A")]));
    assert_eq!(
        items[1]["name"],
        json!([text("2052", "乙"), text("1033", "B"), text("1041", "ビー")])
    );
    assert_eq!(
        items[2]["name"],
        json!([text("2052", "丙"), text("1033", "Sea"), text("1028", "丙")])
    );
}

#[tokio::test]
async fn the_feishu_call_lists_the_same_apps_truthfully() {
    let house = House::open().await;
    let scope = "app_engine:apps:read";
    house
        .change(vec![
            house.client(CLIENT, &[scope], true),
            house.app("a"),
            house.app("b"),
        ])
        .await;
    let token = house
        .token(TokenOrder {
            scopes: vec![scope],
            ..house.order()
        })
        .await;
    let path = "/open-apis/apaas/v1/apps";
    let first = house
        .ask(Ask::get(format!("{path}?page_size=1")).bearer(&token))
        .await;
    first.assert_common();
    let data = first.json()["data"].clone();
    assert_eq!(
        data["items"],
        json!([{
            "namespace": "a", "name": [{"language_code": "2052", "text": "a"}],
            "status": "enabled", "enable_status": "enabled",
        }])
    );
    let page_token = data["page_token"].as_str().unwrap();
    let last = house
        .ask(Ask::get(format!("{path}?page_size=50&page_token={page_token}")).bearer(&token))
        .await
        .json();
    assert_eq!(last["data"]["items"][0]["namespace"], "b");
    assert_eq!(last["data"]["has_more"], false);
    assert!(last["data"].get("page_token").is_none());
    for wrong in ["51", "x", "1&page_size=2"] {
        let answer = house
            .ask(Ask::get(format!("{path}?page_size={wrong}")).bearer(&token))
            .await;
        assert_eq!(
            (answer.code(), answer.violated_fields()),
            (2_320_006, vec!["page_size".to_owned()])
        );
    }
    let foreign = house.administrator_token().await;
    assert_eq!(
        house.ask(Ask::get(path).bearer(&foreign)).await.code(),
        99_991_679
    );
}
