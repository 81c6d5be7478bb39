//! Pools and waiting lists.

use serde_json::{Value, json};

use super::walk;
use crate::support::{BEGIN_MS, House};

const POOL: &str = "/usher/v1/pools/per_user";

async fn house() -> (House, String) {
    let house = House::open().await;
    let people = (1..=4).map(|number| house.user(number, true, false)).collect();
    house.change(people).await;
    house.change(vec![house.app("crm"), house.app("wiki")]).await;
    let operator = house.operator().await;
    (house, operator)
}

fn of(path: &str) -> String {
    let join = if path.contains('?') { '&' } else { '?' };
    format!("{path}{join}tenant_key=default")
}

#[tokio::test]
async fn a_pool_says_what_was_bought_and_what_is_left() {
    let (house, operator) = house().await;
    let missing = house.manage(&operator, "GET", &of(POOL), Value::Null).await;
    assert_eq!((missing.status.as_u16(), missing.code()), (404, 2_329_016));
    let set = house
        .managed(
            &operator,
            "PUT",
            &of(POOL),
            json!({"bought": 2, "valid_until": BEGIN_MS + 90_000}),
        )
        .await;
    assert_eq!(
        (&set["effect"], &set["dry_run"]),
        (&json!("created"), &json!(false))
    );
    house.change(vec![house.seat(1, None)]).await;
    let pool = house.managed(&operator, "GET", &of(POOL), Value::Null).await;
    assert_eq!(
        pool,
        json!({
            "pool": "per_user", "seat_type": "per_user", "namespace": null, "bought": 2, "in_use": 1, "free": 1,
            "overdrawn": 0, "allow_overdraft": false, "valid": true, "valid_from": null,
            "valid_until": BEGIN_MS + 90_000, "waiting": 0, "price": null,
            "kept": 0,
        })
    );
    house.clock.advance(90_000);
    let over = house.managed(&operator, "GET", &of(POOL), Value::Null).await;
    assert_eq!(
        (&over["valid"], &over["free"], &over["in_use"]),
        (&json!(false), &json!(0), &json!(1))
    );
    let unlimited = json!({"bought": null});
    let unlimited = house.managed(&operator, "PUT", &of(POOL), unlimited).await;
    assert_eq!(
        (&unlimited["item"]["free"], &unlimited["item"]["valid"]),
        (&Value::Null, &json!(true))
    );
}

#[tokio::test]
async fn a_pool_smaller_than_its_use_is_asked_for_and_shown() {
    let (house, operator) = house().await;
    house.change(vec![house.seat(1, None), house.seat(2, None)]).await;
    let refused = house
        .manage(&operator, "PUT", &of(POOL), json!({"bought": 1}))
        .await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, 2_329_019));
    assert!(refused.text.contains("allow_overdraft"), "{refused}");
    let body = json!({"bought": 1, "allow_overdraft": true});
    let accepted = house.managed(&operator, "PUT", &of(POOL), body).await["item"].clone();
    assert_eq!(
        (&accepted["overdrawn"], &accepted["free"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(accepted["allow_overdraft"], true);
    let listed = house
        .managed(&operator, "GET", &of("/usher/v1/pools"), Value::Null)
        .await;
    assert_eq!(listed["items"][0]["overdrawn"], 1);
    house.change(vec![house.release(1, None)]).await;
    let cured = house.managed(&operator, "GET", &of(POOL), Value::Null).await;
    assert_eq!(cured["overdrawn"], 0);
}

#[tokio::test]
async fn a_rehearsal_shows_what_would_happen_and_keeps_nothing() {
    let (house, operator) = house().await;
    let call = of(&format!("{POOL}?dry_run=true"));
    let shown = house.managed(&operator, "PUT", &call, json!({"bought": 3})).await;
    assert_eq!(
        (&shown["effect"], &shown["dry_run"]),
        (&json!("created"), &json!(true))
    );
    assert!(shown.get("item").is_none());
    assert_eq!(shown["changes"]["total"], 1);
    let change = &shown["changes"]["items"][0];
    assert_eq!(
        (&change["object"], &change["object_name"]),
        (&json!("pool"), &json!("per_user"))
    );
    assert_eq!(
        (&change["before"], &change["after"]["bought"]),
        (&Value::Null, &json!(3))
    );
    let missing = house.manage(&operator, "GET", &of(POOL), Value::Null).await;
    assert_eq!(missing.status, 404, "nothing was kept");
    let odd = house
        .manage(
            &operator,
            "PUT",
            &of(&format!("{POOL}?dry_run=yes")),
            json!({"bought": 3}),
        )
        .await;
    assert_eq!(odd.violated_fields(), ["dry_run"]);
}

#[tokio::test]
async fn who_waits_is_listed_in_line_and_may_leave() {
    let (house, operator) = house().await;
    house
        .managed(&operator, "PUT", &of(POOL), json!({"bought": 0}))
        .await;
    let lines: Vec<Value> = [3, 1, 4, 2]
        .iter()
        .map(|user| json!({"user_id": user, "seat_type": "per_user"}))
        .collect();
    let body = json!({"items": lines, "wait": true});
    let asked = house
        .managed(&operator, "POST", &of("/usher/v1/seats/assign"), body)
        .await;
    assert_eq!(asked["counts"]["waiting"], 4);
    let positions: Vec<_> = asked["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["position"])
        .collect();
    assert_eq!(positions, [1, 2, 3, 4]);
    let list = of(&format!("{POOL}/waiting-list"));
    for rows in [1, 3, 500] {
        assert_eq!(
            walk(&house, &operator, &list, rows, "user_id").await,
            [3, 1, 4, 2]
        );
    }
    let one = |user: i64| of(&format!("{POOL}/waiting-list/{user}"));
    let left = house.managed(&operator, "DELETE", &one(1), Value::Null).await;
    assert_eq!(left, json!({"effect": "updated", "dry_run": false}));
    let again = house.manage(&operator, "DELETE", &one(1), Value::Null).await;
    assert_eq!((again.status.as_u16(), again.code()), (404, 2_320_004));
    let grown = house
        .managed(&operator, "PUT", &of(POOL), json!({"bought": 1}))
        .await;
    assert_eq!(
        (&grown["item"]["in_use"], &grown["item"]["waiting"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(walk(&house, &operator, &list, 500, "user_id").await, [4, 2]);
    let seat = house
        .managed(&operator, "GET", &of("/usher/v1/seats/per_user:3"), Value::Null)
        .await;
    assert_eq!(seat["status"], "in_use", "the first in line got it");
}

#[tokio::test]
async fn pools_are_walked_by_name() {
    let (house, operator) = house().await;
    for pool in ["per_user_per_app:wiki", "per_user", "per_user_per_app:crm"] {
        let path = of(&format!("/usher/v1/pools/{pool}"));
        house.managed(&operator, "PUT", &path, json!({"bought": 1})).await;
    }
    let all = ["per_user", "per_user_per_app:crm", "per_user_per_app:wiki"];
    for rows in [1, 2, 500] {
        assert_eq!(
            walk(&house, &operator, &of("/usher/v1/pools"), rows, "pool").await,
            all
        );
    }
}

#[tokio::test]
async fn what_no_pool_can_be_is_named() {
    let (house, operator) = house().await;
    for (body, field) in [
        (json!({}), "body"),
        (json!({"bought": -1}), "bought"),
        (json!({"bought": 1.5}), "bought"),
        (json!({"bought": "1"}), "bought"),
        (json!({"bought": 9_007_199_254_740_992_u64}), "bought"),
        (json!({"bought": 1, "valid_from": -1}), "valid_from"),
        (
            json!({"bought": 1, "valid_until": 10_000_000_000_000_u64}),
            "valid_until",
        ),
        (
            json!({"bought": 1, "valid_from": 5, "valid_until": 5}),
            "valid_until",
        ),
        (json!({"bought": 1, "overdraft": true}), "overdraft"),
    ] {
        let answer = house.manage(&operator, "PUT", &of(POOL), body.clone()).await;
        assert_eq!(answer.code(), 2_320_006, "{body}: {answer}");
        assert_eq!(answer.violated_fields(), [field], "{body}: {answer}");
    }
    for name in [
        "x",
        "per_user:crm",
        "per_user_per_app",
        "per_user_per_app:",
        "per_user_per_app:a%20b",
    ] {
        let path = of(&format!("/usher/v1/pools/{name}"));
        let answer = house.manage(&operator, "GET", &path, Value::Null).await;
        assert_eq!(answer.violated_fields(), ["pool"], "{name}: {answer}");
    }
    let path = of("/usher/v1/pools/per_user_per_app:nothing");
    let unknown = house.manage(&operator, "PUT", &path, json!({"bought": 1})).await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (404, 2_329_010));
}
