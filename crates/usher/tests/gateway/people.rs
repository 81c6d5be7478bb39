//! Who works here: made with `usher apply`, read back with the Feishu calls and `/metrics`.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use serde_json::json;
use usher_seats::{Refusal, SeatType};

use crate::{
    browser::Browser,
    program::{run, token},
    site::Account,
};

/// The app that the site is.
pub(crate) const CRM: &str = "package_35f605__c";
/// Ids as long as Feishu's.
const FIRST_USER_ID: i64 = 1_803_710_089_388_000;

/// How a person stands with the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Holds(SeatType),
    Lacks(Refusal),
}

/// The standing of the person with this number; all kinds among any eight.
pub(crate) fn standing(number: usize) -> Standing {
    match number % 8 {
        0..=2 => Standing::Holds(SeatType::PerUser),
        3 | 4 => Standing::Holds(SeatType::PerUserPerApp),
        5 => Standing::Lacks(Refusal::NoSeat),
        6 => Standing::Lacks(Refusal::SeatReleased),
        _ => Standing::Lacks(Refusal::SeatExpired),
    }
}

pub(crate) fn user_id(number: usize) -> i64 {
    FIRST_USER_ID + i64::try_from(number).unwrap()
}

pub(crate) fn account(number: usize) -> Account {
    Account {
        name: format!("person{number}"),
        password: format!("password of {number}"),
        user_id: Some(user_id(number)),
    }
}

/// Puts people `0 .. count`, the app and its route into a data folder.
pub(crate) fn fill(data: &Path, host: &str, count: usize) {
    // Ten thousand lines of requests would bury what a failing test has to say.
    std::fs::write(data.join("usher.toml"), "log_level = \"warn\"\n").unwrap();
    let mut lines = vec![
        json!({"change": "app", "namespace": CRM, "name": "CRM"}),
        json!({"change": "app_route", "namespace": CRM, "host": host}),
    ];
    for number in 0..count {
        let user_id = user_id(number);
        let seat = |seat_type: &str| json!({"change": "seat", "user_id": user_id, "seat_type": seat_type});
        lines.push(json!({"change": "user", "user_id": user_id, "name": format!("Person {number}")}));
        match standing(number) {
            Standing::Holds(SeatType::PerUser) => lines.push(seat("per_user")),
            Standing::Holds(SeatType::PerUserPerApp) => {
                let mut seat = seat("per_user_per_app");
                seat["namespace"] = json!(CRM);
                lines.push(seat);
            }
            Standing::Lacks(Refusal::SeatReleased) => {
                lines.push(seat("per_user"));
                lines.push(json!({"change": "release_seat", "user_id": user_id, "seat_type": "per_user"}));
            }
            Standing::Lacks(Refusal::SeatExpired) => {
                let mut seat = seat("per_user");
                seat["expires_at_ms"] = json!(1_500_000_000_000_i64);
                lines.push(seat);
            }
            Standing::Lacks(_) => {}
        }
    }
    apply(data, &lines);
}

/// Applies changes, with or without a server on the folder.
pub(crate) fn apply(data: &Path, lines: &[serde_json::Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    run(&["apply", "-", "--data", data.to_str().unwrap()], &text);
}

/// Every activity: the user, the app and the kind of seat, with its time.
pub(crate) async fn activities(data: &Path, usher: SocketAddr) -> BTreeMap<(i64, String, &'static str), i64> {
    let scope = "app_engine:seat_activities:read";
    let token = token(data, &["--administrator", "--scope", scope]);
    let mut browser = Browser::open(usher).await;
    let mut all = BTreeMap::new();
    for seat_type in SeatType::ALL.map(SeatType::wire_name) {
        // One page holds everybody, and two calls are below the calls allowed in a second.
        let path = format!("/open-apis/apaas/v1/seat_activities?seat_type={seat_type}&page_size=500");
        let answer = browser
            .get(&path, &[("authorization", &format!("Bearer {token}"))])
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(json["data"]["has_more"], false);
        for row in json["data"]["items"].as_array().unwrap() {
            let namespace = row["namespace"].as_str().unwrap().to_owned();
            let key = (row["user_id"].as_i64().unwrap(), namespace, seat_type);
            all.insert(key, row["active_time"].as_i64().unwrap());
        }
    }
    all
}

/// How many verdicts of a kind the door has given.
pub(crate) async fn verdicts(usher: SocketAddr, verdict: &str, reason: &str) -> u64 {
    let metrics = Browser::open(usher).await.get("/metrics", &[]).await.body;
    let name = format!("usher_verdicts_total{{verdict=\"{verdict}\",reason=\"{reason}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("{name} in {metrics}"))
        .parse()
        .unwrap()
}
