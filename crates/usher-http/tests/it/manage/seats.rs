//! Seats change hands, one by one and by the thousand.

use serde_json::{Value, json};

use super::walk;
use crate::support::{Answer, Ask, BEGIN_MS, House};

async fn house(people: i64) -> (House, String) {
    let house = House::open().await;
    let users = (1..=people)
        .map(|number| house.user(number, true, false))
        .collect();
    house.change(users).await;
    house.change(vec![house.app("crm"), house.app("wiki")]).await;
    let operator = house.operator().await;
    (house, operator)
}

impl House {
    async fn buy(&self, operator: &str, bought: u64) {
        let path = "/usher/v1/pools/per_user?tenant_key=default";
        self.managed(operator, "PUT", path, json!({"bought": bought}))
            .await;
    }

    async fn ask_seats(&self, operator: &str, action: &str, body: Value) -> Answer {
        let uri = format!("/usher/v1/seats/{action}?tenant_key=default");
        self.manage(operator, "POST", &uri, body).await
    }

    async fn seats(&self, operator: &str, action: &str, body: Value) -> Value {
        let answer = self.ask_seats(operator, action, body).await;
        assert_eq!(answer.status, 200, "{action}: {answer}");
        answer.json()["data"].clone()
    }

    async fn shown(&self, operator: &str, seat: &str) -> Value {
        let uri = format!("/usher/v1/seats/{seat}?tenant_key=default");
        self.managed(operator, "GET", &uri, Value::Null).await
    }
}

fn platform(users: &[i64]) -> Value {
    let line = |user: &i64| json!({"user_id": user, "seat_type": "per_user"});
    Value::Array(users.iter().map(line).collect())
}

fn effects(data: &Value) -> Vec<String> {
    let items = data["items"].as_array().unwrap().iter();
    items
        .map(|item| item["effect"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_seat_is_given_extended_protected_handed_on_and_taken_back() {
    let (house, operator) = house(2).await;
    let given = house
        .seats(
            &operator,
            "assign",
            json!({"items": platform(&[1]), "expires_at": BEGIN_MS + 60_000}),
        )
        .await;
    assert_eq!(
        given["items"],
        json!([{"seat": "per_user:1", "user_id": 1, "seat_type": "per_user", "namespace": null, "effect": "created"}])
    );
    assert_eq!(
        house.shown(&operator, "per_user:1").await,
        json!({
            "seat": "per_user:1", "user_id": 1, "seat_type": "per_user", "namespace": null, "status": "in_use",
            "assigned_at": BEGIN_MS, "released_at": null, "expires_at": BEGIN_MS + 60_000,
            "protected_reason": null, "given_directly": true,
            "kept_until": null,
        })
    );
    let line = json!([{"user_id": 1, "seat_type": "per_user", "expires_at": null}]);
    house.seats(&operator, "extend", json!({"items": line})).await;
    let body = json!({"items": platform(&[1]), "reason": "parental leave"});
    house.seats(&operator, "protect", body).await;
    let kept = house.shown(&operator, "per_user:1").await;
    assert_eq!(
        (&kept["expires_at"], &kept["protected_reason"]),
        (&Value::Null, &json!("parental leave"))
    );
    let refused = house
        .ask_seats(&operator, "release", json!({"items": platform(&[1])}))
        .await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, 2_329_019));
    assert_eq!(refused.violated_fields(), ["items[0]"]);
    house
        .seats(&operator, "unprotect", json!({"items": platform(&[1])}))
        .await;
    let line = json!([{"user_id": 1, "seat_type": "per_user", "to_user_id": 2}]);
    house.seats(&operator, "transfer", json!({"items": line})).await;
    let statuses = [
        house.shown(&operator, "per_user:1").await["status"].clone(),
        house.shown(&operator, "per_user:2").await["status"].clone(),
    ];
    assert_eq!(statuses, ["released", "in_use"]);
    let taken = house
        .seats(&operator, "release", json!({"items": platform(&[2, 1])}))
        .await;
    assert_eq!(effects(&taken), ["updated", "unchanged"]);
    let missing = house
        .manage(
            &operator,
            "GET",
            "/usher/v1/seats/per_user_per_app:1:crm?tenant_key=default",
            Value::Null,
        )
        .await;
    assert_eq!((missing.status.as_u16(), missing.code()), (404, 2_329_017));
}

#[tokio::test]
async fn a_seat_that_was_taken_back_is_given_back_as_it_was() {
    let (house, operator) = house(2).await;
    let assign = json!({"items": platform(&[1]), "expires_at": BEGIN_MS + 60_000});
    house.seats(&operator, "assign", assign).await;
    let before = house.shown(&operator, "per_user:1").await;
    let lines = json!({"items": platform(&[1])});
    house.seats(&operator, "release", lines.clone()).await;
    let tried = json!({"items": platform(&[1]), "dry_run": true});
    assert_eq!(
        effects(&house.seats(&operator, "restore", tried).await),
        ["updated"]
    );
    assert_eq!(house.shown(&operator, "per_user:1").await["status"], "released");
    let back = house.seats(&operator, "restore", lines.clone()).await;
    assert_eq!(effects(&back), ["updated"]);
    assert_eq!(house.shown(&operator, "per_user:1").await, before);
    assert_eq!(
        effects(&house.seats(&operator, "restore", lines).await),
        ["unchanged"]
    );
    let never = json!({"items": platform(&[2])});
    let refused = house.ask_seats(&operator, "restore", never).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, 2_329_019));
    assert_eq!(refused.violated_fields(), ["items[0]"]);
}

#[tokio::test]
async fn one_line_that_does_not_fit_stops_all_unless_part_is_welcome() {
    let (house, operator) = house(3).await;
    house.buy(&operator, 2).await;
    let refused = house
        .ask_seats(&operator, "assign", json!({"items": platform(&[1, 2, 3])}))
        .await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, 2_329_018));
    assert_eq!(refused.violated_fields(), ["items[2]"]);
    assert_eq!(
        refused.json()["error"]["field_violations"][0]["value"],
        "per_user:3"
    );
    let list = "/usher/v1/seats?seat_type=per_user&tenant_key=default";
    assert_eq!(
        walk(&house, &operator, list, 9, "user_id").await,
        [] as [Value; 0]
    );
    let lines = platform(&[1, 99, 2, 3]);
    let body = json!({"items": lines, "manner": "partial"});
    let part = house.seats(&operator, "assign", body).await;
    assert_eq!(effects(&part), ["created", "rejected", "created", "rejected"]);
    assert_eq!(
        part["counts"],
        json!({"created": 2, "updated": 0, "unchanged": 0, "waiting": 0, "rejected": 2})
    );
    let reasons: Vec<_> = part["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["reason"])
        .collect();
    assert_eq!(
        reasons,
        [
            &Value::Null,
            &json!("user_unknown"),
            &Value::Null,
            &json!("pool_exhausted")
        ]
    );
    assert_eq!(part["items"][3]["message"], "no seat is free in the pool");
}

#[tokio::test]
async fn a_repeated_call_hears_the_very_same_verdicts() {
    let (house, operator) = house(3).await;
    house.buy(&operator, 1).await;
    let body = json!({"items": platform(&[1, 2]), "manner": "partial"}).to_string();
    let call = || {
        let uri = "/usher/v1/seats/assign?tenant_key=default";
        let ask = Ask::get(uri).method("POST").bearer(&operator);
        house.ask_at_once(ask.header("idempotency-key", "k").body(body.clone()))
    };
    let first = call().await.json()["data"].clone();
    assert_eq!(effects(&first), ["created", "rejected"]);
    house.buy(&operator, 3).await;
    let mut again = call().await.json()["data"].clone();
    assert_eq!(
        (&first["replayed"], &again["replayed"]),
        (&json!(false), &json!(true))
    );
    again["replayed"] = json!(false);
    assert_eq!(first, again, "although a seat would be free by now");
    let seat = "/usher/v1/seats/per_user:2?tenant_key=default";
    assert_eq!(
        house.manage(&operator, "GET", seat, Value::Null).await.status,
        404
    );
    let rehearsal = json!({"items": platform(&[2]), "dry_run": true});
    for _ in 0..2 {
        let ask = Ask::get("/usher/v1/seats/assign?tenant_key=default").method("POST");
        let ask = ask.bearer(&operator).header("idempotency-key", "rehearsed");
        let shown = house.ask_at_once(ask.body(rehearsal.to_string())).await;
        assert_eq!(
            shown.json()["data"]["replayed"],
            false,
            "a rehearsal leaves no answer behind"
        );
    }
}

#[tokio::test]
async fn a_call_for_a_group_is_repeated_for_those_who_were_in_it() {
    let (house, operator) = house(3).await;
    let call = |path: &str| format!("/usher/v1/groups{path}?tenant_key=default");
    house
        .managed(&operator, "POST", &call(""), json!({"group_key": "sales"}))
        .await;
    house
        .managed(
            &operator,
            "POST",
            &call("/sales/members"),
            json!({"user_ids": [1, 2]}),
        )
        .await;
    let body = json!({"group_key": "sales", "seat_type": "per_user_per_app", "namespace": "crm"}).to_string();
    let assign = || {
        let ask = Ask::get("/usher/v1/seats/assign?tenant_key=default").method("POST");
        let ask = ask.bearer(&operator).header("idempotency-key", "k");
        house.ask_at_once(ask.body(body.clone()))
    };
    let first = assign().await.json()["data"].clone();
    let names = |data: &Value| -> Vec<Value> {
        data["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["seat"].clone())
            .collect()
    };
    assert_eq!(
        names(&first),
        ["per_user_per_app:1:crm", "per_user_per_app:2:crm"]
    );
    house
        .managed(
            &operator,
            "POST",
            &call("/sales/members"),
            json!({"user_ids": [3]}),
        )
        .await;
    let again = assign().await.json()["data"].clone();
    assert_eq!((names(&again), &again["replayed"]), (names(&first), &json!(true)));
    let nobody = json!({"group_key": "nobody", "seat_type": "per_user"});
    let nobody = house.ask_seats(&operator, "assign", nobody).await;
    assert_eq!((nobody.status.as_u16(), nobody.code()), (404, 2_329_015));
}

#[tokio::test]
async fn a_rehearsal_shows_every_change_and_makes_none() {
    let (house, operator) = house(3).await;
    house.buy(&operator, 1).await;
    house
        .seats(&operator, "assign", json!({"items": platform(&[1])}))
        .await;
    house
        .seats(
            &operator,
            "assign",
            json!({"items": platform(&[2]), "wait": true}),
        )
        .await;
    let body = json!({"items": platform(&[1]), "dry_run": true, "reason": "leaves"});
    let shown = house.seats(&operator, "release", body).await;
    assert_eq!(
        (effects(&shown), &shown["dry_run"]),
        (vec!["updated".to_owned()], &json!(true))
    );
    let changes = shown["changes"]["items"].as_array().unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            (
                change["action"].as_str().unwrap(),
                change["object_name"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("seat.released", "per_user:1"),
            ("seat.assigned_from_waiting_list", "per_user:2")
        ]
    );
    assert_eq!(
        (&changes[0]["before"]["held"], &changes[0]["after"]["held"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(house.shown(&operator, "per_user:1").await["status"], "in_use");
}

#[tokio::test]
async fn a_seat_that_was_used_meanwhile_is_not_reclaimed() {
    let (house, operator) = house(2).await;
    house
        .seats(&operator, "assign", json!({"items": platform(&[1, 2])}))
        .await;
    let seen_idle_until = BEGIN_MS + 1_000;
    house.clock.advance(2_000);
    house.access(&[(1, "crm")]).await;
    let body =
        json!({"items": platform(&[1, 2]), "manner": "partial", "unless_admitted_since": seen_idle_until});
    let taken = house.seats(&operator, "release", body).await;
    assert_eq!(effects(&taken), ["rejected", "updated"]);
    assert_eq!(taken["items"][0]["reason"], "seat_used");
}

#[tokio::test]
async fn seats_are_listed_by_person_app_and_group() {
    let (house, operator) = house(3).await;
    for (user, app) in [
        (1, None),
        (2, None),
        (2, Some("crm")),
        (2, Some("wiki")),
        (3, Some("crm")),
    ] {
        house.change(vec![house.seat(user, app)]).await;
    }
    let path = "/usher/v1/groups?tenant_key=default";
    house
        .managed(&operator, "POST", path, json!({"group_key": "sales"}))
        .await;
    let path = "/usher/v1/groups/sales/members?tenant_key=default";
    house
        .managed(&operator, "POST", path, json!({"user_ids": [1, 3]}))
        .await;
    for (query, expected) in [
        ("seat_type=per_user", vec!["per_user:1", "per_user:2"]),
        ("seat_type=per_user&group_key=sales", vec!["per_user:1"]),
        (
            "seat_type=per_user_per_app",
            vec![
                "per_user_per_app:2:crm",
                "per_user_per_app:2:wiki",
                "per_user_per_app:3:crm",
            ],
        ),
        (
            "seat_type=per_user_per_app&namespace=crm",
            vec!["per_user_per_app:2:crm", "per_user_per_app:3:crm"],
        ),
        (
            "seat_type=per_user_per_app&user_id=2",
            vec!["per_user_per_app:2:crm", "per_user_per_app:2:wiki"],
        ),
        ("seat_type=per_user&group_key=nobody", vec![]),
    ] {
        let list = format!("/usher/v1/seats?tenant_key=default&{query}");
        for rows in [1, 2, 500] {
            assert_eq!(
                walk(&house, &operator, &list, rows, "seat").await,
                expected,
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn a_page_of_one_list_of_seats_is_no_page_of_another_and_wrong_filters_are_named() {
    let (house, operator) = house(2).await;
    house.change(vec![house.seat(1, None), house.seat(2, None)]).await;
    let first = "/usher/v1/seats?tenant_key=default&seat_type=per_user&page_size=1";
    let token = house.managed(&operator, "GET", first, Value::Null).await["page_token"].clone();
    let elsewhere = format!(
        "/usher/v1/seats?tenant_key=default&seat_type=per_user&group_key=sales&page_token={}",
        token.as_str().unwrap()
    );
    let answer = house.manage(&operator, "GET", &elsewhere, Value::Null).await;
    assert_eq!(
        answer.violated_fields(),
        ["page_token"],
        "a page of one list is no page of another"
    );
    for (query, field) in [
        ("", "seat_type"),
        ("seat_type=x", "seat_type"),
        ("seat_type=per_user&namespace=crm", "namespace"),
        ("seat_type=per_user&user_id=0", "user_id"),
        ("seat_type=per_user&group_key=a%20b", "group_key"),
        ("seat_type=per_user&user_id=1&user_id=1", "user_id"),
    ] {
        let uri = format!("/usher/v1/seats?tenant_key=default&{query}");
        let answer = house.manage(&operator, "GET", &uri, Value::Null).await;
        assert_eq!(answer.violated_fields(), [field], "{query}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_named_with_its_line() {
    let (house, operator) = house(1).await;
    let too_many: Vec<i64> = vec![1; 10_001];
    for (action, body, field) in [
        ("assign", json!({}), "items"),
        ("assign", json!({"items": []}), "items"),
        ("assign", json!({"items": platform(&too_many)}), "items"),
        (
            "assign",
            json!({"items": platform(&[1]), "group_key": "sales"}),
            "items",
        ),
        ("assign", json!({"group_key": "sales"}), "seat_type"),
        (
            "assign",
            json!({"items": platform(&[1]), "seat_type": "per_user"}),
            "seat_type",
        ),
        (
            "assign",
            json!({"items": platform(&[1]), "namespace": "crm"}),
            "namespace",
        ),
        ("assign", json!({"items": platform(&[1, 0])}), "items[1].user_id"),
        (
            "assign",
            json!({"items": [{"user_id": 1, "seat_type": "x"}]}),
            "items[0].seat_type",
        ),
        (
            "assign",
            json!({"items": platform(&[1]), "manner": "maybe"}),
            "manner",
        ),
        ("assign", json!({"items": platform(&[1]), "reason": ""}), "reason"),
        (
            "assign",
            json!({"items": platform(&[1]), "even_protected": true}),
            "even_protected",
        ),
        (
            "assign",
            json!({"items": platform(&[1]), "expires_at": BEGIN_MS}),
            "items[0]",
        ),
        (
            "assign",
            json!({"items": [{"user_id": 1, "seat_type": "per_user", "namespace": "crm"}]}),
            "items[0]",
        ),
        ("extend", json!({"items": platform(&[1])}), "items[0]"),
        (
            "extend",
            json!({"group_key": "sales", "seat_type": "per_user"}),
            "expires_at",
        ),
        ("protect", json!({"items": platform(&[1])}), "items[0]"),
        ("transfer", json!({"items": platform(&[1])}), "items[0]"),
    ] {
        let title = format!(
            "{action} {}",
            body.to_string().chars().take(200).collect::<String>()
        );
        let answer = house.ask_seats(&operator, action, body).await;
        assert_eq!(answer.code(), 2_320_006, "{title}: {answer}");
        assert_eq!(answer.violated_fields(), [field], "{title}: {answer}");
    }
}

#[tokio::test]
async fn ten_thousand_lines_are_one_call_and_more_bytes_than_ten_mebibytes_are_none() {
    let (house, operator) = house(1).await;
    let people: Vec<_> = (1..=10_000)
        .map(|number| house.user(number, true, false))
        .collect();
    house.change(people).await;
    let everybody: Vec<i64> = (1..=10_000).collect();
    let body = json!({"items": platform(&everybody), "reason": "席".repeat(256)});
    let given = house.seats(&operator, "assign", body).await;
    assert_eq!(given["counts"]["created"], 10_000);
    let pool = house
        .managed(
            &operator,
            "GET",
            "/usher/v1/pools/per_user?tenant_key=default",
            Value::Null,
        )
        .await;
    assert_eq!(pool["in_use"], 10_000);
    let ask = Ask::get("/usher/v1/seats/assign?tenant_key=default").method("POST");
    let large = ask.bearer(&operator).body(" ".repeat(10 * 1024 * 1024 + 1));
    let answer = house.ask(large).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, 2_329_002));
    let ask = Ask::get("/usher/v1/groups?tenant_key=default").method("POST");
    let large = ask.bearer(&operator).body(" ".repeat(1024 * 1024 + 1));
    assert_eq!(
        house.ask(large).await.status,
        413,
        "other calls keep their own limit"
    );
}
