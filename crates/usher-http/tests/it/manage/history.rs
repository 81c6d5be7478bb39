//! Who was active on which day.

use axum::http::StatusCode;
use serde_json::{Value, json};
use usher_http::Clock as _;
use usher_store::{Access, Change};

use crate::support::{Ask, House, namespace, user_id};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const USAGE: &str = "/usher/v1/reports/usage";

/// Three people with platform seats and one with an app seat, and their accesses: (user, app, days ago).
async fn house_with_accesses(accesses: &[(i64, &str, i64)]) -> House {
    let house = House::open().await;
    let mut changes: Vec<Change> = (11..=14).map(|user| house.user(user, true, false)).collect();
    changes.extend(["crm", "wiki"].map(|app| house.app(app)));
    changes.extend((11..=13).map(|user| house.seat(user, None)));
    changes.push(house.seat(14, Some("wiki")));
    house.change(changes).await;
    let now_ms = house.clock.now_ms();
    let tenant_id = house.tenant_id;
    let accesses = accesses.iter().map(|(user, app, days_ago)| Access {
        tenant_id,
        user_id: user_id(*user),
        namespace: namespace(app),
        accessed_at_ms: now_ms - days_ago * DAY_MS,
    });
    house.store.record(accesses.collect()).await.unwrap();
    house
}

fn figures(data: &Value) -> Vec<(String, u64)> {
    let items = data["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let day = item["last_day"].as_str().unwrap().to_owned();
            (day, item["active_people"].as_u64().unwrap())
        })
        .collect()
}

/// A date so many days before today, where the tenant is in UTC.
fn date(house: &House, days_ago: i32) -> String {
    usher_seats::Day::in_utc(house.clock.now_ms())
        .plus(-days_ago)
        .to_string()
}

#[tokio::test]
async fn active_people_are_counted_by_day_week_and_month() {
    let house = house_with_accesses(&[
        (11, "crm", 0),
        (12, "crm", 0),
        (11, "wiki", 1),
        (14, "wiki", 2),
        (13, "crm", 40),
    ])
    .await;
    let manager = house.manager().await;
    let data = house.managed(&manager, "GET", USAGE, Value::Null).await;
    let found = figures(&data);
    assert_eq!(found.len(), 30);
    assert_eq!(
        found[27..],
        [(date(&house, 2), 1), (date(&house, 1), 1), (date(&house, 0), 2)]
    );
    assert_eq!(
        (&data["window"], &data["time_zone"]),
        (&json!("day"), &json!("UTC"))
    );
    assert_eq!(
        (&data["items"][28]["complete"], &data["items"][29]["complete"]),
        (&json!(true), &json!(false))
    );
    assert!(data["as_of"].as_i64().unwrap() <= house.clock.now_ms());
    for (query, people) in [
        ("window=seven_days", 3),
        ("window=thirty_days", 3),
        ("window=seven_days&namespace=wiki", 2),
        ("window=seven_days&seat_type=per_user_per_app", 1),
        ("window=seven_days&seat_type=per_user&namespace=wiki", 1),
    ] {
        let uri = format!("{USAGE}?{query}&from={0}&until={0}", date(&house, 0));
        let data = house.managed(&manager, "GET", &uri, Value::Null).await;
        assert_eq!(figures(&data), [(date(&house, 0), people)], "{query}");
    }
    for window in ["week", "month"] {
        let uri = format!("{USAGE}?window={window}&from={}", date(&house, 45));
        let data = house.managed(&manager, "GET", &uri, Value::Null).await;
        let items = data["items"].as_array().unwrap();
        assert!(items.len() >= 2, "{data}");
        assert_eq!(
            items.last().unwrap()["complete"],
            false,
            "a {window} that is not over"
        );
    }
}

#[tokio::test]
async fn a_report_for_spreadsheets_says_up_to_when_it_is_true() {
    let house = house_with_accesses(&[(11, "crm", 0)]).await;
    let manager = house.manager().await;
    let uri = format!("{USAGE}?format=csv&from={}", date(&house, 1));
    let answer = house.ask_at_once(Ask::get(uri).bearer(&manager)).await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(answer.header("x-usher-as-of"), house.clock.now_ms().to_string());
    let (yesterday, today) = (date(&house, 1), date(&house, 0));
    assert_eq!(
        answer.text,
        format!(
            "first_day,last_day,active_people,complete\n{yesterday},{yesterday},0,true\n{today},{today},1,false\n"
        )
    );
}

#[tokio::test]
async fn the_days_of_a_person_and_of_a_seat_are_listed() {
    let house =
        house_with_accesses(&[(11, "crm", 0), (11, "wiki", 3), (11, "crm", 3), (14, "wiki", 1)]).await;
    let manager = house.manager().await;
    let days = async |path: &str| {
        let uri = format!("/usher/v1/users/{path}");
        house.managed(&manager, "GET", &uri, Value::Null).await["items"].clone()
    };
    assert_eq!(
        days("11/active-days").await,
        json!([date(&house, 3), date(&house, 0)])
    );
    assert_eq!(
        days("11/active-days?namespace=wiki").await,
        json!([date(&house, 3)])
    );
    assert_eq!(days("11/active-days?seat_type=per_user_per_app").await, json!([]));
    assert_eq!(
        days("14/active-days?seat_type=per_user_per_app&namespace=wiki").await,
        json!([date(&house, 1)])
    );
    assert_eq!(days("12/active-days").await, json!([]));
    house
        .managed(&manager, "DELETE", "/usher/v1/users/11", Value::Null)
        .await;
    assert_eq!(
        days("11/active-days").await,
        json!([date(&house, 3), date(&house, 0)]),
        "who left had days"
    );
    house
        .managed(&manager, "DELETE", "/usher/v1/users/12", Value::Null)
        .await;
    for nobody in [12, 99] {
        let uri = format!("/usher/v1/users/{nobody}/active-days");
        let answer = house.manage(&manager, "GET", &uri, Value::Null).await;
        assert_eq!(answer.code(), 2_320_004, "{answer}");
    }
}

#[tokio::test]
async fn days_are_those_of_the_tenant() {
    let house = House::open().await;
    let operator = house.operator().await;
    let zone = json!({"time_zone": "Pacific/Kiritimati"});
    house
        .managed(&operator, "PATCH", "/usher/v1/tenants/default", zone)
        .await;
    house
        .change(vec![
            house.user(11, true, false),
            house.app("crm"),
            house.seat(11, None),
        ])
        .await;
    let now_ms = house.clock.now_ms();
    house.access(&[(11, "crm")]).await;
    let uri = format!("{USAGE}?tenant_key=default");
    let data = house.managed(&operator, "GET", &uri, Value::Null).await;
    let today = usher_seats::Day::in_utc(now_ms + 14 * 60 * 60 * 1_000).to_string();
    assert_eq!(figures(&data).last(), Some(&(today, 1)));
    assert_eq!(data["time_zone"], "Pacific/Kiritimati");
}

#[tokio::test]
async fn what_cannot_be_answered_is_named() {
    let house = house_with_accesses(&[]).await;
    let manager = house.manager().await;
    for (query, fields) in [
        ("window=year", &["window"][..]),
        ("format=xlsx&window=", &["window", "format"]),
        ("from=yesterday", &["from"]),
        ("from=2024-02-30", &["from"]),
        ("until=2999-01-01", &["until"]),
        ("from=2999-01-01", &["from"]),
        ("from=1970-01-01", &["from"]),
        ("from=2024-01-01&from=2024-01-01", &["from"]),
        ("seat_type=per_app&namespace=-", &["seat_type", "namespace"]),
    ] {
        let answer = house
            .manage(&manager, "GET", &format!("{USAGE}?{query}"), Value::Null)
            .await;
        assert_eq!(answer.violated_fields(), fields, "{query}: {answer}");
    }
    let answer = house
        .manage(&manager, "GET", &format!("{USAGE}?namespace=erp"), Value::Null)
        .await;
    assert_eq!(answer.code(), 2_329_010, "{answer}");
}

#[tokio::test]
async fn a_tenant_keeps_history_as_long_as_its_operator_says() {
    let house = house_with_accesses(&[(11, "crm", 40), (11, "crm", 5)]).await;
    let (operator, manager) = (house.operator().await, house.manager().await);
    let keep = async |days: Value| {
        let body = json!({"history_days": days});
        house
            .manage(&operator, "PATCH", "/usher/v1/tenants/default", body)
            .await
    };
    for wrong in [json!(30), json!(36_501), json!("31"), json!(31.5), json!(-1)] {
        let answer = keep(wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer}");
    }
    let answer = keep(json!(31)).await;
    assert_eq!(answer.json()["data"]["history_days"], 31, "{answer}");
    let usage = |days_ago| format!("{USAGE}?from={}", date(&house, days_ago));
    let answer = house.manage(&manager, "GET", &usage(31), Value::Null).await;
    assert_eq!(
        answer.violated_fields(),
        ["from"],
        "no figure is better than a wrong one: {answer}"
    );
    house.managed(&manager, "GET", &usage(30), Value::Null).await;
    let answer = keep(Value::Null).await;
    assert!(answer.json()["data"].get("history_days").is_none(), "{answer}");
    house.managed(&manager, "GET", &usage(31), Value::Null).await;
}

#[tokio::test]
async fn a_report_is_refused_while_the_clock_shows_less_than_it_did() {
    let house = house_with_accesses(&[]).await;
    let manager = house.manager().await;
    let (tenant_id, clock) = (house.tenant_id, house.clock.clone());
    let access = Access {
        tenant_id,
        user_id: user_id(11),
        namespace: namespace("crm"),
        accessed_at_ms: 0,
    };
    house
        .edge
        .door
        .pass_now(vec![access], || clock.now_ms())
        .await
        .unwrap();
    house.clock.advance(-5_000);
    let answer = house.ask_at_once(Ask::get(USAGE).bearer(&manager)).await;
    assert_eq!(
        (answer.status, answer.code()),
        (StatusCode::SERVICE_UNAVAILABLE, 2_329_020),
        "{answer}"
    );
    house.clock.advance(5_000);
    house.managed(&manager, "GET", USAGE, Value::Null).await;
}
