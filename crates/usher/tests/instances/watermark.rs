//! Up to when a report is true while servers come and go, and the command that tells of them.

use std::{thread, time::Duration};

use serde_json::Value;

use crate::house::House;

/// Looks before a test gives up, at ten in a second.
const LOOKS_MAX: usize = 600;

fn as_of(house: &House) -> i64 {
    let report = house.manage(0, "GET", "/usher/v1/reports/idle_seats", &Value::Null);
    assert_eq!(report.status, 200, "{report:?}");
    report.json()["data"]["as_of"]
        .as_i64()
        .unwrap_or_else(|| panic!("{report:?}"))
}

fn instances(house: &House) -> Vec<Value> {
    let text = house.command(&["store", "instances", "--json"]);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..LOOKS_MAX {
        if is_so() {
            return;
        }
        thread::park_timeout(Duration::from_millis(100));
    }
    panic!("{what}: never");
}

#[test]
fn a_report_waits_for_whoever_is_alive_and_for_nobody_who_is_gone() {
    let mut house = House::open();
    let listed = instances(&house);
    let names: Vec<&str> = listed.iter().map(|line| line["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["usher-1", "usher-2", "usher-3"]);
    assert!(
        listed
            .iter()
            .all(|line| line["state"] == "living" && line["may_spool"] == false)
    );

    // One leaves in order: it is gone from the list at once.
    house.instances[2].signal("TERM");
    house.instances[2].ended();
    assert_eq!(instances(&house).len(), 2);

    // One is halted: its last word holds reports back until it counts as silent.
    house.instances[1].signal("STOP");
    let word = |house: &House| instances(house)[1]["watermark_ms"].as_i64().unwrap();
    let last_ms = word(&house);
    eventually("its word stands still", || {
        let before = word(&house);
        thread::park_timeout(Duration::from_millis(1_500));
        word(&house) == before
    });
    let last_ms = last_ms.max(word(&house));
    let meanwhile_ms = as_of(&house);
    if instances(&house)[1]["state"] == "living" {
        assert!(meanwhile_ms <= last_ms, "reports wait for it");
    }
    eventually("it counts as silent", || instances(&house)[1]["state"] == "gone");
    let before_ms = as_of(&house);
    assert!(before_ms > last_ms, "nothing that it acknowledged is missing");
    let retired = house.command(&["store", "instances", "retire", "usher-2"]);
    assert!(retired.contains("usher-2"), "{retired}");
    assert_eq!(instances(&house).len(), 1);

    // It wakes up, speaks, and is known again.
    house.instances[1].signal("CONT");
    eventually("it is known again", || instances(&house).len() == 2);
    let chinese = house.command(&["--language", "zh", "store", "instances"]);
    assert!(
        chinese.contains("usher-2") && chinese.contains("在线"),
        "{chinese}"
    );
}
