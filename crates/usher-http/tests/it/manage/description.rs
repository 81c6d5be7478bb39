//! `/openapi.json` and `/docs`.

use serde_json::Value;

use crate::support::{Ask, House};

#[tokio::test]
async fn every_call_that_is_described_is_there_and_wants_a_token() {
    let house = House::open().await;
    let answer = house.ask(Ask::get("/openapi.json")).await;
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let uri = path
                .replace("{tenant_key}", "default")
                .replace("{user_id}", "1")
                .replace("{namespace}", "crm")
                .replace("{client_id}", "cli_1")
                .replace("{pool}", "per_user")
                .replace("{seat}", "per_user:1")
                .replace("{group_key}", "sales")
                .replace("{starts_at}", "1000")
                .replace("{token_id}", "0123456789abcdef");
            let answer = house.ask(Ask::get(&uri).method(&method.to_uppercase())).await;
            if path.ends_with("forward-auth") {
                assert_eq!(answer.status, 403, "{method} {path}: {answer}");
            } else {
                assert_eq!(answer.code(), 99_991_661, "{method} {path}: {answer}");
            }
            calls += 1;
        }
        let answer = house
            .ask(Ask::get(path.replace(['{', '}'], "")).method("TRACE"))
            .await;
        assert_eq!(answer.violated_fields(), ["method"], "{path}: {answer}");
    }
    assert_eq!(calls, 73);
}

#[tokio::test]
async fn every_schema_that_is_named_is_there() {
    let house = House::open().await;
    let text = house.ask(Ask::get("/openapi.json")).await.text;
    let document: Value = serde_json::from_str(&text).unwrap();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let name = reference.split('"').next().unwrap();
        let pointer = name.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{name}");
    }
}

#[tokio::test]
async fn the_page_for_people_is_in_their_language_and_guarded() {
    let house = House::open().await;
    let english = house.ask(Ask::get("/docs")).await;
    let chinese = house
        .ask(Ask::get("/docs").header("accept-language", "zh-CN"))
        .await;
    let chosen = house.ask(Ask::get("/docs?language=zh")).await;
    assert!(english.text.contains("<html lang=\"en\">") && english.text.contains("List people"));
    assert!(chinese.text.contains("<html lang=\"zh-CN\">") && chinese.text.contains("列出用户"));
    assert_eq!(chinese.text, chosen.text);
    for page in [english, chinese] {
        assert_eq!(page.status, 200);
        assert!(
            page.header("content-security-policy")
                .starts_with("default-src 'none'")
        );
        assert!(!page.text.contains("<script") && !page.text.contains("style="));
        for link in page.text.split("href=\"").skip(1) {
            assert!(
                link.starts_with(['#', '?', '/']) && !link.starts_with("//"),
                "{link:.40}"
            );
        }
    }
}
