//! Which seats lie idle, when that is told, and when it is not.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use usher_http::Clock;
use usher_seats::SeatType;
use usher_store::{Access, Change, LedgerChange, PoolName, SeatName};

use super::walk;
use crate::support::{Ask, BEGIN_MS, House, namespace, user_id};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const REPORT: &str = "/usher/v1/reports/idle_seats";
const NOT_TRUSTWORTHY: i64 = 2_329_020;

/// A house 200 days after five people got platform seats, and two of them app seats; three came since, so many days ago.
async fn old_house() -> (House, String) {
    let house = House::open().await;
    let mut changes: Vec<Change> = (1..=5).map(|user| house.user(user, true, false)).collect();
    changes.push(house.app("crm"));
    changes.extend((1..=4).map(|user| house.seat(user, None)));
    changes.extend([4, 5].map(|user| house.seat(user, Some("crm"))));
    house.change(changes).await;
    house.clock.advance(200 * DAY_MS);
    for (user, days) in [(1, 10), (2, 120), (5, 95)] {
        let access = Access {
            tenant_id: house.tenant_id,
            user_id: user_id(user),
            namespace: namespace("crm"),
            accessed_at_ms: house.clock.now_ms() - days * DAY_MS,
        };
        house.store.record(vec![access]).await.unwrap();
    }
    let manager = house.manager().await;
    (house, manager)
}

fn seats(data: &Value) -> Vec<&str> {
    let items = data["items"].as_array().unwrap().iter();
    items.map(|item| item["seat"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn idle_seats_are_told_with_what_says_so() {
    let (house, manager) = old_house().await;
    let now_ms = house.clock.now_ms();
    let data = house.managed(&manager, "GET", REPORT, Value::Null).await;
    assert_eq!(
        seats(&data),
        [
            "per_user:3",
            "per_user:4",
            "per_user_per_app:4:crm",
            "per_user:2",
            "per_user_per_app:5:crm"
        ]
    );
    assert_eq!(data["as_of"], now_ms);
    assert_eq!(data["refused_attempts_since"], BEGIN_MS);
    assert_eq!(data["policy"], json!({"idle_after_days": 90, "new_for_days": 30}));
    assert_eq!(
        data["items"][3],
        json!({
            "seat": "per_user:2", "user_id": 2, "user_name": "User 2", "seat_type": "per_user", "namespace": null,
            "verdict": "idle", "days_idle": 120, "idle_since": now_ms - 120 * DAY_MS, "assigned_at": BEGIN_MS,
            "last_admitted_at": now_ms - 120 * DAY_MS, "refused_attempts": 0, "next_at": null, "expires_at": null,
            "protected_reason": null, "protected": false, "on_leave": false, "new": false, "redundant": false,
            "never_used": false,
        })
    );
    assert_eq!(data["items"][2]["verdict"], "redundant");
    assert_eq!(data["items"][2]["never_used"], true);
    let found = walk(&house, &manager, REPORT, 1, "seat").await;
    assert_eq!(found.len(), 5, "{found:?}");
}

#[tokio::test]
async fn every_filter_is_read() {
    let (house, manager) = old_house().await;
    house
        .managed(
            &manager,
            "POST",
            "/usher/v1/groups",
            json!({"group_key": "sales"}),
        )
        .await;
    house
        .managed(
            &manager,
            "POST",
            "/usher/v1/groups/sales/members",
            json!({"user_ids": [2, 5]}),
        )
        .await;
    for (query, expected) in [
        (
            "idle_days=121",
            &["per_user:3", "per_user:4", "per_user_per_app:4:crm"][..],
        ),
        ("idle_days=201", &[]),
        (
            "never_used=true&seat_type=per_user",
            &["per_user:3", "per_user:4"],
        ),
        (
            "namespace=crm",
            &["per_user_per_app:4:crm", "per_user_per_app:5:crm"],
        ),
        ("group_key=sales", &["per_user:2", "per_user_per_app:5:crm"]),
        (
            "verdict=idle,redundant",
            &["per_user_per_app:4:crm", "per_user:2", "per_user_per_app:5:crm"],
        ),
        (
            "idle_days=0&sort=user_id&seat_type=per_user",
            &["per_user:1", "per_user:2", "per_user:3", "per_user:4"],
        ),
    ] {
        let uri = format!("{REPORT}?{query}");
        let data = house.managed(&manager, "GET", &uri, Value::Null).await;
        assert_eq!(seats(&data), expected, "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_named() {
    let (house, manager) = old_house().await;
    for (query, status, fields) in [
        ("idle_days=0", 400, &["idle_days"][..]),
        (
            "idle_days=%2B5&never_used=yes&seat_type=x&namespace=%20&group_key=%20&verdict=lazy&sort=name&format=xml",
            400,
            &[
                "sort",
                "never_used",
                "idle_days",
                "seat_type",
                "namespace",
                "format",
                "group_key",
                "verdict",
            ],
        ),
        ("idle_days=36501", 400, &["idle_days"]),
        ("seat_type=per_user&namespace=crm", 400, &["namespace"]),
        ("page_size=501", 400, &["page_size"]),
        ("namespace=erp", 404, &[]),
        ("group_key=nobody", 404, &[]),
    ] {
        let answer = house
            .manage(&manager, "GET", &format!("{REPORT}?{query}"), Value::Null)
            .await;
        assert_eq!(answer.status, status, "{query}: {answer}");
        assert_eq!(answer.violated_fields(), fields, "{query}: {answer}");
    }
    let data = house
        .managed(&manager, "GET", &format!("{REPORT}?page_size=1"), Value::Null)
        .await;
    let page_token = data["page_token"].as_str().unwrap();
    let uri = format!("{REPORT}?page_size=1&idle_days=91&page_token={page_token}");
    let answer = house.manage(&manager, "GET", &uri, Value::Null).await;
    assert_eq!(answer.violated_fields(), ["page_token"], "a page of another list");
}

#[tokio::test]
async fn a_table_for_spreadsheets_runs_nothing() {
    let (house, manager) = old_house().await;
    let pool = PoolName {
        tenant_id: house.tenant_id,
        seat_type: SeatType::PerUser,
        namespace: None,
    };
    let protect = LedgerChange::Protect {
        seat: SeatName {
            pool,
            user_id: user_id(3),
        },
        reason: Some("@deputy, \"the only one\"".to_owned()),
    };
    let named = usher_store::User {
        name: "=cmd|' /C calc'!A0".to_owned(),
        ..house
            .store
            .user(house.tenant_id, user_id(3))
            .await
            .unwrap()
            .unwrap()
    };
    house.change(vec![protect.into(), Change::PutUser(named)]).await;
    let as_of = house.clock.now_ms().to_string();
    let by_parameter = Ask::get(format!("{REPORT}?format=csv&page_size=1")).bearer(&manager);
    let by_header = Ask::get(format!("{REPORT}?page_size=1"))
        .bearer(&manager)
        .header("Accept", "text/csv");
    for ask in [by_parameter, by_header] {
        let answer = house.ask_at_once(ask).await;
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(answer.header("x-usher-as-of"), as_of);
        assert_ne!(answer.header("x-usher-page-token"), "");
        assert_eq!(
            answer.text,
            "seat,user_id,user_name,seat_type,namespace,verdict,days_idle,idle_since,assigned_at,last_admitted_at,\
             refused_attempts,next_at,expires_at,protected_reason,on_leave,new,redundant,never_used\n\
             per_user:3,3,'=cmd|' /C calc'!A0,per_user,,protected,200,2026-01-02T03:04:05Z,2026-01-02T03:04:05Z,,0,,,\
             \"'@deputy, \"\"the only one\"\"\",false,false,false,true\n"
        );
    }
}

#[tokio::test]
async fn leaves_are_noted_listed_and_taken_away() {
    let (house, manager) = old_house().await;
    let now_ms = house.clock.now_ms();
    let path = "/usher/v1/users/2/leaves";
    let leave = json!({"starts_at": now_ms - 50 * DAY_MS, "ends_at": now_ms - 10 * DAY_MS});
    let rehearsed = house
        .managed(&manager, "POST", &format!("{path}?dry_run=true"), leave.clone())
        .await;
    assert_eq!(
        (&rehearsed["dry_run"], &rehearsed["changes"]["items"][0]["action"]),
        (&json!(true), &json!("user.leave_noted"))
    );
    for effect in ["created", "unchanged"] {
        let noted = house.managed(&manager, "POST", path, leave.clone()).await;
        assert_eq!((&noted["effect"], &noted["item"]), (&json!(effect), &leave));
    }
    let listed = house.managed(&manager, "GET", path, Value::Null).await;
    assert_eq!(listed, json!({"items": [leave]}));
    let data = house
        .managed(
            &manager,
            "GET",
            &format!("{REPORT}?idle_days=80&verdict=in_use"),
            Value::Null,
        )
        .await;
    assert_eq!(seats(&data), ["per_user:2"]);
    assert_eq!(
        (&data["items"][0]["days_idle"], &data["items"][0]["next_at"]),
        (&json!(80), &json!(now_ms + 10 * DAY_MS))
    );
    for (method, uri, body, status) in [
        ("POST", path, json!({"starts_at": 5, "ends_at": 5}), 400),
        ("POST", path, json!({"starts_at": -1, "ends_at": 5}), 400),
        ("POST", path, json!({"starts_at": 1}), 400),
        (
            "POST",
            "/usher/v1/users/77/leaves",
            json!({"starts_at": 1, "ends_at": 2}),
            404,
        ),
        ("GET", "/usher/v1/users/77/leaves", Value::Null, 404),
        ("DELETE", "/usher/v1/users/2/leaves/4", Value::Null, 404),
        ("DELETE", "/usher/v1/users/2/leaves/x", Value::Null, 400),
    ] {
        let answer = house.manage(&manager, method, uri, body).await;
        assert_eq!(answer.status, status, "{method} {uri}: {answer}");
    }
    let uri = format!("{path}/{}", now_ms - 50 * DAY_MS);
    house.managed(&manager, "DELETE", &uri, Value::Null).await;
    let listed = house.managed(&manager, "GET", path, Value::Null).await;
    assert_eq!(listed, json!({"items": []}));
}

#[tokio::test]
async fn nothing_is_told_while_the_clock_cannot_be_right() {
    let (house, manager) = old_house().await;
    let ask = async || house.ask_at_once(Ask::get(REPORT).bearer(&manager)).await;
    house.access(&[(1, "crm")]).await;
    house.clock.advance(-1_001);
    let answer = ask().await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (503, NOT_TRUSTWORTHY),
        "{answer}"
    );
    house.clock.advance(1_001);
    assert_eq!(ask().await.status, 200);
    // Ten minutes are what small corrections add up to; more is a jump, forwards or back, whether anybody came or not.
    for (step_ms, status) in [(600_000, 200), (1, 503), (-600_001, 200), (100 * DAY_MS, 503)] {
        house.clock.step(step_ms);
        let manager = house.manager().await;
        let answer = house.ask_at_once(Ask::get(REPORT).bearer(&manager)).await;
        assert_eq!(answer.status, status, "after a step of {step_ms} ms: {answer}");
        if status == 503 {
            assert_eq!(answer.code(), NOT_TRUSTWORTHY);
            assert!(
                answer.json()["error"]["message"]
                    .as_str()
                    .unwrap()
                    .contains("clock")
            );
        }
    }
}

#[tokio::test]
async fn nothing_is_told_while_accesses_wait_for_long() {
    let (house, manager) = old_house().await;
    // What the past left in memory reaches its tables; then somebody holds the file, so that nothing can be written.
    house.managed(&manager, "GET", REPORT, Value::Null).await;
    let other = house.engine.hold_up().await;
    let (door, now_ms) = (house.edge.door.clone(), house.clock.now_ms());
    let access = Access {
        tenant_id: house.tenant_id,
        user_id: user_id(1),
        namespace: namespace("crm"),
        accessed_at_ms: now_ms,
    };
    let waiting = tokio::spawn(async move { door.pass(vec![access]).await });
    while house.edge.door.watermark_ms(now_ms + 1) > now_ms {
        tokio::task::yield_now().await;
    }
    house.clock.advance(5 * 60 * 1_000);
    let data = house.managed(&manager, "GET", REPORT, Value::Null).await;
    assert_eq!(data["as_of"], now_ms, "all before it is counted");
    house.clock.advance(1);
    let answer = house.ask_at_once(Ask::get(REPORT).bearer(&manager)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (503, NOT_TRUSTWORTHY),
        "{answer}"
    );
    other.let_go().await;
    waiting.await.unwrap().unwrap();
    let data = house.managed(&manager, "GET", REPORT, Value::Null).await;
    assert_eq!(data["as_of"], house.clock.now_ms());
}

/// Twelve years of real activity, at its end: known beforehand are 1,365 people, of whom 1,320 did not come for more than
/// 90 days.
#[tokio::test]
async fn real_people_are_idle_since_they_came_last() {
    let folder = std::env::var_os("USHER_SHARED_DATA").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        std::path::PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(folder.join("accesses.csv")) else {
        return eprintln!(
            "skipped: accesses.csv is not there; set USHER_SHARED_DATA to the folder that has it"
        );
    };
    let house = House::open().await;
    let accesses: Vec<Access> = text
        .lines()
        .skip(1)
        .map(|line| {
            let parts: Vec<&str> = line.split(',').collect();
            Access {
                tenant_id: house.tenant_id,
                user_id: user_id(parts[1].parse().unwrap()),
                namespace: namespace(parts[2]),
                accessed_at_ms: parts[0].parse().unwrap(),
            }
        })
        .collect();
    let end_ms = accesses.iter().map(|access| access.accessed_at_ms).max().unwrap();
    house.clock.advance(end_ms - BEGIN_MS);
    // As an import does it: who is there for the first time gets a seat from then on.
    let mut changes: BTreeMap<String, Change> = BTreeMap::new();
    for access in &accesses {
        let (user, app) = (access.user_id.get(), access.namespace.as_str());
        changes
            .entry(format!("app {app}"))
            .or_insert_with(|| house.app(app));
        changes
            .entry(format!("person {user}"))
            .or_insert_with(|| house.user(user, true, false));
        changes
            .entry(format!("seat {user}"))
            .or_insert_with(|| Change::EnsureSeat {
                tenant_id: house.tenant_id,
                seat_type: SeatType::PerUser,
                user_id: access.user_id,
                namespace: None,
                assigned_at_ms: Some(access.accessed_at_ms),
            });
    }
    house.change(changes.into_values().collect()).await;
    for batch in accesses.chunks(1_000) {
        house.store.record(batch.to_vec()).await.unwrap();
    }
    let manager = house.manager().await;
    for (days, people) in [(1, 1_364), (90, 1_320)] {
        let list = format!("{REPORT}?idle_days={days}");
        let found = walk(&house, &manager, &list, 500, "verdict").await;
        assert_eq!(found.len(), people, "idle for {days} days or more");
        if days == 90 {
            assert!(found.iter().all(|verdict| verdict == "idle"));
        }
    }
}
