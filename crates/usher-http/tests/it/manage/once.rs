//! Idempotency keys.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::walk;
use crate::support::{Answer, Ask, House};

async fn create(house: &House, token: &str, key: &str, body: &Value) -> Answer {
    let ask = Ask::get("/usher/v1/clients").method("POST").bearer(token);
    let ask = ask.header("idempotency-key", key).body(body.to_string());
    let answer = house.ask_at_once(ask).await;
    answer.assert_common();
    answer
}

#[tokio::test]
async fn the_same_key_makes_one_thing_and_tells_its_secret_once() {
    let house = House::open().await;
    let manager = house.manager().await;
    let before = walk(&house, &manager, "/usher/v1/clients", 9, "client_id")
        .await
        .len();
    let body = json!({"name": "Report"});
    let first = create(&house, &manager, "k1", &body).await.json()["data"].clone();
    let mut second = create(&house, &manager, "k1", &body).await.json()["data"].clone();
    assert!(first["client_secret"].is_string());
    assert_eq!(
        (&first["replayed"], &second["replayed"]),
        (&json!(false), &json!(true))
    );
    assert!(second.get("client_secret").is_none(), "{second}");
    second["client_secret"] = first["client_secret"].clone();
    second["replayed"] = json!(false);
    assert_eq!(first, second);
    let after = walk(&house, &manager, "/usher/v1/clients", 9, "client_id")
        .await
        .len();
    assert_eq!(after, before + 1);
}

#[tokio::test]
async fn another_request_under_the_key_is_refused_and_another_caller_has_other_keys() {
    let house = House::open().await;
    let (manager, operator) = (house.manager().await, house.operator().await);
    create(&house, &manager, "k1", &json!({"name": "A"})).await;
    let other = create(&house, &manager, "k1", &json!({"name": "B"})).await;
    assert_eq!((other.status, other.code()), (StatusCode::CONFLICT, 2_329_014));
    let ask = Ask::get("/usher/v1/users").method("POST").bearer(&manager);
    let elsewhere = house
        .ask(
            ask.header("idempotency-key", "k1")
                .body(json!({"name": "A"}).to_string()),
        )
        .await;
    assert_eq!(elsewhere.code(), 2_329_014, "a key is good for one call");
    let ask = Ask::get("/usher/v1/clients?tenant_key=default")
        .method("POST")
        .bearer(&operator);
    let answer = house
        .ask(
            ask.header("idempotency-key", "k1")
                .body(json!({"name": "C"}).to_string()),
        )
        .await;
    assert_eq!(answer.json()["data"]["replayed"], false);
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day_and_a_refused_call_leaves_none() {
    let house = House::open().await;
    let operator = house.operator().await;
    let tenant = |key: &'static str, body: Value| {
        let ask = Ask::get("/usher/v1/tenants").method("POST").bearer(&operator);
        house.ask_at_once(ask.header("idempotency-key", key).body(body.to_string()))
    };
    let taken = json!({"tenant_key": "default"});
    assert_eq!(tenant("k", taken.clone()).await.code(), 2_329_013);
    let free = json!({"tenant_key": "acme"});
    assert_eq!(tenant("k", free.clone()).await.json()["data"]["replayed"], false);
    assert_eq!(tenant("k", free.clone()).await.json()["data"]["replayed"], true);
    house.clock.advance(24 * 60 * 60 * 1_000);
    let operator = house.operator().await;
    let ask = Ask::get("/usher/v1/tenants").method("POST").bearer(&operator);
    let late = house
        .ask(ask.header("idempotency-key", "k").body(free.to_string()))
        .await;
    assert_eq!(
        late.code(),
        2_329_013,
        "the key is forgotten, so the tenant is simply taken"
    );
}

#[tokio::test]
async fn many_at_once_under_one_key_make_one_thing() {
    let house = House::open().await;
    let manager = house.manager().await;
    let body = json!({"name": "Report"});
    let calls = (0..16).map(|_| create(&house, &manager, "k", &body));
    let mut set = Vec::new();
    let mut pending: Vec<_> = calls.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        pending.retain_mut(|call| match call.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                set.push(answer.json()["data"].clone());
                false
            }
            std::task::Poll::Pending => true,
        });
        if pending.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    assert_eq!(set.iter().filter(|data| data["replayed"] == false).count(), 1);
    assert!(set.iter().all(|data| data["client_id"] == set[0]["client_id"]));
}

#[tokio::test]
async fn a_key_is_one_plain_word() {
    let house = House::open().await;
    let manager = house.manager().await;
    for key in ["", "a b", "席", &"x".repeat(256)] {
        let answer = create(&house, &manager, key, &json!({"name": "A"})).await;
        assert_eq!(answer.violated_fields(), ["Idempotency-Key"], "{key:?}");
    }
    let ask = Ask::get("/usher/v1/clients").method("POST").bearer(&manager);
    let two = ask
        .header("idempotency-key", "a")
        .header("idempotency-key", "a")
        .body(json!({"name": "A"}).to_string());
    assert_eq!(house.ask(two).await.violated_fields(), ["Idempotency-Key"]);
}
