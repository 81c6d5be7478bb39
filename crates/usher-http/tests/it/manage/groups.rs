//! Groups and the seats they give.

use serde_json::{Value, json};

use super::walk;
use crate::support::{Ask, House};

async fn house() -> (House, String) {
    let house = House::open().await;
    let people = (1..=4).map(|number| house.user(number, true, false)).collect();
    house.change(people).await;
    house.change(vec![house.app("crm")]).await;
    let operator = house.operator().await;
    (house, operator)
}

fn path(rest: &str) -> String {
    let join = if rest.contains('?') { '&' } else { '?' };
    format!("/usher/v1/groups{rest}{join}tenant_key=default")
}

impl House {
    async fn holders(&self, operator: &str) -> Vec<Value> {
        let list = "/usher/v1/seats?tenant_key=default&seat_type=per_user_per_app";
        let seats = self.managed(operator, "GET", list, Value::Null).await["items"].clone();
        let held = seats.as_array().unwrap().iter();
        held.filter(|seat| seat["status"] == "in_use")
            .map(|seat| seat["user_id"].clone())
            .collect()
    }
}

#[tokio::test]
async fn a_group_comes_changes_and_goes() {
    let (house, operator) = house().await;
    let new = json!({"group_key": "sales", "name": "Sales"});
    let made = house.managed(&operator, "POST", &path(""), new.clone()).await;
    let item = json!({"group_key": "sales", "name": "Sales", "members": 0, "standing_assignments": []});
    assert_eq!(
        made,
        json!({"item": item, "effect": "created", "dry_run": false, "replayed": false})
    );
    let taken = house.manage(&operator, "POST", &path(""), new).await;
    assert_eq!((taken.status.as_u16(), taken.code()), (409, 2_329_013));
    assert_eq!(taken.violated_fields(), ["group_key"]);
    let renamed = house
        .managed(&operator, "PATCH", &path("/sales"), json!({"name": "销售"}))
        .await;
    assert_eq!(
        (&renamed["item"]["name"], &renamed["effect"]),
        (&json!("销售"), &json!("updated"))
    );
    let shown = house
        .managed(&operator, "GET", &path("/sales"), Value::Null)
        .await;
    assert_eq!(shown["name"], "销售");
    let gone = house
        .managed(&operator, "DELETE", &path("/sales"), Value::Null)
        .await;
    assert_eq!(gone, json!({"effect": "updated", "dry_run": false}));
    for (method, rest) in [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/members"),
        ("GET", "/standing-assignments"),
    ] {
        let answer = house
            .manage(&operator, method, &path(&format!("/sales{rest}")), Value::Null)
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (404, 2_329_015),
            "{method} {rest}"
        );
    }
}

#[tokio::test]
async fn joining_gives_seats_and_leaving_takes_them() {
    let (house, operator) = house().await;
    house
        .managed(&operator, "POST", &path(""), json!({"group_key": "sales"}))
        .await;
    let given = path("/sales/standing-assignments/per_user_per_app:crm");
    let set = house.managed(&operator, "PUT", &given, Value::Null).await;
    assert_eq!(
        set["item"]["standing_assignments"],
        json!(["per_user_per_app:crm"])
    );
    let joined = json!({"user_ids": [1, 2, 99], "manner": "partial"});
    let joined = house
        .managed(&operator, "POST", &path("/sales/members"), joined)
        .await;
    assert_eq!(
        joined["items"][2],
        json!({"user_id": 99, "effect": "rejected", "reason": "user_unknown", "message": "user does not exist"})
    );
    assert_eq!(house.holders(&operator).await, [1, 2]);
    assert_eq!(
        walk(&house, &operator, &path("/sales/members"), 1, "user_id").await,
        [1, 2]
    );
    let rehearsed = house
        .managed(
            &operator,
            "DELETE",
            &path("/sales/members/1?dry_run=true"),
            Value::Null,
        )
        .await;
    let actions: Vec<_> = rehearsed["changes"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["action"].clone())
        .collect();
    assert_eq!(actions, ["group.left", "seat.released_with_group"]);
    assert_eq!(house.holders(&operator).await, [1, 2]);
    house
        .managed(&operator, "DELETE", &path("/sales/members/1"), Value::Null)
        .await;
    assert_eq!(house.holders(&operator).await, [2]);
    let again = house
        .manage(&operator, "DELETE", &path("/sales/members/1"), Value::Null)
        .await;
    assert_eq!((again.status.as_u16(), again.code()), (404, 2_320_004));
    house.managed(&operator, "DELETE", &given, Value::Null).await;
    assert_eq!(house.holders(&operator).await, [] as [i64; 0]);
    let again = house.manage(&operator, "DELETE", &given, Value::Null).await;
    assert_eq!((again.status.as_u16(), again.code()), (404, 2_329_016));
}

#[tokio::test]
async fn groups_and_what_they_give_are_walked_by_key() {
    let (house, operator) = house().await;
    for group in ["b", "a.1", "A"] {
        house
            .managed(&operator, "POST", &path(""), json!({"group_key": group}))
            .await;
    }
    for pool in ["per_user_per_app:crm", "per_user"] {
        let given = path(&format!("/b/standing-assignments/{pool}"));
        house.managed(&operator, "PUT", &given, Value::Null).await;
    }
    for rows in [1, 2, 500] {
        assert_eq!(
            walk(&house, &operator, &path(""), rows, "group_key").await,
            ["A", "a.1", "b"]
        );
        assert_eq!(
            walk(&house, &operator, &path("/b/standing-assignments"), rows, "pool").await,
            ["per_user", "per_user_per_app:crm"]
        );
    }
}

#[tokio::test]
async fn a_group_is_made_once_under_a_key_and_rehearsed_without_one() {
    let (house, operator) = house().await;
    let make = |uri: String| {
        let ask = Ask::get(uri).method("POST").bearer(&operator);
        let ask = ask.header("idempotency-key", "k");
        house.ask_at_once(ask.body(r#"{"group_key":"sales"}"#))
    };
    let rehearsed = make(path("?dry_run=true")).await.json()["data"].clone();
    assert_eq!(
        (&rehearsed["dry_run"], &rehearsed["changes"]["total"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(
        walk(&house, &operator, &path(""), 9, "group_key").await,
        [] as [Value; 0]
    );
    let first = make(path("")).await.json()["data"].clone();
    let mut again = make(path("")).await.json()["data"].clone();
    assert_eq!(again["replayed"], true);
    again["replayed"] = json!(false);
    assert_eq!(first, again);
}
