//! The demo.

use std::path::Path;

use serde_json::Value;

use crate::{
    http,
    program::{Running, command, usher},
};

fn demo() -> Running {
    Running::start(command(&["demo", "--json", "--listen", "127.0.0.1:0"]))
}

/// What stays the same from start to start: everything but the times.
fn organisation(demo: &Running) -> Vec<String> {
    let data = demo.announced["data"].as_str().unwrap();
    let csv = usher(&["export", "activities", "--format", "csv", "--data", data]).done();
    csv.lines()
        .map(|line| line.rsplit_once(',').unwrap().0.to_owned())
        .collect()
}

#[test]
fn both_lists_have_rows_of_both_kinds() {
    let demo = demo();
    let token = demo.announced["token"].as_str().unwrap();
    for list in ["seat_activities", "seat_assignments"] {
        for seat_type in ["per_user", "per_user_per_app"] {
            let rows = http::walk(demo.address(), token, list, seat_type);
            assert!(rows.len() >= 3, "{list} {seat_type}");
            for status in ["in_use", "released"] {
                assert!(
                    rows.iter().any(|row| row["status"] == status),
                    "{list} {seat_type} {status}"
                );
            }
        }
    }
}

#[test]
fn the_printed_lines_work_and_show_the_newest_use() {
    let demo = demo();
    for curl in demo.announced["curl"].as_array().unwrap() {
        let curl = curl.as_str().unwrap();
        assert!(curl.is_ascii() && !curl.contains('\n'), "{curl}");
        let quoted: Vec<&str> = curl.split('\'').collect();
        let target = quoted[3]
            .strip_prefix(demo.announced["listening"].as_str().unwrap())
            .unwrap();
        let answer = http::get(demo.address(), target, &[quoted[1]]);
        assert_eq!(answer.status, 200, "{answer:?}");
        let rows = answer.json()["data"]["items"].as_array().unwrap().clone();
        assert!(rows.len() >= 3);
        if target.contains("seat_activities") {
            let newest = rows
                .iter()
                .filter_map(|row| row["active_time"].as_i64())
                .max()
                .unwrap();
            let data = demo.announced["data"].as_str().unwrap();
            let lines = usher(&["export", "activities", "--format", "jsonl", "--data", data]).done();
            let newest_of_all = lines
                .lines()
                .map(|line| {
                    serde_json::from_str::<Value>(line).unwrap()["active_time_ms"]
                        .as_i64()
                        .unwrap()
                })
                .max();
            assert_eq!(Some(newest), newest_of_all);
        }
    }
}

#[test]
fn every_start_has_the_same_organisation_and_leaves_nothing_behind() {
    let one = demo();
    let other = demo();
    assert_eq!(organisation(&one), organisation(&other));
    assert!(organisation(&one).len() > 100);
    let folder = one.announced["data"].as_str().unwrap().to_owned();
    assert!(Path::new(&folder).is_dir());
    assert_eq!(one.stop("INT").code(), Some(0));
    assert!(!Path::new(&folder).exists());
}
